import { DAY, HOUR, MINUTE, SECOND } from '../../lib/duration.ts';
import { type Expiring, forecastLost, lineTime } from './forecast.ts';
import type { Hold } from './hold.ts';
import type { RequestLog } from './request-log.ts';
import { isMeasured, type LineRate, lineRate, type ThroughputState, type Work } from './throughput.ts';
import { TIER_TIMES, type TierName } from './tiers.ts';

/** What bounds the requests besides the line. Absent: no such bound. */
export interface Limits {
  readonly maxBytesPerDay?: number;
  /** The data retrieval policy; it binds requests of the Standard tier only. */
  readonly policyBytesPerHour?: number;
  /** What `--max-transfer` leaves for planned archives: it less all that is requested, staged or copied. Below 0, some of that waits. */
  readonly transferLeft?: number;
  /** What `--max-cost` leaves, for new requests and repeated ones together. */
  readonly costLeft?: Work;
  /** `--bwlimit`: the line is never taken for faster. */
  readonly bytesPerSecond?: number;
}

/** All that a decision depends on, as sums: a hundred million archives cost the same as ten. Bytes are bytes left to fetch. */
export interface Situation {
  readonly now: number;
  readonly tier: TierName;
  /** Without a job: never asked for, or put back because a job failed or an output expired. */
  readonly planned: Work;
  /** What is left of the first planned archive, in order of creation. 0 where none is planned. */
  readonly nextBytes: number;
  /** With a job under way, those asked for again included. */
  readonly requested: Work;
  /** With an output to fetch, parts in flight included, those asked for again left out; by expiry, soonest first. */
  readonly staged: readonly Expiring[];
  readonly throughput: ThroughputState;
  readonly asked: Pick<RequestLog, 'within' | 'freeAt'>;
  readonly limits: Limits;
  /** When the pace of InitiateJob allows the next call. */
  readonly nextCallAt?: number;
  /** Where none of `planned` may be asked for now: when the first one may; infinite where answers are waited for. */
  readonly nextTryAt?: number | undefined;
}

/** Staged archives to be asked for again before their outputs expire: the last to be fetched first. */
export interface Again extends Work {
  /** Take them from this group of `staged`. */
  readonly expiresAt: number;
}

export interface Decision {
  /** Ask for planned archives in order of creation, as long as both their count and their bytes are within this. */
  readonly request: Work;
  /** Before `request`. Such an archive keeps its parts; its old output is read on, after all the others. */
  readonly again?: Again;
  /** Why `request` is nothing. */
  readonly hold?: Hold;
  /** What the ceilings on bytes and money leave for `again` and `request` together; infinite where there are none. */
  readonly ceiling: Work;
  /** What may be outstanding at this rate of the line. */
  readonly window: Work;
  /** What is requested or staged and will be fetched in time. */
  readonly outstanding: Work;
  /** What is staged and will expire before it is fetched, as things stand. */
  readonly lost: Work;
  readonly rate: LineRate;
  /** Decide again at this time at the latest, and sooner when archives are staged, copied or put back. */
  readonly wakeAt: number;
}

/** Requests go on being decided at least this often while there are any to make. */
const REVIEW = MINUTE;
const LATEST_REVIEW = 5 * MINUTE;
const SOONEST_REVIEW = 10 * SECOND;
/** Asked for again this long before the slowest job would be too late. */
const AGAIN_LEAD = 15 * MINUTE;

/**
 * What to ask Glacier for now. Pure; call it after each change, and at `wakeAt`.
 *
 * The window: no more is outstanding than the line fetches in the tier's `window`. It yields in one case: when what is
 * outstanding keeps the line busy for less than a job takes, the next archive is asked for, however large it is.
 * Ceilings on bytes, money and calls never yield. What will be lost is not outstanding: it takes no place in the window
 * and is asked for again as the window has room, so that a line that slows is not answered with a burst of requests.
 */
