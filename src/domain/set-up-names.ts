import { createHash } from 'node:crypto';

/** Names of SQS have at most 80 characters. */
const LONGEST_SLUG = 40;

/** What tells the set-ups of transfers apart. */
export interface SetUp {
  readonly vault: string;
  readonly bucket: string;
  readonly prefix: string;
}

/**
 * What `setup` calls the topic and the queue of a transfer, always the same. A transfer's own are called by 12 hexadecimal
 * digits, so that neither is taken for the other.
 */
export function channelName({ vault, bucket, prefix }: SetUp): string {
  return `glacier2s3-setup-${vault.replace(/[^A-Za-z0-9_-]/g, '-').slice(0, LONGEST_SLUG)}-${hashOf(vault, bucket, prefix)}`;
}

export function deadLettersName(setUp: SetUp): string {
  return `${channelName(setUp)}-dead`;
}

/** The id of the lifecycle rule for this prefix. */
export function lifecycleRuleId(prefix: string): string {
  return `glacier2s3-unfinished-uploads${prefix === '' ? '' : `-${hashOf(prefix)}`}`;
}

function hashOf(...texts: readonly string[]): string {
  return createHash('sha256').update(JSON.stringify(texts)).digest('hex').slice(0, 8);
}
