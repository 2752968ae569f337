import { formatDuration } from '../lib/duration.ts';
import { formatSize } from '../lib/size.ts';
import type { NoticeMemory } from '../state/facts.ts';
import type { TransferStatus } from '../steps/status.ts';

/** What somebody who does not look is told of. */
export type NoticeType = 'completion' | 'standstill' | 'first_failure';

/** The body of a POST, and the message of an SNS topic. */
export interface Notice {
  readonly type: NoticeType;
  /** One line for people. */
  readonly text: string;
  /** ISO 8601. */
  readonly at: string;
  /** As in `status --json`. */
  readonly transfer: TransferStatus;
}

export interface Look {
  /** By the services' clock. */
  readonly now: number;
  readonly status: TransferStatus;
  readonly copiedBytes: number;
  /** Nothing copied for so long is a standstill. */
  readonly standstillAfter: number;
}

/**
 * What is to be told now. Each thing is told once: the completion again after more was to be done, a standstill again
 * after something was copied, the first failure again after all failures were gone. Time in which no run was at work counts,
 * since cron's runs have pauses; but where none was for the whole of `standstillAfter`, nobody wanted anything copied.
 * @param memory what the last call gave.
 */
export function noticesAt(
  memory: NoticeMemory | undefined,
  { now, status, copiedBytes, standstillAfter }: Look,
): { readonly memory: NoticeMemory; readonly due: readonly NoticeType[] } {
  const done = status.phase === 'complete' || status.phase === 'incomplete';
  const failed = status.archives.failed.count > 0;
  const moved = !memory || memory.copiedBytes !== copiedBytes || now - memory.lookedAt >= standstillAfter;
  const movedAt = moved || done ? now : memory.movedAt;
  const still = now - movedAt >= standstillAfter;
  const told = memory?.told ?? {};
  const standstill = !moved && !done && told.standstill;
  const due: NoticeType[] = [];
  if (failed && !told.firstFailure) due.push('first_failure');
  if (still && !standstill) due.push('standstill');
  if (done && !told.completion) due.push('completion');
  return {
    memory: {
      copiedBytes,
      movedAt,
      lookedAt: now,
      told: { completion: done, standstill: still || standstill === true, firstFailure: failed },
    },
    due,
  };
}

/** @param movedAt when something was last copied, by the services' clock, as is `now`. */
export function noticeOf(type: NoticeType, status: TransferStatus, now: number, movedAt: number): Notice {
  return { type, text: textOf(type, status, now - movedAt), at: new Date(now).toISOString(), transfer: status };
}

function textOf(
  type: NoticeType,
  { vault, bucket, archives, failures, phase }: TransferStatus,
  stillMs: number,
): string {
  const name = `glacier2s3: ${vault} to ${bucket}`;
  const copied = `${archives.verified.count} of ${archives.total.count} archives (${formatSize(archives.verified.bytes)}) are copied`;
  switch (type) {
    case 'completion':
      return phase === 'complete'
        ? `${name} is complete: ${copied}, ${archives.skipped.count} were skipped`
        : `${name} has ended with failures: ${copied}, ${archives.failed.count} failed`;
    case 'standstill':
      return `${name} is at a standstill: nothing was copied for ${formatDuration(stillMs)}; ${copied}`;
    case 'first_failure':
      return `${name}: an archive failed (${failures.map(({ code }) => code).join(', ')}); ${copied}`;
    default:
      return type satisfies never;
  }
}
