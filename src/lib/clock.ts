import { setTimeout as delay } from 'node:timers/promises';

/** Where time comes from, so that a day can pass in a test in a millisecond. */
export interface Clock {
  /** Milliseconds since 1970 by the clock that the services keep: dates, expiry, pauses between calls. */
  now(): number;
  /** Waits `ms` of that time. Rejects with the signal's reason once it aborts. */
  sleep(ms: number, signal: AbortSignal): Promise<void>;
}

/** The shortest real pause that a sped-up clock makes, so that a waiting loop never spins. */
const SHORTEST_PAUSE_MS = 5;
/** setTimeout's limit; a longer sleep is cut in pieces. */
const LONGEST_TIMER_MS = 2 ** 31 - 1;

/** The machine's clock. `speed` and `origin` serve a simulator whose time runs faster: `origin` + elapsed x `speed`. */
export function systemClock({ speed = 1, origin = 0, since = 0 } = {}): Clock {
  return {
    now: () => Math.round(origin + (Date.now() - since) * speed),
    async sleep(ms, signal) {
      signal.throwIfAborted();
      let left = speed === 1 ? ms : Math.max(ms / speed, Math.min(ms, SHORTEST_PAUSE_MS));
      while (left > 0) {
        const piece = Math.min(left, LONGEST_TIMER_MS);
        await delay(piece, undefined, { signal }).catch((error: unknown) => {
          signal.throwIfAborted();
          throw error;
        });
        left -= piece;
      }
    },
  };
}

/** The clock named by `ORIGIN@SPEED@SINCE` (milliseconds, factor, milliseconds), as a sped-up simulator prints it. */
export function clockFrom(text: string | undefined): Clock {
  const [origin, speed, since] = (text ?? '').split('@').map(Number);
  if (!origin || !speed || !since) return systemClock();
  return systemClock({ origin, speed, since });
}

/** The services' seconds in a real one, by the same text. */
export function speedFrom(text: string | undefined): number {
  return Number(text?.split('@')[1]) || 1;
}
