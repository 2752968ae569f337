import type { JobId } from '../domain/ids.ts';
import type { Db } from './database.ts';

/**
 * Which jobs one pass over ListJobs has shown. Kept in a temporary table, so that a million jobs cost no memory.
 */
export interface Jobs {
  /** Forgets the last pass. */
  beginPass(): void;
  seen(jobId: JobId): void;
  /**
   * Rows that wait for a job, or for their turn to read its output, which the pass has not shown although it was asked for
   * before `askedBefore`: Glacier has forgotten it. What is being read is left alone: a read will tell.
   */
  vanished(askedBefore: number): number[];
}

export function createJobs(db: Db): Jobs {
  db.exec('CREATE TEMP TABLE seen_jobs (job_id TEXT PRIMARY KEY) STRICT, WITHOUT ROWID');
  const clear = db.prepare('DELETE FROM seen_jobs');
  const seen = db.prepare('INSERT INTO seen_jobs (job_id) VALUES (?) ON CONFLICT DO NOTHING');
  const vanished = ['requested', 'staged'].map((state) =>
    db
      .prepare<[number], number>(
        `SELECT id FROM archives WHERE state = '${state}' AND coalesce(asked_at, 0) < ?
           AND NOT EXISTS (SELECT 1 FROM seen_jobs WHERE seen_jobs.job_id = archives.job_id)`,
      )
      .pluck(),
  );
  return {
    beginPass: () => void clear.run(),
    seen: (jobId) => void seen.run(jobId),
    vanished: (askedBefore) => vanished.flatMap((statement) => statement.all(askedBefore) as number[]),
  };
}
