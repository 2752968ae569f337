import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { TreeHash } from '../../src/domain/ids.ts';
import { partCount, partRange } from '../../src/domain/ranges.ts';
import { combineTreeHashes, TreeHasher, treeHash } from '../../src/domain/tree-hash.ts';
import { MiB } from '../../src/lib/size.ts';

interface Vector {
  readonly name: string;
  readonly repeat: string;
  readonly times: number;
  readonly treeHash: string;
}

const { vectors } = JSON.parse(
  readFileSync(new URL('../../fixtures/tree-hash/vectors.json', import.meta.url), 'utf8'),
) as { vectors: readonly Vector[] };

const sha256 = (...pieces: readonly Uint8Array[]): Buffer => {
  const hash = createHash('sha256');
  for (const piece of pieces) hash.update(piece);
  return hash.digest();
};

/** The definition, top down: the left subtree holds the largest power of two of leaves that is not all of them. */
function reference(leaves: readonly Buffer[]): Buffer {
  if (leaves.length === 1) return leaves[0]!;
  let half = 1;
  while (half * 2 < leaves.length) half *= 2;
  return sha256(reference(leaves.slice(0, half)), reference(leaves.slice(half)));
}

const leavesOf = (bytes: Uint8Array): Buffer[] =>
  Array.from({ length: Math.max(1, Math.ceil(bytes.length / MiB)) }, (_, i) =>
    sha256(bytes.subarray(i * MiB, (i + 1) * MiB)),
  );

/** Bytes that differ from leaf to leaf. */
const bytesOf = (size: number): Buffer => {
  const bytes = Buffer.alloc(size, 'glacier');
  for (let at = 0; at < size; at += MiB) bytes[at] = (at / MiB) % 251;
  return bytes;
};

/** In pieces of these lengths, over and over. */
function hashInPieces(bytes: Uint8Array, lengths: readonly number[]): TreeHash {
  const hasher = new TreeHasher();
  for (let at = 0, i = 0; at < bytes.length; i += 1) {
    const length = lengths[i % lengths.length] ?? 1;
    hasher.update(bytes.subarray(at, at + length));
    at += length;
  }
  expect(hasher.length).toBe(bytes.length);
  return hasher.digest();
}

describe('the tree hash', () => {
  it.each(vectors)('of $name is the one that AWS computes', ({ repeat, times, treeHash: expected }) => {
    expect(treeHash(Buffer.from(repeat.repeat(times)))).toBe(expected);
  });

  it('of nothing is the hash of nothing', () => {
    expect(treeHash(Buffer.alloc(0))).toBe('e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855');
    expect(combineTreeHashes([])).toBe(treeHash(Buffer.alloc(0)));
  });

  it('agrees with its definition for sizes around every boundary', () => {
    for (const leaves of [0, 1, 2, 3, 4, 5, 7, 8, 9]) {
      for (const more of [-1, 0, 1]) {
        const size = leaves * MiB + more;
        if (size < 1) continue;
        const bytes = bytesOf(size);
        expect(treeHash(bytes), `${size} bytes`).toBe(reference(leavesOf(bytes)).toString('hex'));
      }
    }
  });

  it('does not depend on the pieces in which the bytes arrive', () => {
    const bytes = bytesOf(3 * MiB + 17);
    const whole = treeHash(bytes);
    const length = fc.oneof(
      fc.integer({ min: 1000, max: 3 * MiB }),
      fc.constantFrom(64 * 1024, MiB - 1, MiB, MiB + 1, 2 * MiB),
    );
    fc.assert(
      fc.property(fc.array(length, { minLength: 1, maxLength: 6 }), (lengths) => {
        expect(hashInPieces(bytes, lengths)).toBe(whole);
      }),
      { numRuns: 30 },
    );
  });

  it('combines any number of nodes as its definition does', () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 300 }), (count) => {
        const nodes = Array.from({ length: count }, (_, i) => sha256(Buffer.from(String(i))));
        const hex = nodes.map((node) => node.toString('hex') as TreeHash);
        expect(combineTreeHashes(hex)).toBe(reference(nodes).toString('hex'));
      }),
    );
  });

  it('of the whole is what the tree hashes of its parts combine to', () => {
    // leaves stand for MiB: parts of a power of two of them, as partSizeFor gives
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 700 }), fc.integer({ min: 0, max: 6 }), (count, power) => {
        const leaves = Array.from({ length: count }, (_, i) => sha256(Buffer.from(String(i))).toString('hex'));
        const partSize = 2 ** power;
        const parts = Array.from({ length: partCount(count, partSize) }, (_, i) => {
          const { start, end } = partRange(count, partSize, i + 1);
          return combineTreeHashes(leaves.slice(start, end + 1) as TreeHash[]);
        });
        expect(combineTreeHashes(parts)).toBe(combineTreeHashes(leaves as TreeHash[]));
      }),
    );
  });

  it('of real bytes, too, is what its parts combine to', () => {
    const bytes = bytesOf(19 * MiB + 5);
    const parts = [1, 2, 3].map((partNumber) => {
      const { start, end } = partRange(bytes.length, 8 * MiB, partNumber);
      return treeHash(bytes.subarray(start, end + 1));
    });
    expect(combineTreeHashes(parts)).toBe(treeHash(bytes));
  });
});
