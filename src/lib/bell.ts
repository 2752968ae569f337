/** Wakes whoever waits for something to change. */
export interface Bell {
  ring(): void;
  /** Resolves at the next ring, or at once where it has rung since `since`. */
  heard(since: number): Promise<void>;
  /** How often it has rung: take it before looking at what may have changed. */
  readonly count: number;
}

export function createBell(): Bell {
  let count = 0;
  let waiting: (() => void)[] = [];
  return {
    get count() {
      return count;
    },
    ring() {
      count += 1;
      const all = waiting;
      waiting = [];
      for (const wake of all) wake();
    },
    heard: (since) => (since < count ? Promise.resolve() : new Promise<void>((resolve) => void waiting.push(resolve))),
  };
}
