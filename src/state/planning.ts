import type { Statement } from 'better-sqlite3';
import type { ArchiveId, ObjectKey } from '../domain/ids.ts';
import type { State } from '../domain/progress.ts';
import type { Db } from './database.ts';
import type { Totals } from './totals.ts';

/** An archive as it is summed up. `createdAt`: milliseconds since 1970. */
export interface Listed {
  readonly id: number;
  readonly archiveId: ArchiveId;
  readonly description: string;
  readonly createdAt: number;
  readonly size: number;
  readonly state: State;
  readonly key: ObjectKey | undefined;
  readonly partSize: number | undefined;
}

/** An archive as the planning sees it. */
export interface Plannable extends Listed {
  readonly reason: string | undefined;
  /** Nothing has been asked for or begun: a filter may still leave it out, or take it in again. */
  readonly isIdle: boolean;
}

interface ListedRow {
  id: number;
  archive_id: string;
  description: string;
  created_at: number;
  size: number;
  state: State;
  object_key: string | null;
  part_size: number | null;
}

interface PlannableRow extends ListedRow {
  reason: string | null;
  is_idle: 0 | 1;
}

/** One of several archives that want the same key. */
export interface Rival {
  readonly id: number;
  readonly archiveId: ArchiveId;
  readonly createdAt: number;
  readonly key: ObjectKey;
}

/** A key and what it takes to write the object: 0 and 0 for a PutObject. */
export interface Copies {
  readonly uploads: number;
  readonly parts: number;
}

/** Gives keys to archives, tells those apart that want the same one, and moves archives in and out of the plan. */
export interface Planning {
  /** The highest row there is. */
  lastRow(): number;
  /** All behind row `after`, by row. */
  page(after: number, limit: number): Listed[];
  /** As `page`, with what filters go by. */
  judgeable(after: number, limit: number): Plannable[];
  /** Archives that have no key yet, behind row `after`, by row. */
  listed(after: number, limit: number): Listed[];
  /**
   * As `listed`, with those that have one which can still be changed: nothing of them has been written under it. Archives that are
   * copied or being copied keep theirs.
   */
  movable(after: number, limit: number): Listed[];
  /** Gives a listed archive its place, and moves it on to `planned`. */
  plan(archive: Listed, key: ObjectKey, partSize: number, copies: Copies): void;
  changeKey(id: number, key: ObjectKey): void;
  /**
   * Before archives are given keys: until `sealKeys`, two may have the same, and what is to be asked for next is found by reading
   * the whole table: both indexes are made anew, which is quicker than to keep them.
   */
  unsealKeys(): void;
  /**
   * Finds the archives that want a key which others want too. In front of each key's is the one that keeps it: one that can't be moved
   * any more, else one of the rows up to `settled`, which have theirs from an earlier plan, else the oldest, then the lowest id.
   * @returns how many there are; `rivals` reads them.
   */
  findRivals(settled: number): number;
  /** By their place in the order, behind `after`. */
  rivals(after: number, limit: number): (Rival & { readonly place: number })[];
  /** By an archive, or by a rival that is to have it. */
  isTaken(key: ObjectKey): boolean;
  /** Remembers the key that a rival is to have. */
  rename(id: number, key: ObjectKey): void;
  /** All rivals are told apart. */
  endRivals(): void;
  /**
   * Gives rivals behind row `after` the keys that they are to have. In the order of their rows: in that of their keys, each would be
   * another page of the file to read and to write. For a million archives of which a tenth is told apart, that is 3.7 s of CPU less.
   * @returns the last row; undefined where there is none left.
   */
  takeRenames(after: number, limit: number): number | undefined;
  /** From now on the database holds the keys unique. */
  sealKeys(): void;
  /** Leaves an idle planned archive out, or gives another reason for it. */
  skip(archive: Plannable, reason: string, copies: Copies): void;
  /** Takes a skipped archive in again. */
  unskip(archive: Plannable, copies: Copies): void;
}

/** As the migrations make it. */
const READY_INDEX = `CREATE INDEX IF NOT EXISTS archives_ready ON archives (created_at, id)
  WHERE state = 'planned' AND asked_at IS NULL AND not_before = 0`;

const DROP_RIVALS = ['shared', 'rivals', 'renamed', 'renames']
  .map((table) => `DROP TABLE IF EXISTS temp.${table}`)
  .join(';');

/** In which nothing can be changed any more: bytes are under the key, or on their way. */
const FIXED = "(state IN ('transferring','transferred','verified') OR upload_begun_at IS NOT NULL)";

