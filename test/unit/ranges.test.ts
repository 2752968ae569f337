import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  isTreeHashAligned,
  lengthOf,
  MAX_ARCHIVE_SIZE,
  MAX_PART_SIZE,
  MAX_PARTS,
  MIN_PART_SIZE,
  partCount,
  partRange,
  partSizeFor,
} from '../../src/domain/ranges.ts';
import { BugError } from '../../src/lib/errors.ts';
import { GiB, MiB } from '../../src/lib/size.ts';

const anySize = fc.oneof(
  fc.integer({ min: 1, max: MAX_ARCHIVE_SIZE }),
  fc.integer({ min: 1, max: 64 * MiB }),
  fc.tuple(fc.integer({ min: 23, max: 45 }), fc.integer({ min: -1, max: 1 })).map(([power, more]) => {
    return Math.min(2 ** power + more, MAX_ARCHIVE_SIZE);
  }),
);

/** Every node of the tree over `leaves` leaves, as `start-stop` in leaves. */
function nodesOf(leaves: number): Set<string> {
  const nodes = new Set<string>();
  let level = Array.from({ length: leaves }, (_, i) => [i, i + 1] as const);
  for (;;) {
    for (const [start, stop] of level) nodes.add(`${start}-${stop}`);
    if (level.length === 1) return nodes;
    const next: (readonly [number, number])[] = [];
    for (let i = 0; i < level.length; i += 2) next.push([level[i]![0], (level[i + 1] ?? level[i])![1]]);
    level = next;
  }
}

describe('part sizes', () => {
  it.each([
    [1, 8 * MiB],
    [80_000 * MiB, 8 * MiB],
    [80_000 * MiB + 1, 16 * MiB],
    [160_000 * MiB, 16 * MiB],
    [625 * GiB, 64 * MiB],
    [1_250 * GiB, 128 * MiB],
    [5_000 * GiB, 512 * MiB],
    [5_000 * GiB + 1, GiB],
    [20_000 * GiB, 2 * GiB],
    [20_000 * GiB + 1, 4 * GiB],
    [40_000 * GiB, 4 * GiB],
  ])('an archive of %i bytes gets parts of %i', (size, partSize) => {
    expect(partSizeFor(size)).toBe(partSize);
  });

  it('the largest archive is 10,000 parts of 4 GiB, and a byte more does not fit', () => {
    expect(partCount(MAX_ARCHIVE_SIZE, MAX_PART_SIZE)).toBe(MAX_PARTS);
    expect(() => partSizeFor(MAX_ARCHIVE_SIZE + 1)).toThrow(BugError);
  });

  it('are the smallest power of two that is wanted and that 10,000 parts allow', () => {
    fc.assert(
      fc.property(anySize, fc.integer({ min: 0, max: 12 }), (size, power) => {
        const wanted = 2 ** power * MiB;
        const partSize = partSizeFor(size, wanted);
        expect(Number.isInteger(Math.log2(partSize))).toBe(true);
        expect(partSize).toBeGreaterThanOrEqual(Math.max(wanted, MIN_PART_SIZE));
        expect(partSize).toBeLessThanOrEqual(MAX_PART_SIZE);
        expect(partCount(size, partSize)).toBeLessThanOrEqual(MAX_PARTS);
        if (partSize > Math.max(wanted, MIN_PART_SIZE))
          expect(partCount(size, partSize / 2)).toBeGreaterThan(MAX_PARTS);
      }),
    );
  });

  it('that are no power of two are refused: their tree hashes would not combine', () => {
    expect(() => partSizeFor(GiB, 12 * MiB)).toThrow(BugError);
  });
});

describe('part ranges', () => {
  it('cover the archive without gap or overlap, and Glacier gives a tree hash for each', () => {
    fc.assert(
      fc.property(anySize, (size) => {
        const partSize = partSizeFor(size);
        const count = partCount(size, partSize);
        // all of them where they are few, else the first and the last ones
        const numbers = new Set([1, 2, 3, count - 2, count - 1, count].filter((n) => n >= 1 && n <= count));
        for (const partNumber of numbers) {
          const range = partRange(size, partSize, partNumber);
          expect(range.start).toBe(partNumber === 1 ? 0 : partRange(size, partSize, partNumber - 1).end + 1);
          expect(lengthOf(range)).toBe(partNumber === count ? size - (count - 1) * partSize : partSize);
          expect(isTreeHashAligned(range, size)).toBe(true);
        }
        expect(partRange(size, partSize, count).end).toBe(size - 1);
      }),
    );
  });

  it('there is no part before the first or behind the last', () => {
    expect(() => partRange(16 * MiB, 8 * MiB, 0)).toThrow(BugError);
    expect(() => partRange(16 * MiB, 8 * MiB, 3)).toThrow(BugError);
  });
});

describe('tree-hash alignment', () => {
  it('holds for exactly the nodes of the tree', () => {
    for (const leaves of [1, 2, 3, 4, 5, 6, 7, 8, 9, 12, 13, 16, 17, 31, 32, 33]) {
      const nodes = nodesOf(leaves);
      for (const size of [leaves * MiB, (leaves - 1) * MiB + 1]) {
        for (let start = 0; start < leaves; start += 1) {
          for (let stop = start + 1; stop <= leaves; stop += 1) {
            const range = { start: start * MiB, end: Math.min(stop * MiB, size) - 1 };
            expect(isTreeHashAligned(range, size), `${start}-${stop} of ${leaves}`).toBe(nodes.has(`${start}-${stop}`));
          }
        }
      }
    }
  });

  it('follows the example of the developer guide: of 6.5 MiB, [2,4) is aligned and [1,3) is not', () => {
    const size = 6.5 * MiB;
    expect(isTreeHashAligned({ start: 2 * MiB, end: 4 * MiB - 1 }, size)).toBe(true);
    expect(isTreeHashAligned({ start: MiB, end: 3 * MiB - 1 }, size)).toBe(false);
  });

  it('fails off the MiB, beyond the end and backwards', () => {
    const size = 4 * MiB + 10;
    const aligned = (start: number, end: number) => isTreeHashAligned({ start, end }, size);
    expect(aligned(1, MiB)).toBe(false);
    expect(aligned(0, MiB - 2)).toBe(false);
    expect(aligned(0, MiB)).toBe(false);
    expect(aligned(4 * MiB, size)).toBe(false);
    expect(aligned(4 * MiB, size - 2)).toBe(false);
    expect(aligned(4 * MiB, size - 1)).toBe(true);
    expect(aligned(-MiB, MiB - 1)).toBe(false);
    expect(aligned(2 * MiB, MiB)).toBe(false);
  });
});
