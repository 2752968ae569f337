import fc from 'fast-check';
import { expect, it, onTestFinished } from 'vitest';
import type { ArchiveId, JobId, ObjectKey, TreeHash } from '../../src/domain/ids.ts';
import type { ListedArchive } from '../../src/domain/inventory-file.ts';
import { STATES, type State } from '../../src/domain/progress.ts';
import { MiB } from '../../src/lib/size.ts';
import { openStateFile, type StateFile } from '../../src/state/state-file.ts';
import { takeRefresh } from '../../src/steps/refresh.ts';

const OLD = Date.UTC(2026, 0, 1);
const NEW = Date.UTC(2026, 1, 1);
const REACHED = ['listed', 'planned', 'asked', 'requested', 'skipped', 'verified', 'failed', 'gone'] as const;

function archive(n: number): ListedArchive {
  return {
    archiveId: `archive-${n}` as ArchiveId,
    description: `name ${n}`,
    createdAt: n,
    size: 1000 + n,
    treeHash: 'ab'.repeat(32) as TreeHash,
  };
}

/** A transfer whose archive `n` has come as far as `reached[n]`; absent ones are not listed yet. */
function transferWith(reached: readonly ((typeof REACHED)[number] | undefined)[], bucket = 'copies'): StateFile {
  const state = openStateFile(':memory:');
  onTestFinished(() => state.close());
  state.transaction(() => {
    const name = { vault: 'photos', accountId: '-', region: 'eu-west-1', bucket, prefix: '' };
    state.facts.set('transfer', { id: '0123456789ab', ...name, createdAt: OLD });
    for (const [n, how] of reached.entries()) if (how !== undefined) state.archives.insert(archive(n));
    state.inventory.seal();
    state.facts.set('inventory', { source: 'job', date: OLD, loadedAt: OLD });
    state.facts.set('lookedUpAt', OLD);
  });
  state.transaction(() => {
    for (const [n, how] of reached.entries()) if (how !== undefined) reach(state, n, how);
  });
  return state;
}

function reach(state: StateFile, n: number, how: (typeof REACHED)[number]): void {
  const row = state.archives.byArchiveId(archive(n).archiveId);
  if (!row || how === 'listed') return;
  const { id } = row;
  if (how === 'skipped') {
    state.archives.advance(id, [{ type: 'skipped', reason: 'min-size' }]);
    return;
  }
  state.archives.advance(id, [{ type: 'planned' }], { key: `key ${n}` as ObjectKey, partSize: 8 * MiB });
  const proof = { etag: 'e', verifiedAt: OLD };
  if (how === 'asked') state.archives.asking([id], OLD);
  if (how === 'requested') state.archives.advance(id, [{ type: 'requested', jobId: `job ${n}` as JobId }]);
  if (how === 'verified') state.archives.advance(id, [{ type: 'found' }], { proof });
  if (how === 'failed' || how === 'gone') {
    state.archives.advance(id, [{ type: 'failed', reason: how === 'gone' ? 'gone' : 'job_failed' }]);
  }
}

function refresh(state: StateFile, listed: readonly number[], date: number | 'none' = NEW): void {
  state.transaction(() => {
    state.refresh.clear();
    state.refresh.insertAll(listed.map(archive));
    state.refresh.seal();
    state.facts.set('refresh', { source: 'job', date: date === 'none' ? undefined : date, loadedAt: NEW });
  });
  take(state);
}

function take(state: StateFile): void {
  const known = state.facts.get('inventory');
  if (!known) throw new Error('no inventory');
  const log = { debug() {}, info() {}, warn() {}, error() {} };
  takeRefresh({ state, log } as unknown as Parameters<typeof takeRefresh>[0], known);
}

/** Each archive's state, with its reason. */
function statesOf(state: StateFile): Map<string, string> {
  return new Map(
    [...state.archives.all()].map(({ archiveId, progress }) => [
      archiveId,
      'reason' in progress ? `${progress.state} ${progress.reason}` : progress.state,
    ]),
  );
}

