import type { StorageClass } from '../domain/price/storage-class.ts';
import { type Decision, decide } from '../domain/schedule/decide.ts';
import { SECOND } from '../lib/duration.ts';
import type { Tier } from '../ports.ts';
import type { PlannedArchive } from '../state/archives.ts';
import type { ExpiringOutputs, Left } from '../state/outputs.ts';
import { type Allowance, REQUEST_BATCH } from './3-request.ts';
import { withinCap } from './cost.ts';
import type { Deps } from './deps.ts';
import type { Meter } from './meter.ts';
import { MOST_FRUITLESS_JOBS } from './tries.ts';
import type { Work } from './work.ts';

/** Above so many staged archives their sums are taken anew at intervals only: it costs a second a million. */
const MANY = 10_000;
const MANY_EVERY = 30 * SECOND;

/** What may be asked for now, as the scheduler decides it from the state. */
export function createAllowance(
  deps: Deps,
  work: Work,
  meter: Meter,
  options: {
    readonly tier: Tier;
    readonly maxBytesPerDay: number;
    readonly storageClass: StorageClass;
    /** USD. */
    readonly maxCost: number | undefined;
    readonly maxTransfer: number | undefined;
    readonly bwlimit: number | undefined;
    readonly policyBytesPerHour: number | undefined;
  },
): () => Allowance {
  let staged: readonly ExpiringOutputs[] = [];
  let renewed: Left = { count: 0, bytes: 0 };
  let stagedAt = Number.NEGATIVE_INFINITY;
  return () => {
    const { archives, outputs, totals } = deps.state;
    const now = deps.clock.now();
    const by = totals.byState();
    const held = by.staged.count + by.transferring.count;
    if (held < MANY || performance.now() - stagedAt > MANY_EVERY) {
      staged = outputs.byExpiry();
      renewed = outputs.renewed();
      stagedAt = performance.now();
    }
    const { maxCost } = options;
    const [next] = archives.nextPlanned(1, now);
    const { nextAt } = work.pace.request.state;
    const outstanding = by.requested.bytes + by.staged.bytes + by.transferring.bytes;
    const decision: Decision = decide({
      now,
      tier: options.tier,
      planned: by.planned,
      nextBytes: next?.size ?? 0,
      nextTryAt: next ? undefined : (archives.nextTryAt('planned', now) ?? Number.POSITIVE_INFINITY),
      // of a usual pace nobody has to be told
      ...(nextAt > now + SECOND && { nextCallAt: nextAt }),
      requested: { count: by.requested.count + renewed.count, bytes: by.requested.bytes + renewed.bytes },
      staged,
      throughput: meter.throughput,
      asked: work.asked,
      limits: {
        maxBytesPerDay: options.maxBytesPerDay,
        policyBytesPerHour: options.policyBytesPerHour,
        bytesPerSecond: options.bwlimit,
        ...(maxCost !== undefined && {
          costLeft: withinCap(deps.state, candidates(deps, staged, now), { ...options, maxCost }),
        }),
        transferLeft:
          options.maxTransfer === undefined ? undefined : options.maxTransfer - work.copied.bytes - outstanding,
      },
    });
    const { request, again, ceiling, hold, wakeAt } = decision;
    return {
      archives: request.count,
      bytes: request.bytes,
      wakeAt,
      hold,
      ...(again && { again: { ...again, ceiling: ceiling.bytes, sums: stagedAt } }),
    };
  };
}

/**
 * Those whose price the cap is held against: the next planned ones, or where none are planned, those that may be asked for again.
 * What the cap leaves for so many archives and bytes, it leaves for as many others.
 */
function candidates({ state }: Deps, staged: readonly ExpiringOutputs[], now: number): readonly PlannedArchive[] {
  const planned = state.archives.nextPlanned(REQUEST_BATCH, now);
  const [first] = staged;
  if (planned.length > 0 || first === undefined) return planned;
  return state.outputs.toAskAgain(first.expiresAt, MOST_FRUITLESS_JOBS, REQUEST_BATCH).map(({ archive }) => archive);
}
