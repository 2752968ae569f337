import { DAY } from '../../lib/duration.ts';
import { KiB } from '../../lib/size.ts';

/** The S3 storage classes that an archive can be copied to and that have a price. */
export const STORAGE_CLASSES = [
  'STANDARD',
  'INTELLIGENT_TIERING',
  'STANDARD_IA',
  'ONEZONE_IA',
  'GLACIER_IR',
  'GLACIER',
  'DEEP_ARCHIVE',
] as const;

export type StorageClass = (typeof STORAGE_CLASSES)[number];

/** The class, or undefined where S3 has none of that name or there is no price for it. */
export function parseStorageClass(text: unknown): StorageClass | undefined {
  return STORAGE_CLASSES.find((known) => known === text);
}

/** How S3 bills a class, apart from the rates (S3 user guide, storage-class-intro and mpuoverview). */
export interface BillingRules {
  /** An object that is deleted sooner is billed for this many days all the same. */
  readonly minimumDays: number;
  /** A smaller object is billed as one of this many bytes. */
  readonly minimumBytes: number;
  /** Bytes added to each object for its index, at the class's own rate. */
  readonly indexBytes: number;
  /** Bytes added to each object for its name, at the rate of STANDARD. */
  readonly nameBytes: number;
  /** Whether CreateMultipartUpload and UploadPart are billed as STANDARD's, and only the completion as the class's. */
  readonly partsAsStandard: boolean;
}

const PLAIN: BillingRules = { minimumDays: 0, minimumBytes: 0, indexBytes: 0, nameBytes: 0, partsAsStandard: false };
const ARCHIVE = { minimumBytes: 0, indexBytes: 32 * KiB, nameBytes: 8 * KiB, partsAsStandard: true } as const;

/** Objects below this are billed as this large where a class has a minimum, and are not monitored in INTELLIGENT_TIERING. */
export const SMALL_OBJECT = 128 * KiB;

export const BILLING: Readonly<Record<StorageClass, BillingRules>> = {
  STANDARD: PLAIN,
  INTELLIGENT_TIERING: PLAIN,
  STANDARD_IA: { ...PLAIN, minimumDays: 30, minimumBytes: SMALL_OBJECT },
  ONEZONE_IA: { ...PLAIN, minimumDays: 30, minimumBytes: SMALL_OBJECT },
  GLACIER_IR: { ...PLAIN, minimumDays: 90, minimumBytes: SMALL_OBJECT },
  GLACIER: { ...ARCHIVE, minimumDays: 90 },
  DEEP_ARCHIVE: { ...ARCHIVE, minimumDays: 180 },
};

/** What a vault adds to each archive, at the vault's own rate (og-aws; DescribeVault's sizes include it). */
export const VAULT_OVERHEAD_BYTES = 32 * KiB;

/** An archive deleted from its vault sooner than this after its upload costs the storage of the days that are missing. */
export const VAULT_MINIMUM_AGE = 90 * DAY;

/** Days of a month, where storage is prorated: the shorter month makes the dearer day. */
export const DAYS_A_MONTH = 30;
