import { TIER_TIMES, type TierName } from '../../src/domain/schedule/tiers.ts';
import { HOUR, SECOND } from '../../src/lib/duration.ts';
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

/** Whether another `calls` at `now` are within so many calls a second, which change with time. One lot always is. */
export function patience(perSecond: (time: number) => number): (now: number, calls: number) => boolean {
  let second = -1;
  let made = 0;
  return (now, calls) => {
    if (Math.floor(now / SECOND) !== second) {
      second = Math.floor(now / SECOND);
      made = 0;
    }
    const allowed = perSecond(now);
    made += calls;
    return allowed > 0 && (made <= allowed || made === calls);
  };
}
