import { STATES, type State } from '../domain/progress.ts';
import type { Db } from './database.ts';

export interface Total {
  readonly count: number;
  readonly bytes: number;
}

/** Archives with what writing them takes: `uploads` of them go in several parts, the others in one PutObject each. */
export interface Copies extends Total {
  readonly uploads: number;
  readonly parts: number;
}

/** What is on the bill: requests by tier, copies by storage class. */
export interface Spending extends Copies {
  readonly kind: 'request' | 'copy';
  readonly name: string;
}

/**
 * Counts and bytes by state, and failures by code. Moves are gathered and written once by `flush`, which the enclosing
 * transaction calls last: a transaction over 500 archives costs two updates, not a thousand.
 */
export interface Totals {
  /** `uploads` and `parts`: of those that have a part size, as `copiesOf` gives them. */
  add(state: State, count: number, bytes: number, uploads?: number, parts?: number): void;
  /** One archive was asked for, or its bytes are all sent. */
  spend(spending: Spending): void;
  addFailure(code: string, count: number): void;
  flush(): void;
  /** Forgets what was gathered by a transaction that was rolled back. */
  reset(): void;
  /** Remembers what is gathered now; the result brings it back, for a savepoint that is rolled back. */
  mark(): () => void;
  byState(): Record<State, Total>;
  failures(): readonly { readonly code: string; readonly count: number }[];
  /** As `byState`, with what the copies take. */
  copies(): Record<State, Copies>;
  spent(): readonly Spending[];
}

const NOTHING: Copies = { count: 0, bytes: 0, uploads: 0, parts: 0 };

export function createTotals(db: Db): Totals {
  const states = new Map<State, Copies>();
  const spendings = new Map<string, Spending>();
  const codes = new Map<string, number>();
  const addState = db.prepare(
    `UPDATE totals SET count = count + @count, bytes = bytes + @bytes, uploads = uploads + @uploads, parts = parts + @parts
     WHERE state = @state`,
  );
  const addSpending = db.prepare(
    `INSERT INTO spending (kind, name, count, bytes, uploads, parts) VALUES (@kind, @name, @count, @bytes, @uploads, @parts)
     ON CONFLICT (kind, name) DO UPDATE SET count = count + excluded.count, bytes = bytes + excluded.bytes,
       uploads = uploads + excluded.uploads, parts = parts + excluded.parts`,
  );
  // not as one upsert: SQLite would check a count below zero before it adds it to the one that is there
  const knowCode = db.prepare('INSERT INTO failures (code, count) VALUES (?, 0) ON CONFLICT (code) DO NOTHING');
  const addCode = db.prepare('UPDATE failures SET count = count + ? WHERE code = ?');
  const dropCode = db.prepare('DELETE FROM failures WHERE count = 0');
  const readStates = db.prepare<[], Copies & { state: State }>(
    'SELECT state, count, bytes, uploads, parts FROM totals',
  );
  const readSpending = db.prepare<[], Spending>('SELECT * FROM spending');
  const readCodes = db.prepare<[], { code: string; count: number }>('SELECT * FROM failures ORDER BY count DESC, code');
  return {
    add(state, count, bytes, uploads = 0, parts = 0) {
      states.set(state, sumOf(states.get(state) ?? NOTHING, { count, bytes, uploads, parts }));
    },
    spend(spending) {
      const { kind, name } = spending;
      const sum = sumOf(spendings.get(`${kind} ${name}`) ?? NOTHING, spending);
      spendings.set(`${kind} ${name}`, { kind, name, ...sum });
    },
    addFailure: (code, count) => void codes.set(code, (codes.get(code) ?? 0) + count),
    flush() {
      for (const [state, sum] of states) if (Object.values(sum).some((n) => n !== 0)) addState.run({ state, ...sum });
      for (const spending of spendings.values()) addSpending.run(spending);
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
      spendings.clear();
      codes.clear();
    },
    mark() {
      const before = { states: [...states], spendings: [...spendings], codes: [...codes] };
      return () => {
        this.reset();
        for (const [state, sum] of before.states) states.set(state, sum);
        for (const [name, spending] of before.spendings) spendings.set(name, spending);
        for (const [code, count] of before.codes) codes.set(code, count);
      };
    },
    byState() {
      const result = Object.fromEntries(STATES.map((state) => [state, { count: 0, bytes: 0 }])) as Record<State, Total>;
      for (const { state, count, bytes } of readStates.all()) result[state] = { count, bytes };
      return result;
    },
    failures: () => readCodes.all(),
    copies() {
      const result = Object.fromEntries(STATES.map((state) => [state, NOTHING])) as Record<State, Copies>;
      for (const { state, ...sum } of readStates.all()) result[state] = sum;
      return result;
    },
    spent: () => readSpending.all(),
  };
}

function sumOf(one: Copies, other: Copies): Copies {
  return {
    count: one.count + other.count,
    bytes: one.bytes + other.bytes,
    uploads: one.uploads + other.uploads,
    parts: one.parts + other.parts,
  };
}
