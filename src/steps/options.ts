import type { ChecksumAlgorithm } from '../domain/checksum.ts';
import type { Prices } from '../domain/price/prices.ts';
import type { StorageClass } from '../domain/price/storage-class.ts';
import type { Selection } from '../domain/selection.ts';
import type { ObjectAttributes, Tier } from '../ports.ts';

/** What a transfer is told: the options of `transfer`, parsed. Sizes in bytes, durations in milliseconds. */
export interface TransferOptions {
  readonly vault: string;
  readonly accountId: string;
  readonly region: string;
  readonly bucket: string;
  readonly prefix: string;
  readonly storageClass: StorageClass;
  readonly encryption: ObjectAttributes['encryption'];
  readonly tags: Readonly<Record<string, string>>;
  readonly checksum: ChecksumAlgorithm;
  readonly onExisting: 'skip' | 'overwrite' | 'fail';
  readonly allowCrossRegion: boolean;
  /** The bucket's Region, where it is said to be another. */
  readonly destRegion?: string | undefined;

  readonly inventoryFile: string | undefined;
  /** Where an inventory of the vault may be that was taken for no transfer in particular. */
  readonly storedInventory: string | undefined;
  readonly refreshInventory: boolean;
  /** `--names` and `--synology-mapping`. */
  readonly namesFile: string | undefined;
  readonly synologyMapping: string | undefined;
  readonly selection: Omit<Selection, 'idsFrom'>;
  readonly archiveIdsFrom: string | undefined;

  readonly tier: Tier;
  /** InitiateJob calls a second. */
  readonly requestRate: number;
  readonly maxBytesPerDay: number;

  readonly notifications: boolean;
  readonly queueUrl: string | undefined;
  readonly topicArn: string | undefined;
  readonly reconcileEvery: number;

  /** Parts in flight. */
  readonly concurrency: number;
  readonly threads: number;
  readonly memory: number;
  readonly partSize: number;
  /** Bytes a second of the services' clock. */
  readonly bwlimit: number | undefined;

  readonly prices: Prices;
  /** USD, over all runs. */
  readonly maxCost: number | undefined;
  readonly maxTransfer: number | undefined;
  readonly maxDuration: number | undefined;
  readonly once: boolean;
}
