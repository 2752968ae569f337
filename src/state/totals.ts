import { STATES, type State } from '../domain/progress.ts';
import type { Db } from './database.ts';

export interface Total {
  readonly count: number;
  readonly bytes: number;
}

/**
 * Counts and bytes by state, and failures by code. Moves are gathered and written once by `flush`, which the enclosing
 * transaction calls last: a transaction over 500 archives costs two updates, not a thousand.
 */
export interface Totals {
  add(state: State, count: number, bytes: number): void;
  addFailure(code: string, count: number): void;
  flush(): void;
  /** Forgets what was gathered by a transaction that was rolled back. */
  reset(): void;
  /** Remembers what is gathered now; the result brings it back, for a savepoint that is rolled back. */
  mark(): () => void;
  byState(): Record<State, Total>;
  failures(): readonly { readonly code: string; readonly count: number }[];
}

export function createTotals(db: Db): Totals {
  const states = new Map<State, { count: number; bytes: number }>();
  const codes = new Map<string, number>();
  const addState = db.prepare('UPDATE totals SET count = count + ?, bytes = bytes + ? WHERE state = ?');
  // not as one upsert: SQLite would check a count below zero before it adds it to the one that is there
  const knowCode = db.prepare('INSERT INTO failures (code, count) VALUES (?, 0) ON CONFLICT (code) DO NOTHING');
  const addCode = db.prepare('UPDATE failures SET count = count + ? WHERE code = ?');
  const dropCode = db.prepare('DELETE FROM failures WHERE count = 0');
  const readStates = db.prepare<[], { state: State; count: number; bytes: number }>('SELECT * FROM totals');
  const readCodes = db.prepare<[], { code: string; count: number }>('SELECT * FROM failures ORDER BY count DESC, code');
  return {
    add(state, count, bytes) {
      const sum = states.get(state) ?? { count: 0, bytes: 0 };
      states.set(state, { count: sum.count + count, bytes: sum.bytes + bytes });
    },
    addFailure: (code, count) => void codes.set(code, (codes.get(code) ?? 0) + count),
    flush() {
      for (const [state, { count, bytes }] of states) if (count !== 0 || bytes !== 0) addState.run(count, bytes, state);
      for (const [code, count] of codes) {
        if (count === 0) continue;
        knowCode.run(code);
        addCode.run(count, code);
      }
      if (codes.size > 0) dropCode.run();
      this.reset();
    },
    reset() {
      states.clear();
      codes.clear();
    },
    mark() {
      const before = { states: [...states], codes: [...codes] };
      return () => {
        this.reset();
        for (const [state, sum] of before.states) states.set(state, sum);
        for (const [code, count] of before.codes) codes.set(code, count);
      };
    },
    byState() {
      const result = Object.fromEntries(STATES.map((state) => [state, { count: 0, bytes: 0 }])) as Record<State, Total>;
      for (const { state, count, bytes } of readStates.all()) result[state] = { count, bytes };
      return result;
    },
    failures: () => readCodes.all(),
  };
}
