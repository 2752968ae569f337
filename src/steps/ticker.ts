import { setImmediate as nextTurn } from 'node:timers/promises';
import { SECOND } from '../lib/duration.ts';
import type { Log } from '../lib/log.ts';

/** Real milliseconds between two lines. */
const EVERY = 5 * SECOND;

/** Says now and then how far a long pass over the archives is, and lets signals and the live block have their turn. */
export interface Ticker {
  /** `done` of `total` are done. Rejects with the signal's reason once it aborts. */
  tick(done: number, total: number): Promise<void>;
  /** As `tick`, where others have their turn anyway. */
  say(done: number, total: number): void;
}

/** @param message what is being done, as a whole sentence: `the archives are being planned`. */
export function createTicker(log: Log, message: string, signal?: AbortSignal): Ticker {
  let saidAt = performance.now();
  const say = (done: number, total: number) => {
    if (performance.now() - saidAt < EVERY) return;
    saidAt = performance.now();
    log.info({ done, total, percent: total === 0 ? 100 : Math.floor((100 * done) / total) }, message);
  };
  return {
    say,
    async tick(done, total) {
      await nextTurn();
      signal?.throwIfAborted();
      say(done, total);
    },
  };
}
