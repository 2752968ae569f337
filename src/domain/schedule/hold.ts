import { formatDuration } from '../../lib/duration.ts';
import { formatSize } from '../../lib/size.ts';

/** Why nothing is being asked for right now. The code is stable; sizes in bytes, times in milliseconds (since 1970). */
export type Hold =
  | { readonly code: 'nothing_planned' }
  /** What is outstanding is as much as the line fetches in `windowMs`; `measured` is false before the first figures. */
  | {
      readonly code: 'window_full';
      readonly outstanding: { readonly bytes: number; readonly count: number };
      readonly windowMs: number;
      readonly limitedBy: 'bytes' | 'count';
      readonly measured: boolean;
    }
  | { readonly code: 'bytes_per_day'; readonly asked: number; readonly ceiling: number; readonly freeAt: number }
  | { readonly code: 'retrieval_policy'; readonly asked: number; readonly ceiling: number; readonly freeAt: number }
  /** The next archive alone exceeds a ceiling: it can never be asked for, and the ones behind it wait for it. */
  | {
      readonly code: 'archive_above_ceiling';
      readonly by: 'bytes_per_day' | 'retrieval_policy';
      readonly bytes: number;
      readonly ceiling: number;
    }
  | { readonly code: 'request_rate'; readonly until: number }
  /** InitiateJob has failed for all that is left: none is tried again before `at`. */
  | { readonly code: 'next_try'; readonly at: number }
  /** InitiateJob has been called for all that is left, and there is no answer yet. */
  | { readonly code: 'unanswered' }
  /** What there are jobs for is being looked up. */
  | { readonly code: 'listing_jobs' }
  | { readonly code: 'max_transfer'; readonly left: number; readonly next: number }
  | { readonly code: 'max_cost' };

/** The hold in words: `12 TiB outstanding: what this line can fetch in 20h`. */
export function describeHold(hold: Hold, now: number): string {
  switch (hold.code) {
    case 'nothing_planned':
      return 'all that is planned has been asked for';
    case 'window_full': {
      const { outstanding, limitedBy, measured, windowMs } = hold;
      const amount =
        limitedBy === 'bytes' ? formatSize(outstanding.bytes) : `${Math.round(outstanding.count)} archives`;
      const line = measured ? 'what this line can fetch' : 'what an unknown line is trusted to fetch';
      return `${amount} outstanding: ${line} in ${formatDuration(windowMs)}`;
    }
    case 'bytes_per_day':
      return `${formatSize(hold.asked)} asked for within a day of at most ${formatSize(hold.ceiling)}: on in ${formatDuration(hold.freeAt - now)}`;
    case 'retrieval_policy':
      return `${formatSize(hold.asked)} asked for within an hour, the data retrieval policy allows ${formatSize(hold.ceiling)}: on in ${formatDuration(hold.freeAt - now)}`;
    case 'archive_above_ceiling': {
      const by = hold.by === 'bytes_per_day' ? '--max-bytes-per-day' : "the data retrieval policy's bytes an hour";
      return `the next archive has ${formatSize(hold.bytes)}, more than ${by} (${formatSize(hold.ceiling)})`;
    }
    case 'request_rate':
      return `the request rate allows the next call in ${formatDuration(Math.max(0, hold.until - now))}`;
    case 'next_try':
      return `what is left to be asked for waits for its next try, in ${formatDuration(Math.max(0, hold.at - now))}`;
    case 'unanswered':
      return 'InitiateJob has not been answered: ListJobs will tell whether there are jobs';
    case 'listing_jobs':
      return 'ListJobs tells first what has been asked for before';
    case 'max_transfer':
      return `--max-transfer leaves ${formatSize(hold.left)}, the next archive has ${formatSize(hold.next)}`;
    case 'max_cost':
      return '--max-cost leaves nothing for another request';
    default:
      hold satisfies never;
      return '';
  }
}
