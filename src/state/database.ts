import { chmodSync, closeSync, existsSync, openSync } from 'node:fs';
import Database from 'better-sqlite3';
import { FatalError, messageOf } from '../lib/errors.ts';
import { MIGRATIONS } from './migrations.ts';

export type Db = Database.Database;

/** Written into the file's header, so that another program's SQLite file is not taken for one of ours. */
const APPLICATION_ID = 0x67327333;

/**
 * Opens a state file, makes it where there is none (mode 0600), and brings it to the newest version.
 * The caller closes it. A commit is on the disk when it returns (WAL, synchronous FULL): money hangs on it.
 * @throws {FatalError} `state_unreadable`, `state_foreign`, `state_newer`.
 */
export function openDatabase(path: string, { readonly = false } = {}): Db {
  if (path !== ':memory:' && !readonly && !existsSync(path)) closeSync(openSync(path, 'a', 0o600));
  try {
    const db = new Database(path, { readonly, fileMustExist: path !== ':memory:', timeout: 5000 });
    try {
      if (!readonly) {
        db.pragma('journal_mode = WAL');
        db.pragma('synchronous = FULL');
        db.pragma('foreign_keys = ON');
        db.pragma('cache_size = -65536');
        db.pragma('temp_store = FILE');
      }
      migrate(db, path, readonly);
      if (!readonly && path !== ':memory:') chmodSync(path, 0o600);
      return db;
    } catch (error) {
      db.close();
      throw error;
    }
  } catch (error) {
    throw explain(error, path);
  }
}

function migrate(db: Db, path: string, readonly: boolean): void {
  const version = Number(db.pragma('user_version', { simple: true }));
  const tables = Number(db.prepare("SELECT count(*) FROM sqlite_master WHERE type = 'table'").pluck().get());
  if (tables > 0 && db.pragma('application_id', { simple: true }) !== APPLICATION_ID) {
    throw new FatalError('state_foreign', `${path} is a SQLite file of another program: name another --state-dir`);
  }
  if (version > MIGRATIONS.length) {
    throw new FatalError(
      'state_newer',
      `${path} was written by a newer glacier2s3 (version ${version} of the file, this one knows ${MIGRATIONS.length}): update glacier2s3`,
    );
  }
  if (version === MIGRATIONS.length) return;
  if (readonly) {
    throw new FatalError('state_older', `${path} was written by an older glacier2s3: run transfer once to update it`);
  }
  db.transaction(() => {
    for (const migration of MIGRATIONS.slice(version)) db.exec(migration);
    db.pragma(`user_version = ${MIGRATIONS.length}`);
    db.pragma(`application_id = ${APPLICATION_ID}`);
  }).immediate();
}

/** One line for what SQLite and the file system say of a file that can't be used; a bug stays what it is. */
export function explain(error: unknown, path: string): unknown {
  const code = error instanceof Error && 'code' in error ? String(error.code) : '';
  if (/^SQLITE_(NOTADB|CORRUPT)/.test(code)) {
    return new FatalError(
      'state_corrupt',
      `${path} is damaged (${messageOf(error)}): put a backup in its place, or move it away and run again: what is copied already will be found in the bucket`,
      { cause: error },
    );
  }
  if (code === 'SQLITE_FULL' || code === 'ENOSPC') {
    return new FatalError('disk_full', `the disk of ${path} is full: free some space and run the command again`, {
      cause: error,
    });
  }
  if (/^(SQLITE_(CANTOPEN|READONLY|PERM|IOERR)|EACCES|EPERM|EROFS|ENOENT|ENOTDIR|EISDIR)/.test(code)) {
    return new FatalError(
      'state_unreadable',
      `${path} can't be read or written (${messageOf(error)}): check its owner and permissions, or name another --state-dir`,
      { cause: error },
    );
  }
  return error;
}
