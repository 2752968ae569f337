import { BugError } from '../lib/errors.ts';
import { GiB, MiB } from '../lib/size.ts';

/** Bytes `start` to `end`, both included. */
export interface ByteRange {
  readonly start: number;
  readonly end: number;
}

/** S3: parts of an upload (S3 user guide, multipart upload limits). */
export const MAX_PARTS = 10_000;
/** The smallest power of two above S3's 5 MiB minimum for a part that is not the last. */
export const MIN_PART_SIZE = 8 * MiB;
/** The largest power of two below S3's 5 GiB maximum; 10,000 of them hold Glacier's largest archive exactly. */
export const MAX_PART_SIZE = 4 * GiB;
/** 40,000 GiB: Glacier's largest archive (AWS General Reference, Amazon Glacier quotas). */
export const MAX_ARCHIVE_SIZE = MAX_PARTS * MAX_PART_SIZE;

const ONE_PUT = Object.freeze({ uploads: 0, parts: 0 });

/** The bytes of a range. */
export function lengthOf({ start, end }: ByteRange): number {
  return end - start + 1;
}

/**
 * The part size of an archive: a power of two MiB, at least `wanted` (a power of two MiB too) and large enough for
 * 10,000 parts. Only powers of two give a server tree hash for each part, and parts whose tree hashes combine to the archive's
 * (Glacier developer guide, checksum-calculations-range).
 */
export function partSizeFor(size: number, wanted: number = MIN_PART_SIZE): number {
  let partSize = Math.max(wanted, MIN_PART_SIZE);
  if (!Number.isInteger(Math.log2(partSize))) throw new BugError(`${partSize} is not a power of two`);
  while (Math.ceil(size / partSize) > MAX_PARTS) partSize *= 2;
  if (partSize > MAX_PART_SIZE) throw new BugError(`an archive of ${size} bytes does not fit in ${MAX_PARTS} parts`);
  return partSize;
}

/** How many parts an archive has. */
export function partCount(size: number, partSize: number): number {
  return Math.ceil(size / partSize);
}

/** What writing an archive takes beside a PutObject: an upload and its parts, or 0 and 0 where it goes in one. */
export function copiesOf(size: number, partSize: number): { readonly uploads: number; readonly parts: number } {
  return size <= partSize ? ONE_PUT : { uploads: 1, parts: partCount(size, partSize) };
}

/** The bytes of part `partNumber` (from 1). */
export function partRange(size: number, partSize: number, partNumber: number): ByteRange {
  const start = (partNumber - 1) * partSize;
  if (partNumber < 1 || start >= size) throw new BugError(`an archive of ${size} bytes has no part ${partNumber}`);
  return { start, end: Math.min(start + partSize, size) - 1 };
}

/**
 * Whether Glacier gives a tree hash for this range of an archive of `size` bytes: it covers exactly one node of the tree,
 * `[i*2^k, min((i+1)*2^k, N))` in MiB.
 */
export function isTreeHashAligned({ start, end }: ByteRange, size: number): boolean {
  const stop = end + 1;
  if (start < 0 || start % MiB !== 0 || stop > size || start >= stop) return false;
  if (stop === size && start === 0) return true;
  const first = start / MiB;
  const leaves = Math.ceil(size / MiB);
  for (let width = 1; width < leaves * 2; width *= 2) {
    if (first % width !== 0) return false;
    if (stop === Math.min((first + width) * MiB, size)) return true;
  }
  return false;
}
