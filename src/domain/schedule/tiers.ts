import { HOUR, MINUTE } from '../../lib/duration.ts';

/** Glacier keeps a job's output for at least this long after the job completes (developer guide, GetJobOutput). */
export const OUTPUT_LIFE = 24 * HOUR;

/**
 * What a tier's jobs take, in milliseconds.
 * - `first` to `last`: how long a job takes (developer guide, retrieval options).
 * - `window`: how much of the line's time may be asked for and not yet copied. It covers `last`, so that the line does not
 *   wait for jobs, and a buffer of 8 hours for requests that come late (less where jobs take minutes). With Bulk, output
 *   then waits 20 h less the 8.5 h that a job takes on average: the line may stand still for half a day before anything
 *   of the 24 hours is lost.
 */
export const TIER_TIMES = {
  Bulk: { first: 5 * HOUR, last: 12 * HOUR, window: 20 * HOUR },
  Standard: { first: 3 * HOUR, last: 5 * HOUR, window: 13 * HOUR },
  Expedited: { first: MINUTE, last: 5 * MINUTE, window: HOUR },
} as const;

/** The same three names as the ports' `Tier`. */
export type TierName = keyof typeof TIER_TIMES;
