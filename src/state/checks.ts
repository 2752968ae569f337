import type { CheckResult } from '../domain/comparison.ts';
import type { ObjectKey } from '../domain/ids.ts';
import { type ArchiveRow, archiveOf } from './archive-row.ts';
import type { Archive } from './archives.ts';
import type { Db } from './database.ts';

/** What `verify` has last found of one object. */
export interface Check {
  readonly result: CheckResult;
  /** What differs, or why it could not be looked at. */
  readonly detail?: string;
  /** Milliseconds since 1970. */
  readonly at: number;
}

/** A check with the bytes that were read back, where they were. */
export interface NewCheck extends Check {
  readonly readBack?: 'right' | 'archived';
}

export interface CheckedArchive {
  readonly archive: Archive;
  /** The run that has looked at it last. */
  readonly run: number | undefined;
}

export interface CheckCounts {
  readonly results: Readonly<Record<CheckResult, number>>;
  readonly bytes: number;
  /** Objects whose bytes were read back and are right, and those whose class has to be restored first. */
  readonly readBack: number;
  readonly archived: number;
}

export interface CheckLine {
  readonly result: CheckResult;
  readonly key: ObjectKey;
  readonly detail: string | undefined;
}

/** What was found of the objects in S3, by runs: a run that was interrupted is gone on with. Writes inside a transaction. */
export interface Checks {
  record(archive: number, run: number, check: NewCheck): void;
  of(archive: number): Check | undefined;
  /** Copied archives behind row `after`, by row. */
  copied(after: number, limit: number): readonly CheckedArchive[];
  counts(run: number): CheckCounts;
  /** What a run has found, by row; `all` with those that match. */
  lines(run: number, all: boolean): IterableIterator<CheckLine>;
  /** Forgets the objects that are only in the bucket; they are kept for as long as the file is open. */
  clearExtras(): void;
  addExtra(key: ObjectKey): void;
  extraCount(): number;
  extras(): IterableIterator<ObjectKey>;
}

export function createChecks(db: Db): Checks {
  db.exec('CREATE TEMP TABLE extra_objects (object_key TEXT PRIMARY KEY) STRICT, WITHOUT ROWID');
  const record = db.prepare(
    `INSERT INTO checks (archive, run, result, detail, checked_at, read_back) VALUES (?, ?, ?, ?, ?, ?)
     ON CONFLICT (archive) DO UPDATE SET run = excluded.run, result = excluded.result, detail = excluded.detail,
       checked_at = excluded.checked_at, read_back = excluded.read_back`,
  );
  const of = db.prepare<[number], { result: CheckResult; detail: string | null; checked_at: number }>(
    'SELECT result, detail, checked_at FROM checks WHERE archive = ?',
  );
  // the table is read through once, page by page: an index by state and row would have to be kept up for every copy
  const copied = db.prepare<[number, number], ArchiveRow & { run: number | null }>(
    `SELECT archives.*, checks.run FROM archives NOT INDEXED LEFT JOIN checks ON checks.archive = archives.id
     WHERE archives.id > ? AND state = 'verified' ORDER BY archives.id LIMIT ?`,
  );
  const counts = db.prepare<
    [number],
    { result: CheckResult; count: number; bytes: number; readBack: number; archived: number }
  >(
    `SELECT result, count(*) AS count, sum(size) AS bytes, coalesce(sum(read_back = 'right'), 0) AS readBack,
       coalesce(sum(read_back = 'archived'), 0) AS archived
     FROM checks JOIN archives ON archives.id = checks.archive WHERE run = ? GROUP BY result`,
  );
  const lines = db.prepare<[number, number], { result: CheckResult; key: ObjectKey; detail: string | null }>(
    `SELECT result, object_key AS key, detail FROM checks JOIN archives ON archives.id = checks.archive
     WHERE run = ? AND (result <> '=' OR ?) ORDER BY checks.archive`,
  );
  const clearExtras = db.prepare('DELETE FROM extra_objects');
  const addExtra = db.prepare('INSERT INTO extra_objects (object_key) VALUES (?) ON CONFLICT DO NOTHING');
  const extraCount = db.prepare<[], number>('SELECT count(*) FROM extra_objects').pluck();
  const extras = db.prepare<[], { key: ObjectKey }>('SELECT object_key AS key FROM extra_objects ORDER BY object_key');
  return {
    record: (archive, run, { result, detail, at, readBack }) =>
      void record.run(archive, run, result, detail ?? null, at, readBack ?? null),
    of(archive) {
      const row = of.get(archive);
      return row && { result: row.result, detail: row.detail ?? undefined, at: row.checked_at };
    },
    copied: (after, limit) =>
      copied.all(after, limit).map(({ run, ...row }) => ({ archive: archiveOf(row), run: run ?? undefined })),
    counts(run) {
      const rows = counts.all(run);
      const results = { '=': 0, '-': 0, '*': 0, '!': 0 };
      for (const { result, count } of rows) results[result] = count;
      const sum = (name: 'bytes' | 'readBack' | 'archived') => rows.reduce((total, row) => total + row[name], 0);
      return { results, bytes: sum('bytes'), readBack: sum('readBack'), archived: sum('archived') };
    },
    *lines(run, all) {
      for (const { result, key, detail } of lines.iterate(run, all ? 1 : 0)) {
        yield { result, key, detail: detail ?? undefined };
      }
    },
    clearExtras: () => void clearExtras.run(),
    addExtra: (key) => void addExtra.run(key),
    extraCount: () => Number(extraCount.get()),
    *extras() {
      for (const { key } of extras.iterate()) yield key;
    },
  };
}
