/** Wakes whoever waits for something to change. */
export interface Bell {
  ring(): void;
  /** Rings within a tenth of a second of real time, once for all that ask for it meanwhile. */
  ringSoon(): void;
  /** Resolves at the next ring, or at once where it has rung since `since`. */
  heard(since: number): Promise<void>;
  /** How often it has rung: take it before looking at what may have changed. */
  readonly count: number;
}

/**
 * Small archives end by the thousand a second, and each ring has every loop look at the state: rung for each of them,
 * half of the main thread's time went into looking.
 */
const SOON_MS = 100;

export function createBell(): Bell {
  let count = 0;
  let soon: NodeJS.Timeout | undefined;
  let waiting: (() => void)[] = [];
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
      const all = waiting;
      waiting = [];
      for (const wake of all) wake();
    },
    heard: (since) => (since < count ? Promise.resolve() : new Promise<void>((resolve) => void waiting.push(resolve))),
  };
}
