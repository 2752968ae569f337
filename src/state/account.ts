import type { ArchiveId } from '../domain/ids.ts';
import type { Db } from './database.ts';

/** Sums for the report that no counter is kept for: each reads the whole table once. */
export interface Account {
  /** Skipped archives by the filter. */
  skips(): readonly { readonly filter: string; readonly count: number; readonly bytes: number }[];
  /** Failed archives by the code. */
  failures(): readonly { readonly code: string; readonly count: number; readonly bytes: number }[];
  /** Archives whose description may say that the original was compressed or encrypted: the two formats that can are looked for. */
  perhapsFlagged(): IterableIterator<{
    readonly archiveId: ArchiveId;
    readonly description: string;
    readonly size: number;
  }>;
}

export function createAccount(db: Db): Account {
  const skips = db.prepare<[], { filter: string; count: number; bytes: number }>(
    `SELECT reason AS filter, count(*) AS count, sum(size) AS bytes FROM archives WHERE state = 'skipped'
     GROUP BY reason ORDER BY count DESC, reason`,
  );
  const failures = db.prepare<[], { code: string; count: number; bytes: number }>(
    `SELECT reason AS code, count(*) AS count, sum(size) AS bytes FROM archives WHERE state = 'failed'
     GROUP BY reason ORDER BY count DESC, reason`,
  );
  const perhapsFlagged = db.prepare<[], { archiveId: ArchiveId; description: string; size: number }>(
    `SELECT archive_id AS archiveId, description, size FROM archives
     WHERE instr(description, '<ce') > 0 OR instr(description, 'Flags') > 0`,
  );
  return { skips: () => skips.all(), failures: () => failures.all(), perhapsFlagged: () => perhapsFlagged.iterate() };
}
