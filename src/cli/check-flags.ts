import { UsageError } from '../lib/errors.ts';
import { formatSize, MiB } from '../lib/size.ts';
import type { TransferFlags } from './run.ts';

/** Parts that are longer than a thread's share stream through it, each reckoned at 1 MiB. */
const LEAST_FOR_A_THREAD = 2 * MiB;

/**
 * Refuses flags of `transfer` that are right each by itself, but not together.
 * @throws {UsageError}
 */
export function checkTransferFlags(flags: TransferFlags): void {
  const { memory, threads = 1 } = flags;
  if (memory < threads * LEAST_FOR_A_THREAD) {
    throw new UsageError(
      `--memory ${formatSize(memory)} is too little for ${threads === 1 ? 'a thread' : `${threads} threads`}: give each ${formatSize(LEAST_FOR_A_THREAD)}${threads === 1 ? '' : ', or say fewer --threads'}`,
    );
  }
  checkPlaceFlags(flags);
  checkRanges(flags);
  if (flags.quiet && flags.verbose) throw new UsageError('--quiet and --verbose rule each other out');
}

/** A range that nothing is in is a slip, and would be a transfer that is complete at once. */
function checkRanges({
  minSize = 0,
  maxSize = Infinity,
  createdAfter = -Infinity,
  createdBefore = Infinity,
}: TransferFlags) {
  if (minSize > maxSize) throw new UsageError('--min-size is above --max-size: no archive is as large');
  if (createdAfter >= createdBefore) throw new UsageError('--created-after is not before --created-before');
}

/**
 * Of those the flags that say where things go and how they are told: `doctor` has them, too.
 * @throws {UsageError}
 */
export function checkPlaceFlags(
  flags: Pick<TransferFlags, 'sse' | 'sseKmsKeyId' | 'notifications' | 'queueUrl' | 'topicArn'>,
): void {
  const { sse, sseKmsKeyId, notifications, queueUrl, topicArn } = flags;
  if (sseKmsKeyId !== undefined && sse !== 'aws:kms') throw new UsageError('--sse-kms-key-id needs --sse aws:kms');
  if (!notifications && (queueUrl !== undefined || topicArn !== undefined)) {
    throw new UsageError('--no-notifications uses neither --queue-url nor --topic-arn: leave out the one or the other');
  }
  if (queueUrl !== undefined && topicArn === undefined) {
    throw new UsageError('--queue-url needs --topic-arn: the queue is yours, and must let that topic send to it');
  }
}
