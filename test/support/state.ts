import { createHash } from 'node:crypto';
import { join } from 'node:path';
import { onTestFinished } from 'vitest';
import type { ArchiveId, JobId, ObjectKey, TreeHash } from '../../src/domain/ids.ts';
import type { ListedArchive } from '../../src/domain/inventory-file.ts';
import type { Event } from '../../src/domain/progress.ts';
import { MiB } from '../../src/lib/size.ts';
import { openStateFile, type StateFile } from '../../src/state/state-file.ts';
import { temporaryFolder } from './program.ts';

/** The `n`th archive of a made-up vault. */
export function listed(n: number, fields: Partial<ListedArchive> = {}): ListedArchive {
  return {
    archiveId: `archive-${n}` as ArchiveId,
    description: `archive ${n}`,
    createdAt: Date.UTC(2012, 0, 1) + n * 1000,
    size: 1000 + n,
    treeHash: createHash('sha256').update(String(n)).digest('hex') as TreeHash,
    ...fields,
  };
}

/** A state file of its own, closed at the end of the test. */
export function stateFile(path = join(temporaryFolder(), 'state.sqlite')): StateFile {
  const state = openStateFile(path);
  onTestFinished(() => state.close());
  return state;
}

/** Lists `count` archives and gives each a key; rows are numbered from 1. */
export function plan(state: StateFile, count: number, from = 1, fields: Partial<ListedArchive> = {}): void {
  state.transaction(() => {
    for (let n = from; n < from + count; n += 1) {
      state.archives.insert(listed(n, fields));
      state.archives.advance(n, [{ type: 'planned' }], { key: `key/${n}` as ObjectKey, partSize: 8 * MiB });
    }
  });
}

export const requested = (n: number): Event => ({ type: 'requested', jobId: `job-${n}` as JobId });
export const staged = (n: number, expiresAt = 1e12 + n): Event => ({
  type: 'staged',
  jobId: `job-${n}` as JobId,
  expiresAt,
});
