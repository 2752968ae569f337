import { UsageError } from '../lib/errors.ts';
import { formatSize, MiB } from '../lib/size.ts';
import { THREAD_ITSELF } from '../transfer/pool.ts';
import { memoryOfMachine, threadsOf } from './machine.ts';
import type { TransferFlags } from './run.ts';

/** Parts that are longer than a thread's share stream through it, each reckoned at 1 MiB. */
const LEAST_FOR_A_THREAD = 2 * MiB;

/** What the first thread takes itself is the program's: no run has less than one. */
const FOR_ANOTHER_THREAD = THREAD_ITSELF + LEAST_FOR_A_THREAD;

/**
 * Refuses flags of `transfer` that are right each by itself, but not together or not on this machine.
 * @param machine bytes of memory that there are; infinite for what copies nothing: its transfer may run elsewhere.
 * @throws {UsageError}
 */
export function checkTransferFlags(flags: TransferFlags, machine: number = memoryOfMachine()): void {
  checkMemory(flags, machine);
  checkPlaceFlags(flags);
  checkRanges(flags);
  if (flags.quiet && flags.verbose) throw new UsageError('--quiet and --verbose rule each other out');
}

/**
 * What the threads need they take, however little they are given; what is not there ends them, with archives that were
 * paid for under way.
 * @param machine bytes of memory that there are.
 * @throws {UsageError}
 */
export function checkMemory(flags: Pick<TransferFlags, 'memory' | 'threads' | 'concurrency'>, machine: number): void {
  const { memory } = flags;
  const given = `--memory ${formatSize(memory)}`;
  if (memory > machine) {
    throw new UsageError(`${given} is more than the ${formatSize(machine)} that there are: give less`);
  }
  if (memory < LEAST_FOR_A_THREAD) {
    throw new UsageError(`${given} is too little for a thread: give it ${formatSize(LEAST_FOR_A_THREAD)}`);
  }
  const threads = threadsOf(flags);
  const most = 1 + Math.floor((memory - LEAST_FOR_A_THREAD) / FOR_ANOTHER_THREAD);
  if (threads > most) {
    const needed = LEAST_FOR_A_THREAD + (threads - 1) * FOR_ANOTHER_THREAD;
    throw new UsageError(
      `${given} is too little for ${threads} threads: give ${needed / MiB}MiB, or say --threads ${most}`,
    );
  }
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
