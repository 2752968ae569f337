import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { needsMeasuring, type SentPart, uploadRate } from '../../src/domain/schedule/line-measurement.ts';
import { assumedThroughput, observe } from '../../src/domain/schedule/throughput.ts';
import { HOUR, MINUTE, SECOND } from '../../src/lib/duration.ts';
import { GiB, MiB, TiB } from '../../src/lib/size.ts';

const CAREFUL_WINDOW = (10 * MiB * 20 * HOUR) / SECOND;
const large = { tier: 'Bulk', plannedBytes: 2 * TiB, limits: {} } as const;
const unknown = assumedThroughput({ count: 1000 });

describe('the line', () => {
  it('is measured where nothing is known of it and a careful window would not hold all', () => {
    expect(needsMeasuring(undefined, large)).toBe(true);
    expect(needsMeasuring(unknown, large)).toBe(true);
    expect(needsMeasuring(undefined, { ...large, tier: 'Standard' })).toBe(true);
    expect(needsMeasuring(undefined, { ...large, plannedBytes: CAREFUL_WINDOW + 1 })).toBe(true);
    expect(needsMeasuring(undefined, { ...large, plannedBytes: CAREFUL_WINDOW })).toBe(false);
    expect(needsMeasuring(undefined, { ...large, plannedBytes: 0 })).toBe(false);
  });

  it('is measured once: neither after an upload nor after work has told of it', () => {
    const worked = observe(unknown, { activeMs: 2 * MINUTE, bytes: GiB, archives: 1, backlog: true });

    expect(needsMeasuring(assumedThroughput({ count: 1000 }, 100 * MiB), large)).toBe(false);
    expect(needsMeasuring(worked, large)).toBe(false);
  });

  it('is left unmeasured by Expedited, whose jobs take minutes, as finding out does', () => {
    expect(needsMeasuring(undefined, { ...large, tier: 'Expedited' })).toBe(false);
  });

  it.each([
    ['--bwlimit', { bytesPerSecond: 10 * MiB }, { bytesPerSecond: 11 * MiB }],
    ['--max-bytes-per-day', { maxBytesPerDay: CAREFUL_WINDOW }, { maxBytesPerDay: TiB }],
    ['--max-transfer', { transferLeft: CAREFUL_WINDOW }, { transferLeft: TiB }],
  ])('is left unmeasured where %s allows no more than a careful window anyway', (_, low, high) => {
    expect(needsMeasuring(undefined, { ...large, limits: low })).toBe(false);
    expect(needsMeasuring(undefined, { ...large, limits: high })).toBe(true);
  });
});

/** So many lanes share a line of this speed, part after part, each lane begun a little after the one before. */
function sent(bytesPerSecond: number, lanes: number, rounds: number): SentPart[] {
  const takes = (8 * MiB * lanes * SECOND) / bytesPerSecond;
  return Array.from({ length: lanes }, (_, lane) =>
    Array.from({ length: rounds }, (__, round) => {
      const begunAt = (lane / lanes + round) * takes;
      return { begunAt, endedAt: begunAt + takes, bytes: 8 * MiB };
    }),
  ).flat();
}

describe('the rate of an upload', () => {
  it('is that of the line, by however many lanes it was filled', () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 100_000, max: GiB }),
        fc.integer({ min: 1, max: 32 }),
        fc.integer({ min: 3, max: 30 }),
        (bytesPerSecond, lanes, rounds) => {
          const parts = sent(bytesPerSecond, lanes, rounds);
          const until = Math.max(...parts.map(({ begunAt }) => begunAt));
          expect((uploadRate(parts, until) ?? 0) / bytesPerSecond).toBeCloseTo(1, 5);
        },
      ),
    );
  });

  it('leaves out how slowly it began and how it emptied', () => {
    const slow = [0, 1, 2, 3].map((second) => ({
      begunAt: second * SECOND,
      endedAt: (second + 1) * SECOND,
      bytes: MiB,
    }));
    const fast = [4, 5, 6, 7].map((second) => ({
      begunAt: second * SECOND,
      endedAt: (second + 1) * SECOND,
      bytes: 100 * MiB,
    }));

    expect(uploadRate([...slow, ...fast], 8 * SECOND)).toBeCloseTo(100 * MiB, 0);
    const late = { begunAt: 8 * SECOND, endedAt: 20 * SECOND, bytes: MiB };
    expect(uploadRate([...slow, ...fast, late], 8 * SECOND)).toBeCloseTo(100 * MiB, 0);
  });

  it('is not known where nothing has arrived, or no time has passed', () => {
    expect(uploadRate([], 5 * SECOND)).toBeUndefined();
    expect(uploadRate([{ begunAt: 5, endedAt: 5, bytes: MiB }], 5)).toBeUndefined();
  });

  it('is told by a single part that has arrived', () => {
    expect(uploadRate([{ begunAt: 0, endedAt: 4 * SECOND, bytes: MiB }], 4 * SECOND)).toBeCloseTo(MiB / 4, 3);
  });
});
