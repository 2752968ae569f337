import { DAY, HOUR, MINUTE, SECOND } from '../../lib/duration.ts';
import type { Tier } from './prices.ts';

/** From the request to the staged archive (Glacier developer guide, downloading-an-archive-two-steps). Large archives can take longer. */
const TIER_LATENCY_MS: Readonly<Record<Tier, { readonly min: number; readonly max: number }>> = {
  Expedited: { min: MINUTE, max: 5 * MINUTE },
  Standard: { min: 3 * HOUR, max: 5 * HOUR },
  Bulk: { min: 5 * HOUR, max: 12 * HOUR },
};

/** The paces that a run keeps. */
export interface Paces {
  /** InitiateJob calls. */
  readonly requestsPerSecond: number;
  readonly maxBytesPerDay: number;
  /** What the line copies; absent where nobody knows yet. */
  readonly copying?: CopyPace;
}

/** Both limits hold: large archives are bounded by their bytes, tiny ones by what each of them costs. */
export interface CopyPace {
  readonly bytesPerSecond: number;
  readonly archivesPerSecond?: number;
  /** Given by `--bwlimit`, or measured by an earlier run. */
  readonly known: 'given' | 'measured';
}

/** How long a run takes. All in milliseconds. */
export interface DurationEstimate {
  readonly tier: { readonly min: number; readonly max: number };
  readonly requests: number;
  readonly dailyBytes: number;
  readonly copying?: number;
  /** Where the rate of the copy is from; absent where there is none. */
  readonly copyRate?: CopyPace['known'];
  /**
   * Requests, staging and copying go on at the same time: the slowest of them, and the tier's wait once. Without a
   * rate for the copying it is a lower bound.
   */
  readonly total: { readonly min: number; readonly max: number };
  readonly slowest: 'tier' | 'requests' | 'dailyBytes' | 'copying';
}

export function estimateDuration(
  { archives, bytes, tier }: { readonly archives: number; readonly bytes: number; readonly tier: Tier },
  { requestsPerSecond, maxBytesPerDay, copying: line }: Paces,
): DurationEstimate {
  const wait = archives === 0 ? { min: 0, max: 0 } : TIER_LATENCY_MS[tier];
  const requests = (archives / requestsPerSecond) * SECOND;
  const dailyBytes = (bytes / maxBytesPerDay) * DAY;
  const copying =
    line &&
    Math.max(bytes / line.bytesPerSecond, archives / (line.archivesPerSecond ?? Number.POSITIVE_INFINITY)) * SECOND;
  const pace = Math.max(requests, dailyBytes, copying ?? 0);
  return {
    tier: wait,
    requests,
    dailyBytes,
    ...(line && { copying, copyRate: line.known }),
    total: { min: wait.min + pace, max: wait.max + pace },
    slowest: slowestOf(wait.max, requests, dailyBytes, copying ?? 0),
  };
}

function slowestOf(tier: number, requests: number, dailyBytes: number, copying: number): DurationEstimate['slowest'] {
  const most = Math.max(tier, requests, dailyBytes, copying);
  if (tier === most) return 'tier';
  if (requests === most) return 'requests';
  return dailyBytes === most ? 'dailyBytes' : 'copying';
}
