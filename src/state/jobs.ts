import type { JobId } from '../domain/ids.ts';
import type { Db } from './database.ts';
import { HAS_LEFT } from './outputs.ts';

/**
 * Which jobs one pass over ListJobs has shown. Kept in a temporary table, so that a million jobs cost no memory.
 */
export interface Jobs {
  /** Forgets the last pass. */
  beginPass(): void;
  seen(jobId: JobId): void;
  /**
   * Rows that wait for a job, or for their turn to read its output, which the pass has not shown although it was asked for
   * before `askedBefore`: Glacier has forgotten it. What is being read is left alone: a read will tell; and so is what has
   * all arrived.
   */
  vanished(askedBefore: number): number[];
  /** Rows whose second job the pass has not shown, in the same way. */
  nextVanished(askedBefore: number): number[];
}

export function createJobs(db: Db): Jobs {
  db.exec('CREATE TEMP TABLE seen_jobs (job_id TEXT PRIMARY KEY) STRICT, WITHOUT ROWID');
  const clear = db.prepare('DELETE FROM seen_jobs');
  const seen = db.prepare('INSERT INTO seen_jobs (job_id) VALUES (?) ON CONFLICT DO NOTHING');
  const unseen = (column: string) => `NOT EXISTS (SELECT 1 FROM seen_jobs WHERE seen_jobs.job_id = archives.${column})`;
  const rows = (where: string) => db.prepare<[number], number>(`SELECT id FROM archives WHERE ${where}`).pluck();
  // staged ones by two indexes
  const vanished = [
    "state = 'requested'",
    `state = 'staged' AND asked_again_at IS NULL AND ${HAS_LEFT}`,
    `state = 'staged' AND asked_again_at IS NOT NULL AND ${HAS_LEFT}`,
  ].map((where) => rows(`${where} AND coalesce(asked_at, 0) < ? AND ${unseen('job_id')}`));
  const nextVanished = rows(`next_job_id IS NOT NULL AND asked_again_at < ? AND ${unseen('next_job_id')}`);
  return {
    beginPass: () => void clear.run(),
    seen: (jobId) => void seen.run(jobId),
    vanished: (askedBefore) => vanished.flatMap((statement) => statement.all(askedBefore) as number[]),
    nextVanished: (askedBefore) => nextVanished.all(askedBefore) as number[],
  };
}
