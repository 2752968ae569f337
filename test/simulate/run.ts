import type { Limits } from '../../src/domain/schedule/decide.ts';
import { needsMeasuring } from '../../src/domain/schedule/line-measurement.ts';
import { TIER_TIMES, type TierName } from '../../src/domain/schedule/tiers.ts';
import { DAY, SECOND } from '../../src/lib/duration.ts';
import { MiB } from '../../src/lib/size.ts';
import type { Moods } from './glacier.ts';
import type { Line } from './line.ts';
import { FixedPolicy, type Policy, Scheduler } from './policies.ts';
import { noiseAt, normal, randomFrom } from './random.ts';
import { ableTo, PART_SIZE, Reader } from './reading.ts';
import { SimulatedVault } from './vault.ts';

export interface Scenario extends Moods {
  readonly name: string;
  readonly about: string;
  readonly seed: number;
  readonly stepMs: number;
  readonly tier: TierName;
  readonly bytes: number;
  readonly archives: number;
  /** Archives that are asked for and copied together, so that a hundred million cost what a million do. */
  readonly lotCount: number;
  readonly line: Line;
  readonly limits: Limits;
  /** Glacier's patience with GetJobOutput, in calls a second. */
  readonly readsPerSecond?: (time: number) => number;
  /** The measuring upload's speed as a share of the line's; 0 where it fails. 1 if absent. */
  readonly uploads?: number;
  readonly goals: {
    /** At most this times the ideal. */
    readonly overIdeal?: number;
    /** At most this share of the archives asked for more than once. */
    readonly askedAgainShare?: number;
    /** It may be slower than the fixed policy. */
    readonly mayBeSlower?: true;
  };
}

/** What one thread sends over TLS at most: the measuring upload has no more. */
const MOST_UPLOADED = 700 * MiB;

export type PolicyName = 'scheduler' | 'fixed';

/** What there was at one time, in bytes. */
export interface Sample {
  readonly time: number;
  readonly requested: number;
  readonly staged: number;
  readonly copied: number;
}

export interface Result {
  readonly scenario: string;
  readonly policy: PolicyName;
  readonly totalMs: number;
  /** The shortest job, then the line at its best until the last byte: what stands still then is nobody's fault. */
  readonly idealMs: number;
  readonly overIdeal: number;
  /** The share of the time after the shortest job in which the line could have copied and had nothing to copy. */
  readonly idleShare: number;
  readonly askedAgain: number;
  readonly askedAgainShare: number;
  readonly requests: number;
  readonly peakOutstandingBytes: number;
  readonly peakOutstandingArchives: number;
  readonly throttled: number;
  readonly readsThrottled: number;
  readonly refused: number;
  readonly samples: readonly Sample[];
}

/** Sizes with a long tail that add up to `bytes`: whole bytes, at least one each. */
export function lotSizes(count: number, bytes: number, seed: number): Float64Array {
  const random = randomFrom(seed);
  const sizes = new Float64Array(count);
  let total = 0;
  for (let index = 0; index < count; index += 1) {
    const size = Math.exp(normal(random(), random()));
    sizes[index] = size;
    total += size;
  }
  const scale = bytes / total;
  for (let index = 0; index < count; index += 1) sizes[index] = Math.max(1, Math.round(sizes[index]! * scale));
  return sizes;
}

/**
 * The time to copy it all without ever waiting for anything but the first job, the line and the ceiling of a day (the first
 * day's bytes can be asked for at once). Reads are of whole parts.
 */
