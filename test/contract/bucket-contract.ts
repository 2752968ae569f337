import { randomBytes, randomUUID } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import {
  CHECKSUM_ALGORITHMS,
  type ChecksumAlgorithm,
  checksumOf,
  combineChecksums,
} from '../../src/domain/checksum.ts';
import type { ObjectKey, UploadId } from '../../src/domain/ids.ts';
import { isFailure, ServiceError } from '../../src/domain/service-error.ts';
import { MiB } from '../../src/lib/size.ts';
import type { Bucket, ObjectAttributes } from '../../src/ports.ts';

export interface BucketSubject {
  /** A bucket that is there, and one that is not. */
  readonly bucket: Bucket;
  readonly missing: Bucket;
  /** Where the bucket says that it is. */
  readonly region: string;
  close(): Promise<void>;
}

/** What a server may lack without the adapter being at fault. */
export interface BucketCapabilities {
  /** The algorithms whose checksums it verifies, keeps and gives back. */
  readonly checksums: readonly ChecksumAlgorithm[];
  /** Conditions on PutObject, and on CompleteMultipartUpload. */
  readonly conditionalPut: boolean;
  readonly conditionalComplete: boolean;
  /** A storage class other than STANDARD that it keeps. */
  readonly storageClass: string;
  /** Whether an object with bytes may have a key that ends in a slash. */
  readonly slashedKeys: boolean;
  /** Whether the listing of uploads gives keys of any characters as they are, or says that they are encoded. */
  readonly uploadKeys: boolean;
  /** Whether CompleteMultipartUpload gives the object's ETag and refuses an upload that is gone. */
  readonly exactCompletion: boolean;
}

/** As a network delivers them: 8 KiB and less among them. */
async function* inPieces(bytes: Uint8Array): AsyncGenerator<Uint8Array> {
  for (let offset = 0, size = 1; offset < bytes.length; offset += size, size = (size * 7) % 100_003) {
    yield bytes.subarray(offset, offset + size);
  }
}

/** A server that takes no trailers says so once; from then on it is not given any. */
async function patiently<T>(call: () => Promise<T>): Promise<T> {
  return call().catch((error: unknown) => {
    if (!isFailure(error, 'unavailable')) throw error;
    return call();
  });
}

const ODD_NAMES = [
  ...['a b', 'a+b', 'a%20b', 'a&b<c>', "quote's", 'tab\tx', 'A', 'a', 'dir/', '~'],
  // one letter in both its forms; two signs whose order in UTF-16 is not that of their bytes
  ...['\u{E9}', 'e\u{301}', '\u{1F600}', '\u{FF5E}'],
];

