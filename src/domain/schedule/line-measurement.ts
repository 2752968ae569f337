import { SECOND } from '../../lib/duration.ts';
import type { Limits } from './decide.ts';
import { CAREFUL, isMeasured, type ThroughputState } from './throughput.ts';
import { TIER_TIMES, type TierName } from './tiers.ts';

/** A part of the measuring upload that has arrived: its time on the way, by the services' clock. */
export interface SentPart {
  readonly begunAt: number;
  readonly endedAt: number;
  readonly bytes: number;
}

/**
 * Whether the line should be measured by a short upload before anything is asked for: where nothing is known of it, and a careful
 * first window would hold less than what could be asked for. Not with Expedited: its jobs take minutes, and so does finding out by work.
 * @param plannedBytes what is still to be asked for.
 */
export function needsMeasuring(
  known: ThroughputState | undefined,
  {
    tier,
    plannedBytes,
    limits,
  }: {
    readonly tier: TierName;
    readonly plannedBytes: number;
    readonly limits: Pick<Limits, 'bytesPerSecond' | 'maxBytesPerDay' | 'transferLeft'>;
  },
): boolean {
  if (tier === 'Expedited' || (known && (isMeasured(known) || known.upload !== undefined))) return false;
  const { window } = TIER_TIMES[tier];
  const { bytesPerSecond = Infinity, maxBytesPerDay = Infinity, transferLeft = Infinity } = limits;
  const reach = Math.min(plannedBytes, maxBytesPerDay, transferLeft);
  return bytesPerSecond > CAREFUL.bytesPerSecond && reach > (CAREFUL.bytesPerSecond * window) / SECOND;
}

/**
 * Bytes a second of an upload in several parts at once, over the second half of its time: the first connections are slow to begin.
 * Each part's bytes are spread over its time, so that parts that end together make no difference.
 * @param until when the last part was begun: from then on the line empties. @returns undefined where nothing has arrived.
 */
export function uploadRate(parts: readonly SentPart[], until: number): number | undefined {
  const first = Math.min(...parts.map(({ begunAt }) => begunAt));
  const end = Math.min(Math.max(until, first), Math.max(...parts.map(({ endedAt }) => endedAt)));
  const start = (first + end) / 2;
  if (!(end > start)) return undefined;
  let bytes = 0;
  for (const part of parts) {
    const shared = Math.min(end, part.endedAt) - Math.max(start, part.begunAt);
    if (shared > 0) bytes += (part.bytes * shared) / (part.endedAt - part.begunAt);
  }
  return bytes > 0 ? (bytes * SECOND) / (end - start) : undefined;
}