function idealTime({ line, tier, bytes, archives, stepMs, limits, readsPerSecond }: Scenario): number {
  const { first } = TIER_TIMES[tier];
  const days = Math.ceil(bytes / (limits.maxBytesPerDay ?? Number.POSITIVE_INFINITY)) - 1;
  const earliest = first + Math.max(0, days) * DAY;
  let time = first;
  for (let left = bytes; ; time += stepMs) {
    const able = Math.min(line.bytesPerSecond, line.archivesPerSecond * (bytes / archives)) * line.share(time);
    const perSecond = Math.min(able, (readsPerSecond?.(time) ?? Number.POSITIVE_INFINITY) * PART_SIZE);
    const capacity = line.off(time) ? 0 : (perSecond * stepMs) / SECOND;
    if (capacity >= left) return Math.max(earliest, time + (stepMs * left) / capacity);
    left -= capacity;
  }
}

/** What the measuring upload comes to, where one is made: what the line does in these seconds, give or take a sixth. */
function measuredUpload({ line, tier, bytes, limits, seed, uploads = 1 }: Scenario): number | undefined {
  if (!needsMeasuring(undefined, { tier, plannedBytes: bytes, limits }) || uploads === 0) return undefined;
  const error = 5 / 6 + noiseAt(seed, 1) / 3;
  return Math.min(MOST_UPLOADED, line.bytesPerSecond * line.share(0) * uploads * error);
}

/** Runs one scenario to its end under one policy. */
export function run(scenario: Scenario, name: PolicyName): Result {
  const { stepMs, line, tier, limits, lotCount, archives, bytes, seed } = scenario;
  const lots = lotSizes(Math.round(archives / lotCount), bytes, seed);
  const vault = new SimulatedVault({ ...scenario, lots, againLast: name === 'scheduler' });
  const total = { count: archives, bytes };
  const upload = measuredUpload(scenario);
  const policy: Policy =
    name === 'scheduler'
      ? new Scheduler({ tier, limits, total, ...(upload !== undefined && { upload }) })
      : new FixedPolicy();
  const reader = new Reader(scenario.readsPerSecond);
  const idealMs = idealTime(scenario);
  const sampleEvery = Math.max(1, Math.round(idealMs / 400 / stepMs));
  const samples: Sample[] = [];
  const peak = { bytes: 0, count: 0 };
  let idleMs = 0;
  let step = 0;
  for (; !vault.done; step += 1) {
    const now = step * stepMs;
    if (now > idealMs * 20) throw new Error(`${scenario.name} (${name}) does not end`);
    vault.advance(step);
    if (!line.off(now)) {
      policy.turn(vault, now, now + stepMs);
      const reads = vault.hasStaged ? reader.reads(now, now + stepMs, line) : 0;
      const { used, ...copied } = vault.fetch(ableTo(line, now, stepMs, reads));
      const waiting = vault.hasStaged;
      const activeMs = waiting ? stepMs : stepMs * used;
      policy.observed({ activeMs, ...copied, backlog: waiting });
      if (now >= TIER_TIMES[tier].first && line.share(now) > 0 && !waiting && !vault.done)
        idleMs += stepMs * (1 - used);
    }
    peak.bytes = Math.max(peak.bytes, vault.outstanding.bytes);
    peak.count = Math.max(peak.count, vault.outstanding.count);
    if (step % sampleEvery === 0) samples.push(sample(vault, now));
  }
  samples.push(sample(vault, step * stepMs));
  const totalMs = step * stepMs;
  return {
    scenario: scenario.name,
    policy: name,
    totalMs,
    idealMs,
    overIdeal: totalMs / idealMs,
    idleShare: idleMs / (totalMs - TIER_TIMES[tier].first),
    askedAgain: vault.askedAgain,
    askedAgainShare: vault.askedAgain / archives,
    requests: vault.answered.taken,
    peakOutstandingBytes: peak.bytes,
    peakOutstandingArchives: peak.count,
    throttled: vault.answered.throttled,
    readsThrottled: reader.throttled,
    refused: vault.answered.refused,
    samples,
  };
}

function sample(vault: SimulatedVault, time: number): Sample {
  const staged = vault.stagedWork.bytes + vault.renewed.bytes;
  return { time, requested: vault.requested.bytes - vault.renewed.bytes, staged, copied: vault.copied.bytes };
}
