import { MINUTE, SECOND } from '../../lib/duration.ts';
import { formatSize } from '../../lib/size.ts';
import type { TransferStatus } from '../../steps/status.ts';
import { archivesOf, formatCount } from './amounts.ts';
import { createLiveBlock } from './live-block.ts';
import { bar, doneOf, etaText, noteLines, rateText, shareOf, statesLine, visible } from './status-text.ts';

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
  return process.stderr.isTTY && process.env.TERM !== 'dumb' ? liveView(source) : lineView(source, log);
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
  const { archives, phase } = status;
  const done = doneOf(status);
  const parts = [
    phase,
    `${formatCount(done.count)} of ${archivesOf(archives.total.count)}`,
    `${formatSize(done.bytes)} of ${formatSize(archives.total.bytes)}`,
    archives.requested.count > 0 ? `${formatCount(archives.requested.count)} requested` : '',
    archives.staged.count > 0 ? `${formatCount(archives.staged.count)} staged` : '',
    archives.failed.count > 0 ? `${formatCount(archives.failed.count)} failed` : '',
    rateText(status),
    etaText(status),
  ];
  return parts.filter(Boolean).join(', ');
}

/** The lines of the live block: always as many. */
const BLOCK_HEIGHT = 5;

function liveView({ status, hold }: ProgressSource): ProgressView {
  const block = createLiveBlock(process.stderr, BLOCK_HEIGHT);
  const draw = () => block.draw(blockLines(status(), hold()));
  const timer = setInterval(draw, LIVE_EVERY);
  draw();
  return {
    log: block.log,
    stop() {
      clearInterval(timer);
      block.stop();
    },
  };
}

/** The most important first in each line: a narrow terminal cuts the rest. */
export function blockLines(status: TransferStatus, hold: string | undefined): readonly string[] {
  const { vault, bucket, phase, archives, failures } = status;
  const done = doneOf(status);
  const amounts = [rateText(status), etaText(status)].filter(Boolean).join(', ');
  const live = {
    ...status,
    failures: [],
    hold: hold !== undefined && archives.planned.count > 0 ? { code: 'live', text: hold } : null,
  };
  const [failed] = noteLines({ ...status, nextExpiry: null, hold: null });
  const lines = [
    `${vault} to ${bucket}: ${phase}`,
    archives.total.count === 0 ? '' : `${bar(shareOf(status))}${amounts && `  ${amounts}`}`,
    archives.total.count === 0
      ? ''
      : `${formatCount(done.count)} of ${archivesOf(archives.total.count)}, ${formatSize(done.bytes)} of ${formatSize(archives.total.bytes)}`,
    statesLine(status),
    [failures.length > 0 ? failed : undefined, ...noteLines(live)].filter(Boolean).join('; '),
  ];
  return lines.map(visible);
}
