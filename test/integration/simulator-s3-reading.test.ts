import {
  DeleteObjectCommand,
  GetObjectAttributesCommand,
  GetObjectCommand,
  HeadObjectCommand,
  ListObjectsV2Command,
  PutObjectCommand,
  type PutObjectCommandInput,
} from '@aws-sdk/client-s3';
import { describe, expect, it } from 'vitest';
import { checksumOf } from '../../src/domain/checksum.ts';
import { refusalOf, setupS3 } from '../support/s3-setup.ts';

const BODY = Buffer.from('123456789');

function put(input: Partial<PutObjectCommandInput> = {}): PutObjectCommand {
  return new PutObjectCommand({ Bucket: 'bucket', Key: 'key', Body: BODY, ...input });
}

describe('the simulated S3: reading an object', () => {
  it('gives all of it, or a range', async () => {
    await using setup = await setupS3();
    const { client, s3 } = setup;
    await s3.putBytes('bucket', 'key', BODY);
    const get = (Range?: string) => client.send(new GetObjectCommand({ Bucket: 'bucket', Key: 'key', Range }));

    const all = await get();
    expect(all.ChecksumCRC64NVME).toBe(checksumOf('CRC64NVME', BODY));
    expect(await all.Body?.transformToString()).toBe('123456789');
    const middle = await get('bytes=2-4');
    expect(middle).toMatchObject({ ContentRange: 'bytes 2-4/9', ContentLength: 3 });
    expect(middle.ChecksumCRC64NVME).toBeUndefined();
    expect(await middle.Body?.transformToString()).toBe('345');
    expect(await (await get('bytes=-2')).Body?.transformToString()).toBe('89');
    expect(await (await get('bytes=7-100')).Body?.transformToString()).toBe('89');
    expect(await refusalOf(get('bytes=9-'))).toMatchObject({
      code: 'InvalidRange',
      status: 416,
      ActualObjectSize: '9',
    });
  });

  it('gives an object only if it is still the one that is meant', async () => {
    await using setup = await setupS3();
    const { client } = setup;
    const { ETag } = await client.send(put());
    const get = (IfMatch?: string) => client.send(new GetObjectCommand({ Bucket: 'bucket', Key: 'key', IfMatch }));

    expect(await (await get(ETag)).Body?.transformToString()).toBe('123456789');
    expect(await refusalOf(get('"other"'))).toMatchObject({ code: 'PreconditionFailed', status: 412 });
  });

  it.each(['GLACIER', 'DEEP_ARCHIVE'] as const)(
    'does not give what lies in %s, but tells of it',
    async (StorageClass) => {
      await using setup = await setupS3();
      const { client, s3 } = setup;
      await client.send(put({ StorageClass }));

      const get = client.send(new GetObjectCommand({ Bucket: 'bucket', Key: 'key' }));
      expect(await refusalOf(get)).toMatchObject({ code: 'InvalidObjectState', status: 403, StorageClass });
      const head = await client.send(new HeadObjectCommand({ Bucket: 'bucket', Key: 'key' }));
      expect(head).toMatchObject({ ContentLength: 9, StorageClass });
      expect(await s3.bytes('bucket', 'key')).toEqual(BODY);
    },
  );

  it('has nothing under a key that was never written', async () => {
    await using setup = await setupS3();
    const { client } = setup;
    const missing = { Bucket: 'bucket', Key: 'missing' };

    expect(await refusalOf(client.send(new GetObjectCommand(missing)))).toMatchObject({
      code: 'NoSuchKey',
      status: 404,
    });
    expect(await refusalOf(client.send(new HeadObjectCommand(missing)))).toMatchObject({
      code: 'NotFound',
      status: 404,
    });
    expect(await client.send(new DeleteObjectCommand(missing))).toMatchObject({ $metadata: { httpStatusCode: 204 } });
  });

  it('tells the attributes asked for', async () => {
    await using setup = await setupS3();
    const { client } = setup;
    await client.send(put({ ChecksumSHA256: checksumOf('SHA256', BODY) }));

    const answer = await client.send(
      new GetObjectAttributesCommand({
        Bucket: 'bucket',
        Key: 'key',
        ObjectAttributes: ['Checksum', 'ObjectSize', 'ObjectParts'],
      }),
    );
    expect(answer).toMatchObject({
      Checksum: { ChecksumSHA256: checksumOf('SHA256', BODY), ChecksumType: 'FULL_OBJECT' },
      ObjectSize: 9,
    });
    expect(answer.ObjectParts).toBeUndefined();
    expect(answer.ETag).toBeUndefined();
  });

  it('keeps old versions where the bucket does', async () => {
    await using setup = await setupS3({ versioning: true });
    const { client, s3 } = setup;
    const first = await client.send(put({ Body: 'first' }));
    const second = await client.send(put({ Body: 'second' }));
    expect(first.VersionId).not.toBe(second.VersionId);

    const deleted = await client.send(new DeleteObjectCommand({ Bucket: 'bucket', Key: 'key' }));
    expect(deleted.DeleteMarker).toBe(true);
    expect(s3.objects('bucket')).toEqual([]);
    const old = await client.send(new GetObjectCommand({ Bucket: 'bucket', Key: 'key', VersionId: first.VersionId }));
    expect(await old.Body?.transformToString()).toBe('first');
    // A delete marker counts as nothing there.
    await client.send(put({ IfNoneMatch: '*' }));
    expect(s3.objects('bucket')).toHaveLength(1);
  });
});

