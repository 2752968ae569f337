import { UsageError } from '../lib/errors.ts';
import { formatSize } from '../lib/size.ts';
import type { TransferFlags } from './run.ts';

/**
 * Refuses flags of `transfer` that are right each by itself, but not together.
 * @throws {UsageError}
 */
export function checkTransferFlags(flags: TransferFlags): void {
  const { memory, partSize, sse, sseKmsKeyId, notifications, queueUrl, topicArn } = flags;
  if (memory < partSize) {
    throw new UsageError(
      `--memory ${formatSize(memory)} does not hold a part of --part-size ${formatSize(partSize)}: raise the one or lower the other`,
    );
  }
  if (sseKmsKeyId !== undefined && sse !== 'aws:kms') throw new UsageError('--sse-kms-key-id needs --sse aws:kms');
  if (!notifications && (queueUrl !== undefined || topicArn !== undefined)) {
    throw new UsageError('--no-notifications uses neither --queue-url nor --topic-arn: leave out the one or the other');
  }
  if (queueUrl !== undefined && topicArn === undefined) {
    throw new UsageError('--queue-url needs --topic-arn: the queue is yours, and must let that topic send to it');
  }
  if (flags.quiet && flags.verbose) throw new UsageError('--quiet and --verbose rule each other out');
}
