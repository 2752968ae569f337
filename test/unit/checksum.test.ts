import { crc32 } from 'node:zlib';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  CHECKSUM_ALGORITHMS,
  checksumOf,
  combineChecksums,
  compositeChecksum,
  newChecksum,
} from '../../src/domain/checksum.ts';
import { combineCrcs, newCrc } from '../../src/domain/crc.ts';
import { BugError } from '../../src/lib/errors.ts';
import { nativeCrcs } from '../../src/lib/native-crc.ts';

const CRC_ALGORITHMS = ['CRC32', 'CRC32C', 'CRC64NVME'] as const;
const POLYNOMIALS = { CRC32: 0xedb88320n, CRC32C: 0x82f63b78n, CRC64NVME: 0x9a6c9329ac4bc9b5n } as const;

const hex = (base64: string) => Buffer.from(base64, 'base64').toString('hex');

/** Bit by bit, straight from the definition. */
function slowCrc(algorithm: (typeof CRC_ALGORITHMS)[number], bytes: Uint8Array): string {
  const bits = algorithm === 'CRC64NVME' ? 64 : 32;
  const ones = (1n << BigInt(bits)) - 1n;
  let register = ones;
  for (const byte of bytes) {
    register ^= BigInt(byte);
    for (let i = 0; i < 8; i += 1)
      register = register & 1n ? (register >> 1n) ^ POLYNOMIALS[algorithm] : register >> 1n;
  }
  return (register ^ ones).toString(16).padStart(bits / 4, '0');
}

/** Bytes, and where to cut them. */
const cutBytes = fc
  .uint8Array({ maxLength: 300 })
  .chain((bytes) => fc.tuple(fc.constant(bytes), fc.array(fc.nat(bytes.length), { maxLength: 12 })))
  .map(([bytes, cuts]) => {
    const edges = [0, ...cuts.toSorted((a, b) => a - b), bytes.length];
    return { bytes, pieces: edges.slice(1).map((end, i) => bytes.subarray(edges[i], end)) };
  });

describe('checksums', () => {
  it.each([
    ['CRC32', 'cbf43926'],
    ['CRC32C', 'e3069283'],
    ['CRC64NVME', 'ae8b14860a799888'],
    ['SHA256', '15e2b0d3c33891ebb0f1ef609ec419420c20e320ce94c65fbc8c3312448eb225'],
  ] as const)('has the published check value of %s', (algorithm, expected) => {
    expect(hex(checksumOf(algorithm, Buffer.from('123456789')))).toBe(expected);
  });

  it.each([
    ['CRC32', '00000000'],
    ['CRC32C', '00000000'],
    ['CRC64NVME', '0000000000000000'],
    ['SHA256', 'e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855'],
  ] as const)('has the %s of no bytes', (algorithm, expected) => {
    expect(hex(checksumOf(algorithm, new Uint8Array()))).toBe(expected);
  });

  it.each(CRC_ALGORITHMS)('has the %s of the definition for any bytes at any alignment', (algorithm) => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 100 }), fc.nat(7), (bytes, offset) => {
        const unaligned = new Uint8Array(bytes.length + offset).subarray(offset);
        unaligned.set(bytes);
        expect(hex(checksumOf(algorithm, unaligned))).toBe(slowCrc(algorithm, bytes));
      }),
    );
  });

  it.each(['CRC32', 'CRC32C'] as const)(
    'has the same %s of long bytes with and without the addon that computes it',
    (name) => {
      const without = nativeCrcs(() => {
        throw new Error('Cannot find native binding');
      });
      expect(without.crc32c).toBeUndefined();
      expect(nativeCrcs().crc32c).toBeDefined();
      fc.assert(
        fc.property(fc.integer({ min: 200, max: 5000 }), fc.nat(), fc.nat(5000), (length, seed, cut) => {
          const bytes = Buffer.from(Array.from({ length }, (_, i) => Math.imul(i + seed, 0x9e3779b1) >>> 24));
          const [a, b] = [newCrc(name, without), newCrc(name)];
          a.update(bytes);
          b.update(bytes.subarray(0, cut));
          b.update(bytes.subarray(cut));
          expect(b.value()).toBe(a.value());
        }),
      );
    },
  );

  it.each([
    ['computes something else', { crc32: () => 1, crc32c: () => 2 }],
    ['is another one', {}],
  ])('does without an addon that %s', (_, addon) => {
    const crcs = nativeCrcs(() => addon as never);
    const crc = newCrc('CRC32', crcs);
    crc.update(Buffer.from('123456789'));

    expect(crc.value()).toBe(0xcbf43926n);
    expect(crcs.crc32c).toBeUndefined();
  });

  it.each(CHECKSUM_ALGORITHMS)('gives the same %s however the bytes arrive', (algorithm) => {
    fc.assert(
      fc.property(cutBytes, ({ bytes, pieces }) => {
        const running = newChecksum(algorithm);
        for (const piece of pieces) running.update(piece);
        expect(running.digest()).toBe(checksumOf(algorithm, bytes));
      }),
    );
  });
});

