import { createHash, randomBytes } from 'node:crypto';
import { Readable } from 'node:stream';
import {
  CreateBucketCommand,
  GetBucketLocationCommand,
  GetObjectTaggingCommand,
  HeadBucketCommand,
  HeadObjectCommand,
  PutObjectCommand,
  type PutObjectCommandInput,
  PutObjectTaggingCommand,
} from '@aws-sdk/client-s3';
import { describe, expect, it } from 'vitest';
import { CHECKSUM_ALGORITHMS, checksumOf } from '../../src/domain/checksum.ts';
import { ACCOUNT, REGION, refusalOf, setupS3 } from '../support/s3-setup.ts';

const BODY = Buffer.from('123456789');

function put(input: Partial<PutObjectCommandInput> = {}): PutObjectCommand {
  return new PutObjectCommand({ Bucket: 'bucket', Key: 'key', Body: BODY, ...input });
}

describe('the simulated S3: buckets', () => {
  it('tells where a bucket is', async () => {
    await using setup = await setupS3();
    const { client, s3 } = setup;
    s3.addBucket('american', { region: 'us-east-1' });

    expect((await client.send(new HeadBucketCommand({ Bucket: 'bucket' }))).BucketRegion).toBe(REGION);
    const location = await client.send(new GetBucketLocationCommand({ Bucket: 'bucket' }));
    expect(location.LocationConstraint).toBe(REGION);
    const american = await client.send(new GetBucketLocationCommand({ Bucket: 'american' }));
    expect(american.LocationConstraint).toBeUndefined();
  });

  it('sends a call for another Region away, with the right one named', async () => {
    await using setup = await setupS3();

    const west = setup.clientFor('us-west-2');
    expect(await refusalOf(west.send(put()))).toMatchObject({
      code: 'PermanentRedirect',
      status: 301,
      Endpoint: `s3.${REGION}.amazonaws.com`,
    });
    const east = setup.clientFor('us-east-1');
    expect(await refusalOf(east.send(put()))).toMatchObject({
      code: 'AuthorizationHeaderMalformed',
      status: 400,
      Region: REGION,
    });
    expect(await refusalOf(west.send(new HeadBucketCommand({ Bucket: 'bucket' })))).toMatchObject({
      status: 301,
      headers: { 'x-amz-bucket-region': REGION },
    });
  });

  it('knows no bucket that was not made, and makes one', async () => {
    await using setup = await setupS3();
    const { client, s3 } = setup;

    expect(await refusalOf(client.send(put({ Bucket: 'other' })))).toMatchObject({ code: 'NoSuchBucket', status: 404 });
    expect(await refusalOf(client.send(new HeadBucketCommand({ Bucket: 'other' })))).toMatchObject({ status: 404 });

    const CreateBucketConfiguration = { LocationConstraint: REGION } as const;
    await client.send(new CreateBucketCommand({ Bucket: 'other', CreateBucketConfiguration }));
    expect(s3.buckets).toEqual(['bucket', 'other']);
    const again = client.send(new CreateBucketCommand({ Bucket: 'other', CreateBucketConfiguration }));
    expect(await refusalOf(again)).toMatchObject({ code: 'BucketAlreadyOwnedByYou', status: 409 });
    const far = { LocationConstraint: 'us-west-2' } as const;
    const nowhere = client.send(new CreateBucketCommand({ Bucket: 'third', CreateBucketConfiguration: far }));
    expect(await refusalOf(nowhere)).toMatchObject({ code: 'IllegalLocationConstraintException', status: 400 });
  });

  it("keeps callers out of others' buckets, and off buckets of another owner than expected", async () => {
    await using setup = await setupS3();
    const { client, s3 } = setup;
    s3.addBucket('foreign', { owner: '999988887777' });
    s3.addBucket('shared', { owner: '999988887777', open: true });

    const denied = { code: 'AccessDenied', status: 403 };
    expect(await refusalOf(client.send(put({ Bucket: 'foreign' })))).toMatchObject(denied);
    expect(await refusalOf(client.send(put({ Bucket: 'shared', ExpectedBucketOwner: ACCOUNT })))).toMatchObject(denied);
    await client.send(put({ Bucket: 'shared', ExpectedBucketOwner: '999988887777' }));
    expect(s3.objects('shared')).toHaveLength(1);
  });
});

