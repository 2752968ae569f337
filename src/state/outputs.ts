import type { JobId } from '../domain/ids.ts';
import type { ArchiveRow } from './archive-row.ts';
import { type PlannedArchive, plannedOf } from './archives.ts';
import type { Db } from './database.ts';

/** A number of archives, and what is left of them to fetch. */
export interface Left {
  readonly count: number;
  readonly bytes: number;
}

/** Outputs that expire within the same hour. */
export interface ExpiringOutputs extends Left {
  /** The soonest of them; milliseconds since 1970. */
  readonly expiresAt: number;
  /** What is left of the largest. */
  readonly largest: number;
}

/** What Glacier holds ready, by its expiry, and the second jobs of archives whose output will expire before it is fetched. */
export interface Outputs {
  /** What is left to fetch of archives without a second job, by the hour of its expiry, soonest first: at most some 30 groups. */
  byExpiry(): ExpiringOutputs[];
  /** Soonest time at which an output expires that is needed: no second job will replace it. */
  nextExpiry(): number | undefined;
  /** What is left of archives for which a second job was asked. */
  renewed(): Left;
  /**
   * Of one group of `byExpiry`, given by its `expiresAt`, with what is left of each; the last to be fetched first. None of which
   * so many jobs have brought no part.
   */
  toAskAgain(
    expiresAt: number,
    fruitless: number,
    limit: number,
  ): { readonly archive: PlannedArchive; readonly left: number }[];
  /** Whether the time of an output that waits to be read was over at `now`: Glacier need not have it any more. */
  hasExpired(now: number): boolean;
  /** The job to read an archive from now, and whether that can wait for others: a second one is on its way. */
  jobOf(id: number): { readonly jobId: JobId; readonly expiresAt: number; readonly isRenewed: boolean } | undefined;
  /** Records that InitiateJob is about to be called for a second job. Inside a transaction, as the next one. */
  asking(id: number, now: number): void;
  /** InitiateJob has made no second job. */
  notAsked(id: number): void;
  /** Those with an InitiateJob of unknown outcome for a second job. */
  asked(): PlannedArchive[];
}

const HOUR_MS = 3_600_000;

/** Bytes of which the parts have not arrived. The last part may be shorter than the others. */
const LEFT = `size - (SELECT coalesce(sum(min(part_size, size - (part_number - 1) * part_size)), 0)
    FROM parts WHERE parts.archive = archives.id)`;
/** Whether there are any. */
export const HAS_LEFT = `(upload_begun_at IS NULL OR ${LEFT} > 0)`;

export function createOutputs(db: Db): Outputs {
  // most of what is staged has no upload yet, and is summed up by the index alone
  const groups = db.prepare<[], ExpiringOutputs>(
    `SELECT min(expires_at) AS expiresAt, count(*) AS count, sum(remaining) AS bytes, max(remaining) AS largest FROM (
       SELECT expires_at, size AS remaining FROM archives
         WHERE state = 'staged' AND asked_again_at IS NULL AND upload_begun_at IS NULL
       UNION ALL SELECT expires_at, ${LEFT} FROM archives
         WHERE state = 'staged' AND asked_again_at IS NULL AND upload_begun_at IS NOT NULL
       UNION ALL SELECT expires_at, ${LEFT} FROM archives WHERE state = 'transferring' AND asked_again_at IS NULL)
     WHERE remaining > 0 GROUP BY expires_at / ${HOUR_MS} ORDER BY expiresAt`,
  );
  const nextExpiry = [
    "SELECT min(expires_at) FROM archives WHERE state = 'staged' AND asked_again_at IS NULL",
    "SELECT min(expires_at) FROM archives WHERE state = 'transferring' AND asked_again_at IS NULL",
  ].map((query) => db.prepare<[], number | null>(query).pluck());
  const renewed = db.prepare<[], Left>(
    `SELECT count(*) AS count, coalesce(sum(remaining), 0) AS bytes
     FROM (SELECT ${LEFT} AS remaining FROM archives WHERE asked_again_at IS NOT NULL) WHERE remaining > 0`,
  );
  const toAskAgain = ['staged', 'transferring'].map((state) =>
    db.prepare<[number, number, number, number], ArchiveRow & { remaining: number }>(
      `SELECT *, ${LEFT} AS remaining FROM archives
       WHERE state = '${state}' AND asked_again_at IS NULL AND expires_at >= ? AND expires_at < ? AND fruitless < ?
         AND remaining > 0
       ORDER BY expires_at DESC, id DESC LIMIT ?`,
    ),
  );
  const expired = ['IS NULL', 'IS NOT NULL'].map((which) =>
    db.prepare<[number], number>(
      `SELECT 1 FROM archives WHERE state = 'staged' AND asked_again_at ${which} AND expires_at <= ? AND ${HAS_LEFT} LIMIT 1`,
    ),
  );
  const jobOf = db.prepare<
    [number],
    { job_id: JobId | null; expires_at: number | null; asked_again_at: number | null }
  >('SELECT job_id, expires_at, asked_again_at FROM archives WHERE id = ?');
  const asking = db.prepare(
    "UPDATE archives SET asked_again_at = ? WHERE id = ? AND state IN ('staged','transferring') AND next_job_id IS NULL",
  );
  const notAsked = db.prepare('UPDATE archives SET asked_again_at = NULL WHERE id = ? AND next_job_id IS NULL');
  const asked = db.prepare<[], ArchiveRow>(
    'SELECT * FROM archives WHERE asked_again_at IS NOT NULL AND next_job_id IS NULL',
  );
  return {
    byExpiry: () => groups.all(),
    nextExpiry() {
      const times = nextExpiry.map((query) => query.get()).filter((at) => typeof at === 'number');
      return times.length > 0 ? Math.min(...times) : undefined;
    },
    renewed: () => renewed.get() ?? { count: 0, bytes: 0 },
    toAskAgain(expiresAt, fruitless, limit) {
      const from = Math.floor(expiresAt / HOUR_MS) * HOUR_MS;
      return toAskAgain
        .flatMap((query) => query.all(from, from + HOUR_MS, fruitless, limit))
        .slice(0, limit)
        .map(({ remaining, ...row }) => ({ archive: plannedOf(row), left: remaining }));
    },
    hasExpired: (now) => expired.some((query) => query.get(now) !== undefined),
    jobOf(id) {
      const row = jobOf.get(id);
      if (!row?.job_id || row.expires_at === null) return undefined;
      return { jobId: row.job_id, expiresAt: row.expires_at, isRenewed: row.asked_again_at !== null };
    },
    asking: (id, now) => void asking.run(now, id),
    notAsked: (id) => void notAsked.run(id),
    asked: () => asked.all().map(plannedOf),
  };
}
