import { TIER_TIMES, type TierName } from '../../src/domain/schedule/tiers.ts';
import { HOUR, MINUTE, SECOND } from '../../src/lib/duration.ts';
import { MOST_REQUEST_TRIES } from '../../src/steps/tries.ts';
import { noiseAt, randomFrom } from './random.ts';

/** How long jobs take: within the tier's times, half of it common to the jobs of the same hour, half each job's own. */
export function jobTimes(tier: TierName, seed: number): (askedAt: number) => number {
  const random = randomFrom(seed);
  const { first, last } = TIER_TIMES[tier];
  return (askedAt) => {
    const hour = askedAt / HOUR;
    const index = Math.floor(hour);
    const [here, next] = [noiseAt(seed, index), noiseAt(seed, index + 1)];
    const common = here + (next - here) * (hour - index);
    return first + (last - first) * (0.5 * common + 0.5 * random());
  };
}

/** What becomes of a request. */
export type Answer = 'taken' | 'throttled' | 'refused';

export interface Moods {
  /** Glacier's patience with InitiateJob, in calls a second. One lot a second it always has, unless that is 0. */
  readonly acceptsPerSecond?: (time: number) => number;
  /** The share of the calls that are refused for want of capacity. */
  readonly refusing?: (time: number) => number;
}

/** How Glacier answers `calls` more requests at `now`. */
export function answers(
  { acceptsPerSecond, refusing }: Moods,
  random: () => number,
): (now: number, calls: number) => Answer {
  let second = -1;
  let made = 0;
  return (now, calls) => {
    if (acceptsPerSecond) {
      if (Math.floor(now / SECOND) !== second) {
        second = Math.floor(now / SECOND);
        made = 0;
      }
      const allowed = acceptsPerSecond(now);
      made += calls;
      if (allowed === 0 || (made > allowed && made !== calls)) return 'throttled';
    }
    return refusing && random() < refusing(now) ? 'refused' : 'taken';
  };
}

/**
 * How long a lot that was refused waits for its next try, as the pipeline lets it wait. Throws where it would be given up: no
 * scenario is about that.
 */
export function pauses(lots: number, random: () => number): (lot: number) => number {
  const tries = new Uint8Array(lots);
  return (lot) => {
    tries[lot]! += 1;
    if (tries[lot]! >= MOST_REQUEST_TRIES) throw new Error(`lot ${lot} is given up`);
    return Math.min(HOUR, MINUTE * 2 ** (tries[lot]! - 1)) * (0.5 + 0.5 * random());
  };
}