export function decide(situation: Situation): Decision {
  const { now, tier, planned, nextBytes, requested, staged, limits } = situation;
  const times = TIER_TIMES[tier];
  const rate = boundedRate(situation);
  const losses = forecastLost(staged, rate, now);
  const lost = sum(losses);
  const held = sum(staged);
  const outstanding: Work = {
    count: Math.max(0, requested.count + held.count - lost.count),
    bytes: Math.max(0, requested.bytes + held.bytes - lost.bytes),
  };
  const window: Work = {
    count: Math.max(1, Math.floor((rate.archivesPerSecond * times.window) / SECOND)),
    bytes: (rate.bytesPerSecond * times.window) / SECOND,
  };
  // an archive that will be asked for again soon is not yet work for later
  const starving = lineTime(outstanding, rate) < times.last;
  const room = { count: window.count - outstanding.count, bytes: window.bytes - outstanding.bytes };
  const ceiling = ceilings(situation);
  const common = { window, outstanding, lost, rate, ceiling };
  if (situation.nextCallAt !== undefined && situation.nextCallAt > now) {
    const until = situation.nextCallAt;
    return { ...common, request: NOTHING, hold: { code: 'request_rate', until }, wakeAt: until };
  }

  // an output is not renewed for a later run, which may find that it has time for it after all
  const copiesAll = (limits.transferLeft ?? 0) >= 0;
  const again = copiesAll
    ? askAgain(staged, losses, now + times.last + AGAIN_LEAD, starving, room, ceiling)
    : undefined;
  const left = {
    count: room.count - (again?.count ?? 0),
    bytes: room.bytes - (again?.bytes ?? 0),
  };
  const hard = {
    count: ceiling.count - (again?.count ?? 0),
    bytes: Math.min(ceiling.bytes - (again?.bytes ?? 0), limits.transferLeft ?? Number.POSITIVE_INFINITY),
  };
  const one = starving && again === undefined;
  const request: Work = {
    count: Math.max(0, Math.min(planned.count, hard.count, Math.max(left.count, one ? 1 : 0))),
    bytes: Math.max(0, Math.min(hard.bytes, Math.max(left.bytes, one ? nextBytes : 0))),
  };
  const further = { ...common, ...(again && { again }) };
  if (planned.count > 0 && situation.nextTryAt !== undefined) {
    const at = situation.nextTryAt;
    const waiting: Hold = at === Number.POSITIVE_INFINITY ? { code: 'unanswered' } : { code: 'next_try', at };
    return { ...further, request: NOTHING, hold: waiting, wakeAt: Math.min(at, now + REVIEW) };
  }
  if (request.count > 0 && nextBytes <= request.bytes) return { ...further, request, wakeAt: now + REVIEW };
  const hold = holdFor(situation, hard, left, outstanding);
  return { ...further, request: NOTHING, hold, wakeAt: again ? now + REVIEW : wakeAt(hold, left, rate, situation) };
}

const NOTHING: Work = { count: 0, bytes: 0 };

function sum(works: readonly Work[]): Work {
  let count = 0;
  let bytes = 0;
  for (const work of works) {
    count += work.count;
    bytes += work.bytes;
  }
  return { count, bytes };
}

function boundedRate({ throughput, limits }: Situation): LineRate {
  const rate = lineRate(throughput);
  return { ...rate, bytesPerSecond: Math.min(rate.bytesPerSecond, limits.bytesPerSecond ?? Number.POSITIVE_INFINITY) };
}

/** What the ceilings leave for new and repeated requests together. */
function ceilings({ now, tier, asked, limits }: Situation): Work {
  const { maxBytesPerDay, policyBytesPerHour, costLeft } = limits;
  const day = maxBytesPerDay === undefined ? Number.POSITIVE_INFINITY : maxBytesPerDay - asked.within(DAY, now);
  const hour =
    policyBytesPerHour === undefined || tier !== 'Standard'
      ? Number.POSITIVE_INFINITY
      : policyBytesPerHour - asked.within(HOUR, now);
  return {
    count: Math.max(0, costLeft?.count ?? Number.POSITIVE_INFINITY),
    bytes: Math.max(0, Math.min(day, hour, costLeft?.bytes ?? Number.POSITIVE_INFINITY)),
  };
}

