import { accessSync, chmodSync, existsSync } from 'node:fs';
import { dirname } from 'node:path';
import Database from 'better-sqlite3';
import { KnownError } from '../lib/errors.ts';
import { explain } from './database.ts';

/** Another run holds the transfer: exit code 11. */
export class LockedError extends KnownError {
  readonly code = 'locked';
  readonly retry = 'nextRun';
  override readonly exitCode = 11;
}

export interface Lock {
  release(): void;
}

/**
 * Holds a transfer for one run. The lock is SQLite's own on a file beside the state, taken by the operating system and given back by it
 * however the process ends.
 * @throws {LockedError}
 */
export function lockTransfer(statePath: string): Lock {
  const path = lockPath(statePath);
  try {
    // SQLite has no word for a folder that is not there
    accessSync(dirname(path));
    const db = new Database(path, { timeout: 500 });
    try {
      chmodSync(path, 0o600);
      db.exec('BEGIN EXCLUSIVE');
    } catch (error) {
      db.close();
      throw error;
    }
    return { release: () => void db.close() };
  } catch (error) {
    if (isBusy(error)) {
      throw new LockedError(
        'another run is at work on this transfer: wait for it, or look at it with `glacier2s3 status`',
      );
    }
    throw explain(error, path);
  }
}

/** Whether a run holds the transfer right now. Disturbs none. */
export function isLocked(statePath: string): boolean {
  const path = lockPath(statePath);
  if (!existsSync(path)) return false;
  try {
    const db = new Database(path, { readonly: true, timeout: 0 });
    try {
      db.prepare('SELECT count(*) FROM sqlite_master').get();
      return false;
    } finally {
      db.close();
    }
  } catch (error) {
    if (isBusy(error)) return true;
    throw explain(error, path);
  }
}

function lockPath(statePath: string): string {
  return `${statePath}.lock`;
}

function isBusy(error: unknown): boolean {
  return error instanceof Error && 'code' in error && /^SQLITE_(BUSY|LOCKED)/.test(String(error.code));
}
