import { CommanderError } from 'commander';
import { KnownError, messageOf, UsageError } from '../lib/errors.ts';
import { ConfiguredCommand } from './configured-command.ts';
import type { Io } from './io.ts';
import { addCommands } from './program.ts';

const SIGNAL_CODES: Readonly<Record<string, number>> = { SIGINT: 130, SIGTERM: 143 };

/** Runs one command line. Resolves to the exit code (design: exit codes), whatever happens; says on stderr why it isn't 0. */
export async function main(argv: readonly string[], io: Io): Promise<number> {
  let exitCode = 0;
  const program = addCommands(new ConfiguredCommand('glacier2s3'), io, (code) => {
    exitCode = code;
  });
  try {
    await program.parseAsync(argv, { from: 'user' });
    return exitCode;
  } catch (error) {
    return exitCodeOf(error, io);
  }
}

/** The one place that turns an error into an exit code and a line. A bug keeps its stack. */
function exitCodeOf(error: unknown, io: Io): number {
  // commander has said it already
  if (error instanceof CommanderError) return error.exitCode === 0 ? 0 : 2;
  const isStop = error === io.stop.reason || (error instanceof Error && error.name === 'AbortError');
  if (io.stop.aborted && isStop) return SIGNAL_CODES[String(io.stop.reason)] ?? 1;
  if (error instanceof KnownError) {
    // by the code, README says more
    const code = error instanceof UsageError ? '' : ` [${error.code}]`;
    process.stderr.write(`glacier2s3: ${error.message}${code}\n`);
    return error.exitCode;
  }
  const stack = error instanceof Error ? error.stack : messageOf(error);
  process.stderr.write(`glacier2s3: this is a bug, please report it:\n${stack}\n`);
  return 1;
}
