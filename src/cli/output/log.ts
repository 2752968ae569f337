import { pino } from 'pino';
import { FatalError, messageOf } from '../../lib/errors.ts';
import type { Log } from '../../lib/log.ts';

export interface LogOptions {
  readonly logLevel?: string;
  readonly logFile?: string;
  readonly quiet?: boolean;
  readonly verbose?: boolean;
  readonly json?: boolean;
}

const LEVELS: Readonly<Record<number, string>> = { 20: 'debug', 30: 'info', 40: 'warning', 50: 'error', 60: 'error' };

/**
 * The program's log: readable lines by `write` (JSON Lines with `--json`), and all of it as JSON Lines in `--log-file`.
 * @param write takes one line without its end; on a terminal it puts it above the live block.
 */
export function createLog(options: LogOptions, write: (line: string) => void): Log {
  const level = options.logLevel ?? (options.quiet ? 'error' : options.verbose ? 'debug' : 'info');
  const shown = { write: (text: string) => write(options.json ? text.trimEnd() : readable(text)) };
  const streams: { level: pino.Level; stream: { write(text: string): void } }[] = [];
  if (level !== 'silent') streams.push({ level: level as pino.Level, stream: shown });
  if (options.logFile !== undefined) {
    const file = options.logFile;
    const onLost = (error: Error) => {
      log.warn({ file, error: messageOf(error) }, "the log file can't be written; nothing more is logged there");
    };
    streams.push({ level: 'debug', stream: fileStream(file, onLost) });
  }
  const log = pino({ level: 'debug', base: null }, pino.multistream(streams));
  return log;
}

/** @param onLost is told once, when a line could not be written; those after it are dropped: a full disk ends no transfer. */
function fileStream(path: string, onLost: (error: Error) => void): { write(text: string): void } {
  try {
    const destination = pino.destination({ dest: path, sync: true, mode: 0o600 });
    let isLost = false;
    destination.on('error', (error: Error) => {
      if (isLost) return;
      isLost = true;
      onLost(error);
    });
    return {
      write(text) {
        if (!isLost) destination.write(text);
      },
    };
  } catch (error) {
    throw new FatalError('log_unwritable', `the log file ${path} can't be written (${messageOf(error)})`, {
      cause: error,
    });
  }
}

/** `10:00:01 warning a part failed; tried again (code=throttled, key=a/b)`. */
function readable(text: string): string {
  const { level, time, msg, ...fields } = JSON.parse(text) as { level: number; time: number; msg: string };
  const details = Object.entries(fields).map(([name, value]) => `${name}=${printable(value)}`);
  const clock = new Date(time).toISOString().slice(11, 19);
  return `${clock} ${LEVELS[level] ?? level} ${msg}${details.length > 0 ? ` (${details.join(', ')})` : ''}`;
}

function printable(value: unknown): string {
  const text = typeof value === 'string' ? value : JSON.stringify(value);
  // what comes from outside (keys, messages) must not command the terminal
  return text.replace(/\p{Cc}/gu, (character) => `\\x${character.charCodeAt(0).toString(16).padStart(2, '0')}`);
}
