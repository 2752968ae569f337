import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  assumedThroughput,
  isMeasured,
  lineRate,
  observe,
  type Span,
  type ThroughputState,
} from '../../src/domain/schedule/throughput.ts';
import { HOUR, MINUTE, SECOND } from '../../src/lib/duration.ts';
import { GiB, KiB, MiB } from '../../src/lib/size.ts';

const unknown = assumedThroughput({ count: 1000 });

/** `ms` of uninterrupted work in spans of five seconds. */
function work(
  state: ThroughputState,
  ms: number,
  {
    bytesPerSecond,
    archivesPerSecond = bytesPerSecond / GiB,
    backlog = true,
  }: Partial<Span> & {
    bytesPerSecond: number;
    archivesPerSecond?: number;
  },
): ThroughputState {
  let next = state;
  for (let done = 0; done < ms; done += 5 * SECOND) {
    next = observe(next, { activeMs: 5 * SECOND, bytes: bytesPerSecond * 5, archives: archivesPerSecond * 5, backlog });
  }
  return next;
}

describe('the throughput of the line', () => {
  it('is a careful guess at first, in archives a second enough for a vault of tiny ones in a month', () => {
    expect(lineRate(unknown)).toEqual({ bytesPerSecond: 10 * MiB, archivesPerSecond: 20 });
    expect(isMeasured(unknown)).toBe(false);
    const vast = lineRate(assumedThroughput({ count: 100_000_000 }));
    expect(vast.bytesPerSecond).toBe(10 * MiB);
    expect(vast.archivesPerSecond * 30 * 86_400).toBeCloseTo(100_000_000);
  });

  it('is counted on for most of what an upload came to, be that more or less than the careful guess', () => {
    for (const upload of [GiB, MiB]) {
      const state = assumedThroughput({ count: 1000 }, upload);
      expect(lineRate(state).bytesPerSecond / upload).toBeGreaterThan(0.5);
      expect(lineRate(state).bytesPerSecond / upload).toBeLessThan(1);
      expect(isMeasured(state)).toBe(false);
      expect(state.upload).toBe(upload);
    }
  });

  it('is within minutes what work has shown, and no longer what an upload came to', () => {
    for (const upload of [10 * GiB, MiB]) {
      const state = work(assumedThroughput({ count: 1000 }, upload), 20 * MINUTE, { bytesPerSecond: 100 * MiB });
      expect(isMeasured(state)).toBe(true);
      expect(lineRate(state).bytesPerSecond / (100 * MiB)).toBeGreaterThan(0.8);
      expect(lineRate(state).bytesPerSecond / (100 * MiB)).toBeLessThan(2);
    }
  });

  it('that has stopped is kept half its work for, and one that has slowed a twentieth', () => {
    const known = work(unknown, HOUR, { bytesPerSecond: GiB });
    const away = work(known, 2 * HOUR, { bytesPerSecond: 0, archivesPerSecond: 0 });
    const slow = work(known, 2 * HOUR, { bytesPerSecond: MiB });
    expect(lineRate(away).bytesPerSecond / lineRate(known).bytesPerSecond).toBeCloseTo(0.5, 1);
    expect(lineRate(slow).bytesPerSecond / lineRate(known).bytesPerSecond).toBeLessThan(0.06);
  });

  it('is known within minutes of the first work, a hundred times faster or slower than guessed', () => {
    for (const bytesPerSecond of [GiB, 100 * KiB]) {
      const state = work(unknown, 20 * MINUTE, { bytesPerSecond });
      expect(isMeasured(state)).toBe(true);
      expect(lineRate(state).bytesPerSecond / bytesPerSecond).toBeGreaterThan(0.8);
      expect(lineRate(state).bytesPerSecond / bytesPerSecond).toBeLessThan(2);
    }
  });

  it('falls at once when the line slows, and is back within the hour', () => {
    const before = work(unknown, 24 * HOUR, { bytesPerSecond: GiB });
    const slowed = work(before, 20 * MINUTE, { bytesPerSecond: GiB / 10 });
    expect(lineRate(slowed).bytesPerSecond).toBeLessThan(GiB / 4);
    const back = work(slowed, HOUR, { bytesPerSecond: GiB });
    expect(lineRate(back).bytesPerSecond).toBeGreaterThan(0.9 * GiB);
  });

  it('remembers through an outage what the line can do', () => {
    const before = work(unknown, 24 * HOUR, { bytesPerSecond: GiB });
    const out = work(before, 6 * HOUR, { bytesPerSecond: 0 });
    expect(lineRate(out).bytesPerSecond).toBeLessThan(0.55 * GiB);
    const back = work(out, HOUR, { bytesPerSecond: GiB });
    expect(lineRate(back).bytesPerSecond).toBeGreaterThan(0.9 * GiB);
  });

  it('counts the pauses between the parts of a slow line', () => {
    let state = work(unknown, HOUR, { bytesPerSecond: 10 * MiB });
    for (let part = 0; part < 300; part += 1) {
      for (let wait = 0; wait < 9; wait += 1) {
        state = observe(state, { activeMs: MINUTE, bytes: 0, archives: 0, backlog: true });
      }
      state = observe(state, { activeMs: MINUTE, bytes: 64 * MiB, archives: 0, backlog: true });
    }
    const truth = (64 * MiB) / 600;
    expect(lineRate(state).bytesPerSecond).toBeGreaterThan(truth / 3);
    expect(lineRate(state).bytesPerSecond).toBeLessThan(truth * 1.5);
  });

  it('is not fooled by time without work, nor by work too little to fill the line', () => {
    const before = work(unknown, 24 * HOUR, { bytesPerSecond: GiB });
    const idle = observe(before, { activeMs: 0, bytes: 0, archives: 0, backlog: false });
    expect(lineRate(idle)).toEqual(lineRate(before));
    const trickle = work(before, 12 * HOUR, { bytesPerSecond: MiB, backlog: false });
    expect(lineRate(trickle).bytesPerSecond).toBeGreaterThan(0.9 * GiB);
  });

  it('learns from a trickle that the line is faster than guessed', () => {
    const trickle = work(unknown, HOUR, { bytesPerSecond: 100 * MiB, backlog: false });
    expect(lineRate(trickle).bytesPerSecond).toBeGreaterThan(80 * MiB);
  });

  it('tells tiny archives from a slow line', () => {
    const large = work(unknown, 12 * HOUR, { bytesPerSecond: GiB });
    const tiny = work(large, 12 * HOUR, { bytesPerSecond: 3 * MiB, archivesPerSecond: 300 });
    expect(lineRate(tiny).archivesPerSecond).toBeGreaterThan(250);
    expect(lineRate(tiny).bytesPerSecond).toBeGreaterThan(0.9 * GiB);
  });

  it('goes on where it was after a restart', () => {
    const state = work(unknown, 2 * HOUR, { bytesPerSecond: GiB / 3 });
    const restored = JSON.parse(JSON.stringify(state)) as ThroughputState;
    const span = { activeMs: MINUTE, bytes: GiB, archives: 2, backlog: true };
    expect(observe(restored, span)).toEqual(observe(state, span));
  });

  it('is a number above nothing, whatever happens', () => {
    const span = fc.record({
      activeMs: fc.integer({ min: 0, max: 10 * MINUTE }),
      bytes: fc.integer({ min: 0, max: 100 * GiB }),
      archives: fc.integer({ min: 0, max: 10_000 }),
      backlog: fc.boolean(),
    });
    fc.assert(
      fc.property(fc.array(span, { maxLength: 100 }), (spans) => {
        let state = unknown;
        for (const each of spans) {
          // no byte arrives in no time
          const real = each.activeMs === 0 ? { ...each, bytes: 0, archives: 0 } : each;
          state = observe(state, real);
          const { bytesPerSecond, archivesPerSecond } = lineRate(state);
          expect(bytesPerSecond).toBeGreaterThan(0);
          expect(archivesPerSecond).toBeGreaterThan(0);
          expect(Number.isFinite(bytesPerSecond + archivesPerSecond)).toBe(true);
        }
      }),
    );
  });
});
