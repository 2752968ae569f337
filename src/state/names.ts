import type { Statement } from 'better-sqlite3';
import type { ArchiveId } from '../domain/ids.ts';
import type { Db } from './database.ts';

/** The tables of names that are given from outside, by archive id. */
export type NameTable = 'overrides' | 'synology_names';

/** A line that names an archive; `first` is the line that has named it before. */
export interface RepeatedName {
  readonly line: number;
  readonly archiveId: ArchiveId;
  readonly first: number;
}

/**
 * Names from a file, for ten million archives too: they are looked up in the database. New ones are gathered beside those in use,
 * and take their place once they are found to be right.
 */
export interface Names {
  /** Makes room for new names; what an earlier try has left is dropped. */
  begin(table: NameTable): void;
  /** `line`: the line of the file, or any number that grows. */
  add(table: NameTable, line: number, archiveId: ArchiveId, name: string): void;
  /** Behind the last `add`: makes the index that everything below needs. */
  index(table: NameTable): void;
  /** Of the new names: archives that are named twice, by line, and how many such lines there are. */
  repeated(table: NameTable, limit: number): { readonly count: number; readonly lines: readonly RepeatedName[] };
  /** Of the new names: those of no archive in the inventory. */
  unknown(
    table: NameTable,
    limit: number,
  ): { readonly count: number; readonly lines: readonly Omit<RepeatedName, 'first'>[] };
  /** The new names are the names from now on. */
  accept(table: NameTable): void;
  lookUp(table: NameTable, archiveId: ArchiveId): string | undefined;
}

export function createNames(db: Db): Names {
  const lookUps = {
    overrides: db.prepare<[string], string>('SELECT name FROM overrides WHERE archive_id = ?').pluck(),
    synology_names: db.prepare<[string], string>('SELECT name FROM synology_names WHERE archive_id = ?').pluck(),
  };
  let insert: Statement<[number, string, string]> | undefined;
  return {
    begin(table) {
      db.exec(`DROP TABLE IF EXISTS new_${table};
        CREATE TABLE new_${table} (line INTEGER PRIMARY KEY, archive_id TEXT NOT NULL, name TEXT NOT NULL) STRICT`);
      insert = db.prepare<[number, string, string]>(
        `INSERT INTO new_${table} (line, archive_id, name) VALUES (?, ?, ?)`,
      );
    },
    add: (_table, line, archiveId, name) => void insert?.run(line, archiveId, name),
    // under a name of its own: the index of the table in use goes with it later
    index: (table) => void db.exec(`CREATE INDEX ${freeIndexName(db, table)} ON new_${table} (archive_id)`),
    repeated(table, limit) {
      const rows = `FROM new_${table} AS again JOIN (
          SELECT archive_id, min(line) AS first FROM new_${table} GROUP BY archive_id HAVING count(*) > 1
        ) AS known USING (archive_id) WHERE again.line > known.first`;
      return {
        count: Number(db.prepare(`SELECT count(*) ${rows}`).pluck().get()),
        lines: db
          .prepare<[number], RepeatedName>(
            `SELECT again.line, archive_id AS archiveId, known.first ${rows} ORDER BY again.line LIMIT ?`,
          )
          .all(limit),
      };
    },
    unknown(table, limit) {
      const rows = `FROM new_${table} AS named
        WHERE NOT EXISTS (SELECT 1 FROM archives WHERE archives.archive_id = named.archive_id)`;
      return {
        count: Number(db.prepare(`SELECT count(*) ${rows}`).pluck().get()),
        lines: db
          .prepare<[number], Omit<RepeatedName, 'first'>>(
            `SELECT line, archive_id AS archiveId ${rows} ORDER BY line LIMIT ?`,
          )
          .all(limit),
      };
    },
    accept: (table) => void db.exec(`DROP TABLE ${table}; ALTER TABLE new_${table} RENAME TO ${table}`),
    lookUp: (table, archiveId) => lookUps[table].get(archiveId) as string | undefined,
  };
}

function freeIndexName(db: Db, table: NameTable): string {
  const taken = db.prepare("SELECT count(*) FROM sqlite_master WHERE type = 'index' AND name = ?").pluck();
  return Number(taken.get(`${table}_by_archive_id`)) === 0 ? `${table}_by_archive_id` : `${table}_of_archive_id`;
}
