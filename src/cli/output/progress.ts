import cliProgress from 'cli-progress';
import { formatDuration, MINUTE, SECOND } from '../../lib/duration.ts';
import { formatSize } from '../../lib/size.ts';
import type { TransferStatus } from '../../steps/status.ts';

/** Shows how a run goes on, on stderr (with `--json`: on stdout, as JSON Lines). */
export interface ProgressView {
  /** A line of the log, without its end. */
  log(line: string): void;
  stop(): void;
}

export interface ProgressOptions {
  readonly json?: boolean;
  readonly quiet?: boolean;
  readonly progress?: boolean;
}

export interface ProgressSource {
  status(): TransferStatus;
  /** Why nothing is being asked for right now. */
  hold(): string | undefined;
}

const JSON_EVERY = 5 * SECOND;
const LIVE_EVERY = SECOND / 4;
const LINE_EVERY = MINUTE;
const LOOK_EVERY = SECOND;

/** The view that fits: JSON Lines, a live block on a terminal, else a line now and then. */
export function createProgress(options: ProgressOptions, source: ProgressSource): ProgressView {
  const log = (line: string) => void process.stderr.write(`${line}\n`);
  if (options.json) return jsonView(source, log);
  if (options.quiet || options.progress === false) return { log, stop: () => undefined };
  return process.stderr.isTTY ? liveView(source) : lineView(source, log);
}

function jsonView({ status }: ProgressSource, log: (line: string) => void): ProgressView {
  const timer = setInterval(() => {
    process.stdout.write(`${JSON.stringify({ type: 'status', ...status() })}\n`);
  }, JSON_EVERY);
  return { log, stop: () => clearInterval(timer) };
}

/** A line at each change of phase, and one a minute. */
function lineView({ status }: ProgressSource, log: (line: string) => void): ProgressView {
  let phase: string | undefined;
  let said = 0;
  const look = () => {
    const now = status();
    if (now.phase === phase && performance.now() - said < LINE_EVERY) return;
    phase = now.phase;
    said = performance.now();
    log(statusLine(now));
  };
  const timer = setInterval(look, LOOK_EVERY);
  look();
  return { log, stop: () => clearInterval(timer) };
}

/** One line that says it all: for SIGUSR1 and for output that is no terminal. */
export function statusLine(status: TransferStatus): string {
  const { archives, rate, phase } = status;
  const done = archives.verified.count + archives.skipped.count;
  const parts = [
    phase,
    `${done} of ${archives.total.count} archives`,
    `${formatSize(archives.verified.bytes + archives.skipped.bytes)} of ${formatSize(archives.total.bytes)}`,
    archives.requested.count > 0 ? `${archives.requested.count} requested` : undefined,
    archives.staged.count > 0 ? `${archives.staged.count} staged` : undefined,
    archives.failed.count > 0 ? `${archives.failed.count} failed` : undefined,
    rate.bytesPerSecond > 0 ? `${formatSize(rate.bytesPerSecond)}/s` : undefined,
    etaText(status),
  ];
  return parts.filter((part) => part !== undefined).join(', ');
}

function etaText({ etaSeconds }: TransferStatus): string | undefined {
  return etaSeconds ? `${formatDuration(etaSeconds * SECOND)} left` : undefined;
}

const BAR_WIDTH = 28;

/** A block of lines that is drawn over and over: phase, archives and bytes, states, expiry and errors. */
function liveView({ status, hold }: ProgressSource): ProgressView {
  const bars = new cliProgress.MultiBar(
    {
      stream: process.stderr,
      clearOnComplete: true,
      hideCursor: true,
      barsize: BAR_WIDTH,
      barCompleteChar: '█',
      barIncompleteChar: '░',
      gracefulExit: false,
      linewrap: false,
      emptyOnZero: true,
      format: (options, params, payload) =>
        payload.line ?? `${payload.label} ${cliProgress.Format.BarFormat(params.progress, options)} ${payload.text}`,
    },
    cliProgress.Presets.shades_classic,
  );
  const title = bars.create(1, 0, { line: '' });
  const archives = bars.create(1, 0, { label: 'archives', text: '' });
  const bytes = bars.create(1, 0, { label: 'bytes   ', text: '' });
  const states = bars.create(1, 0, { line: '' });
  const notes = bars.create(1, 0, { line: '' });
  const draw = () => {
    const now = status();
    const done = now.archives.verified.count + now.archives.skipped.count + now.archives.failed.count;
    const doneBytes = now.archives.verified.bytes + now.archives.skipped.bytes + now.archives.failed.bytes;
    title.update(0, { line: `${now.vault} to ${now.bucket}: ${now.phase}` });
    archives.setTotal(Math.max(1, now.archives.total.count));
    archives.update(done, { text: `${done} of ${now.archives.total.count}` });
    bytes.setTotal(Math.max(1, now.archives.total.bytes));
    const rate = `${formatSize(now.rate.bytesPerSecond)}/s`;
    const figures = [`${formatSize(doneBytes)} of ${formatSize(now.archives.total.bytes)}`, rate, etaText(now)];
    bytes.update(doneBytes, { text: figures.filter(Boolean).join(', ') });
    const { planned, requested, staged, transferring, verified, failed } = now.archives;
    const counts = { planned, requested, staged, transferring, verified, failed };
    states.update(0, {
      line: Object.entries(counts)
        .map(([name, { count }]) => `${name} ${count}`)
        .join('  '),
    });
    notes.update(0, { line: noteLine(now, hold()) });
    bars.update();
  };
  const timer = setInterval(draw, LIVE_EVERY);
  draw();
  return {
    log: (line) => {
      bars.log(`${line}\n`);
      bars.update();
    },
    stop() {
      clearInterval(timer);
      bars.stop();
    },
  };
}

function noteLine({ nextExpiry, failures }: TransferStatus, hold: string | undefined): string {
  const parts = [
    nextExpiry ? `next expiry ${nextExpiry.slice(0, 16).replace('T', ' ')}` : undefined,
    failures.length > 0 ? failures.map(({ code, count }) => `${code}: ${count}`).join(', ') : undefined,
    hold ? `holding: ${hold}` : undefined,
  ];
  return parts.filter((part) => part !== undefined).join('  ');
}
