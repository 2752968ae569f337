import { END_STATES, STATES } from '../domain/progress.ts';
import type { RequestLog } from '../domain/schedule/request-log.ts';
import { type Bell, createBell } from '../lib/bell.ts';
import { SECOND } from '../lib/duration.ts';
import type { StateFile } from '../state/state-file.ts';
import type { Deps } from './deps.ts';
import type { Pace } from './pace.ts';

/** Why a run ended before everything was done. */
export type Ending = 'cost' | 'cap' | 'duration' | 'stopped';

/** What the loops of one run share. */
export interface Work {
  /** Rings when the state has changed in a way that may give another loop something to do. */
  readonly bell: Bell;
  /** Aborts when no new work is to be begun: stopped, a limit reached, another loop failed, or all is done. */
  readonly closing: AbortSignal;
  /** Aborts when what is in flight is not to be waited for any longer. */
  readonly cut: AbortSignal;
  readonly pace: { readonly request: Pace; readonly read: Pace };
  readonly asked: RequestLog;
  /** Archives whose InitiateJob is waiting for its answer. */
  readonly asking: Set<number>;
  /** What this run has copied. */
  copied: { bytes: number; archives: number };
  close(ending: Ending): void;
  /** Everything is done: the loops end. */
  end(): void;
  /**
   * Ends the run with this error, once what is in flight is recorded. The first one counts, and none that says no more than that
   * the run is ending.
   */
  fail(error: unknown): void;
  readonly fault: { readonly error: unknown } | undefined;
  readonly ending: Ending | undefined;
  /** Whether any archive is left that is not at its end. */
  unfinished(): boolean;
  /** Waits for the bell (rung since `since`), for `ms`, or for the closing, whichever is first. */
  wait(since: number, ms?: number): Promise<void>;
}

/** Once no new work is begun, what is in flight has so long (real milliseconds) to be finished and recorded. */
const GRACE = 30 * SECOND;
/** A pause is never shorter than this: a loop that finds nothing to do must not keep the others from their turn. */
const SHORTEST_WAIT = 1;

export function createWork(deps: Pick<Deps, 'clock' | 'signals' | 'state'>, parts: Pick<Work, 'pace' | 'asked'>): Work {
  const bell = createBell();
  const closer = new AbortController();
  const cutter = new AbortController();
  const closing = AbortSignal.any([closer.signal, deps.signals.stop]);
  const cut = AbortSignal.any([cutter.signal, deps.signals.cut]);
  let ending: Ending | undefined;
  let fault: { readonly error: unknown } | undefined;
  const close = (reason: string) => {
    if (closer.signal.aborted) return;
    closer.abort(reason);
    setTimeout(() => cutter.abort(reason), GRACE).unref();
  };
  closing.addEventListener('abort', () => bell.ring(), { once: true });
  return {
    ...parts,
    bell,
    closing,
    cut,
    asking: new Set(),
    copied: { bytes: 0, archives: 0 },
    get ending() {
      return ending ?? (deps.signals.stop.aborted ? 'stopped' : undefined);
    },
    close(why) {
      ending ??= why;
      close(why);
    },
    end: () => close('done'),
    fail(error) {
      if (!isInterruption({ closing, cut }, error)) fault ??= { error };
      close('failed');
    },
    get fault() {
      return fault;
    },
    unfinished: () => isUnfinished(deps.state),
    async wait(since, ms) {
      if (closing.aborted) return;
      const enough = new AbortController();
      const heard = bell.heard(since, enough.signal).then(() => enough.abort());
      if (ms === undefined) return heard;
      // an aborted sleep is how the bell ends it
      await deps.clock.sleep(Math.max(SHORTEST_WAIT, ms), enough.signal).catch((error: unknown) => {
        if (!enough.signal.aborted) throw error;
      });
      enough.abort();
    },
  };
}

/** Whether something that was thrown says no more than that the run is ending. */
export function isInterruption({ closing, cut }: Pick<Work, 'closing' | 'cut'>, error: unknown): boolean {
  return (closing.aborted && error === closing.reason) || (cut.aborted && error === cut.reason);
}

/** Whether any archive is left that is not at its end. */
export function isUnfinished({ totals }: Pick<StateFile, 'totals'>): boolean {
  const byState = totals.byState();
  return STATES.some((state) => !END_STATES.includes(state) && byState[state].count > 0);
}