/**
 * Of the first group that is losing anything: what the window and the ceilings have room for, once it is late enough.
 * Earlier, the line may still recover; a new job takes until `before` to be of use.
 */
function askAgain(
  staged: readonly Expiring[],
  losses: readonly Work[],
  before: number,
  starving: boolean,
  room: Work,
  ceiling: Work,
): Again | undefined {
  const index = losses.findIndex(({ count }) => count > 0);
  const [group, loss] = [staged[index], losses[index]];
  if (group === undefined || loss === undefined || group.expiresAt > before) return undefined;
  // the loss ends somewhere within an archive, and an archive is asked for as a whole
  const wanted = Math.min(group.bytes, Math.max(loss.bytes, group.largest));
  const bytes = Math.min(wanted, ceiling.bytes, Math.max(room.bytes, starving ? group.largest : 0));
  const count = Math.min(loss.count, ceiling.count, Math.max(room.count, starving ? 1 : 0));
  return count > 0 && bytes > 0 ? { expiresAt: group.expiresAt, count, bytes } : undefined;
}

function holdFor(situation: Situation, hard: Work, left: Work, outstanding: Work): Hold {
  const { now, tier, planned, nextBytes, asked, limits, throughput } = situation;
  const { maxBytesPerDay: day, policyBytesPerHour, transferLeft, costLeft } = limits;
  const hour = tier === 'Standard' ? policyBytesPerHour : undefined;
  if (planned.count === 0) return { code: 'nothing_planned' };
  if (transferLeft !== undefined && transferLeft < nextBytes) {
    return { code: 'max_transfer', left: Math.max(0, transferLeft), next: nextBytes };
  }
  if (costLeft !== undefined && (costLeft.count < 1 || costLeft.bytes < nextBytes)) return { code: 'max_cost' };
  if (day !== undefined && day < nextBytes) {
    return { code: 'archive_above_ceiling', by: 'bytes_per_day', bytes: nextBytes, ceiling: day };
  }
  if (hour !== undefined && hour < nextBytes) {
    return { code: 'archive_above_ceiling', by: 'retrieval_policy', bytes: nextBytes, ceiling: hour };
  }
  if (hard.bytes < nextBytes && day !== undefined && day - asked.within(DAY, now) < nextBytes) {
    const freeAt = asked.freeAt(DAY, day - nextBytes, now);
    return { code: 'bytes_per_day', asked: asked.within(DAY, now), ceiling: day, freeAt };
  }
  if (hard.bytes < nextBytes && hour !== undefined && hour - asked.within(HOUR, now) < nextBytes) {
    const freeAt = asked.freeAt(HOUR, hour - nextBytes, now);
    return { code: 'retrieval_policy', asked: asked.within(HOUR, now), ceiling: hour, freeAt };
  }
  return {
    code: 'window_full',
    outstanding,
    windowMs: TIER_TIMES[tier].window,
    limitedBy: left.count < 1 && left.bytes >= nextBytes ? 'count' : 'bytes',
    measured: isMeasured(throughput) || throughput.upload !== undefined,
  };
}

function wakeAt(hold: Hold, left: Work, rate: LineRate, { now, nextBytes }: Situation): number {
  const latest = now + LATEST_REVIEW;
  if (hold.code === 'bytes_per_day' || hold.code === 'retrieval_policy') return Math.min(latest, hold.freeAt);
  if (hold.code !== 'window_full') return latest;
  const missing = { count: Math.max(0, 1 - left.count), bytes: Math.max(0, nextBytes - left.bytes) };
  return Math.min(latest, now + Math.max(SOONEST_REVIEW, lineTime(missing, rate)));
}
