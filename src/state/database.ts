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
 * Statements throw the same errors whenever they are run.
 * @throws {FatalError} `state_unreadable`, `state_corrupt`, `state_foreign`, `state_newer`, `state_older` (read-only),
 *   `state_busy`, `disk_full`.
 */
export function openDatabase(path: string, { readonly = false, migrations = MIGRATIONS } = {}): Db {
  const isFile = path !== ':memory:';
  try {
    // made here, since SQLite would make it readable for all
    if (isFile && !existsSync(path)) closeSync(openSync(path, readonly ? 'r' : 'a', 0o600));
    const db = new Database(path, { readonly, fileMustExist: isFile, timeout: 5000 });
    try {
      // before anything is written: a file of another program is left as it is
      const version = versionOf(db, path, migrations.length);
      if (readonly && version < migrations.length) {
        throw new FatalError(
          'state_older',
          `${path} was written by an older glacier2s3: run transfer once to update it`,
        );
      }
      if (!readonly) {
        if (isFile) chmodSync(path, 0o600);
        db.pragma('journal_mode = WAL');
        db.pragma('synchronous = FULL');
        db.pragma('foreign_keys = ON');
        db.pragma('cache_size = -65536');
        db.pragma('temp_store = FILE');
        if (version < migrations.length) migrate(db, path, migrations);
      }
      return explaining(db, path);
    } catch (error) {
      db.close();
      throw error;
    }
  } catch (error) {
    throw explain(error, path);
  }
}

/** How many migrations the file has seen. */
function versionOf(db: Db, path: string, newest: number): number {
  const version = Number(db.pragma('user_version', { simple: true }));
  const application = db.pragma('application_id', { simple: true });
  const tables = Number(db.prepare("SELECT count(*) FROM sqlite_master WHERE type = 'table'").pluck().get());
  if (application !== APPLICATION_ID && (tables > 0 || application !== 0)) {
    throw new FatalError('state_foreign', `${path} is a SQLite file of another program: name another --state-dir`);
  }
  if (version > newest) {
    throw new FatalError(
      'state_newer',
      `${path} was written by a newer glacier2s3 (version ${version} of the file, this one knows ${newest}): update glacier2s3`,
    );
  }
  return version;
}

/** Each migration in a transaction of its own: one that fails leaves the file at the version before it. */
function migrate(db: Db, path: string, migrations: readonly string[]): void {
  for (const [i, migration] of migrations.entries()) {
    db.transaction(() => {
      // asked again under the lock: another process may have done it meanwhile
      if (versionOf(db, path, migrations.length) > i) return;
      db.exec(migration);
      db.pragma(`user_version = ${i + 1}`);
      db.pragma(`application_id = ${APPLICATION_ID}`);
    }).immediate();
  }
}

/** One line for what SQLite and the file system say of a file that can't be used; a bug stays what it is. */
export function explain(error: unknown, path: string): unknown {
  const code = error instanceof Error && 'code' in error ? String(error.code) : '';
  const fatal = (name: string, message: string) => new FatalError(name, message, { cause: error });
  if (/^SQLITE_(NOTADB|CORRUPT)/.test(code)) {
    return fatal(
      'state_corrupt',
      `${path} is damaged (${messageOf(error)}): put a backup in its place, or move it away and run again: what is copied already will be found in the bucket`,
    );
  }
  if (/^(SQLITE_FULL|ENOSPC|EDQUOT)/.test(code)) {
    return fatal('disk_full', `the disk of ${path} is full: free some space and run the command again`);
  }
  if (/^SQLITE_(BUSY|LOCKED)/.test(code)) {
    return fatal('state_busy', `another program holds ${path}: end it, or wait for it, and run the command again`);
  }
  if (
    /^(SQLITE_(CANTOPEN|READONLY|PERM|IOERR)|EACCES|EPERM|EROFS|ENOENT|ENOTDIR|EISDIR|EEXIST|ENAMETOOLONG|ELOOP)/.test(
      code,
    )
  ) {
    return fatal(
      'state_unreadable',
      `${path} can't be read or written (${messageOf(error)}): check its owner and permissions, or name another --state-dir`,
    );
  }
  return error;
}

/** Whoever runs a statement, at whatever moment, is told of a damaged file or a full disk in one line. */
function explaining(db: Db, path: string): Db {
  const explained =
    <Args extends unknown[], Result>(call: (...args: Args) => Result) =>
    (...args: Args): Result => {
      try {
        return call(...args);
      } catch (error) {
        throw explain(error, path);
      }
    };
  const prepare = db.prepare.bind(db) as (sql: string) => Database.Statement<unknown[]>;
  const prepareExplained = (sql: string) => {
    const statement = prepare(sql);
    statement.run = explained(statement.run.bind(statement));
    statement.get = explained(statement.get.bind(statement));
    statement.all = explained(statement.all.bind(statement));
    const iterate = explained(statement.iterate.bind(statement));
    statement.iterate = function* (...args: unknown[]) {
      const rows = iterate(...args);
      try {
        for (let row = next(rows); !row.done; row = next(rows)) yield row.value;
      } finally {
        rows.return?.();
      }
    };
    return statement;
  };
  const next = explained((rows: IterableIterator<unknown>) => rows.next());
  db.prepare = explained(prepareExplained) as Db['prepare'];
  db.exec = explained(db.exec.bind(db));
  return db;
}
