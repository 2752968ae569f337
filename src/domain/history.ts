import { DAY, HOUR, MINUTE } from '../lib/duration.ts';
import type { State } from './progress.ts';

/** How a transfer stood at one moment. Counters only grow: rates are differences, and what is thinned out loses no sum. */
export interface Sample {
  /** Milliseconds since 1970, by the services' clock. */
  readonly at: number;
  /** States that hold no archive are absent. */
  readonly archives: Partial<Readonly<Record<State, { readonly count: number; readonly bytes: number }>>>;
  /** Bytes that S3 has taken, by all runs. */
  readonly copiedBytes: number;
  /** Calls to AWS, by all runs, and those of them that were answered by throttling. */
  readonly calls: number;
  readonly throttles: number;
  readonly spentUsd: number;
}

/** Samples of an age up to `age` are kept `every` milliseconds apart: 360 + 396 + 1,368 of them, then one a day. */
const SPACINGS: readonly { readonly age: number; readonly every: number }[] = [
  { age: 6 * HOUR, every: MINUTE },
  { age: 3 * DAY, every: 10 * MINUTE },
  { age: 60 * DAY, every: HOUR },
  { age: Infinity, every: DAY },
];

/**
 * Which of the samples are no longer needed: of each span of time the newest stays, and the very first. Thinned again and again
 * or once at the end, the same is left.
 * @param times in ascending order.
 */
export function tooMany(times: readonly number[], now: number): number[] {
  const slotOf = (at: number) => {
    const every = SPACINGS.find(({ age }) => now - at < age)?.every ?? DAY;
    return `${every} ${Math.floor(at / every)}`;
  };
  return times.filter((at, index) => {
    const next = times[index + 1];
    return index > 0 && next !== undefined && slotOf(next) === slotOf(at);
  });
}

/** What can be read off a sample. */
export type Figure = (sample: Sample) => number;

/** The figure at a time between two samples, on the line from one to the other; before the first and after the last as there. */
export function figureAt(samples: readonly Sample[], time: number, figure: Figure): number {
  const first = samples[0];
  if (!first) return 0;
  let low = 0;
  let high = samples.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    if ((samples[middle]?.at ?? Infinity) <= time) low = middle + 1;
    else high = middle;
  }
  const before = samples[low - 1] ?? first;
  const after = samples[low];
  if (!after || after === before || after.at <= before.at || time <= before.at) return figure(before);
  const share = (time - before.at) / (after.at - before.at);
  return figure(before) + share * (figure(after) - figure(before));
}

/** How fast a counter grew in each of `slots` equal spans between two times: per millisecond. */
export function growth(
  samples: readonly Sample[],
  { from, to, slots }: { readonly from: number; readonly to: number; readonly slots: number },
  figure: Figure,
): number[] {
  const width = (to - from) / slots;
  return Array.from({ length: slots }, (_, slot) => {
    const grown = figureAt(samples, from + (slot + 1) * width, figure) - figureAt(samples, from + slot * width, figure);
    return width > 0 ? Math.max(0, grown) / width : 0;
  });
}
