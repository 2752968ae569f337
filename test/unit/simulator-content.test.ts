import { createHash } from 'node:crypto';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { treeHash } from '../../src/domain/tree-hash.ts';
import { GiB, MiB } from '../../src/lib/size.ts';
import { ArchiveContent, type ContentSource } from '../../src/simulator/glacier/content.ts';

function bytesOf(content: ArchiveContent, start = 0, end = content.size - 1): Buffer {
  return Buffer.concat([...content.read({ start, end })]);
}

const size = fc.oneof(
  fc.integer({ min: 1, max: 5 * MiB }),
  fc
    .tuple(fc.integer({ min: 1, max: 5 }), fc.integer({ min: -2, max: 2 }))
    .map(([chunks, more]) => chunks * MiB + more),
);
const source: fc.Arbitrary<ContentSource> = fc.oneof(
  fc.record({
    kind: fc.constant('seeded' as const),
    seed: fc.string(),
    size,
    period: fc.constantFrom(1, 2, 3, 4, 100),
  }),
  fc.record({ kind: fc.constant('seeded' as const), seed: fc.string(), size }),
  fc.record({ kind: fc.constant('zeros' as const), size }),
  fc.uint8Array({ minLength: 1, maxLength: 2000 }).map((bytes) => ({ kind: 'bytes' as const, bytes })),
);

describe('an archive whose bytes are made when they are read', () => {
  it('gives the same bytes for any range as for the whole', () => {
    fc.assert(
      fc.property(source, fc.nat(), fc.nat(), (from, a, b) => {
        const content = new ArchiveContent(from);
        const [start, end] = [a % content.size, b % content.size].sort((x, y) => x - y) as [number, number];
        expect(bytesOf(content, start, end).equals(bytesOf(content).subarray(start, end + 1))).toBe(true);
      }),
      { numRuns: 60 },
    );
  });

  it('knows the tree hash of its bytes, and that of any range of whole chunks', async () => {
    await fc.assert(
      fc.asyncProperty(source, fc.nat(), fc.nat(), async (from, a, b) => {
        const content = new ArchiveContent(from);
        const chunks = Math.ceil(content.size / MiB);
        const [first, last] = [a % chunks, b % chunks].sort((x, y) => x - y) as [number, number];
        const [start, end] = [first * MiB, Math.min((last + 1) * MiB, content.size) - 1];
        expect(await content.treeHashOf({ start, end })).toBe(treeHash(bytesOf(content, start, end)));
        expect(await content.treeHash()).toBe(treeHash(bytesOf(content)));
      }),
      { numRuns: 60 },
    );
  });

  it('has other bytes in every chunk, and others for another seed', () => {
    const content = new ArchiveContent({ kind: 'seeded', seed: 'a', size: 8 * MiB });
    const other = new ArchiveContent({ kind: 'seeded', seed: 'b', size: MiB });
    const chunks = [...content.read({ start: 0, end: 8 * MiB - 1 }), ...other.read({ start: 0, end: MiB - 1 })];
    expect(new Set(chunks.map((chunk) => treeHash(chunk))).size).toBe(9);
  });

  it('hashes the largest archive there can be without reading it, where its bytes repeat', async () => {
    const size = 40_000 * GiB;
    const zeros = new ArchiveContent({ kind: 'zeros', size });
    expect(await zeros.treeHash()).toBe(rootOfEqualChunks(Buffer.alloc(MiB), size / MiB));
    const noise = new ArchiveContent({ kind: 'seeded', seed: 'a', size, period: 1 });
    expect(await noise.treeHash()).toBe(rootOfEqualChunks(bytesOf(noise, 0, MiB - 1), size / MiB));
  });
});

/** Level by level: equal nodes, and behind them at most one that is not. */
function rootOfEqualChunks(chunk: Buffer, chunks: number): string {
  let node = createHash('sha256').update(chunk).digest();
  let tail: Buffer | undefined;
  for (let count = chunks; count + (tail ? 1 : 0) > 1; count = Math.floor(count / 2)) {
    if (count % 2 === 1) tail = tail ? createHash('sha256').update(node).update(tail).digest() : node;
    node = createHash('sha256').update(node).update(node).digest();
  }
  return (tail ?? node).toString('hex');
}
