import type { ArchiveId } from '../domain/ids.ts';
import type { ListedArchive } from '../domain/inventory-file.ts';
import type { Db } from './database.ts';
import { INVENTORY_COLUMNS, insertionInto } from './insertion.ts';
import type { InventoryProblem } from './inventory.ts';
import type { Copies, Totals } from './totals.ts';

/** The code of archives that a newer inventory no longer lists. */
const GONE = 'gone';

/**
 * A newer inventory beside the one at hand, in tables of its own that are there only until it takes its place. All of it is
 * called inside `StateFile.transaction`; each step is one statement over the whole table.
 */
export interface Refresh {
  insertAll(archives: readonly ListedArchive[]): void;
  problem(problem: InventoryProblem): void;
  problemCount(): number;
  /** As `InventoryRows.seal`, of the newer inventory. */
  seal(): ArchiveId[];
  /** Empties the tables; makes them where they are not there. */
  clear(): void;
  /**
   * Takes the newer inventory in: new archives become `listed`, archives that were gone and are listed again go on. With `dropGone`, those
   * that are not listed any more and have not been asked for fail as `gone`. What is on its way or at its end stays as it is.
   */
  merge(options: { readonly dropGone: boolean; readonly message: string }): Merged;
  /** Puts the newer inventory in the place of the old one, where it belongs to no transfer. `InventoryRows.seal` comes next. */
  replace(): void;
}

export interface Merged {
  readonly added: number;
  readonly gone: number;
  readonly back: number;
}

interface Sum extends Copies {
  readonly state: 'listed' | 'planned';
}

const COLUMNS = INVENTORY_COLUMNS;
const LISTED_STILL = 'EXISTS (SELECT 1 FROM fresh_archives f WHERE f.archive_id = archives.archive_id)';
const IS_GONE = `state IN ('listed','planned') AND asked_at IS NULL AND NOT ${LISTED_STILL}`;
const IS_BACK = `state = 'failed' AND reason = '${GONE}' AND ${LISTED_STILL}`;
const DROP = 'DROP TABLE IF EXISTS fresh_archives; DROP TABLE IF EXISTS fresh_problems';

export function createRefresh(db: Db, totals: Totals): Refresh {
  // the tables may not be there yet: what names them is prepared when it is used
  const insert = lazily(() => insertionInto(db, 'fresh_archives'));
  const problem = lazily(() =>
    db.prepare('INSERT INTO fresh_problems (row, reason, text) VALUES (?, ?, ?) ON CONFLICT (row) DO NOTHING'),
  );
  const sumsOf = (where: string, state = 'state') =>
    db
      .prepare<[], Sum>(
        `SELECT ${state} AS state, count(*) AS count, sum(size) AS bytes, coalesce(sum(size > part_size), 0) AS uploads,
           coalesce(sum(CASE WHEN size > part_size THEN (size + part_size - 1) / part_size END), 0) AS parts
         FROM archives WHERE ${where} GROUP BY 1`,
      )
      .all();
  const takeProblems = () =>
    db.exec(`DELETE FROM inventory_problems;
      INSERT INTO inventory_problems (row, reason, text) SELECT row, reason, text FROM fresh_problems`);

  const addNew = (): number => {
    const last = Number(db.prepare('SELECT coalesce(max(id), 0) FROM archives').pluck().get());
    db.exec(`INSERT INTO archives (${COLUMNS}) SELECT ${COLUMNS} FROM fresh_archives WHERE true ORDER BY id
      ON CONFLICT (archive_id) DO NOTHING`);
    const sums = sumsOf(`id > ${last}`);
    for (const { state, count, bytes } of sums) totals.add(state, count, bytes);
    return countOf(sums);
  };
  const bringBack = (): number => {
    const sums = sumsOf(IS_BACK, "'planned'");
    for (const { count, bytes, uploads, parts } of sums) {
      totals.add('failed', -count, -bytes, -uploads, -parts);
      totals.addFailure(GONE, -count);
      totals.add('planned', count, bytes, uploads, parts);
    }
    db.exec(`UPDATE archives SET state = 'planned', reason = NULL, message = NULL WHERE ${IS_BACK}`);
    return countOf(sums);
  };
  const dropGone = (message: string): number => {
    const sums = sumsOf(IS_GONE);
    for (const { state, count, bytes, uploads, parts } of sums) {
      totals.add(state, -count, -bytes, -uploads, -parts);
      if (state === 'listed') continue;
      totals.add('failed', count, bytes, uploads, parts);
      totals.addFailure(GONE, count);
    }
    // one that has no key yet is nothing that anybody counts on
    db.exec(`DELETE FROM archives WHERE state = 'listed' AND ${IS_GONE}`);
    db.prepare(
      `UPDATE archives SET state = 'failed', reason = '${GONE}', message = ?, not_before = 0 WHERE ${IS_GONE}`,
    ).run(message);
    return countOf(sums);
  };

  return {
    insertAll: (archives) => insert()(archives),
    problem: ({ row, reason, text }) => void problem().run(row, reason, text),
    problemCount: () => Number(db.prepare('SELECT count(*) FROM fresh_problems').pluck().get()),
    seal() {
      db.exec('CREATE INDEX IF NOT EXISTS fresh_by_id ON fresh_archives (archive_id)');
      const doubles = db
        .prepare<[], ArchiveId>('SELECT archive_id FROM fresh_archives GROUP BY archive_id HAVING count(*) > 1')
        .pluck()
        .all() as ArchiveId[];
      const drop = db.prepare(
        `DELETE FROM fresh_archives WHERE archive_id = @archiveId
           AND id > (SELECT min(id) FROM fresh_archives WHERE archive_id = @archiveId)`,
      );
      for (const archiveId of doubles) drop.run({ archiveId });
      return doubles;
    },
    clear() {
      db.exec(`${DROP};
        CREATE TABLE fresh_archives (
          id INTEGER PRIMARY KEY, archive_id TEXT NOT NULL, description TEXT NOT NULL,
          created_at INTEGER NOT NULL, size INTEGER NOT NULL, tree_hash BLOB NOT NULL
        ) STRICT;
        CREATE TABLE fresh_problems (row INTEGER PRIMARY KEY, reason TEXT NOT NULL, text TEXT NOT NULL) STRICT`);
    },
    merge(options) {
      const back = bringBack();
      const gone = options.dropGone ? dropGone(options.message) : 0;
      const added = addNew();
      takeProblems();
      db.exec(DROP);
      return { added, gone, back };
    },
    replace() {
      db.exec(`DELETE FROM archives; DROP INDEX IF EXISTS archives_archive_id; UPDATE totals SET count = 0, bytes = 0;
        INSERT INTO archives (${COLUMNS}) SELECT ${COLUMNS} FROM fresh_archives ORDER BY id`);
      for (const { state, count, bytes } of sumsOf('true')) totals.add(state, count, bytes);
      takeProblems();
      db.exec(DROP);
    },
  };
}

function countOf(sums: readonly Sum[]): number {
  return sums.reduce((total, { count }) => total + count, 0);
}

function lazily<T>(make: () => T): () => T {
  let made: T | undefined;
  return () => {
    made ??= make();
    return made;
  };
}
