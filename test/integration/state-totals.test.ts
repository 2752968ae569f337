import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { ArchiveId, JobId, ObjectKey } from '../../src/domain/ids.ts';
import { type Event, STATES } from '../../src/domain/progress.ts';
import { MiB } from '../../src/lib/size.ts';
import { createArchives } from '../../src/state/archives.ts';
import { openDatabase } from '../../src/state/database.ts';
import { createOutputs } from '../../src/state/outputs.ts';
import { openStateFile, type StateFile } from '../../src/state/state-file.ts';
import { createTotals } from '../../src/state/totals.ts';
import { listed, plan, requested, staged, stateFile } from '../support/state.ts';

const anyEvent: fc.Arbitrary<Event> = fc.oneof(
  fc.constantFrom<Event>(
    { type: 'planned' },
    { type: 'found' },
    { type: 'jobFailed' },
    { type: 'expired' },
    { type: 'began' },
    { type: 'paused' },
    { type: 'transferred' },
    { type: 'verified' },
    { type: 'disproved' },
    { type: 'retried' },
    { type: 'skipped', reason: 'exclude' },
    { type: 'failed', reason: 'network' },
    { type: 'failed', reason: 'not_proven' },
  ),
  fc.integer({ min: 1, max: 3 }).map((n): Event => ({ type: 'requested', jobId: `job-${n}` as JobId })),
  fc.integer({ min: 1, max: 3 }).map((n) => staged(n)),
);

/** What the table itself adds up to. */
function recount(state: StateFile) {
  const totals = Object.fromEntries(STATES.map((name) => [name, { count: 0, bytes: 0 }]));
  const failures = new Map<string, number>();
  for (const { progress, size } of state.archives.all()) {
    const total = totals[progress.state];
    if (total) totals[progress.state] = { count: total.count + 1, bytes: total.bytes + size };
    if (progress.state === 'failed') failures.set(progress.reason, (failures.get(progress.reason) ?? 0) + 1);
  }
  return { totals, failures: Object.fromEntries(failures) };
}

const keptBy = (state: StateFile) => ({
  totals: Object.fromEntries(
    Object.entries(state.totals.byState()).map(([name, { count, bytes }]) => [name, { count, bytes }]),
  ),
  failures: Object.fromEntries(state.totals.failures().map(({ code, count }) => [code, count])),
});

/** One archive moved by one event; where it can't follow, the archive stays. */
function move(state: StateFile, id: number, event: Event): void {
  const proof = { etag: '"e"', verifiedAt: 5 };
  const change = {
    key: `key/${id}` as ObjectKey,
    partSize: 8 * MiB,
    ...((event.type === 'verified' || event.type === 'found') && { proof }),
  };
  state.archives.advance(id, [event], change);
}

