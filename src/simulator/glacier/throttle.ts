import { SECOND } from '../../lib/duration.ts';
import { Refusal } from './refusal.ts';

/** Calls a second that are let through, by operation; a burst of one second's worth is. */
export interface Rates {
  readonly InitiateJob?: number;
  readonly GetJobOutput?: number;
  readonly ListJobs?: number;
  readonly DescribeJob?: number;
  /** Which seconds: those of the simulated clock, or (by default) real ones. */
  readonly seconds?: 'simulated' | 'real';
}

/** Token buckets, one an operation. */
export class Throttle {
  readonly #buckets = new Map<string, { tokens: number; at: number }>();

  /** @throws {Refusal} `ThrottlingException`, HTTP 400, where the operation was called too often. */
  admit(operation: string, rates: Rates, now: () => number): void {
    const rate = isRated(operation) ? rates[operation] : undefined;
    if (rate === undefined) return;
    const time = rates.seconds === 'simulated' ? now() : Date.now();
    const bucket = this.#buckets.get(operation) ?? { tokens: Math.max(rate, 1), at: time };
    bucket.tokens = Math.min(bucket.tokens + ((time - bucket.at) / SECOND) * rate, Math.max(rate, 1));
    bucket.at = time;
    this.#buckets.set(operation, bucket);
    if (bucket.tokens < 1) throw new Refusal(400, 'ThrottlingException', 'Rate exceeded');
    bucket.tokens -= 1;
  }
}

function isRated(operation: string): operation is Exclude<keyof Rates, 'seconds'> {
  return ['InitiateJob', 'GetJobOutput', 'ListJobs', 'DescribeJob'].includes(operation);
}
