import type { CheckResult } from '../domain/comparison.ts';
import { type ArchiveRow, archiveOf } from './archive-row.ts';
import type { Archive } from './archives.ts';
import type { Check } from './checks.ts';
import type { Db } from './database.ts';
import type { Total } from './totals.ts';

/** An archive with what decides on its deletion. */
export interface Purgeable {
  readonly archive: Archive;
  readonly check: Check | undefined;
  readonly purgedAt: number | undefined;
  /** DeleteArchive was called, and no answer to it is known. */
  readonly isUnsure: boolean;
}

/** What was deleted from the vault. Writes inside a transaction. */
export interface Purges {
  /** All archives behind row `after`, by row. */
  page(after: number, limit: number): readonly Purgeable[];
  of(archive: number): Purgeable | undefined;
  purgedAt(archive: number): number | undefined;
  /** DeleteArchive is about to be called. */
  begin(archive: number, now: number): void;
  /** It was not called, or is known to have done nothing. */
  undo(archive: number): void;
  end(archive: number, now: number): void;
  total(): Total;
}

interface Row extends ArchiveRow {
  result: CheckResult | null;
  detail: string | null;
  checked_at: number | null;
  purge_begun_at: number | null;
  purged_at: number | null;
}

export function createPurges(db: Db): Purges {
  const columns = `SELECT archives.*, checks.result, checks.detail, checks.checked_at,
      purges.begun_at AS purge_begun_at, purges.purged_at
    FROM archives LEFT JOIN checks ON checks.archive = archives.id LEFT JOIN purges ON purges.archive = archives.id`;
  const page = db.prepare<[number, number], Row>(`${columns} WHERE archives.id > ? ORDER BY archives.id LIMIT ?`);
  const of = db.prepare<[number], Row>(`${columns} WHERE archives.id = ?`);
  const purgedAt = db.prepare<[number], number | null>('SELECT purged_at FROM purges WHERE archive = ?').pluck();
  const begin = db.prepare(
    'INSERT INTO purges (archive, size, begun_at) SELECT id, size, ? FROM archives WHERE id = ? ON CONFLICT (archive) DO NOTHING',
  );
  const undo = db.prepare('DELETE FROM purges WHERE archive = ? AND purged_at IS NULL');
  const end = db.prepare('UPDATE purges SET purged_at = ? WHERE archive = ? AND purged_at IS NULL');
  // kept by the same transaction, so that `status` need not read the table
  const addUp = db.prepare(
    `INSERT INTO facts (name, value) SELECT 'purged', json_object('count', 1, 'bytes', size) FROM purges WHERE archive = ?
     ON CONFLICT (name) DO UPDATE SET
       value = json_object('count', (value ->> 'count') + 1, 'bytes', (value ->> 'bytes') + (excluded.value ->> 'bytes'))`,
  );
  const total = db.prepare<[], { count: number; bytes: number }>(
    "SELECT value ->> 'count' AS count, value ->> 'bytes' AS bytes FROM facts WHERE name = 'purged'",
  );
  return {
    page: (after, limit) => page.all(after, limit).map(purgeableOf),
    of(archive) {
      const row = of.get(archive);
      return row && purgeableOf(row);
    },
    purgedAt: (archive) => (purgedAt.get(archive) as number | null | undefined) ?? undefined,
    begin: (archive, now) => void begin.run(now, archive),
    undo: (archive) => void undo.run(archive),
    end(archive, now) {
      if (end.run(now, archive).changes === 1) addUp.run(archive);
    },
    total: () => total.get() ?? { count: 0, bytes: 0 },
  };
}

function purgeableOf(row: Row): Purgeable {
  const { result, detail, checked_at, purge_begun_at, purged_at } = row;
  return {
    archive: archiveOf(row),
    check: result === null || checked_at === null ? undefined : { result, detail: detail ?? undefined, at: checked_at },
    purgedAt: purged_at ?? undefined,
    isUnsure: purge_begun_at !== null && purged_at === null,
  };
}