describe('the simulated S3: writing an object', () => {
  it.each(CHECKSUM_ALGORITHMS)('keeps a %s that is right and refuses one that is wrong', async (algorithm) => {
    await using setup = await setupS3();
    const { client, s3 } = setup;
    const value = checksumOf(algorithm, BODY);

    const answer = await client.send(put({ [`Checksum${algorithm}`]: value }));
    expect(answer).toMatchObject({ [`Checksum${algorithm}`]: value, ChecksumType: 'FULL_OBJECT' });
    const head = await client.send(new HeadObjectCommand({ Bucket: 'bucket', Key: 'key', ChecksumMode: 'ENABLED' }));
    expect(head).toMatchObject({ [`Checksum${algorithm}`]: value, ChecksumType: 'FULL_OBJECT' });

    const wrong = checksumOf(algorithm, Buffer.from('something else'));
    const refused = client.send(put({ Key: 'wrong', [`Checksum${algorithm}`]: wrong }));
    expect(await refusalOf(refused)).toMatchObject({
      code: 'BadDigest',
      status: 400,
      message: `The ${algorithm} you specified did not match the calculated checksum.`,
    });
    const malformed = client.send(put({ Key: 'wrong', [`Checksum${algorithm}`]: 'AAAA' }));
    expect(await refusalOf(malformed)).toMatchObject({ code: 'InvalidRequest', status: 400 });
    expect(s3.objects('bucket').map(({ key }) => key)).toEqual(['key']);
  });

  it.each(['CRC32', 'SHA256'] as const)(
    'takes a stream in aws-chunked framing with %s behind it',
    async (algorithm) => {
      await using setup = await setupS3();
      const { client, s3 } = setup;
      const body = randomBytes(200_000);
      const payloads: unknown[] = [];
      client.middlewareStack.add(
        (next) => (args) => {
          payloads.push((args.request as { headers: Record<string, string> }).headers['x-amz-content-sha256']);
          return next(args);
        },
        { step: 'finalizeRequest', priority: 'low' },
      );

      await client.send(
        put({
          Body: Readable.from([body.subarray(0, 70_000), body.subarray(70_000)]),
          ContentLength: body.length,
          ChecksumAlgorithm: algorithm,
        }),
      );

      expect(payloads).toEqual(['STREAMING-UNSIGNED-PAYLOAD-TRAILER']);
      expect(await s3.bytes('bucket', 'key')).toEqual(body);
      expect(s3.objects('bucket')[0]?.checksum.value).toBe(checksumOf(algorithm, body));
    },
  );

  it('makes CRC64NVME by itself where no checksum is given', async () => {
    await using setup = await setupS3();
    const client = setup.clientFor(REGION, { requestChecksumCalculation: 'WHEN_REQUIRED' });

    expect(await client.send(put())).toMatchObject({
      ChecksumCRC64NVME: checksumOf('CRC64NVME', BODY),
      ChecksumType: 'FULL_OBJECT',
    });
  });

  it('checks Content-MD5', async () => {
    await using setup = await setupS3();
    const { client } = setup;
    const md5 = createHash('md5').update(BODY).digest('base64');

    await client.send(put({ ContentMD5: md5 }));
    const wrong = createHash('md5').update('other').digest('base64');
    expect(await refusalOf(client.send(put({ ContentMD5: wrong })))).toMatchObject({ code: 'BadDigest', status: 400 });
    expect(await refusalOf(client.send(put({ ContentMD5: 'x' })))).toMatchObject({
      code: 'InvalidDigest',
      status: 400,
    });
  });

  it('keeps attributes and tells them again', async () => {
    await using setup = await setupS3();
    const { client, s3 } = setup;

    await client.send(
      put({
        StorageClass: 'GLACIER_IR',
        ContentType: 'text/plain',
        Metadata: { 'Archive-Id': 'abc' },
        Tagging: 'a=1&b%20c=2+3',
        ServerSideEncryption: 'aws:kms',
        SSEKMSKeyId: '12345678-1234-1234-1234-123456789012',
      }),
    );

    const head = await client.send(new HeadObjectCommand({ Bucket: 'bucket', Key: 'key' }));
    expect(head).toMatchObject({
      StorageClass: 'GLACIER_IR',
      ContentType: 'text/plain',
      ContentLength: 9,
      LastModified: new Date(Math.floor((s3.objects('bucket')[0]?.lastModified ?? 0) / 1000) * 1000),
      Metadata: { 'archive-id': 'abc' },
      ServerSideEncryption: 'aws:kms',
      SSEKMSKeyId: `arn:aws:kms:${REGION}:${ACCOUNT}:key/12345678-1234-1234-1234-123456789012`,
      TagCount: 2,
    });
    expect(head.ChecksumCRC32).toBeUndefined();
    // With KMS an ETag is no MD5.
    expect(head.ETag).not.toBe(`"${createHash('md5').update(BODY).digest('hex')}"`);
    const tags = await client.send(new GetObjectTaggingCommand({ Bucket: 'bucket', Key: 'key' }));
    expect(tags.TagSet).toEqual([
      { Key: 'a', Value: '1' },
      { Key: 'b c', Value: '2 3' },
    ]);

    const TagSet = [{ Key: 'new', Value: '<&>' }];
    await client.send(
      new PutObjectTaggingCommand({
        Bucket: 'bucket',
        Key: 'key',
        Tagging: { TagSet: [{ Key: 'new', Value: 'x/y' }] },
      }),
    );
    expect(s3.objects('bucket')[0]?.tags).toEqual({ new: 'x/y' });
    const refused = client.send(new PutObjectTaggingCommand({ Bucket: 'bucket', Key: 'key', Tagging: { TagSet } }));
    expect(await refusalOf(refused)).toMatchObject({ code: 'InvalidTag', TagValue: '<&>' });
  });

  it.each([
    ['a storage class it does not have', { StorageClass: 'SNOW' }, 'InvalidStorageClass'],
    ['more than 2 KB of metadata', { Metadata: { a: 'x'.repeat(2048) } }, 'MetadataTooLarge'],
    ['eleven tags', { Tagging: 'abcdefghijk'.split('').join('=&') }, 'BadRequest'],
    ['a tag twice', { Tagging: 'a=1&a=2' }, 'InvalidArgument'],
    ["a tag's key of 129 characters", { Tagging: `${'k'.repeat(129)}=1` }, 'InvalidTag'],
    ["a tag's value of 257 characters", { Tagging: `k=${'v'.repeat(257)}` }, 'InvalidTag'],
    ['a key of 1,026 bytes', { Key: 'é'.repeat(513) }, 'KeyTooLongError'],
    ['an encryption it does not know', { ServerSideEncryption: 'ROT13' as 'AES256' }, 'InvalidArgument'],
    ['an ETag as the condition', { IfNoneMatch: '"etag"' }, 'NotImplemented'],
  ])('refuses %s', async (_, input, code) => {
    await using setup = await setupS3();
    expect((await refusalOf(setup.client.send(put(input as Partial<PutObjectCommandInput>)))).code).toBe(code);
    expect(setup.s3.objects('bucket')).toEqual([]);
  });

  it('takes 2 KB of metadata and a key of 1,024 bytes', async () => {
    await using setup = await setupS3();
    await setup.client.send(put({ Key: 'é'.repeat(512), Metadata: { a: 'x'.repeat(2047) } }));
    expect(setup.s3.objects('bucket')[0]?.key).toBe('é'.repeat(512));
  });

  it('replaces nothing under If-None-Match', async () => {
    await using setup = await setupS3();
    const { client, s3 } = setup;

    await client.send(put({ IfNoneMatch: '*' }));
    const second = client.send(put({ IfNoneMatch: '*', Body: 'other' }));
    expect(await refusalOf(second)).toMatchObject({ code: 'PreconditionFailed', status: 412 });
    expect(await s3.bytes('bucket', 'key')).toEqual(BODY);
  });

  it.each(['written', 'deleted'])(
    'tells a conditional write of a key that was %s meanwhile to try again',
    async (what) => {
      await using setup = await setupS3();
      const { client, s3 } = setup;
      const body = new Readable({ read() {} });

      const slow = refusalOf(client.send(put({ IfNoneMatch: '*', Body: body, ContentLength: 20_000 })));
      body.push(Buffer.alloc(10_000));
      await expect.poll(() => setup.simulator.calls[0]?.operation).toBe('PutObject');
      if (what === 'written') await s3.putBytes('bucket', 'key', Buffer.from('first'));
      else await s3.remove('bucket', 'key');
      body.push(Buffer.alloc(10_000));
      body.push(null);

      expect(await slow).toMatchObject({ code: 'ConditionalRequestConflict', status: 409 });
    },
  );

  it('notes what was asked for', async () => {
    await using setup = await setupS3();
    await setup.client.send(put({ Key: 'a b/ü' }));
    expect(setup.simulator.calls[0]).toMatchObject({
      operation: 'PutObject',
      detail: { bucket: 'bucket', key: 'a b/ü', bytes: 9 },
    });
  });
});
