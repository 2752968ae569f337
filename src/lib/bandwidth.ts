import type { Clock } from './clock.ts';

/**
 * Holds a stream of bytes to a rate. Each caller waits until its bytes are due, so that the sum over all callers stays
 * below the rate from the first byte on; no burst is saved up over idle time beyond `BURST_SECONDS`.
 */
export interface Bandwidth {
  take(bytes: number, signal: AbortSignal): Promise<void>;
}

const BURST_SECONDS = 0.1;

/** @param bytesPerSecond undefined: no limit. */
export function createBandwidth(bytesPerSecond: number | undefined, clock: Clock): Bandwidth {
  if (bytesPerSecond === undefined) return { take: () => Promise.resolve() };
  let due = 0;
  return {
    async take(bytes, signal) {
      const now = clock.now();
      due = Math.max(due, now - BURST_SECONDS * 1000) + (bytes / bytesPerSecond) * 1000;
      if (due > now) await clock.sleep(due - now, signal);
    },
  };
}