/** The counters are what a count of the rows gives. */
function expectCountersRight(state: StateFile): void {
  const counted = Object.fromEntries(STATES.map((name) => [name, { count: 0, bytes: 0 }])) as Record<
    State,
    { count: number; bytes: number }
  >;
  const codes = new Map<string, number>();
  for (const { size, progress } of state.archives.all()) {
    counted[progress.state].count += 1;
    counted[progress.state].bytes += size;
    if (progress.state === 'failed') codes.set(progress.reason, (codes.get(progress.reason) ?? 0) + 1);
  }
  expect(state.totals.byState()).toMatchObject(counted);
  expect(new Map(state.totals.failures().map(({ code, count }) => [code, count]))).toEqual(codes);
}

const NOW_GONE: Readonly<Record<(typeof REACHED)[number], string | undefined>> = {
  listed: undefined,
  planned: 'failed gone',
  asked: 'planned',
  requested: 'requested',
  skipped: 'skipped min-size',
  verified: 'verified',
  failed: 'failed job_failed',
  gone: 'failed gone',
};
const STILL_THERE: Readonly<Record<(typeof REACHED)[number], string>> = {
  listed: 'listed',
  planned: 'planned',
  asked: 'planned',
  requested: 'requested',
  skipped: 'skipped min-size',
  verified: 'verified',
  failed: 'failed job_failed',
  gone: 'planned',
};

it('merges any newer inventory: new ones are listed, the unasked fail as gone, all others stay as they are', () => {
  const history = fc.array(fc.tuple(fc.option(fc.constantFrom(...REACHED), { nil: undefined }), fc.boolean()));
  fc.assert(
    fc.property(history, (archives) => {
      const state = transferWith(archives.map(([reached]) => reached));

      refresh(
        state,
        archives.flatMap(([, listed], n) => (listed ? [n] : [])),
      );

      const wanted = archives.flatMap(([reached, listed], n): [string, string][] => {
        const then =
          reached === undefined ? (listed ? 'listed' : undefined) : (listed ? STILL_THERE : NOW_GONE)[reached];
        return then === undefined ? [] : [[archive(n).archiveId, then]];
      });
      expect(statesOf(state)).toEqual(new Map(wanted));
      expectCountersRight(state);
      expect(state.facts.get('inventory')).toMatchObject({ date: NEW });
      expect(state.facts.get('refresh')).toBeUndefined();
    }),
    { numRuns: 60 },
  );
});

it('looks into the bucket again for what is new, and only then', () => {
  const same = transferWith(['planned']);
  refresh(same, [0]);
  expect(same.facts.get('lookedUpAt')).toBe(OLD);

  const more = transferWith(['planned']);
  refresh(more, [0, 1]);
  expect(more.facts.get('lookedUpAt')).toBeUndefined();
});

it('takes nothing for gone by an inventory without a date, or with a row that cannot be read', () => {
  const undated = transferWith(['planned']);
  refresh(undated, [], 'none');
  expect(statesOf(undated)).toEqual(new Map([['archive-0', 'planned']]));

  const damaged = transferWith(['planned']);
  damaged.transaction(() => {
    damaged.refresh.clear();
    damaged.refresh.problem({ row: 1, reason: 'not valid JSON', text: '{' });
    damaged.facts.set('refresh', { source: 'job', date: NEW, loadedAt: NEW });
  });
  take(damaged);
  expect(statesOf(damaged)).toEqual(new Map([['archive-0', 'planned']]));
  expect([...damaged.inventory.problems()]).toHaveLength(1);
});

it('refuses an inventory that is older than the one at hand, and keeps that', () => {
  const state = transferWith(['planned', 'verified']);

  expect(() => refresh(state, [], OLD - 1)).toThrow(expect.objectContaining({ code: 'inventory_older' }));

  expect(state.facts.get('inventory')).toMatchObject({ date: OLD });
  expect(state.facts.get('refresh')).toBeUndefined();
  expect(statesOf(state)).toEqual(
    new Map([
      ['archive-0', 'planned'],
      ['archive-1', 'verified'],
    ]),
  );
});

it('puts a newer inventory in the place of one that belongs to no transfer', () => {
  const state = transferWith(['listed', 'listed', undefined], '');

  refresh(state, [1, 2, 2, 1]);

  expect([...statesOf(state).keys()]).toEqual(['archive-1', 'archive-2']);
  expectCountersRight(state);
  refresh(state, [2]);
  expect([...statesOf(state).keys()]).toEqual(['archive-2']);
  expectCountersRight(state);
});
