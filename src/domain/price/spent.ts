import { type CopyRequests, copyCosts, retrievalCosts, sumOf } from './costs.ts';
import type { Tier } from './prices.ts';
import type { Rates } from './rates.ts';
import type { StorageClass } from './storage-class.ts';

/** Archives together: `uploads` of them in several parts, `parts` in all, the others in one PutObject each. */
interface Archives {
  readonly count: number;
  readonly bytes: number;
  readonly uploads: number;
  readonly parts: number;
}

/** USD of asking for archives, by the dearest reading of the price list. */
export function usdOfRequests(rates: Rates, tier: Tier, { count, bytes }: Archives): number {
  return retrievalCosts(rates, { archives: count, bytes, tier })[0].usd;
}

/** USD of writing archives to the bucket. */
export function usdOfCopies(rates: Rates, storageClass: StorageClass, archives: Archives): number {
  const { count, bytes, uploads, parts } = archives;
  const requests: CopyRequests = { puts: count - uploads, uploads, parts };
  return sumOf(copyCosts(rates, { requests, bytes, storageClass }));
}
