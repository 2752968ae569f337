import { createHash } from 'node:crypto';
import { mkdirSync, readdirSync, statSync } from 'node:fs';
import { homedir } from 'node:os';
import { basename, join } from 'node:path';
import { FatalError, KnownError } from '../lib/errors.ts';
import { explain } from './database.ts';
import type { TransferFacts } from './facts.ts';
import { openStateFile, type StateFile } from './state-file.ts';

/** What makes two runs work on the same transfer. `bucket` is empty for an inventory that belongs to no transfer yet. */
export type TransferName = Omit<TransferFacts['transfer'], 'id' | 'createdAt'>;

/** `$XDG_STATE_HOME/glacier2s3`, or `~/.local/state/glacier2s3`. */
export function defaultStateDir(environment: NodeJS.ProcessEnv): string {
  return join(environment.XDG_STATE_HOME || join(homedir(), '.local', 'state'), 'glacier2s3');
}

/** Where the state of a transfer is; makes the directory (0700). */
export function statePathOf(dir: string, name: TransferName): string {
  try {
    mkdirSync(dir, { recursive: true, mode: 0o700 });
  } catch (error) {
    throw explain(error, dir);
  }
  const { accountId, region, vault, bucket, prefix } = name;
  const identity = JSON.stringify([accountId, region, vault, bucket, prefix]);
  const hash = createHash('sha256').update(identity).digest('hex').slice(0, 8);
  return join(dir, `${beginningOfName(name)}--${hash}.sqlite`);
}

/** What people see of a transfer in its file's name; it takes no more room than a file system gives, and makes no path. */
function beginningOfName({ vault, bucket }: Pick<TransferName, 'vault' | 'bucket'>): string {
  const safe = (text: string) => text.replaceAll(/[^A-Za-z0-9_.-]/g, '_').slice(0, 100);
  return [vault, bucket].filter(Boolean).map(safe).join('--');
}

/** A state file of the directory, or why it can't be read. */
export type Found =
  | {
      readonly path: string;
      readonly transfer: TransferFacts['transfer'];
      /** An inventory was asked for or read: not so where the first try was refused, as for a Region that was a mistake. */
      readonly isBegun: boolean;
    }
  | { readonly path: string; readonly error: KnownError };

/** All transfers (and lone inventories) in the directory, by file name. An absent directory holds none. */
export function findTransfers(dir: string): Found[] {
  return stateFiles(dir).flatMap((path): Found[] => {
    try {
      const state = openStateFile(path, { readonly: true });
      try {
        const transfer = state.facts.get('transfer');
        const isBegun = state.facts.get('inventory') !== undefined;
        return transfer ? [{ path, transfer, isBegun }] : [];
      } finally {
        state.close();
      }
    } catch (error) {
      if (error instanceof KnownError) return [{ path, error }];
      throw error;
    }
  });
}

function stateFiles(dir: string): string[] {
  try {
    const names = readdirSync(dir).filter((name) => name.endsWith('.sqlite'));
    // one of no bytes belongs to a run that is just beginning; one that is gone by now was moved away
    return names
      .sort()
      .map((name) => join(dir, name))
      .filter((path) => (statSync(path, { throwIfNoEntry: false })?.size ?? 0) > 0);
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return [];
    throw explain(error, dir);
  }
}

/**
 * The one transfer that is meant; one that was never begun only where no other is.
 * @throws {FatalError} `no_transfer`, `several_transfers`, and what is wrong with its file.
 */
export function findTransfer(
  dir: string,
  wanted: { readonly vault: string; readonly bucket: string; readonly prefix?: string; readonly region?: string },
): string {
  const all = findTransfers(dir);
  const matching = all.filter(
    (one) =>
      'transfer' in one &&
      Object.entries(wanted).every(([name, value]) => {
        return value === undefined || one.transfer[name as keyof typeof wanted] === value;
      }),
  );
  const begun = matching.filter((one) => 'isBegun' in one && one.isBegun);
  const found = begun.length > 0 ? begun : matching;
  const target = wanted.bucket === '' ? `the vault ${wanted.vault}` : `${wanted.vault} to ${wanted.bucket}`;
  if (found.length > 1) {
    throw new FatalError(
      'several_transfers',
      `there are several transfers of ${target} in ${dir}: add --prefix or --region`,
    );
  }
  const [only] = found;
  if (only) return only.path;
  for (const one of all) {
    if ('error' in one && basename(one.path).startsWith(`${beginningOfName(wanted)}--`)) throw one.error;
  }
  throw new FatalError('no_transfer', `there is nothing about ${target} in ${dir}: run transfer or plan first`);
}

/** Opens the state of a transfer, new or not. */
export function openTransfer(path: string, name: TransferName, now: number, newId: () => string): StateFile {
  const state = openStateFile(path);
  if (!state.facts.get('transfer')) {
    state.transaction(() => state.facts.set('transfer', { id: newId(), ...name, createdAt: now }));
  }
  return state;
}
