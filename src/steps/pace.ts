import type { CallRate, CallRateState } from '../domain/schedule/call-rate.ts';
import type { Clock } from '../lib/clock.ts';

/** Lets calls of one kind through one after another, at the pace of its `CallRate`. */
export interface Pace {
  /** Resolves when the caller's turn has come. */
  turn(signal: AbortSignal): Promise<void>;
  throttled(): void;
  readonly state: CallRateState;
}

export function createPace(rate: CallRate, clock: Clock): Pace {
  let last: Promise<void> = Promise.resolve();
  return {
    turn(signal) {
      const mine = last.then(async () => {
        // again after the sleep: a call that was throttled meanwhile has moved the turn
        for (;;) {
          signal.throwIfAborted();
          const now = clock.now();
          const at = rate.delayUntil(now);
          if (at <= now) break;
          await clock.sleep(at - now, signal);
        }
        rate.took(clock.now());
      });
      // one that gives up must not take those behind it along
      last = mine.catch(() => undefined);
      return mine;
    },
    throttled: () => rate.throttled(clock.now()),
    get state() {
      return rate.state;
    },
  };
}
