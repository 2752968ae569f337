import type { ChecksumAlgorithm } from '../domain/checksum.ts';
import type { ObjectAttributes, Tier } from '../ports.ts';

/** What a transfer is told: the options of `transfer`, parsed. Sizes in bytes, durations in milliseconds. */
export interface TransferOptions {
  readonly vault: string;
  readonly accountId: string;
  readonly region: string;
  readonly bucket: string;
  readonly prefix: string;
  readonly storageClass: string;
  readonly encryption: ObjectAttributes['encryption'];
  readonly tags: Readonly<Record<string, string>>;
  readonly checksum: ChecksumAlgorithm;
  readonly onExisting: 'skip' | 'overwrite' | 'fail';
  readonly allowCrossRegion: boolean;

  readonly inventoryFile: string | undefined;
  /** Where an inventory of the vault may be that was taken for no transfer in particular. */
  readonly storedInventory: string | undefined;
  readonly refreshInventory: boolean;

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
  /** Bytes a second. */
  readonly bwlimit: number | undefined;

  readonly maxTransfer: number | undefined;
  readonly maxDuration: number | undefined;
  readonly once: boolean;
}
