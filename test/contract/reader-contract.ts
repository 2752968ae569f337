import { randomBytes } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { checksumOf } from '../../src/domain/checksum.ts';
import type { ObjectKey } from '../../src/domain/ids.ts';
import { MiB } from '../../src/lib/size.ts';
import type { Bucket } from '../../src/ports.ts';
import type { ObjectReader } from '../../src/ports-finish.ts';

export interface ReaderSubject {
  readonly bucket: Bucket;
  readonly reader: ObjectReader;
  /** Of a bucket that does not exist. */
  readonly missing: ObjectReader;
  close(): Promise<void>;
}

/** What every ObjectReader must do. */
export function describeReaderContract(name: string, makeSubject: () => Promise<ReaderSubject>): void {
  describe(`${name} as what reads objects back`, () => {
    let subject: ReaderSubject;
    const { signal } = new AbortController();
    const bytes = randomBytes(3 * MiB + 5);
    const key = 'a b/ü+%.bin' as ObjectKey;
    const put = (to: ObjectKey, storageClass: string) => {
      const checksum = { algorithm: 'CRC32', value: checksumOf('CRC32', bytes) } as const;
      const attributes = { storageClass, metadata: {}, tags: {} };
      return subject.bucket.put(to, bytes, { checksum, attributes, ifAbsent: false }, signal);
    };
    beforeAll(async () => {
      subject = await makeSubject();
      await put(key, 'STANDARD');
    });
    afterAll(() => subject.close());

    it('gives all bytes of an object, and says how many they are', async () => {
      const found = await subject.reader.read(key, undefined, signal);

      expect(Buffer.concat(await Array.fromAsync(found!.body)).equals(bytes)).toBe(true);
      expect(found!.length).toBe(bytes.length);
    });

    it('gives a range of them', async () => {
      const found = await subject.reader.read(key, { start: MiB - 1, end: 2 * MiB }, signal);

      const read = Buffer.concat(await Array.fromAsync(found!.body));
      expect(read.equals(bytes.subarray(MiB - 1, 2 * MiB + 1))).toBe(true);
      expect(found!.length).toBe(MiB + 2);
    });

    it('tells an object that is not there from a bucket that is not', async () => {
      expect(await subject.reader.read('nobody' as ObjectKey, undefined, signal)).toBeUndefined();
      await expect(subject.missing.read(key, undefined, signal)).rejects.toMatchObject({ code: 'bucket_not_found' });
    });

    it('tells an object that has to be restored first', async () => {
      await put('cold' as ObjectKey, 'DEEP_ARCHIVE');

      const read = subject.reader.read('cold' as ObjectKey, undefined, signal);

      await expect(read).rejects.toMatchObject({ code: 'object_archived', scope: 'archive' });
    });

    it('gives up with the reason of the signal', async () => {
      const stopped = AbortSignal.abort('enough');

      await expect(subject.reader.read(key, undefined, stopped)).rejects.toBe('enough');
    });
  });
}
