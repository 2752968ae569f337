import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { Limits } from '../../src/domain/schedule/decide.ts';
import { DAY, HOUR, MINUTE } from '../../src/lib/duration.ts';
import { GiB, MiB, TiB } from '../../src/lib/size.ts';
import { line, steady } from '../simulate/line.ts';
import { Scheduler } from '../simulate/policies.ts';
import { noiseAt } from '../simulate/random.ts';
import { ableTo } from '../simulate/reading.ts';
import { lotSizes, run } from '../simulate/run.ts';
import { SCENARIOS } from '../simulate/scenarios.ts';
import { SimulatedVault } from '../simulate/vault.ts';

const STEP = 5 * MINUTE;

interface History {
  readonly seed: number;
  readonly archives: number;
  readonly mean: number;
  readonly bytesPerSecond: number;
  readonly archivesPerSecond: number;
  readonly failing: number;
  /** How much of each six hours the line is slow, standing, or the program off. */
  readonly slow: number;
  readonly standing: number;
  readonly off: number;
  readonly acceptsPerSecond: number;
  readonly dayCeiling: number | undefined;
  readonly tier: 'Bulk' | 'Standard';
  /** What the line was measured to upload, as a share of what it copies; undefined: it was not measured. */
  readonly uploads: number | undefined;
}

const history: fc.Arbitrary<History> = fc.record({
  seed: fc.integer({ min: 1, max: 1_000_000 }),
  archives: fc.integer({ min: 1, max: 400 }),
  mean: fc.constantFrom(MiB, 100 * MiB, 20 * GiB),
  bytesPerSecond: fc.constantFrom(MiB, 20 * MiB, 500 * MiB),
  archivesPerSecond: fc.constantFrom(0.05, 1, 100),
  failing: fc.constantFrom(0, 0.05, 0.5),
  slow: fc.constantFrom(0, 0.3, 0.6),
  standing: fc.constantFrom(0, 0.1, 0.3),
  off: fc.constantFrom(0, 0.1, 0.3),
  acceptsPerSecond: fc.constantFrom(0.1, 2, 1000),
  dayCeiling: fc.constantFrom(undefined, TiB, 4 * TiB),
  tier: fc.constantFrom('Bulk', 'Standard'),
  uploads: fc.constantFrom(undefined, 0.1, 1, 10),
});

/** Runs a history to its end, or for two hundred days, and gives what was asked for and how long it stood still. */
function live({ seed, archives, mean, ...history }: History) {
  const requests: { readonly at: number; readonly bytes: number }[] = [];
  const lots = lotSizes(archives, archives * mean, seed);
  const vault = new SimulatedVault({
    seed,
    stepMs: STEP,
    tier: history.tier,
    lots,
    lotCount: 1,
    acceptsPerSecond: () => history.acceptsPerSecond,
    failing: history.failing,
    againLast: true,
    asked: (_lot, at, bytes) => requests.push({ at, bytes }),
  });
  const mood = (time: number): number => noiseAt(seed, Math.floor(time / (6 * HOUR)));
  const road = line(history.bytesPerSecond, history.archivesPerSecond, {
    share: (time) => (mood(time) < history.standing ? 0 : mood(time) < history.standing + history.slow ? 0.1 : 1),
    off: (time) => mood(time) > 1 - history.off,
  });
  const largest = Math.max(...lots);
  const ceiling = history.dayCeiling === undefined ? undefined : Math.max(history.dayCeiling, largest);
  const limits: Limits = ceiling === undefined ? {} : { maxBytesPerDay: ceiling };
  const total = { count: archives, bytes: archives * mean };
  const { uploads } = history;
  const measured = uploads === undefined ? {} : { upload: history.bytesPerSecond * uploads };
  const scheduler = new Scheduler({ tier: history.tier, limits, total, ...measured });
  let stuckMs = 0;
  let longestStuckMs = 0;
  let overWindow = 0;
  for (let step = 0; !vault.done && step * STEP < 200 * DAY; step += 1) {
    const now = step * STEP;
    vault.advance(step);
    if (road.off(now)) continue;
    const nothingOutstanding = vault.outstanding.count === 0;
    const before = requests.length;
    scheduler.turn(vault, now, now + STEP);
    const decision = scheduler.decision;
    if (decision && requests.length > before) {
      const asked = requests.slice(before).reduce((sum, { bytes }) => sum + bytes, 0);
      overWindow = Math.max(overWindow, decision.outstanding.bytes + asked - decision.window.bytes - largest);
    }
    const waitsForCeiling = decision?.hold?.code === 'bytes_per_day';
    const stuck = nothingOutstanding && requests.length === before && !waitsForCeiling;
    stuckMs = stuck ? stuckMs + STEP : 0;
    longestStuckMs = Math.max(longestStuckMs, stuckMs);
    const { used, ...copied } = vault.fetch(ableTo(road, now, STEP, Number.POSITIVE_INFINITY));
    const backlog = vault.hasStaged;
    scheduler.observed({ activeMs: backlog ? STEP : STEP * used, ...copied, backlog });
  }
  return { vault, requests, ceiling, longestStuckMs, overWindow };
}

describe('the scheduler in a simulated vault', () => {
  it('keeps to every ceiling, asks for nothing that has a job, and never stands still with work left', () => {
    fc.assert(
      fc.property(history, (each) => {
        // the vault throws when an archive is asked for that has a job already
        const { requests, ceiling, longestStuckMs, overWindow } = live(each);
        for (let first = 0, last = 0, bytes = 0; last < requests.length; last += 1) {
          bytes += requests[last]!.bytes;
          while (requests[first]!.at <= requests[last]!.at - DAY) bytes -= requests[first++]!.bytes;
          if (ceiling !== undefined) expect(bytes).toBeLessThanOrEqual(ceiling + 1);
        }
        expect(longestStuckMs).toBeLessThanOrEqual(STEP);
        expect(overWindow).toBeLessThanOrEqual(1);
      }),
      { numRuns: 150 },
    );
  });

  it('comes to an end wherever the line could', () => {
    const able = history.filter(
      ({ archives, mean, bytesPerSecond, archivesPerSecond, failing, standing, off, slow }) => {
        const seconds = Math.max((archives * mean) / bytesPerSecond, archives / archivesPerSecond);
        return failing < 0.5 && standing + off + slow <= 0.6 && seconds < 10 * 86_400;
      },
    );
    fc.assert(
      fc.property(able, (each) => {
        expect(live(each).vault.done).toBe(true);
      }),
      { numRuns: 100 },
    );
  });

  it('copies an archive that takes longer than its output lives without a pause between its outputs', () => {
    const { totalMs, idealMs } = run(
      { ...SCENARIOS[0]!, bytes: 40 * TiB, archives: 1, line: line(100 * MiB, 1, steady), limits: {} },
      'scheduler',
    );
    expect((totalMs - idealMs) / idealMs).toBeLessThan(0.1);
  });

  it('is the same again with the same seed', () => {
    const small = { ...SCENARIOS[0]!, bytes: 10 * TiB, archives: 10_000 };
    expect(run(small, 'scheduler')).toEqual(run(small, 'scheduler'));
  });

  it('asks for hardly anything twice on a steady line, and never waits for long', () => {
    const result = run({ ...SCENARIOS[0]!, archives: 20_000 }, 'scheduler');
    expect(result.overIdeal).toBeLessThan(1.05);
    expect(result.askedAgainShare).toBeLessThan(0.005);
  });
});
