import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { figureAt, growth, type Sample, tooMany } from '../../src/domain/history.ts';
import { DAY, HOUR, MINUTE } from '../../src/lib/duration.ts';

/** Times in ascending order, from minutes to weeks apart. */
const times = fc
  .array(fc.oneof(fc.integer({ min: 1, max: 3 * MINUTE }), fc.integer({ min: 1, max: 5 * DAY })), { maxLength: 400 })
  .map((gaps) => {
    let at = 0;
    return gaps.map((gap) => {
      at += gap;
      return at;
    });
  });

const thinned = (all: readonly number[], now: number) => {
  const dropped = new Set(tooMany(all, now));
  return all.filter((at) => !dropped.has(at));
};

const sampleOf = (at: number, copiedBytes: number): Sample => ({
  at,
  archives: {},
  copiedBytes,
  calls: 0,
  throttles: 0,
  spentUsd: 0,
});

describe('thinning the history', () => {
  it('keeps the first and the last sample, and takes away nothing twice', () => {
    fc.assert(
      fc.property(times, fc.nat(90 * DAY), (all, later) => {
        const now = (all.at(-1) ?? 0) + later;
        const left = thinned(all, now);
        expect(left[0]).toBe(all[0]);
        expect(left.at(-1)).toBe(all.at(-1));
        expect(tooMany(left, now)).toEqual([]);
      }),
    );
  });

  it('leaves the same whether it is done all along or once at the end', () => {
    fc.assert(
      fc.property(times, (all) => {
        let kept: number[] = [];
        for (const at of all) kept = thinned([...kept, at], at);
        expect(kept).toEqual(thinned(all, all.at(-1) ?? 0));
      }),
    );
  });

  it('leaves no hole that is wider than the samples of that age are to be apart', () => {
    fc.assert(
      fc.property(times, fc.nat(90 * DAY), (all, later) => {
        const now = (all.at(-1) ?? 0) + later;
        const left = new Set(thinned(all, now));
        for (const at of all) {
          const age = now - at;
          const every = age < 6 * HOUR ? MINUTE : age < 3 * DAY ? 10 * MINUTE : age < 60 * DAY ? HOUR : DAY;
          expect([...left].some((kept) => kept >= at && kept < at + every)).toBe(true);
        }
      }),
      { numRuns: 50 },
    );
  });

  it('holds twenty days of a sample a minute in some 1,200 rows, and sixty more days in an hour each', () => {
    const all = Array.from({ length: 20 * 24 * 60 }, (_, minute) => minute * MINUTE);
    const now = 20 * DAY;
    const left = thinned(all, now);
    expect(left[0]).toBe(0);
    expect(left.length).toBeLessThan(6 * 60 + 3 * 24 * 6 + 17 * 24 + 5);
    expect(left.length).toBeGreaterThan(1000);

    const years = Array.from({ length: 2000 * 24 }, (_, hour) => hour * HOUR);
    expect(thinned(years, 2000 * DAY).length).toBeLessThan(360 + 432 + 1440 + 2000);
  });
});

describe('reading the history', () => {
  const samples = [sampleOf(0, 0), sampleOf(60, 600), sampleOf(160, 600), sampleOf(200, 1000)];
  const copied = ({ copiedBytes }: Sample) => copiedBytes;

  it('reads between two samples on the line from one to the other, and outside as at the end', () => {
    expect([-10, 0, 30, 60, 100, 180, 200, 999].map((time) => figureAt(samples, time, copied))).toEqual([
      0, 0, 300, 600, 600, 800, 1000, 1000,
    ]);
    expect(figureAt([], 5, copied)).toBe(0);
  });

  it('finds growth that adds up to what was added, however the time is cut', () => {
    fc.assert(
      fc.property(
        fc.array(fc.tuple(fc.integer({ min: 1, max: 1000 }), fc.nat(1000)), { minLength: 2, maxLength: 50 }),
        fc.integer({ min: 1, max: 200 }),
        (steps, slots) => {
          let at = 0;
          let bytes = 0;
          const grown = steps.map(([gap, more]) => {
            at += gap;
            bytes += more;
            return sampleOf(at, bytes);
          });
          const from = grown[0]?.at ?? 0;
          const rates = growth(grown, { from, to: at, slots }, copied);
          const sum = rates.reduce((all, rate) => all + (rate * (at - from)) / slots, 0);
          expect(sum).toBeCloseTo(bytes - (grown[0]?.copiedBytes ?? 0), 5);
          expect(rates.every((rate) => rate >= 0)).toBe(true);
        },
      ),
    );
  });
});
