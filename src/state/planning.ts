import type { ArchiveId, ObjectKey } from '../domain/ids.ts';
import type { Db } from './database.ts';
import type { Totals } from './totals.ts';

/** An archive that wants a key. `createdAt`: milliseconds since 1970. */
export interface Unplanned {
  readonly id: number;
  readonly archiveId: ArchiveId;
  readonly description: string;
  readonly createdAt: number;
  readonly size: number;
}

interface UnplannedRow {
  id: number;
  archive_id: string;
  description: string;
  created_at: number;
  size: number;
}

/** Gives keys to archives that have none yet, and tells those apart that want the same one. */
export interface Planning {
  /** Listed archives behind row `after`, by row. */
  listed(after: number, limit: number): Unplanned[];
  setKey(id: number, key: ObjectKey, partSize: number): void;
  changeKey(id: number, key: ObjectKey): void;
  /** From now on the database holds the keys unique. @returns false where they are not: nothing has changed then. */
  sealKeys(): boolean;
  /** Before archives are given keys again. */
  unsealKeys(): void;
  /** The keys that several archives have, in order. Makes an index of its own, which `sealKeys` takes away. */
  doubledKeys(): ObjectKey[];
  /** Those that have the key, the one that keeps it first: one that has it from an earlier plan, else the oldest, then the lowest id. */
  withKey(key: ObjectKey): Unplanned[];
  /** Moves all that are listed and have a key on to `planned`. */
  planAll(): void;
}

export function createPlanning(db: Db, totals: Totals): Planning {
  const columns = 'SELECT id, archive_id, description, created_at, size FROM archives';
  const listed = db.prepare<[number, number], UnplannedRow>(
    `${columns} WHERE state = 'listed' AND id > ? ORDER BY id LIMIT ?`,
  );
  const withKey = db.prepare<[string], UnplannedRow>(
    `${columns} WHERE object_key = ? ORDER BY state = 'listed', created_at, archive_id`,
  );
  const setKey = db.prepare('UPDATE archives SET object_key = ?, part_size = ? WHERE id = ?');
  const changeKey = db.prepare('UPDATE archives SET object_key = ? WHERE id = ?');
  const doubled = db
    .prepare<[], string>(
      `SELECT object_key FROM archives WHERE object_key IS NOT NULL
       GROUP BY object_key HAVING count(*) > 1 ORDER BY object_key`,
    )
    .pluck();
  const sumListed = db.prepare<[], { count: number; bytes: number }>(
    "SELECT count(*) AS count, coalesce(sum(size), 0) AS bytes FROM archives WHERE state = 'listed'",
  );
  const moveAll = db.prepare("UPDATE archives SET state = 'planned' WHERE state = 'listed'");
  const unplanned = (row: UnplannedRow): Unplanned => ({
    id: row.id,
    archiveId: row.archive_id as ArchiveId,
    description: row.description,
    createdAt: row.created_at,
    size: row.size,
  });
  return {
    listed: (after, limit) => listed.all(after, limit).map(unplanned),
    setKey: (id, key, partSize) => void setKey.run(key, partSize, id),
    changeKey: (id, key) => void changeKey.run(key, id),
    sealKeys() {
      try {
        db.exec(
          'CREATE UNIQUE INDEX IF NOT EXISTS archives_object_key ON archives (object_key) WHERE object_key IS NOT NULL',
        );
      } catch (error) {
        if (error instanceof Error && 'code' in error && error.code === 'SQLITE_CONSTRAINT_UNIQUE') return false;
        throw error;
      }
      db.exec('DROP INDEX IF EXISTS archives_wanted_key');
      return true;
    },
    unsealKeys: () => void db.exec('DROP INDEX IF EXISTS archives_object_key'),
    doubledKeys() {
      db.exec('CREATE INDEX IF NOT EXISTS archives_wanted_key ON archives (object_key) WHERE object_key IS NOT NULL');
      return doubled.all() as ObjectKey[];
    },
    withKey: (key) => withKey.all(key).map(unplanned),
    planAll() {
      const { count, bytes } = sumListed.get() ?? { count: 0, bytes: 0 };
      moveAll.run();
      totals.add('listed', -count, -bytes);
      totals.add('planned', count, bytes);
    },
  };
}
