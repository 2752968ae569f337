import { createHash } from 'node:crypto';
import { BugError } from '../lib/errors.ts';
import { combineCrcs, crcBytes, crcFromBytes, newCrc } from './crc.ts';

/** What S3 can keep as an object's checksum, of those this program offers. */
export const CHECKSUM_ALGORITHMS = ['CRC32', 'CRC32C', 'CRC64NVME', 'SHA256'] as const;
export type ChecksumAlgorithm = (typeof CHECKSUM_ALGORITHMS)[number];

/** A checksum as S3 writes it: base64, with `-<parts>` behind it where it is composite. */
export interface ObjectChecksum {
  readonly algorithm: ChecksumAlgorithm;
  readonly type: 'FULL_OBJECT' | 'COMPOSITE';
  readonly value: string;
}

/** A checksum over bytes as they arrive. `digest` is base64 as S3 writes it (big-endian for the CRCs); call it once. */
export interface RunningChecksum {
  update(bytes: Uint8Array): void;
  digest(): string;
}

/** Starts a checksum over bytes as they arrive. */
export function newChecksum(algorithm: ChecksumAlgorithm): RunningChecksum {
  if (algorithm === 'SHA256') {
    const hash = createHash('sha256');
    return { update: (bytes) => void hash.update(bytes), digest: () => hash.digest('base64') };
  }
  const crc = newCrc(algorithm);
  return { update: (bytes) => crc.update(bytes), digest: () => crcBytes(algorithm, crc.value()).toString('base64') };
}

/** The checksum of bytes that are at hand, in base64. */
export function checksumOf(algorithm: ChecksumAlgorithm, bytes: Uint8Array): string {
  const checksum = newChecksum(algorithm);
  checksum.update(bytes);
  return checksum.digest();
}

/**
 * The checksum that S3 gives an object made of these parts (S3 user guide, checking object integrity): that of the
 * object's bytes for the CRCs, the SHA-256 of the parts' digests with `-<parts>` behind it for SHA256.
 * `length` is in bytes and `value` in base64, without a `-<parts>` of its own.
 */
export function combineChecksums(
  algorithm: ChecksumAlgorithm,
  parts: readonly { readonly value: string; readonly length: number }[],
): ObjectChecksum {
  if (algorithm === 'SHA256') return compositeChecksum(algorithm, parts);
  const pieces = parts.map(({ value, length }) => {
    const crc = crcFromBytes(algorithm, Buffer.from(value, 'base64'));
    if (crc === undefined) throw new BugError(`"${value}" is not a ${algorithm} in base64`);
    return { value: crc, length };
  });
  const combined = crcBytes(algorithm, combineCrcs(algorithm, pieces));
  return { algorithm, type: 'FULL_OBJECT', value: combined.toString('base64') };
}

/** The checksum of the parts' checksums, with `-<parts>` behind it. S3 gives it for all but CRC64NVME. */
export function compositeChecksum(
  algorithm: Exclude<ChecksumAlgorithm, 'CRC64NVME'>,
  parts: readonly { readonly value: string }[],
): ObjectChecksum {
  const checksum = newChecksum(algorithm);
  for (const { value } of parts) checksum.update(Buffer.from(value, 'base64'));
  return { algorithm, type: 'COMPOSITE', value: `${checksum.digest()}-${parts.length}` };
}