describe('counts and bytes by state', () => {
  it('are what the table adds up to, after any history of moves, of which some fail', async () => {
    const step = fc.record({
      id: fc.integer({ min: 1, max: 6 }),
      event: anyEvent,
      how: fc.constantFrom('transaction', 'write', 'rolled back'),
    });
    await fc.assert(
      fc.asyncProperty(fc.array(step, { maxLength: 60 }), async (steps) => {
        const state = openStateFile(':memory:');
        try {
          state.transaction(() => {
            for (let n = 1; n <= 6; n += 1) state.archives.insert(listed(n, { size: 10 ** n }));
          });
          const writes: Promise<unknown>[] = [];
          for (const { id, event, how } of steps) {
            if (how === 'write') writes.push(state.write(() => move(state, id, event)));
            else {
              try {
                state.transaction(() => {
                  move(state, id, event);
                  if (how === 'rolled back') throw new Error('on purpose');
                });
              } catch (error) {
                // it can't follow, or has no key to be planned with: nothing has changed
                expect(String(error)).toMatch(/can't be|on purpose/);
              }
            }
          }
          // written and settled before it is counted
          for (const end of await Promise.allSettled(writes)) {
            if (end.status === 'rejected') expect(String(end.reason)).toMatch(/can't be/);
          }
          expect(keptBy(state)).toEqual(recount(state));
        } finally {
          state.close();
        }
      }),
      { numRuns: 60 },
    );
  });

  it('survive that the same archive is listed twice', () => {
    const state = stateFile();
    state.transaction(() => {
      state.archives.insert(listed(1));
      state.archives.insert(listed(2));
      state.archives.insert(listed(1, { size: 77, description: 'again' }));
      state.archives.insert(listed(1, { size: 78 }));
    });
    const doubles = state.transaction(() => state.inventory.seal());

    expect(doubles).toEqual(['archive-1']);
    expect(state.archives.byArchiveId('archive-1' as ArchiveId)).toMatchObject({
      size: 1001,
      description: 'archive 1',
    });
    expect(keptBy(state)).toEqual(recount(state));
    expect(state.totals.byState().listed).toMatchObject({ count: 2, bytes: 1001 + 1002 });
  });

  it('are empty once the inventory is thrown away', () => {
    const state = stateFile();
    plan(state, 5);
    state.transaction(() => state.archives.advance(2, [{ type: 'failed', reason: 'network' }]));
    state.transaction(() => state.inventory.clear());

    expect(keptBy(state)).toEqual(recount(state));
    expect(state.totals.failures()).toEqual([]);
  });

  it('hold sums far beyond what 32 bits do', () => {
    const state = stateFile();
    state.transaction(() => {
      for (let n = 1; n <= 100; n += 1) state.archives.insert(listed(n, { size: 40_000 * 2 ** 30 }));
    });

    expect(state.totals.byState().listed).toMatchObject({ count: 100, bytes: 100 * 40_000 * 2 ** 30 });
  });
});

describe('an archive in the state file', () => {
  it('is what was written, from its listing to its proof', () => {
    const state = stateFile();
    plan(state, 1);
    const { archives } = state;
    expect(archives.byId(1)).toMatchObject({ ...listed(1), key: 'key/1', partSize: 8 * MiB });

    state.transaction(() => archives.asking([1], 50));
    expect(archives.asked().map(({ id, askedAt }) => [id, askedAt])).toEqual([[1, 50]]);
    expect(archives.nextPlanned(10, 1e15)).toEqual([]);
    state.transaction(() => archives.advance(1, [requested(1), staged(1, 900), { type: 'began' }]));
    expect(archives.byId(1)).toMatchObject({
      progress: { state: 'transferring', jobId: 'job-1', expiresAt: 900 },
      requests: 1,
    });
    const proof = {
      etag: '"e"',
      versionId: 'v',
      checksum: { algorithm: 'CRC32', type: 'FULL_OBJECT', value: 'AAAA' },
      verifiedAt: 77,
    } as const;
    state.transaction(() => archives.advance(1, [{ type: 'transferred' }, { type: 'verified' }], { proof }));

    expect(archives.byId(1)).toMatchObject({ progress: { state: 'verified' }, proof });
  });

  it('keeps count of what was in vain until it is retried', () => {
    const state = stateFile();
    plan(state, 1);
    const round = [requested(1), staged(1), { type: 'began' }, { type: 'transferred' }, { type: 'disproved' }] as const;
    for (let i = 1; i <= 3; i += 1) {
      state.transaction(() => state.archives.advance(1, round));
      expect(state.archives.byId(1)).toMatchObject({ requests: i, rounds: i });
    }
    state.transaction(() => state.archives.advance(1, [{ type: 'failed', reason: 'not_proven' }]));
    state.transaction(() => state.archives.advance(1, [{ type: 'retried' }]));

    expect(state.archives.byId(1)).toMatchObject({ progress: { state: 'planned' }, requests: 0, rounds: 0 });
  });

  it('that is verified has a proof, or it is a bug', () => {
    const state = stateFile();
    plan(state, 1);

    expect(() => state.transaction(() => state.archives.advance(1, [{ type: 'found' }]))).toThrow(/CHECK/);
    expect(state.archives.byId(1).progress.state).toBe('planned');
  });

  it('waits for its next try, and those that are due come in the order of their creation', () => {
    const state = stateFile();
    plan(state, 5);
    state.transaction(() => {
      state.archives.notAsked(1, { tries: 2, notBefore: 500 });
      state.archives.notAsked(3, { tries: 1, notBefore: 100 });
    });
    const ids = (now: number, limit = 10) => state.archives.nextPlanned(limit, now).map(({ id }) => id);

    expect(ids(50)).toEqual([2, 4, 5]);
    expect(ids(100)).toEqual([2, 3, 4, 5]);
    expect(ids(500)).toEqual([1, 2, 3, 4, 5]);
    expect(ids(500, 2)).toEqual([1, 2]);
    expect(state.archives.nextTryAt('planned', 0)).toBe(100);
    expect(state.archives.nextTryAt('planned', 100)).toBe(500);
    expect(state.archives.nextTryAt('planned', 500)).toBeUndefined();
    expect(state.archives.byId(1).tries).toBe(2);
  });

  it('that is staged comes by its expiry, and its bytes by the hour of it', () => {
    const state = stateFile();
    plan(state, 4);
    const hour = 3_600_000;
    state.transaction(() => {
      state.archives.advance(1, [requested(1), staged(1, 30 * hour + 9)]);
      state.archives.advance(2, [requested(2), staged(2, 20 * hour)]);
      state.archives.advance(3, [requested(3), staged(3, 30 * hour + 5), { type: 'began' }]);
      state.archives.advance(4, [requested(4)]);
    });

    expect(state.archives.nextStaged(10, 0).map(({ id }) => id)).toEqual([2, 1]);
    expect(state.outputs.nextExpiry()).toBe(20 * hour);
    expect(state.outputs.byExpiry()).toEqual([
      { expiresAt: 20 * hour, count: 1, bytes: 1002, largest: 1002 },
      { expiresAt: 30 * hour + 5, count: 2, bytes: 2004, largest: 1003 },
    ]);
  });

  it('is found in its state, thousands of them, and may be moved while they are read', () => {
    const state = stateFile();
    plan(state, 2500);
    let seen = 0;
    for (const { id } of state.archives.inState('planned')) {
      state.transaction(() => state.archives.advance(id, [{ type: 'failed', reason: id % 2 ? 'odd' : 'even' }]));
      seen += 1;
    }

    expect(seen).toBe(2500);
    expect([...state.archives.inState('planned')]).toEqual([]);
    expect([...state.archives.failedBy('odd')]).toHaveLength(1250);
    expect([...state.archives.failedBy(undefined)].map(({ id }) => id)).toEqual(
      Array.from({ length: 2500 }, (_, i) => i + 1),
    );
    expect([...state.archives.all()]).toHaveLength(2500);
    expect(state.totals.failures()).toEqual([
      { code: 'even', count: 1250 },
      { code: 'odd', count: 1250 },
    ]);
  });
});

describe('queries that are asked again and again', () => {
  it('take what they need from an index, and never pass over the table', () => {
    const db = openDatabase(':memory:');
    const asked: string[] = [];
    // each statement tells when it is run
    const recording = Object.create(db, {
      prepare: {
        value: (sql: string) => {
          const statement = db.prepare<unknown[], unknown>(sql);
          const told =
            <Args extends unknown[], Result>(call: (...args: Args) => Result) =>
            (...args: Args): Result => {
              asked.push(sql);
              return call(...args);
            };
          statement.get = told(statement.get.bind(statement));
          statement.all = told(statement.all.bind(statement));
          statement.run = told(statement.run.bind(statement));
          return statement;
        },
      },
    }) as typeof db;
    const totals = createTotals(db);
    const archives = createArchives(recording, totals);
    const outputs = createOutputs(recording);
    db.exec(`CREATE UNIQUE INDEX archives_archive_id ON archives (archive_id);
      CREATE UNIQUE INDEX archives_object_key ON archives (object_key) WHERE object_key IS NOT NULL`);
    // the table has a row in each state; a generator is read to its end
    const plansOf = (call: () => unknown): string[] => {
      asked.length = 0;
      const result = call();
      if (result !== null && typeof result === 'object' && Symbol.iterator in result)
        Array.from(result as Iterable<unknown>);
      return [...new Set(asked)].flatMap((sql) =>
        db
          .prepare<unknown[], { detail: string }>(`EXPLAIN QUERY PLAN ${sql}`)
          .all(...[...sql.matchAll(/\?/g)].map(() => 0))
          .map(({ detail }) => detail),
      );
    };
    const byRow = (index: string) => [`SEARCH archives USING INDEX ${index} (id>?)`];
    const wholeTable = ['SEARCH archives USING INTEGER PRIMARY KEY (rowid>?)'];

    expect({
      nextPlanned: plansOf(() => archives.nextPlanned(10, 0)),
      nextStaged: plansOf(() => archives.nextStaged(10, 0)),
      nextTryAt: plansOf(() => archives.nextTryAt('planned', 0)),
      nextExpiry: plansOf(() => outputs.nextExpiry()),
      hasExpired: plansOf(() => outputs.hasExpired(0)),
      asked: plansOf(() => archives.asked()),
      uploading: plansOf(() => archives.uploading()),
      byArchiveId: plansOf(() => archives.byArchiveId('a' as ArchiveId)),
      byKey: plansOf(() => archives.byKey('k' as ObjectKey)),
      requested: plansOf(() => archives.inState('requested')),
      transferring: plansOf(() => archives.inState('transferring')),
      transferred: plansOf(() => archives.inState('transferred')),
      failed: plansOf(() => archives.failedBy(undefined)),
      failedBy: plansOf(() => archives.failedBy('network')),
      // read through once in the order of its rows; sorted by nothing
      verified: plansOf(() => archives.inState('verified')),
      planned: plansOf(() => archives.inState('planned')),
      all: plansOf(() => archives.all()),
    }).toEqual({
      // ordered by the index itself: a plan with a sort would say so
      nextPlanned: [
        'SCAN archives USING INDEX archives_ready',
        'SEARCH archives USING INDEX archives_waiting (state=? AND not_before>? AND not_before<?)',
      ],
      nextStaged: [
        'SCAN archives USING INDEX archives_staged',
        'SCAN archives USING INDEX archives_renewed',
        'USE TEMP B-TREE FOR ORDER BY',
      ],
      nextTryAt: ['SEARCH archives USING COVERING INDEX archives_waiting (state=? AND not_before>?)'],
      nextExpiry: [
        'SEARCH archives USING COVERING INDEX archives_staged',
        'SEARCH archives USING COVERING INDEX archives_transferring',
      ],
      hasExpired: [
        'SEARCH archives USING INDEX archives_staged (expires_at<?)',
        'CORRELATED SCALAR SUBQUERY 1',
        'SEARCH parts USING PRIMARY KEY (archive=?)',
        'SCAN archives USING INDEX archives_renewed',
        'CORRELATED SCALAR SUBQUERY 1',
        'SEARCH parts USING PRIMARY KEY (archive=?)',
      ],
      asked: ['SCAN archives USING INDEX archives_asked'],
      uploading: ['SCAN archives USING INDEX archives_uploading'],
      byArchiveId: ['SEARCH archives USING INDEX archives_archive_id (archive_id=?)'],
      byKey: ['SEARCH archives USING INDEX archives_object_key (object_key=?)'],
      requested: byRow('archives_requested'),
      transferring: byRow('archives_transferring'),
      transferred: byRow('archives_transferred'),
      failed: byRow('archives_failed'),
      failedBy: byRow('archives_failed'),
      verified: wholeTable,
      planned: wholeTable,
      all: wholeTable,
    });
    expect(plansOf(() => outputs.byExpiry()).join('\n')).toMatch(
      /COVERING INDEX archives_staged[\s\S]*archives_transferring/,
    );
    db.close();
  });
});
