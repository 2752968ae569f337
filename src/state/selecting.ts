import type { Statement } from 'better-sqlite3';
import type { ArchiveId } from '../domain/ids.ts';
import type { Db } from './database.ts';

/** What a pass of the filters needs to remember, in temporary tables: ten million ids cost no memory. */
export interface Selecting {
  /** Forgets the ids of the last pass. */
  beginIds(): void;
  /** @returns false where it was there already. */
  addId(archiveId: ArchiveId): boolean;
  isListed(archiveId: ArchiveId): boolean;
  /** How many of the ids the inventory does not have. */
  unknownIds(): number;
  /** Forgets what has passed. */
  beginPassed(): void;
  passed(id: number, createdAt: number): void;
  /** The first one, by creation date and then by row, that is one too many where `limit` may pass. */
  firstBeyond(limit: number): { readonly id: number; readonly createdAt: number } | undefined;
  end(): void;
}

export function createSelecting(db: Db): Selecting {
  let addId: Statement<[string]> | undefined;
  let isListed: Statement<[string]> | undefined;
  let passed: Statement<[number, number]> | undefined;
  const drop = () => db.exec('DROP TABLE IF EXISTS temp.wanted_ids; DROP TABLE IF EXISTS temp.passed');
  return {
    beginIds() {
      db.exec(`DROP TABLE IF EXISTS temp.wanted_ids;
        CREATE TEMP TABLE wanted_ids (archive_id TEXT PRIMARY KEY) STRICT, WITHOUT ROWID`);
      addId = db.prepare('INSERT INTO temp.wanted_ids (archive_id) VALUES (?) ON CONFLICT DO NOTHING');
      isListed = db.prepare('SELECT 1 FROM temp.wanted_ids WHERE archive_id = ?').pluck();
    },
    addId: (archiveId) => addId?.run(archiveId).changes === 1,
    isListed: (archiveId) => isListed?.get(archiveId) !== undefined,
    unknownIds: () =>
      Number(
        db
          .prepare(
            `SELECT count(*) FROM temp.wanted_ids AS wanted
             WHERE NOT EXISTS (SELECT 1 FROM archives WHERE archives.archive_id = wanted.archive_id)`,
          )
          .pluck()
          .get(),
      ),
    beginPassed() {
      db.exec(`DROP TABLE IF EXISTS temp.passed;
        CREATE TEMP TABLE passed (id INTEGER PRIMARY KEY, created_at INTEGER NOT NULL) STRICT`);
      passed = db.prepare('INSERT INTO temp.passed (id, created_at) VALUES (?, ?)');
    },
    passed: (id, createdAt) => void passed?.run(id, createdAt),
    firstBeyond: (limit) =>
      db
        .prepare<[number], { id: number; createdAt: number }>(
          'SELECT id, created_at AS createdAt FROM temp.passed ORDER BY created_at, id LIMIT 1 OFFSET ?',
        )
        .get(limit),
    end: () => void drop(),
  };
}
