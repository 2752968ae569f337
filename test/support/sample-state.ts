import type { Sample } from '../../src/domain/history.ts';
import type { ArchiveId, JobId, ObjectKey, TreeHash } from '../../src/domain/ids.ts';
import type { Event } from '../../src/domain/progress.ts';
import { DAY, HOUR, MINUTE } from '../../src/lib/duration.ts';
import { GiB, MiB } from '../../src/lib/size.ts';
import type { Change } from '../../src/state/archives.ts';
import { openTransfer, statePathOf } from '../../src/state/directory.ts';
import type { StateFile } from '../../src/state/state-file.ts';

/** A name that must not do what it says. */
export const HOSTILE_NAME = `<img src=x onerror="document.title='owned'">`;

export interface SampleState {
  readonly path: string;
  readonly counts: {
    readonly verified: number;
    readonly staged: number;
    readonly failed: number;
    readonly planned: number;
  };
}

const COUNTS = { verified: 300, staged: 60, failed: 123, planned: 40 } as const;
const DAYS = 20;

/** The state of a transfer that has been under way for twenty days, as of `now`: 120 archives have failed with one code. */
export function writeSampleState(dir: string, now: number): SampleState {
  const name = { vault: 'photos', accountId: '-', region: 'eu-west-1', bucket: 'my-archive', prefix: '' };
  const path = statePathOf(dir, name);
  const state = openTransfer(path, name, now - DAYS * DAY, () => '0123456789ab');
  try {
    state.transaction(() => writeArchives(state, now));
    state.transaction(() => writeHistory(state, now));
  } finally {
    state.close();
  }
  return { path, counts: COUNTS };
}

function writeArchives(state: StateFile, now: number): void {
  let id = 0;
  const add = (size: number, events: readonly Event[], change: Change = {}) => {
    id += 1;
    const archiveId = `archive-${id}`.padEnd(138, 'x') as ArchiveId;
    const treeHash = id.toString(16).padStart(64, '0') as TreeHash;
    state.archives.insert({ archiveId, description: '', createdAt: now - 1000 * DAY, size, treeHash });
    const key = (id % 50 === 0 ? HOSTILE_NAME : `photos/2011/IMG_${id}.JPG`) as ObjectKey;
    state.archives.advance(id, [{ type: 'planned' }, ...events], { key, partSize: 16 * MiB, ...change });
  };
  const jobId = 'job' as JobId;
  for (let index = 0; index < COUNTS.verified; index += 1) {
    add(2 * GiB, [{ type: 'found' }], { proof: { etag: '"e"', verifiedAt: now } });
    state.archives.takeEnded();
  }
  for (let index = 0; index < COUNTS.staged; index += 1) {
    add(GiB, [
      { type: 'requested', jobId },
      { type: 'staged', jobId, expiresAt: now + HOUR + index * 15 * MINUTE },
    ]);
  }
  for (let index = 0; index < COUNTS.failed; index += 1) {
    const reason = index < 120 ? 'archive_not_found' : 'not_proven';
    add(MiB, [{ type: 'failed', reason }], {
      message: `the archive is gone ${HOSTILE_NAME}`,
    });
  }
  for (let index = 0; index < COUNTS.planned; index += 1) add(GiB, []);
  state.facts.set('inventory', { source: 'job', date: now - DAYS * DAY, loadedAt: now - DAYS * DAY });
  state.facts.set('settings', { storageClass: 'DEEP_ARCHIVE', tier: 'Bulk', checksum: 'CRC32', partSize: 16 * MiB });
  state.logTail.add([
    {
      at: now - MINUTE,
      level: 'warning',
      message: 'a part failed; tried again',
      fields: { code: 'throttled', key: HOSTILE_NAME },
    },
    { at: now, level: 'error', message: 'an archive failed', fields: { code: 'archive_not_found' } },
  ]);
}

/** A sample an hour, as thinning leaves them: more by day than by night, with a pause on the eighth day. */
function writeHistory(state: StateFile, now: number): void {
  const total = COUNTS.verified + COUNTS.staged + COUNTS.failed + COUNTS.planned;
  let copied = 0;
  let calls = 0;
  let throttles = 0;
  for (let hour = 0; hour <= DAYS * 24; hour += 1) {
    const pause = hour > 180 && hour < 210;
    const pace = pause ? 0 : 1 + Math.sin((hour / 24) * 2 * Math.PI) * 0.6;
    copied += (COUNTS.verified * 2 * GiB * pace) / (DAYS * 24);
    calls += Math.round(300 * pace);
    throttles += hour % 24 === 5 ? 40 : 0;
    const verified = Math.min(COUNTS.verified, Math.floor(copied / (2 * GiB)));
    const staged = pause ? 0 : COUNTS.staged;
    const failed = Math.round((COUNTS.failed * hour) / (DAYS * 24));
    const planned = total - verified - staged - failed;
    const tally = (count: number, size: number) => ({ count, bytes: count * size });
    const sample: Sample = {
      at: now - DAYS * DAY + hour * HOUR,
      archives: {
        verified: tally(verified, 2 * GiB),
        staged: tally(staged, GiB),
        failed: tally(failed, MiB),
        planned: tally(planned, GiB),
      },
      copiedBytes: Math.round(copied),
      calls,
      throttles,
      spentUsd: (hour / (DAYS * 24)) * 42.5,
    };
    state.history.add(sample);
  }
}
