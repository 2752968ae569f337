import { describe, expect, it } from 'vitest';
import type { JobId, ObjectKey, TreeHash, UploadId } from '../../src/domain/ids.ts';
import { HOUR } from '../../src/lib/duration.ts';
import { MiB } from '../../src/lib/size.ts';
import type { StateFile } from '../../src/state/state-file.ts';
import { listed, requested, staged, stateFile } from '../support/state.ts';

const PART = 8 * MiB;
const second = { type: 'requestedAgain', jobId: 'second' as JobId } as const;

/** Archives of 20 MiB (three parts, the last of 4 MiB), staged until 30 h; the first is being read. */
function threeStaged(): StateFile {
  const state = stateFile();
  state.transaction(() => {
    for (const n of [1, 2, 3]) {
      state.archives.insert(listed(n, { size: 20 * MiB }));
      state.archives.advance(n, [{ type: 'planned' }], { key: `key/${n}` as ObjectKey, partSize: PART });
      state.archives.advance(n, [requested(n), staged(n, 30 * HOUR + n)]);
    }
    state.archives.advance(1, [{ type: 'began' }]);
  });
  return state;
}

function arrive(state: StateFile, id: number, ...numbers: number[]): void {
  state.transaction(() => {
    if (state.archives.byId(id).uploadId === undefined) {
      state.archives.beginUpload(id, 1);
      state.archives.uploadBegun(id, 'u' as UploadId);
    }
    for (const partNumber of numbers) {
      state.parts.record(id, { partNumber, etag: 'e', checksum: 'c', treeHash: 'ab'.repeat(32) as TreeHash });
    }
  });
}

describe('outputs, by their expiry', () => {
  it('count for what is left to fetch, and not at all once every part has arrived', () => {
    const state = threeStaged();
    arrive(state, 1, 1, 3);
    expect(state.outputs.byExpiry()).toEqual([
      { expiresAt: 30 * HOUR + 1, count: 3, bytes: (8 + 20 + 20) * MiB, largest: 20 * MiB },
    ]);
    arrive(state, 1, 2);
    expect(state.outputs.byExpiry()).toEqual([
      { expiresAt: 30 * HOUR + 2, count: 2, bytes: 40 * MiB, largest: 20 * MiB },
    ]);
  });

  it('are asked for again from the last to be fetched, and what is being read comes after what waits', () => {
    const state = threeStaged();
    arrive(state, 1, 1);
    const chosen = state.outputs.toAskAgain(30 * HOUR + 1, 5, 10).map(({ archive, left }) => [archive.id, left / MiB]);
    expect(chosen).toEqual([
      [3, 20],
      [2, 20],
      [1, 12],
    ]);
    expect(state.outputs.toAskAgain(31 * HOUR, 5, 10)).toEqual([]);
  });
});

describe('what an earlier run was reading', () => {
  it('is judged by a pass over ListJobs as what is staged, and keeps its parts and its upload', () => {
    const state = threeStaged();
    arrive(state, 1, 1);
    state.transaction(() => {
      state.archives.advance(1, [{ type: 'paused' }]);
      state.jobs.beginPass();
      state.jobs.seen('job-3' as JobId);
    });
    expect(state.jobs.vanished(1e15)).toEqual([1, 2]);
    state.transaction(() => state.archives.advance(1, [{ type: 'expired' }]));
    expect(state.archives.byId(1)).toMatchObject({ progress: { state: 'planned' }, uploadId: 'u' });
    expect(state.parts.of(1)).toHaveLength(1);
    expect(state.archives.nextPlanned(1, 0)).toMatchObject([{ id: 1 }]);
  });

  it('takes its turn by its expiry', () => {
    const state = threeStaged();
    state.transaction(() => {
      state.archives.advance(1, [{ type: 'paused' }]);
      state.archives.advance(3, [staged(3, 29 * HOUR)]);
    });
    expect(state.archives.nextStaged(10, 0).map(({ id }) => id)).toEqual([3, 1, 2]);
  });

  it('needs no output any more where all of it has arrived', () => {
    const state = threeStaged();
    arrive(state, 1, 1, 2, 3);
    state.transaction(() => {
      state.archives.advance(1, [{ type: 'paused' }]);
      state.archives.advance(2, [{ type: 'expired' }]);
      state.archives.advance(3, [{ type: 'expired' }]);
      state.jobs.beginPass();
    });
    expect(state.jobs.vanished(1e15)).toEqual([]);
    expect(state.outputs.hasExpired(31 * HOUR)).toBe(false);
  });
});

