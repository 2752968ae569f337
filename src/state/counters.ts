import type { Db } from './database.ts';

/** What all runs together have done; only grows. */
export interface Counts {
  /** Bytes that S3 has taken. */
  readonly copiedBytes: number;
  /** By operation, as AWS writes it, such as `InitiateJob`. */
  readonly calls: Readonly<Record<string, number>>;
  readonly throttles: Readonly<Record<string, number>>;
}

/**
 * Counts in memory; `flush` writes. After a kill the counts of the last seconds are missing: they are for people to look at,
 * no money hangs on them.
 */
export interface Counters {
  called(operation: string): void;
  /** The call was answered by throttling. */
  throttled(operation: string): void;
  copied(bytes: number): void;
  /** What is written and what is not yet. */
  read(): Counts;
  /** Called inside a transaction. */
  flush(): void;
}

type Kind = 'calls' | 'throttles' | 'copied';

const COPIED = 'bytes';

export function createCounters(db: Db): Counters {
  const pending: Record<Kind, Map<string, number>> = { calls: new Map(), throttles: new Map(), copied: new Map() };
  const write = db.prepare(
    `INSERT INTO counters (kind, name, value) VALUES (?, ?, ?)
     ON CONFLICT (kind, name) DO UPDATE SET value = value + excluded.value`,
  );
  const rows = db.prepare<[], { kind: Kind; name: string; value: number }>(
    'SELECT kind, name, value FROM counters ORDER BY kind, name',
  );
  const add = (kind: Kind, name: string, amount: number) =>
    void pending[kind].set(name, (pending[kind].get(name) ?? 0) + amount);
  return {
    called: (operation) => add('calls', operation, 1),
    throttled: (operation) => add('throttles', operation, 1),
    copied: (bytes) => add('copied', COPIED, bytes),
    read() {
      const sums: Record<Kind, Record<string, number>> = { calls: {}, throttles: {}, copied: {} };
      for (const { kind, name, value } of rows.all()) sums[kind][name] = value;
      for (const [kind, names] of Object.entries(pending)) {
        const sum = sums[kind as Kind];
        for (const [name, value] of names) sum[name] = (sum[name] ?? 0) + value;
      }
      return { copiedBytes: sums.copied[COPIED] ?? 0, calls: sums.calls, throttles: sums.throttles };
    },
    flush() {
      for (const [kind, names] of Object.entries(pending)) {
        for (const [name, value] of names) write.run(kind, name, value);
        names.clear();
      }
    },
  };
}
