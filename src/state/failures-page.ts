import type { Db } from './database.ts';

/** A failed archive, or a row of the inventory that can't be read: what people need to find it. */
export interface FailedArchive {
  /** What the next page begins after. */
  readonly id: number;
  readonly archiveId: string;
  readonly key: string | undefined;
  /** Bytes; undefined where the row can't be read. */
  readonly size: number | undefined;
  readonly message: string | undefined;
}

/** The code of rows of the inventory that can't be read, as the status has it. */
const UNREADABLE_ROW = 'inventory_row';

/** The archives behind a code of failure, a page at a time, by row. */
export type FailuresPage = (code: string, after: number, limit: number) => FailedArchive[];

export function createFailuresPage(db: Db): FailuresPage {
  const archives = db.prepare<
    [string, number, number],
    { id: number; archive_id: string; object_key: string | null; size: number; message: string | null }
  >(
    `SELECT id, archive_id, object_key, size, message FROM archives
     WHERE state = 'failed' AND reason = ? AND id > ? ORDER BY id LIMIT ?`,
  );
  const rows = db.prepare<[number, number], { row: number; reason: string; text: string }>(
    'SELECT row, reason, text FROM inventory_problems WHERE row > ? ORDER BY row LIMIT ?',
  );
  return (code, after, limit) =>
    code === UNREADABLE_ROW
      ? rows.all(after, limit).map(({ row, reason, text }) => ({
          id: row,
          archiveId: `row ${row}: ${text}`,
          key: undefined,
          size: undefined,
          message: reason,
        }))
      : archives.all(code, after, limit).map(({ id, archive_id, object_key, size, message }) => ({
          id,
          archiveId: archive_id,
          key: object_key ?? undefined,
          size,
          message: message ?? undefined,
        }));
}
