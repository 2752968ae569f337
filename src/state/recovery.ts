import type { Db } from './database.ts';

/** What a recovery looks for in the bucket: objects as large as an archive that is not known to be copied. */
export interface Recovery {
  /** Notes their sizes, so that objects of no such size need not be looked at. */
  collectSizes(): void;
  isWanted(size: number): boolean;
}

export function createRecovery(db: Db): Recovery {
  db.exec('CREATE TEMP TABLE wanted_sizes (size INTEGER PRIMARY KEY) STRICT');
  const isWanted = db.prepare<[number], number>('SELECT 1 FROM wanted_sizes WHERE size = ?').pluck();
  return {
    collectSizes: () =>
      void db.exec(`DELETE FROM wanted_sizes;
        INSERT INTO wanted_sizes SELECT DISTINCT size FROM archives WHERE state NOT IN ('verified','skipped')`),
    isWanted: (size) => isWanted.get(size) !== undefined,
  };
}
