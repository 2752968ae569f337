import type { ArchiveId } from '../domain/ids.ts';
import type { Db } from './database.ts';
import type { Totals } from './totals.ts';

export interface InventoryProblem {
  /** The row's number in the inventory, from 1. */
  readonly row: number;
  readonly reason: string;
  /** The beginning of the row. */
  readonly text: string;
}

const UNIQUE_INDEX = 'CREATE UNIQUE INDEX archives_archive_id ON archives (archive_id)';

/** What is done once an inventory has been read, and what was wrong with it. */
export interface InventoryRows {
  problem(problem: InventoryProblem): void;
  problems(): IterableIterator<InventoryProblem>;
  problemCount(): number;
  /**
   * Takes out archives that the inventory lists twice (the first row stays) and makes the index over the ids: four times as
   * fast as keeping it while a million random ids are inserted.
   * @returns the ids listed twice.
   */
  seal(): ArchiveId[];
  /** Empties the tables, for an inventory that has to be read from its beginning again. */
  clear(): void;
}

export function createInventoryRows(db: Db, totals: Totals): InventoryRows {
  const problem = db.prepare(
    'INSERT INTO inventory_problems (row, reason, text) VALUES (?, ?, ?) ON CONFLICT (row) DO NOTHING',
  );
  const problems = db.prepare<[], InventoryProblem>('SELECT row, reason, text FROM inventory_problems ORDER BY row');
  const count = db.prepare<[], number>('SELECT count(*) FROM inventory_problems').pluck();
  return {
    problem: ({ row, reason, text }) => void problem.run(row, reason, text),
    problems: () => problems.iterate(),
    problemCount: () => Number(count.get()),
    seal() {
      try {
        db.exec(UNIQUE_INDEX);
        return [];
      } catch (error) {
        if (!(error instanceof Error && 'code' in error && error.code === 'SQLITE_CONSTRAINT_UNIQUE')) throw error;
      }
      db.exec('CREATE INDEX archives_by_id ON archives (archive_id)');
      const doubles = db
        .prepare<[], ArchiveId>('SELECT archive_id FROM archives GROUP BY archive_id HAVING count(*) > 1')
        .pluck()
        .all() as ArchiveId[];
      const later = db.prepare<[string], { id: number; size: number }>(
        'SELECT id, size FROM archives WHERE archive_id = ? ORDER BY id LIMIT -1 OFFSET 1',
      );
      const drop = db.prepare('DELETE FROM archives WHERE id = ?');
      for (const archiveId of doubles) {
        for (const { id, size } of later.all(archiveId)) {
          drop.run(id);
          totals.add('listed', -1, -size);
        }
      }
      db.exec(`DROP INDEX archives_by_id; ${UNIQUE_INDEX}`);
      return doubles;
    },
    clear() {
      db.exec(`DELETE FROM inventory_problems; DELETE FROM parts; DELETE FROM archives; DROP INDEX IF EXISTS archives_archive_id;
        UPDATE totals SET count = 0, bytes = 0, uploads = 0, parts = 0; DELETE FROM failures`);
    },
  };
}