/** What every Bucket must do. Each test writes under a prefix of its own, so that a server may be used again. */
export function describeBucketContract(
  name: string,
  makeSubject: () => Promise<BucketSubject>,
  capabilities: BucketCapabilities,
): void {
  const { checksums, conditionalPut, conditionalComplete, storageClass, slashedKeys, uploadKeys, exactCompletion } =
    capabilities;

  describe(`${name} as a bucket`, () => {
    let subject: BucketSubject;
    const { signal } = new AbortController();
    const run = randomUUID();
    beforeAll(async () => {
      subject = await makeSubject();
    });
    afterAll(() => subject.close());

    const key = (text: string): ObjectKey => `${run}/${text}` as ObjectKey;
    const attributes: ObjectAttributes = {
      storageClass,
      metadata: { 'archive-id': '-x_1', 'archive-description': 'a%20b "c" = d' },
      tags: { from: 'a vault', 'k=v:/@': '+ é' },
      contentType: 'application/x-archive',
    };
    const put = (
      to: ObjectKey,
      body: Uint8Array,
      { algorithm = 'CRC32' as ChecksumAlgorithm, ifAbsent = false } = {},
    ) => {
      const checksum = { algorithm, value: checksumOf(algorithm, body) };
      return subject.bucket.put(to, body, { checksum, attributes, ifAbsent }, signal);
    };
    const uploadPart = (
      to: ObjectKey,
      uploadId: UploadId,
      partNumber: number,
      body: Uint8Array,
      algorithm: ChecksumAlgorithm,
    ) => {
      const checksum = { algorithm, value: checksumOf(algorithm, body) };
      return subject.bucket.uploadPart({ key: to, uploadId, partNumber, body, checksum }, signal);
    };
    /** Sends the parts, the last one first, and gives what completing needs. */
    const upload = async (to: ObjectKey, bodies: readonly Uint8Array[], algorithm: ChecksumAlgorithm = 'CRC32') => {
      const uploadId = await subject.bucket.createUpload(to, { checksumAlgorithm: algorithm, attributes });
      const parts = [];
      for (const [i, body] of [...bodies.entries()].reverse()) {
        const { etag } = await uploadPart(to, uploadId, i + 1, body, algorithm);
        parts.unshift({ partNumber: i + 1, etag, checksum: checksumOf(algorithm, body) });
      }
      const sizes = parts.map(({ checksum }, i) => ({ value: checksum, length: bodies[i]!.length }));
      const size = bodies.reduce((sum, { length }) => sum + length, 0);
      return { key: to, uploadId, parts, size, checksum: combineChecksums(algorithm, sizes), ifAbsent: false };
    };
    const list = async (prefix: string) => Array.fromAsync(subject.bucket.list(prefix, signal));

    it('tells its Region, and that there is no such bucket', async () => {
      expect(await subject.bucket.describe(signal)).toEqual({ region: subject.region });
      await expect(subject.missing.describe(signal)).rejects.toMatchObject({ code: 'bucket_not_found' });
      const body = randomBytes(3);
      const checksum = { algorithm: 'CRC32', value: checksumOf('CRC32', body) } as const;
      const lost = subject.missing.put(key('x'), body, { checksum, attributes, ifAbsent: false }, signal);
      await expect(lost).rejects.toMatchObject({ code: 'bucket_not_found', outcomeUnknown: false });
    });

    it('knows nothing of an object that is not there', async () => {
      expect(await subject.bucket.head(key('nothing'), signal)).toBeUndefined();
    });

    it.each(CHECKSUM_ALGORITHMS)('writes an object with all its attributes, by %s', async (algorithm) => {
      const body = randomBytes(100_000);
      const stored = await put(key(algorithm), body, { algorithm });
      const head = await subject.bucket.head(key(algorithm), signal);

      expect(head).toMatchObject({ etag: stored.etag, size: body.length, storageClass, metadata: attributes.metadata });
      expect(head?.lastModified).toBeGreaterThan(0);
      if (checksums.includes(algorithm)) {
        const checksum = { algorithm, type: 'FULL_OBJECT', value: checksumOf(algorithm, body) };
        expect(stored.checksum).toEqual(checksum);
        expect(head?.checksum).toEqual(checksum);
      }
    });

    it.runIf(checksums.length > 0).each(checksums)(
      'refuses an object whose %s is not that of its bytes',
      async (algorithm) => {
        const checksum = { algorithm, value: checksumOf(algorithm, randomBytes(7)) };
        const wrong = subject.bucket.put(
          key(`bad-${algorithm}`),
          randomBytes(9),
          { checksum, attributes, ifAbsent: false },
          signal,
        );

        await expect(wrong).rejects.toMatchObject({ code: 'bad_checksum', retry: 'soon' });
        expect(await subject.bucket.head(key(`bad-${algorithm}`), signal)).toBeUndefined();
      },
    );

    it.runIf(conditionalPut)('does not write over an object where it must not', async () => {
      const first = await put(key('once'), Buffer.from('first'), { ifAbsent: true });

      await expect(put(key('once'), Buffer.from('second'), { ifAbsent: true })).rejects.toMatchObject({
        code: 'object_exists',
      });

      expect((await subject.bucket.head(key('once'), signal))?.etag).toBe(first.etag);
      expect((await put(key('once'), Buffer.from('third!'))).etag).not.toBe(first.etag);
    });

    it('lists what is under a prefix in the order of the keys’ bytes, whatever the keys', async () => {
      const names = ODD_NAMES.filter((each) => slashedKeys || !each.endsWith('/'));
      const keys = names.map((each) => key(`odd/${each}`));
      for (const each of keys) await put(each, Buffer.from(each));
      await put(key('other'), Buffer.from('x'));

      const sorted = keys.toSorted((a, b) => Buffer.compare(Buffer.from(a), Buffer.from(b)));
      expect(await list(key('odd/'))).toEqual(sorted.map((each) => ({ key: each, size: Buffer.byteLength(each) })));
      for (const each of keys) expect((await subject.bucket.head(each, signal))?.size).toBe(Buffer.byteLength(each));
      expect(await list(key('none'))).toEqual([]);
    });

    it('lists more objects than fit on a page', async () => {
      const names = Array.from({ length: 1005 }, (_, i) => key(`many/${String(i).padStart(4, '0')}`));
      for (let i = 0; i < names.length; i += 15) {
        await Promise.all(names.slice(i, i + 15).map((each) => put(each, Buffer.from('x'))));
      }

      expect((await list(key('many/'))).map((each) => each.key)).toEqual(names);
    });

    it.each(['CRC32', 'CRC64NVME', 'SHA256'] as const)(
      'puts an object together from parts, by %s',
      async (algorithm) => {
        const bodies = [randomBytes(5 * MiB), randomBytes(5 * MiB), randomBytes(1)];
        const to = key(`parts-${algorithm}`);
        const wanted = await upload(to, bodies, algorithm);

        const listed = await Array.fromAsync(subject.bucket.parts(to, wanted.uploadId, signal));
        const open = await Array.fromAsync(subject.bucket.uploads(to, signal));
        const stored = await subject.bucket.completeUpload(wanted);
        const head = await subject.bucket.head(to, signal);

        expect(listed.map(({ partNumber, size, etag }) => ({ partNumber, size, etag }))).toEqual(
          wanted.parts.map(({ partNumber, etag }, i) => ({ partNumber, etag, size: bodies[i]!.length })),
        );
        expect(open).toMatchObject([{ key: to, uploadId: wanted.uploadId }]);
        expect(open[0]!.initiatedAt % 1000).toBe(0);
        expect(head).toMatchObject({ size: wanted.size, storageClass, metadata: attributes.metadata });
        if (exactCompletion) expect(stored.etag).toBe(head?.etag);
        expect(await Array.fromAsync(subject.bucket.uploads(to, signal))).toEqual([]);
        if (checksums.includes(algorithm)) {
          expect(listed.map(({ checksum }) => checksum)).toEqual(wanted.parts.map(({ checksum }) => checksum));
          expect(stored.checksum).toEqual(wanted.checksum);
          expect(head?.checksum).toEqual(wanted.checksum);
        }
      },
    );

    it.each(CHECKSUM_ALGORITHMS)('takes bodies that come while they are sent, by %s', async (algorithm) => {
      const bytes = randomBytes(5 * MiB + 3);
      const to = key(`streamed-${algorithm}`);
      const bodyOf = (size: number) => ({ stream: inPieces(bytes.subarray(0, size)), length: size });
      const checksumOfAll = (size: number) => {
        const value = checksumOf(algorithm, bytes.subarray(0, size));
        return { algorithm, value: () => value };
      };
      const stored = await patiently(() =>
        subject.bucket.put(
          to,
          bodyOf(70_000),
          { checksum: checksumOfAll(70_000), attributes, ifAbsent: false },
          signal,
        ),
      );
      const uploadId = await subject.bucket.createUpload(key(`${to}-parts`), {
        checksumAlgorithm: algorithm,
        attributes,
      });
      const part = { key: key(`${to}-parts`), uploadId, partNumber: 1 };
      const uploaded = await patiently(() =>
        subject.bucket.uploadPart(
          { ...part, body: bodyOf(bytes.length), checksum: checksumOfAll(bytes.length) },
          signal,
        ),
      );
      const [listed] = await Array.fromAsync(subject.bucket.parts(part.key, uploadId, signal));
      await subject.bucket.abortUpload(part.key, uploadId, signal);

      expect((await subject.bucket.head(to, signal))?.size).toBe(70_000);
      expect(listed).toMatchObject({ partNumber: 1, size: bytes.length, etag: uploaded.etag });
      if (!checksums.includes(algorithm)) return;
      expect(stored.checksum).toMatchObject({ algorithm, value: checksumOfAll(70_000).value() });
      expect(uploaded.checksum).toBe(checksumOfAll(bytes.length).value());
    });

    it('keeps nothing of a body that fails while it is sent', async () => {
      const to = key('broken-off');
      const bytes = randomBytes(6 * MiB);
      async function* broken() {
        yield* inPieces(bytes.subarray(0, 5 * MiB));
        throw new ServiceError('tree_hash_mismatch', 'not what was promised', { operation: 'GetJobOutput' });
      }
      const uploadId = await subject.bucket.createUpload(to, { checksumAlgorithm: 'CRC32', attributes });
      const checksum = { algorithm: 'CRC32', value: () => checksumOf('CRC32', bytes) } as const;
      const body = { stream: broken(), length: bytes.length };

      await expect(
        subject.bucket.uploadPart({ key: to, uploadId, partNumber: 1, body, checksum }, signal),
      ).rejects.toMatchObject({ code: 'tree_hash_mismatch' });

      expect(await Array.fromAsync(subject.bucket.parts(to, uploadId, signal))).toEqual([]);
      await subject.bucket.abortUpload(to, uploadId, signal);
    });

    it('takes the last of several parts of one number', async () => {
      const to = key('again');
      const wanted = await upload(to, [randomBytes(10)]);
      const body = randomBytes(20);
      const { etag } = await uploadPart(to, wanted.uploadId, 1, body, 'CRC32');
      const value = checksumOf('CRC32', body);

      const { parts: stale, ...rest } = wanted;
      await expect(subject.bucket.completeUpload({ ...rest, parts: stale })).rejects.toMatchObject({
        code: expect.stringMatching(/^(upload_not_found|bad_checksum)$/),
      });
      await subject.bucket.completeUpload({
        ...rest,
        parts: [{ partNumber: 1, etag, checksum: value }],
        size: body.length,
        checksum: { algorithm: 'CRC32', type: 'FULL_OBJECT', value },
      });

      expect((await subject.bucket.head(to, signal))?.size).toBe(20);
    });

    it.runIf(checksums.includes('CRC32'))('refuses a damaged part, a wrong sum and a wrong size', async () => {
      const to = key('damaged');
      const wanted = await upload(to, [randomBytes(10)]);
      const checksum = { algorithm: 'CRC32', value: checksumOf('CRC32', randomBytes(3)) } as const;
      const body = randomBytes(10);

      const part = subject.bucket.uploadPart(
        { key: to, uploadId: wanted.uploadId, partNumber: 2, body, checksum },
        signal,
      );
      await expect(part).rejects.toMatchObject({ code: 'bad_checksum' });
      const sum = subject.bucket.completeUpload({ ...wanted, checksum: { ...wanted.checksum, value: checksum.value } });
      await expect(sum).rejects.toMatchObject({ code: 'bad_checksum' });
      await expect(subject.bucket.completeUpload({ ...wanted, size: 11 })).rejects.toMatchObject({
        code: 'bad_checksum',
      });

      expect(await subject.bucket.head(to, signal)).toBeUndefined();
      await subject.bucket.completeUpload(wanted);
    });

    it.runIf(conditionalComplete)('does not complete over an object where it must not', async () => {
      const to = key('taken');
      const wanted = await upload(to, [randomBytes(10)]);
      await put(to, Buffer.from('first'));

      await expect(subject.bucket.completeUpload({ ...wanted, ifAbsent: true })).rejects.toMatchObject({
        code: 'object_exists',
      });

      expect((await subject.bucket.head(to, signal))?.size).toBe(5);
    });

    it('aborts an upload once and again, and then knows it no more', async () => {
      const to = key('aborted');
      const wanted = await upload(to, [randomBytes(10)]);

      await subject.bucket.abortUpload(to, wanted.uploadId, signal);
      await subject.bucket.abortUpload(to, wanted.uploadId, signal);

      const gone = { code: 'upload_not_found' };
      await expect(uploadPart(to, wanted.uploadId, 1, randomBytes(3), 'CRC32')).rejects.toMatchObject(gone);
      await expect(Array.fromAsync(subject.bucket.parts(to, wanted.uploadId, signal))).rejects.toMatchObject(gone);
      if (exactCompletion) await expect(subject.bucket.completeUpload(wanted)).rejects.toMatchObject(gone);
    });

    it('keeps uploads of one key apart and lists those under a prefix', async () => {
      const names = uploadKeys ? ['open/a b+c', 'open/é'] : ['open/a', 'open/b'];
      const [twice, once] = names.map(key) as [ObjectKey, ObjectKey];
      const keys = [twice, twice, once, key('elsewhere')];
      const ids: UploadId[] = [];
      for (const each of keys) {
        ids.push(await subject.bucket.createUpload(each, { checksumAlgorithm: 'CRC32', attributes }));
      }

      const open = await Array.fromAsync(subject.bucket.uploads(key('open/'), signal));

      expect(new Set(ids).size).toBe(4);
      expect(new Set(open.map(({ uploadId }) => uploadId))).toEqual(new Set(ids.slice(0, 3)));
      expect(open.map((each) => each.key).sort()).toEqual([twice, twice, once]);
      for (const [i, uploadId] of ids.entries()) await subject.bucket.abortUpload(keys[i]!, uploadId, signal);
    });

    it('ends with the reason of the signal', async () => {
      const reason = new Error('enough');
      const aborted = AbortSignal.abort(reason);

      await expect(subject.bucket.head(key('x'), aborted)).rejects.toBe(reason);
      await expect(Array.fromAsync(subject.bucket.list('', aborted))).rejects.toBe(reason);
    });
  });
}