describe('the simulated S3: listing objects', () => {
  const KEYS = ['a/1', 'a/2', 'b', 'c/d/e', '\u{1f600}', '\uff5e', 'z z'];
  const IN_ORDER = ['a/1', 'a/2', 'b', 'c/d/e', 'z z', '\uff5e', '\u{1f600}'];

  async function list(setup: Awaited<ReturnType<typeof setupS3>>, input: object): Promise<string[][]> {
    const pages: string[][] = [];
    let ContinuationToken: string | undefined;
    do {
      const page = await setup.client.send(new ListObjectsV2Command({ Bucket: 'bucket', ...input, ContinuationToken }));
      const keys = (page.Contents ?? []).map(({ Key }) => Key ?? '');
      pages.push([...keys, ...(page.CommonPrefixes ?? []).map(({ Prefix }) => `${Prefix}...`)]);
      expect(page.KeyCount).toBe(pages.at(-1)?.length);
      ContinuationToken = page.NextContinuationToken;
    } while (ContinuationToken);
    return pages;
  }

  it.each([
    ['all in order of their UTF-8 bytes', {}, [IN_ORDER]],
    ['page by page', { MaxKeys: 3 }, [IN_ORDER.slice(0, 3), IN_ORDER.slice(3, 6), IN_ORDER.slice(6)]],
    ['under a prefix', { Prefix: 'a/' }, [['a/1', 'a/2']]],
    ['behind a key', { StartAfter: 'b' }, [IN_ORDER.slice(3)]],
    ['rolled up', { Delimiter: '/' }, [['b', 'z z', '\uff5e', '\u{1f600}', 'a/...', 'c/...']]],
    [
      'rolled up, page by page',
      { Delimiter: '/', MaxKeys: 2 },
      [
        ['b', 'a/...'],
        ['z z', 'c/...'],
        ['\uff5e', '\u{1f600}'],
      ],
    ],
    ['rolled up under a prefix', { Prefix: 'c/', Delimiter: '/' }, [['c/d/...']]],
    ['encoded', { EncodingType: 'url', Prefix: 'z' }, [['z+z']]],
    ['none', { MaxKeys: 0 }, [[]]],
  ])('lists %s', async (_, input, expected) => {
    await using setup = await setupS3();
    for (const key of KEYS) await setup.s3.putBytes('bucket', key, BODY);
    expect(await list(setup, input)).toEqual(expected);
  });

  it('goes on behind a key that was deleted between two pages', async () => {
    await using setup = await setupS3();
    const { client, s3 } = setup;
    for (const key of ['a', 'b', 'c']) await s3.putBytes('bucket', key, BODY);
    const first = await client.send(new ListObjectsV2Command({ Bucket: 'bucket', MaxKeys: 1 }));
    await s3.remove('bucket', 'a');

    const second = await client.send(
      new ListObjectsV2Command({ Bucket: 'bucket', ContinuationToken: first.NextContinuationToken }),
    );
    expect(second.Contents?.map(({ Key }) => Key)).toEqual(['b', 'c']);
    expect(second.Contents?.[0]).toMatchObject({ Size: 9, StorageClass: 'STANDARD', ChecksumAlgorithm: ['CRC64NVME'] });
  });

  it('refuses a token it did not give', async () => {
    await using setup = await setupS3();
    const call = setup.client.send(new ListObjectsV2Command({ Bucket: 'bucket', ContinuationToken: 'made-up' }));
    expect(await refusalOf(call)).toMatchObject({ code: 'InvalidArgument', status: 400 });
  });
});
