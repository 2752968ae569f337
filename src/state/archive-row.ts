import type { ObjectChecksum } from '../domain/checksum.ts';
import type { ArchiveId, JobId, ObjectKey, TreeHash, UploadId } from '../domain/ids.ts';
import type { Progress, State } from '../domain/progress.ts';
import type { Archive } from './archives.ts';

/** A row of the table, as SQLite gives it. */
export interface ArchiveRow {
  id: number;
  archive_id: string;
  description: string;
  created_at: number;
  size: number;
  tree_hash: Buffer;
  state: State;
  reason: string | null;
  message: string | null;
  object_key: string | null;
  part_size: number | null;
  job_id: string | null;
  expires_at: number | null;
  asked_at: number | null;
  next_job_id: string | null;
  asked_again_at: number | null;
  requests: number;
  fruitless: number;
  tries: number;
  rounds: number;
  not_before: number;
  upload_begun_at: number | null;
  upload_id: string | null;
  etag: string | null;
  version_id: string | null;
  checksum: string | null;
  verified_at: number | null;
}

export function progressOf(row: ArchiveRow): Progress {
  switch (row.state) {
    case 'requested':
      return { state: row.state, jobId: row.job_id as JobId };
    case 'staged':
    case 'transferring':
      return {
        state: row.state,
        jobId: row.job_id as JobId,
        expiresAt: row.expires_at as number,
        ...(row.next_job_id !== null && { nextJobId: row.next_job_id as JobId }),
      };
    case 'skipped':
    case 'failed':
      return { state: row.state, reason: row.reason as string };
    default:
      return { state: row.state };
  }
}

export function archiveOf(row: ArchiveRow): Archive {
  return {
    id: row.id,
    archiveId: row.archive_id as ArchiveId,
    description: row.description,
    createdAt: row.created_at,
    size: row.size,
    treeHash: row.tree_hash.toString('hex') as TreeHash,
    progress: progressOf(row),
    key: (row.object_key ?? undefined) as ObjectKey | undefined,
    partSize: row.part_size ?? undefined,
    askedAt: row.asked_at ?? undefined,
    askedAgainAt: row.asked_again_at ?? undefined,
    requests: row.requests,
    fruitless: row.fruitless,
    tries: row.tries,
    rounds: row.rounds,
    uploadBegunAt: row.upload_begun_at ?? undefined,
    uploadId: (row.upload_id ?? undefined) as UploadId | undefined,
    message: row.message ?? undefined,
    proof:
      row.verified_at === null
        ? undefined
        : {
            etag: row.etag ?? '',
            versionId: row.version_id ?? undefined,
            checksum: row.checksum === null ? undefined : (JSON.parse(row.checksum) as ObjectChecksum),
            verifiedAt: row.verified_at,
          },
  };
}
