import type { ChecksumAlgorithm } from '../../domain/checksum.ts';
import { ServiceError } from '../../domain/service-error.ts';
import type { Machine } from '../../lib/machine.ts';
import type { Bucket, Channel, Notifications, ObjectAttributes, Tier, Vault } from '../../ports.ts';
import type {
  AccountInspection,
  BucketInspection,
  Caller,
  ChannelInspection,
  VaultInspection,
} from '../../ports-operate.ts';

/** What a check has come to. A problem stands in a transfer's way; a warning will be regretted, or could not be looked at. */
export interface Finding {
  readonly status: 'ok' | 'warning' | 'problem';
  /** What was found. */
  readonly message: string;
  /** What to do about it. */
  readonly fix?: string;
}

export interface DoctorDeps {
  readonly machine: Machine;
  readonly account: AccountInspection;
  readonly vault: Vault;
  readonly vaultSettings: VaultInspection;
  readonly bucket: Bucket;
  readonly bucketSettings: BucketInspection;
  readonly notifications: Notifications;
  readonly channels: ChannelInspection;
  readonly signal: AbortSignal;
  /** For names of what is made and removed again. */
  readonly newId: () => string;
}

/** The transfer that is asked about. */
export interface DoctorOptions {
  readonly vault: string;
  /** The vault's: twelve digits, or `-` for that of the credentials. */
  readonly accountId: string;
  /** The vault's. */
  readonly region: string;
  readonly bucket: string;
  readonly prefix: string;
  readonly storageClass: string;
  readonly encryption: ObjectAttributes['encryption'];
  readonly tags: Readonly<Record<string, string>>;
  readonly checksum: ChecksumAlgorithm;
  readonly allowCrossRegion: boolean;
  readonly tier: Tier;
  readonly notifications: boolean;
  readonly topicArn: string | undefined;
  readonly queueUrl: string | undefined;
  readonly concurrency: number;
  readonly stateDir: string;
}

/** What earlier checks have learned. */
export interface Known {
  caller?: Caller;
  vaultArn?: string;
  archives?: number;
  channel?: Channel;
}

export interface Check {
  readonly name: string;
  /** Checks that must have gone well, or this one can say nothing. */
  readonly needs: readonly string[];
  run(deps: DoctorDeps, options: DoctorOptions, known: Known): Promise<Finding>;
}

export function ok(message: string): Finding {
  return { status: 'ok', message };
}

export function warning(message: string, fix: string): Finding {
  return { status: 'warning', message, fix };
}

export function problem(message: string, fix: string): Finding {
  return { status: 'problem', message, fix };
}

/** A look at a setting: where that is not allowed, nothing can be said of it, and a transfer may do without. */
export async function look(find: () => Promise<Finding>): Promise<Finding> {
  try {
    return await find();
  } catch (error) {
    if (!(error instanceof ServiceError) || error.code !== 'access_denied') throw error;
    return warning(`could not be looked at: ${error.message}`, 'allow it (iam-policy --for doctor), or look yourself');
  }
}
