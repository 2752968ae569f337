import { MINUTE, SECOND } from '../../lib/duration.ts';
import type { LineRate, Work } from './throughput.ts';
import { TIER_TIMES, type TierName } from './tiers.ts';

/** Staged archives whose outputs expire at about the same time, with what is left to fetch of them. */
export interface Expiring extends Work {
  /** The soonest expiry among them; milliseconds since 1970. */
  readonly expiresAt: number;
  /** What is left of the largest of them, or more. */
  readonly largest: number;
}

/** An output is counted on until this long before it expires: clocks differ, and a part takes its time. */
const EXPIRY_MARGIN = 15 * MINUTE;

/** How long the line takes for this much work. */
export function lineTime({ count, bytes }: Work, { bytesPerSecond, archivesPerSecond }: LineRate): number {
  return Math.max(bytes / bytesPerSecond, count / archivesPerSecond) * SECOND;
}

/**
 * What of each group will not be fetched before it expires, if the line goes on as it does and the soonest expiry comes
 * first. In the order of `staged`, which must be sorted by expiry.
 */
export function forecastLost(staged: readonly Expiring[], rate: LineRate, now: number): readonly Work[] {
  let busyUntil = now;
  return staged.map((group) => {
    const needed = lineTime(group, rate);
    const available = Math.max(0, group.expiresAt - EXPIRY_MARGIN - busyUntil);
    if (needed <= available) {
      busyUntil += needed;
      return { count: 0, bytes: 0 };
    }
    busyUntil += available;
    const share = 1 - available / needed;
    return { count: Math.ceil(group.count * share), bytes: group.bytes * share };
  });
}

/** Milliseconds until all is copied, if the line goes on as it does and is never short of work. For people to read. */
export function timeLeft(
  { planned, requested, staged }: { readonly planned: Work; readonly requested: Work; readonly staged: Work },
  rate: LineRate,
  tier: TierName,
): number {
  const works = [planned, requested, staged];
  const count = works.reduce((total, work) => total + work.count, 0);
  const bytes = works.reduce((total, work) => total + work.bytes, 0);
  if (count === 0) return 0;
  const { first, last } = TIER_TIMES[tier];
  const latency = staged.count > 0 ? 0 : requested.count > 0 ? first : (first + last) / 2;
  return Math.max(lineTime({ count, bytes }, rate), lineTime(staged, rate) + latency);
}