describe("an object's checksum from its parts", () => {
  it.each(CRC_ALGORITHMS)('is for %s the one of the whole, wherever the bytes are cut', (algorithm) => {
    fc.assert(
      fc.property(cutBytes, ({ bytes, pieces }) => {
        const parts = pieces.map((piece) => ({ value: checksumOf(algorithm, piece), length: piece.length }));
        expect(combineChecksums(algorithm, parts)).toEqual({
          algorithm,
          type: 'FULL_OBJECT',
          value: checksumOf(algorithm, bytes),
        });
      }),
    );
  });

  it.each(CRC_ALGORITHMS)(
    'is for %s the same whether parts combine at once or in two steps, up to 4 GiB each',
    (algorithm) => {
      const bits = algorithm === 'CRC64NVME' ? 64n : 32n;
      const part = fc.record({ value: fc.bigInt(0n, (1n << bits) - 1n), length: fc.nat(2 ** 32) });
      fc.assert(
        fc.property(part, part, part, (a, b, c) => {
          const right = { value: combineCrcs(algorithm, [b, c]), length: b.length + c.length };
          expect(combineCrcs(algorithm, [a, right])).toBe(combineCrcs(algorithm, [a, b, c]));
        }),
      );
    },
  );

  it('combines 10,000 parts of 8 MiB as computed over their 78 GiB would be', () => {
    const zeros = new Uint8Array(2 ** 23);
    const part = { value: checksumOf('CRC32', zeros), length: zeros.length };

    const all = combineChecksums(
      'CRC32',
      Array.from({ length: 10_000 }, () => part),
    );

    // A square-and-multiply of its own: 10,000 = 2 * (2 * (... ) + 1) by doubling one piece at a time.
    let doubled = { value: BigInt(crc32(zeros)), length: zeros.length };
    let expected = { value: 0n, length: 0 };
    for (let left = 10_000; left > 0; left = Math.floor(left / 2)) {
      if (left % 2 === 1) {
        expected = {
          value: combineCrcs('CRC32', [expected, doubled]),
          length: expected.length + doubled.length,
        };
      }
      doubled = { value: combineCrcs('CRC32', [doubled, doubled]), length: doubled.length * 2 };
    }
    expect(hex(all.value)).toBe(expected.value.toString(16).padStart(8, '0'));
  });

  it('is for SHA256 the composite that the S3 user guide computes', () => {
    const parts = [
      'QLl8R4i4+SaJlrl8ZIcutc5TbZtwt2NwB8lTXkd3GH0=',
      'xCdgs1K5Bm4jWETYw/CmGYr+m6O2DcGfpckx5NVokvE=',
      'f5wsfsa5bB+yXuwzqG1Bst91uYneqGD3CCidpb54mAo=',
    ].map((value) => ({ value, length: 8 }));

    expect(combineChecksums('SHA256', parts)).toEqual({
      algorithm: 'SHA256',
      type: 'COMPOSITE',
      value: 'aI8EoktCdotjU8Bq46DrPCxQCGuGcPIhJ51noWs6hvk=-3',
    });
  });

  it('is for a composite CRC32 the CRC32 of the digests', () => {
    const [a, b] = [checksumOf('CRC32', Buffer.from('one')), checksumOf('CRC32', Buffer.from('two'))];
    const digests = Buffer.concat([Buffer.from(a, 'base64'), Buffer.from(b, 'base64')]);

    expect(compositeChecksum('CRC32', [{ value: a }, { value: b }]).value).toBe(`${checksumOf('CRC32', digests)}-2`);
  });

  it('refuses a part whose checksum is of another algorithm', () => {
    const part = { value: checksumOf('CRC32', Buffer.from('x')), length: 1 };
    expect(() => combineChecksums('CRC64NVME', [part])).toThrow(BugError);
  });
});