it('outputs are known to have expired by their time, those with a second job too', () => {
  const state = threeStaged();
  state.transaction(() => {
    state.archives.advance(2, [{ type: 'expired' }]);
    state.outputs.asking(3, 7);
  });
  expect(state.outputs.hasExpired(30 * HOUR + 2)).toBe(false);
  expect(state.outputs.hasExpired(30 * HOUR + 3)).toBe(true);
  state.transaction(() => state.outputs.notAsked(3));
  expect(state.outputs.hasExpired(30 * HOUR + 2)).toBe(false);
  expect(state.outputs.hasExpired(30 * HOUR + 3)).toBe(true);
});

describe('a second job', () => {
  it('takes its archive out of what is in danger, and to the end of the queue', () => {
    const state = threeStaged();
    state.transaction(() => {
      state.outputs.asking(2, 7);
      state.archives.advance(2, [second]);
    });
    expect(state.outputs.byExpiry()).toMatchObject([{ count: 2, bytes: 40 * MiB }]);
    expect(state.outputs.renewed()).toEqual({ count: 1, bytes: 20 * MiB });
    expect(state.outputs.jobOf(2)).toEqual({ jobId: 'job-2', expiresAt: 30 * HOUR + 2, isRenewed: true });
    expect(state.archives.nextStaged(10, 0).map(({ id }) => id)).toEqual([3, 2]);
    expect(state.outputs.nextExpiry()).toBe(30 * HOUR + 1);
    expect(state.totals.byState().staged.count).toBe(2);
    expect(state.totals.spent()).toMatchObject([{ kind: 'request', count: 4 }]);
  });

  it('that is staged takes the place of the first, in the middle of reading, and what has arrived stays', () => {
    const state = threeStaged();
    arrive(state, 1, 1);
    state.transaction(() => {
      state.outputs.asking(1, 7);
      state.archives.advance(1, [second]);
      state.archives.advance(1, [{ type: 'staged', jobId: second.jobId, expiresAt: 50 * HOUR }]);
    });
    expect(state.archives.byId(1)).toMatchObject({
      progress: { state: 'transferring', jobId: 'second', expiresAt: 50 * HOUR },
      askedAgainAt: undefined,
      uploadId: 'u',
    });
    expect(state.parts.of(1)).toHaveLength(1);
    expect(state.outputs.jobOf(1)).toEqual({ jobId: 'second', expiresAt: 50 * HOUR, isRenewed: false });
  });

  it('is what its archive waits for where the first output is gone: no third one is asked for', () => {
    const state = threeStaged();
    state.transaction(() => {
      state.outputs.asking(2, 7);
      state.archives.advance(2, [second]);
      state.archives.advance(2, [{ type: 'expired' }]);
    });
    expect(state.archives.byId(2)).toMatchObject({ progress: { state: 'requested', jobId: 'second' }, askedAt: 7 });
    expect(state.archives.nextPlanned(10, 0)).toEqual([]);
  });

  it('of which nobody knows whether it was made is looked up before its archive is asked for a third time', () => {
    const state = threeStaged();
    state.transaction(() => {
      state.outputs.asking(1, 7);
      state.outputs.asking(2, 7);
    });
    expect(state.outputs.asked().map(({ id }) => id)).toEqual([1, 2]);
    state.transaction(() => state.archives.advance(2, [{ type: 'expired' }]));
    expect(state.archives.asked().map(({ id }) => id)).toEqual([2]);
    expect(state.archives.nextPlanned(10, 0)).toEqual([]);
    state.transaction(() => state.outputs.notAsked(1));
    expect(state.outputs.asked()).toEqual([]);
    expect(state.outputs.byExpiry()).toMatchObject([{ count: 2 }]);
  });

  it('that Glacier has forgotten is found by a pass over ListJobs, and the first output is read on', () => {
    const state = threeStaged();
    state.transaction(() => {
      state.outputs.asking(2, 7);
      state.archives.advance(2, [second]);
      state.jobs.beginPass();
      for (const n of [1, 2, 3]) state.jobs.seen(`job-${n}` as JobId);
    });
    expect(state.jobs.vanished(1e15)).toEqual([]);
    expect(state.jobs.nextVanished(7)).toEqual([]);
    expect(state.jobs.nextVanished(8)).toEqual([2]);
    state.transaction(() => state.archives.advance(2, [{ type: 'jobFailed' }]));
    expect(state.outputs.byExpiry()).toMatchObject([{ count: 3 }]);
  });
});

it('jobs are counted in vain until one has brought a part', () => {
  const state = threeStaged();
  state.transaction(() => {
    state.outputs.asking(1, 7);
    state.archives.advance(1, [second]);
  });
  expect(state.archives.byId(1)).toMatchObject({ requests: 2, fruitless: 2 });
  arrive(state, 1, 1);
  expect(state.archives.byId(1)).toMatchObject({ requests: 2, fruitless: 0 });
  state.transaction(() => state.archives.advance(1, [{ type: 'expired' }, { type: 'expired' }]));
  expect(state.archives.byId(1)).toMatchObject({ progress: { state: 'planned' }, fruitless: 0 });
});