export function createPlanning(db: Db, totals: Totals): Planning {
  // two columns and a comparison less are a third of the time that a row takes to be read
  const columns = 'id, archive_id, description, created_at, size, state, object_key, part_size';
  const pageOf = <Row>(where: string, more = '') =>
    db.prepare<[number, number], Row>(
      `SELECT ${columns} ${more} FROM archives NOT INDEXED WHERE id > ? AND ${where} ORDER BY id LIMIT ?`,
    );
  const all = pageOf<ListedRow>('true');
  const judgeable = pageOf<PlannableRow>(
    'true',
    ", reason, state IN ('planned','skipped') AND asked_at IS NULL AND upload_begun_at IS NULL AS is_idle",
  );
  const listed = pageOf<ListedRow>("state = 'listed'");
  const movable = pageOf<ListedRow>(`NOT ${FIXED}`);
  const lastRow = db.prepare<[], number>('SELECT coalesce(max(id), 0) FROM archives').pluck();
  const plan = db.prepare(
    "UPDATE archives SET state = 'planned', object_key = ?, part_size = ? WHERE id = ? AND state = 'listed'",
  );
  const changeKey = db.prepare('UPDATE archives SET object_key = ? WHERE id = ?');
  const taken = db.prepare('SELECT 1 FROM archives WHERE object_key = ? LIMIT 1').pluck();
  const move = db.prepare('UPDATE archives SET state = ?, reason = ? WHERE id = ? AND state = ? AND asked_at IS NULL');
  // the tables are not there yet
  let isRenamed: Statement<[string]> | undefined;
  let rename: Statement<[string, number]> | undefined;
  const pages = (statement: typeof all) => (after: number, limit: number) => statement.all(after, limit).map(listedOf);
  return {
    lastRow: () => Number(lastRow.get()),
    page: pages(all),
    judgeable: (after, limit) =>
      judgeable
        .all(after, limit)
        .map((row) => ({ ...listedOf(row), reason: row.reason ?? undefined, isIdle: row.is_idle === 1 })),
    listed: pages(listed),
    movable: pages(movable),
    plan({ id, size }, key, partSize, { uploads, parts }) {
      plan.run(key, partSize, id);
      totals.add('listed', -1, -size);
      totals.add('planned', 1, size, uploads, parts);
    },
    changeKey: (id, key) => void changeKey.run(key, id),
    unsealKeys() {
      db.exec(`DROP INDEX IF EXISTS archives_object_key;
        DROP INDEX IF EXISTS archives_wanted_key;
        DROP INDEX IF EXISTS archives_ready`);
    },
    findRivals(settled) {
      db.exec(`CREATE INDEX IF NOT EXISTS archives_wanted_key ON archives (object_key) WHERE object_key IS NOT NULL;
        ${DROP_RIVALS};
        CREATE TEMP TABLE shared (id INTEGER PRIMARY KEY);
        CREATE TEMP TABLE rivals (place INTEGER PRIMARY KEY, id INTEGER, archiveId TEXT, createdAt INTEGER, key TEXT);
        CREATE TEMP TABLE renamed (key TEXT PRIMARY KEY, id INTEGER) WITHOUT ROWID;
        -- from the index alone; the table is then read in its order
        INSERT INTO temp.shared (id) SELECT archives.id FROM (
            SELECT object_key FROM archives WHERE object_key IS NOT NULL GROUP BY object_key HAVING count(*) > 1
          ) AS wanted CROSS JOIN archives INDEXED BY archives_wanted_key
            ON archives.object_key = wanted.object_key AND archives.object_key IS NOT NULL
          ORDER BY archives.id`);
      isRenamed = db.prepare('SELECT 1 FROM temp.renamed WHERE key = ?').pluck();
      rename = db.prepare('INSERT INTO temp.renamed (key, id) VALUES (?, ?)');
      const { changes } = db
        .prepare(
          `INSERT INTO temp.rivals (id, archiveId, createdAt, key)
           SELECT archives.id, archive_id, created_at, object_key FROM temp.shared CROSS JOIN archives USING (id)
           ORDER BY object_key, CASE WHEN ${FIXED} THEN 0 WHEN archives.id <= ? THEN 1 ELSE 2 END, created_at, archive_id`,
        )
        .run(settled);
      return changes;
    },
    rivals(after, limit) {
      return db
        .prepare<[number, number], Rival & { readonly place: number }>(
          'SELECT * FROM temp.rivals WHERE place > ? ORDER BY place LIMIT ?',
        )
        .all(after, limit);
    },
    isTaken: (key) => taken.get(key) !== undefined || isRenamed?.get(key) !== undefined,
    rename: (id, key) => void rename?.run(key, id),
    endRivals() {
      // the index would cost more to keep than it is worth from here on, and the next one takes its pages
      db.exec(`DROP INDEX IF EXISTS archives_wanted_key;
        CREATE TEMP TABLE renames (id INTEGER PRIMARY KEY, key TEXT);
        INSERT INTO temp.renames (id, key) SELECT id, key FROM temp.renamed ORDER BY id`);
    },
    takeRenames(after, limit) {
      const last = db
        .prepare<[number, number], number | null>(
          'SELECT max(id) FROM (SELECT id FROM temp.renames WHERE id > ? ORDER BY id LIMIT ?)',
        )
        .pluck()
        .get(after, limit);
      if (last === null || last === undefined) return undefined;
      db.prepare(
        `UPDATE archives SET object_key = (SELECT key FROM temp.renames WHERE renames.id = archives.id)
         WHERE id IN (SELECT id FROM temp.renames WHERE id > ? AND id <= ?)`,
      ).run(after, last);
      return last;
    },
    sealKeys() {
      db.exec(`${DROP_RIVALS};
        CREATE UNIQUE INDEX IF NOT EXISTS archives_object_key ON archives (object_key) WHERE object_key IS NOT NULL;
        ${READY_INDEX}`);
    },
    skip({ id, size, state }, reason, { uploads, parts }) {
      move.run('skipped', reason, id, state);
      if (state === 'skipped') return;
      totals.add(state, -1, -size, -uploads, -parts);
      totals.add('skipped', 1, size, uploads, parts);
    },
    unskip({ id, size }, { uploads, parts }) {
      move.run('planned', null, id, 'skipped');
      totals.add('skipped', -1, -size, -uploads, -parts);
      totals.add('planned', 1, size, uploads, parts);
    },
  };
}

function listedOf(row: ListedRow): Listed {
  return {
    id: row.id,
    archiveId: row.archive_id as ArchiveId,
    description: row.description,
    createdAt: row.created_at,
    size: row.size,
    state: row.state,
    key: (row.object_key ?? undefined) as ObjectKey | undefined,
    partSize: row.part_size ?? undefined,
  };
}
