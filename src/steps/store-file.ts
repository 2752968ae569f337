import { type FileHandle, open } from 'node:fs/promises';
import { checksumOf, combineChecksums } from '../domain/checksum.ts';
import type { ObjectKey } from '../domain/ids.ts';
import { type ByteRange, lengthOf, partCount, partRange } from '../domain/ranges.ts';
import { BugError, messageOf } from '../lib/errors.ts';
import { MiB } from '../lib/size.ts';
import type { Bucket, ObjectAttributes } from '../ports.ts';
import type { Deps } from './deps.ts';
import { persist } from './persist.ts';

/** Files up to this size are one PUT, larger ones are sent in parts of it: what is held in memory. 10,000 of them are 625 GiB. */
const PART = 64 * MiB;
const ALGORITHM = 'CRC32';

/** Puts a file into the bucket, over what is there, with a checksum that S3 verifies. */
export async function storeFile(
  deps: Pick<Deps, 'clock' | 'log' | 'signals'> & { readonly bucket: Bucket },
  path: string,
  key: ObjectKey,
  contentType: string,
): Promise<void> {
  const attributes: ObjectAttributes = { storageClass: 'STANDARD', metadata: {}, tags: {}, contentType };
  const file = await open(path, 'r');
  try {
    const { size } = await file.stat();
    if (size > PART) return await storeParts(deps, file, { key, size, attributes });
    const body = await read(file, { start: 0, end: size - 1 });
    const checksum = { algorithm: ALGORITHM, value: checksumOf(ALGORITHM, body) } as const;
    await persist(deps, () => deps.bucket.put(key, body, { checksum, attributes, ifAbsent: false }, deps.signals.stop));
  } finally {
    await file.close();
  }
}

async function storeParts(
  deps: Parameters<typeof storeFile>[0],
  file: FileHandle,
  { key, size, attributes }: { readonly key: ObjectKey; readonly size: number; readonly attributes: ObjectAttributes },
): Promise<void> {
  const { bucket, signals } = deps;
  const uploadId = await bucket.createUpload(key, { checksumAlgorithm: ALGORITHM, attributes });
  try {
    const parts: { partNumber: number; etag: string; checksum: string; length: number }[] = [];
    for (let partNumber = 1; partNumber <= partCount(size, PART); partNumber += 1) {
      const range = partRange(size, PART, partNumber);
      const body = await read(file, range);
      const value = checksumOf(ALGORITHM, body);
      const part = { key, uploadId, partNumber, body, checksum: { algorithm: ALGORITHM, value } } as const;
      const { etag } = await persist(deps, () => bucket.uploadPart(part, signals.stop));
      parts.push({ partNumber, etag, checksum: value, length: lengthOf(range) });
    }
    const checksum = combineChecksums(
      ALGORITHM,
      parts.map(({ checksum: value, length }) => ({ value, length })),
    );
    await bucket.completeUpload({ key, uploadId, parts, size, checksum, ifAbsent: false });
  } catch (error) {
    await bucket.abortUpload(key, uploadId, signals.cut).catch((abortError: unknown) => {
      deps.log.warn({ key, uploadId, error: messageOf(abortError) }, 'an upload is left that could not be aborted');
    });
    throw error;
  }
}

async function read(file: FileHandle, range: ByteRange): Promise<Buffer> {
  const body = Buffer.alloc(lengthOf(range));
  for (let at = 0; at < body.length; ) {
    const { bytesRead } = await file.read(body, at, body.length - at, range.start + at);
    if (bytesRead === 0) throw new BugError('the file became shorter while it was read');
    at += bytesRead;
  }
  return body;
}
