import { chmod, open, rename, rm } from 'node:fs/promises';
import { ServiceError } from '../domain/service-error.ts';
import { FatalError } from '../lib/errors.ts';
import type { ObjectReader } from '../ports-finish.ts';
import type { TransferName } from '../state/directory.ts';
import { openStateFile } from '../state/state-file.ts';
import type { Deps } from './deps.ts';
import { persist } from './persist.ts';
import { backupKeyOf } from './state-backup.ts';

/**
 * Puts the last backup in the place of a state file that is not there. It takes its name only once it is whole and found to be this
 * transfer's.
 * @returns whether there is a backup.
 * @throws {FatalError} `backup_of_another`, and as `openStateFile`.
 */
export async function restoreBackup(
  deps: Pick<Deps, 'clock' | 'log' | 'signals'> & { readonly reader: ObjectReader },
  path: string,
  { prefix, transfer }: { readonly prefix: string; readonly transfer: TransferName },
): Promise<boolean> {
  const copy = `${path}.recovering`;
  try {
    if (!(await persist(deps, () => fetchTo(deps, copy, backupKeyOf(path, prefix))))) return false;
    const state = openStateFile(copy);
    try {
      const there = state.facts.get('transfer');
      if (there?.vault !== transfer.vault || there.bucket !== transfer.bucket || there.prefix !== transfer.prefix) {
        throw new FatalError('backup_of_another', 'the backup is the state of another transfer: check --state-backup');
      }
      state.transaction(() => state.facts.set('recovery', { source: 'backup', begunAt: deps.clock.now() }));
    } finally {
      state.close();
    }
    await rename(copy, path);
    return true;
  } finally {
    await rm(copy, { force: true });
  }
}

/** @returns false where there is no such object. */
async function fetchTo(
  { reader, signals }: Parameters<typeof restoreBackup>[0],
  path: string,
  key: ReturnType<typeof backupKeyOf>,
): Promise<boolean> {
  const found = await reader.read(key, undefined, signals.stop);
  if (!found) return false;
  const file = await open(path, 'w', 0o600);
  let length = 0;
  try {
    await chmod(path, 0o600);
    for await (const bytes of found.body) {
      await file.write(bytes);
      length += bytes.length;
    }
    await file.sync();
  } finally {
    await file.close();
  }
  if (found.length !== undefined && length !== found.length) {
    throw new ServiceError('short_body', `${length} of ${found.length} bytes came`, { operation: 'GetObject' });
  }
  return true;
}
