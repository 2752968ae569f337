import type { ListedArchive } from '../domain/inventory-file.ts';
import type { Db } from './database.ts';

/** The columns that an inventory fills. */
export const INVENTORY_COLUMNS = 'archive_id, description, created_at, size, tree_hash';

/**
 * Rows in one statement. Measured with 300,000 rows, in CPU time a row: 2.9 us one by one with the hash as bytes, 2.7 with the hash as
 * text, of which SQLite makes the bytes; 2.1 with five rows in a statement, 1.9 with 10 to 50.
 */
const ROWS = 20;

/** Puts an inventory's rows into a table. @returns called inside a transaction. */
export function insertionInto(
  db: Db,
  table: 'archives' | 'fresh_archives',
): (archives: readonly ListedArchive[]) => void {
  const row = '(?, ?, ?, ?, unhex(?))';
  const insert = `INSERT INTO ${table} (${INVENTORY_COLUMNS}) VALUES ${row}`;
  const one = db.prepare(insert);
  const several = db.prepare(insert + `, ${row}`.repeat(ROWS - 1));
  return (archives) => {
    const whole = archives.length - (archives.length % ROWS);
    let values: (string | number)[] = [];
    for (const [i, { archiveId, description, createdAt, size, treeHash }] of archives.entries()) {
      values.push(archiveId, description, createdAt, size, treeHash);
      if (i < whole && values.length < 5 * ROWS) continue;
      (i < whole ? several : one).run(values);
      values = [];
    }
  };
}
