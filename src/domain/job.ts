import type { ArchiveId, JobId, TreeHash } from './ids.ts';
import type { ByteRange } from './ranges.ts';

export type Tier = 'Bulk' | 'Standard' | 'Expedited';

/** A job as DescribeJob, ListJobs and the notification tell it. Dates are milliseconds since 1970. */
export interface VaultJob {
  readonly jobId: JobId;
  readonly action: 'ArchiveRetrieval' | 'InventoryRetrieval' | 'Select';
  readonly vaultArn: string;
  readonly description?: string;
  /** `Succeeded` and `Failed` are both completed. */
  readonly status: 'InProgress' | 'Succeeded' | 'Failed';
  readonly statusMessage?: string;
  readonly createdAt: number;
  readonly completedAt?: number;
  readonly tier?: Tier;
  readonly archiveId?: ArchiveId;
  /** The size of the whole archive, whatever the job's range. */
  readonly archiveSize?: number;
  /** The tree hash of the whole archive. */
  readonly archiveTreeHash?: TreeHash;
  /** The part of the archive that the job retrieves; absent for an inventory. */
  readonly range?: ByteRange;
  readonly inventory?: {
    readonly format: 'JSON' | 'CSV';
    /** Whether it covers the whole vault: no limit, no marker, no dates. */
    readonly full: boolean;
    readonly size?: number;
  };
}
