/** Wakes whoever waits for something to change. */
export interface Bell {
  ring(): void;
  /** Rings within a tenth of a second of real time, once for all that ask for it meanwhile. */
  ringSoon(): void;
  /** Resolves at the next ring, at once where it has rung since `since`, and when the signal aborts. */
  heard(since: number, signal?: AbortSignal): Promise<void>;
  /** How often it has rung: take it before looking at what may have changed. */
  readonly count: number;
}

/** Small archives end by the thousand a second, and each ring has every loop look at the state. */
const SOON_MS = 100;

export function createBell(): Bell {
  let count = 0;
  let soon: NodeJS.Timeout | undefined;
  const waiting = new Set<() => void>();
  return {
    get count() {
      return count;
    },
    ringSoon() {
      soon ??= setTimeout(() => this.ring(), SOON_MS);
    },
    ring() {
      clearTimeout(soon);
      soon = undefined;
      count += 1;
      for (const wake of [...waiting]) wake();
    },
    heard(since, signal) {
      if (since < count || signal?.aborted) return Promise.resolve();
      return new Promise((resolve) => {
        // one that no longer waits is not kept: nobody may ring for days
        const wake = () => {
          waiting.delete(wake);
          signal?.removeEventListener('abort', wake);
          resolve();
        };
        waiting.add(wake);
        signal?.addEventListener('abort', wake, { once: true });
      });
    },
  };
}
