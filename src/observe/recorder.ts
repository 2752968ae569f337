import type { Sample } from '../domain/history.ts';
import { STATES } from '../domain/progress.ts';
import type { Clock } from '../lib/clock.ts';
import { HOUR, MINUTE } from '../lib/duration.ts';
import type { Log } from '../lib/log.ts';
import type { Counts } from '../state/counters.ts';
import type { LogLine } from '../state/log-tail.ts';
import type { StateFile } from '../state/state-file.ts';
import type { TransferStatus } from '../steps/status.ts';

/** Keeps in the state file what people look at later: a sample a minute, the counts, the end of the log. */
export interface Recorder {
  /** Passes the log on, and keeps what is worth reading later. */
  readonly log: Log;
  /** Writes what has gathered, and a sample if one is due or if `now` wants one. */
  look(options?: { readonly now?: boolean; readonly also?: () => void }): void;
}

const SAMPLE_EVERY = MINUTE;
const THIN_EVERY = HOUR;
/** Lines that gather before they are written; a storm of warnings keeps its end. */
const MOST_LINES = 200;
/** Characters of one text of a line. */
const LONGEST_TEXT = 500;

export function createRecorder(
  { state, clock }: { readonly state: StateFile; readonly clock: Clock },
  log: Log,
  status: () => TransferStatus,
): Recorder {
  let lines: LogLine[] = [];
  let sampledAt = Number.NEGATIVE_INFINITY;
  let thinnedAt = Number.NEGATIVE_INFINITY;

  const keep =
    (level: LogLine['level'], write: Log['info']) =>
    (fields: object, message: string): void => {
      lines.push({ at: Date.now(), level, message, fields: shortened(fields) });
      if (lines.length > 2 * MOST_LINES) lines = lines.slice(-MOST_LINES);
      write(fields, message);
    };

  return {
    log: {
      debug: (fields, message) => log.debug(fields, message),
      info: keep('info', (fields, message) => log.info(fields, message)),
      warn: keep('warning', (fields, message) => log.warn(fields, message)),
      error: keep('error', (fields, message) => log.error(fields, message)),
    },
    look({ now: wanted = false, also } = {}) {
      const now = clock.now();
      const due = wanted || now - sampledAt >= SAMPLE_EVERY;
      if (!due && lines.length === 0) return;
      const written = lines;
      lines = [];
      state.transaction(() => {
        if (written.length > 0) state.logTail.add(written);
        if (!due) return;
        state.counters.flush();
        state.history.add(sampleOf(status(), state.counters.read(), now));
        also?.();
        if (now - thinnedAt < THIN_EVERY) return;
        state.history.thin(now);
        thinnedAt = now;
      });
      if (due) sampledAt = now;
    },
  };
}

/** @param at by the services' clock. */
export function sampleOf({ archives, cost }: TransferStatus, counts: Counts, at: number): Sample {
  const { copiedBytes, calls, throttles } = counts;
  const sum = (counts: Readonly<Record<string, number>>) => Object.values(counts).reduce((all, one) => all + one, 0);
  return {
    at,
    archives: Object.fromEntries(
      STATES.filter((name) => archives[name].count > 0).map((name) => [name, archives[name]]),
    ),
    copiedBytes,
    calls: sum(calls),
    throttles: sum(throttles),
    spentUsd: cost.spentUsd,
  };
}

function shortened(fields: object): LogLine['fields'] {
  return Object.fromEntries(
    Object.entries(fields).map(([name, value]: [string, unknown]) => [
      name,
      typeof value === 'string' && value.length > LONGEST_TEXT ? `${value.slice(0, LONGEST_TEXT)}…` : value,
    ]),
  );
}
