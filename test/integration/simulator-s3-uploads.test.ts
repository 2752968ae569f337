import { createHash, randomBytes } from 'node:crypto';
import {
  AbortMultipartUploadCommand,
  type CompletedPart,
  type CompleteMultipartUploadCommandInput,
  CreateMultipartUploadCommand,
  GetObjectAttributesCommand,
  GetObjectCommand,
  HeadObjectCommand,
  ListMultipartUploadsCommand,
  ListPartsCommand,
  PutObjectCommand,
} from '@aws-sdk/client-s3';
import { describe, expect, it } from 'vitest';
import { type ChecksumAlgorithm, checksumOf } from '../../src/domain/checksum.ts';
import { MiB } from '../../src/lib/size.ts';
import { refusalOf, setupS3, setupUpload } from '../support/s3-setup.ts';

const WHERE = { Bucket: 'bucket', Key: 'key' };
const BODY = randomBytes(5 * MiB + 1000);
const FIRST = BODY.subarray(0, 5 * MiB);
const LAST = BODY.subarray(5 * MiB);

describe('the simulated S3: multipart upload', () => {
  it.each([
    ['CRC32', 'FULL_OBJECT'],
    ['CRC32C', 'FULL_OBJECT'],
    ['CRC64NVME', 'FULL_OBJECT'],
    ['CRC32', 'COMPOSITE'],
    ['SHA256', 'COMPOSITE'],
  ] as const)('makes an object of its parts, with a %s that is %s', async (algorithm, type) => {
    await using setup = await setupUpload({
      ChecksumAlgorithm: algorithm,
      ChecksumType: type,
      StorageClass: 'DEEP_ARCHIVE',
    });
    const { part, complete, client, s3, simulator } = setup;
    const field = `Checksum${algorithm}` as const;
    const given = (body: Buffer) => ({ [field]: checksumOf(algorithm, body) });
    // out of order, and one of them twice
    const last = await part(2, LAST, given(LAST));
    await part(1, LAST, given(LAST));
    const first = await part(1, FIRST, given(FIRST));
    simulator.advance(60_000);

    const value =
      type === 'FULL_OBJECT'
        ? checksumOf(algorithm, BODY)
        : `${checksumOf(algorithm, Buffer.concat([first, last].map((one) => Buffer.from(one[field] ?? '', 'base64'))))}-2`;
    const answer = await complete([first, last], { [field]: value, ChecksumType: type, MpuObjectSize: BODY.length });

    expect(answer).toMatchObject({ [field]: value, ChecksumType: type });
    const md5 = (body: Buffer) => createHash('md5').update(body).digest();
    expect(answer.ETag).toBe(`"${md5(Buffer.concat([md5(FIRST), md5(LAST)])).toString('hex')}-2"`);
    expect(await s3.bytes('bucket', 'key')).toEqual(BODY);
    const head = await client.send(new HeadObjectCommand({ ...WHERE, ChecksumMode: 'ENABLED' }));
    expect(head).toMatchObject({
      [field]: value,
      ChecksumType: type,
      ContentLength: BODY.length,
      StorageClass: 'DEEP_ARCHIVE',
    });
    const attributes = await client.send(
      new GetObjectAttributesCommand({ ...WHERE, ObjectAttributes: ['ObjectParts', 'Checksum'] }),
    );
    expect(attributes.ObjectParts).toMatchObject({ TotalPartsCount: 2, Parts: [given(FIRST), given(LAST)] });
    expect(s3.uploads('bucket')).toEqual([]);
  });

  it('makes a CRC64NVME of the whole where no algorithm was asked for, and holds on to no other', async () => {
    await using setup = await setupUpload({});
    const { part, complete, s3, created } = setup;
    expect(created.ChecksumAlgorithm).toBeUndefined();
    const first = await part(1, FIRST);
    const last = await part(2, LAST);
    // the SDK's own default, verified but not kept
    expect(first.ChecksumCRC32).toBe(checksumOf('CRC32', FIRST));
    expect(await refusalOf(complete([first, last]))).toMatchObject({ code: 'InvalidPart' });

    const bare = [first, last].map(({ PartNumber, ETag }) => ({ PartNumber, ETag }));
    const answer = await complete(bare, { ChecksumSHA256: checksumOf('SHA256', Buffer.from('nonsense')) });

    expect(answer).toMatchObject({ ChecksumCRC64NVME: checksumOf('CRC64NVME', BODY), ChecksumType: 'FULL_OBJECT' });
    expect(answer.ChecksumSHA256).toBeUndefined();
    expect(s3.objects('bucket')).toHaveLength(1);
  });

  it.each([
    ['SHA256', 'FULL_OBJECT'],
    ['CRC64NVME', 'COMPOSITE'],
    [undefined, 'FULL_OBJECT'],
  ] as const)('has no %s that is %s', async (ChecksumAlgorithm, ChecksumType) => {
    await using setup = await setupS3();
    const call = setup.client.send(new CreateMultipartUploadCommand({ ...WHERE, ChecksumAlgorithm, ChecksumType }));
    expect(await refusalOf(call)).toMatchObject({ code: 'InvalidRequest', status: 400 });
  });

  it('takes no part whose bytes or checksum are not the ones that were agreed on', async () => {
    await using setup = await setupUpload({ ChecksumAlgorithm: 'SHA256' });
    const { part, s3 } = setup;
    const wrong = checksumOf('SHA256', FIRST);

    expect(await refusalOf(part(1, LAST, { ChecksumSHA256: wrong }))).toMatchObject({ code: 'BadDigest', status: 400 });
    expect(await refusalOf(part(1, LAST))).toMatchObject({
      code: 'InvalidRequest',
      message: 'Checksum Type mismatch occurred, expected checksum Type: sha256, actual checksum Type: crc32',
    });
    expect(await refusalOf(part(0, LAST))).toMatchObject({ code: 'InvalidArgument', ArgumentName: 'partNumber' });
    expect(await refusalOf(part(10_001, LAST))).toMatchObject({ code: 'InvalidArgument' });
    expect(s3.uploads('bucket')[0]?.parts).toEqual([]);
  });

  it.each([
    ['parts out of order', 'InvalidPartOrder', 400, ([a, b]) => [[b, a]]],
    ['a part twice', 'InvalidPartOrder', 400, ([a]) => [[a, a]]],
    ['a part that never came', 'InvalidPart', 400, ([a, b]) => [[a, b, { ...b, PartNumber: 3 }]]],
    ["another part's ETag", 'InvalidPart', 400, ([a, b]) => [[a, { ...b, ETag: a.ETag }]]],
    ["another part's checksum", 'InvalidPart', 400, ([a, b]) => [[a, { ...b, ChecksumCRC32: a.ChecksumCRC32 }]]],
    ['a checksum that is none', 'InvalidArgument', 400, ([a, b]) => [[a, { ...b, ChecksumCRC32: 'x' }]]],
    ['no parts', 'MalformedXML', 400, () => [[]]],
    ['a gap in the numbers', 'InternalError', 500, ([, b]) => [[b]]],
    ['another size', 'InvalidRequest', 400, (parts) => [parts, { MpuObjectSize: BODY.length + 1 }]],
    ['another checksum', 'BadDigest', 400, (parts) => [parts, { ChecksumCRC32: checksumOf('CRC32', LAST) }]],
    ['a composite checksum', 'InvalidRequest', 400, (parts) => [parts, { ChecksumType: 'COMPOSITE' }]],
  ] as [
    string,
    string,
    number,
    (parts: [CompletedPart, CompletedPart]) => [CompletedPart[], Partial<CompleteMultipartUploadCommandInput>?],
  ][])('refuses to complete with %s, and can be completed afterwards', async (_, code, status, wrong) => {
    await using setup = await setupUpload();
    const { part, complete, s3 } = setup;
    const parts: [CompletedPart, CompletedPart] = [await part(1, FIRST), await part(2, LAST)];

    expect(await refusalOf(complete(...wrong(parts)))).toMatchObject({ code, status });
    expect(s3.objects('bucket')).toEqual([]);
    await complete(parts, { ChecksumCRC32: checksumOf('CRC32', BODY) });
    expect(s3.objects('bucket')).toHaveLength(1);
  });

  it("needs each part's checksum for a composite one, and none for a full object's", async () => {
    for (const [type, outcome] of [
      ['COMPOSITE', 'InvalidRequest'],
      ['FULL_OBJECT', undefined],
    ] as const) {
      await using setup = await setupUpload({ ChecksumAlgorithm: 'CRC32', ChecksumType: type });
      const { part, complete } = setup;
      const { PartNumber, ETag } = await part(1, LAST);
      const completed = complete([{ PartNumber, ETag }]);
      if (outcome) expect(await refusalOf(completed)).toMatchObject({ code: outcome });
      else expect(await completed).toMatchObject({ ChecksumCRC32: checksumOf('CRC32', LAST) });
    }
  });

  it('takes the composite checksum with and without the number of parts, and no other number', async () => {
    for (const [suffix, taken] of [
      ['', true],
      ['-1', true],
      ['-2', false],
    ] as const) {
      await using setup = await setupUpload({ ChecksumAlgorithm: 'SHA256' });
      const { part, complete } = setup;
      const only = await part(1, LAST, { ChecksumSHA256: checksumOf('SHA256', LAST) });
      const value = checksumOf('SHA256', Buffer.from(only.ChecksumSHA256 ?? '', 'base64'));
      const completed = complete([only], { ChecksumSHA256: `${value}${suffix}` });
      if (taken) expect((await completed).ChecksumSHA256).toBe(`${value}-1`);
      else expect(await refusalOf(completed)).toMatchObject({ code: 'BadDigest' });
    }
  });

  it('wants 5 MiB of every part but the last', async () => {
    await using setup = await setupUpload();
    const { part, complete } = setup;
    const small = await part(1, FIRST.subarray(1));
    const last = await part(2, LAST);

    expect(await refusalOf(complete([small, last]))).toMatchObject({
      code: 'EntityTooSmall',
      ProposedSize: String(5 * MiB - 1),
      PartNumber: '1',
    });
    await complete([small]);
  });

  it('forgets what was aborted or completed', async () => {
    await using setup = await setupUpload();
    const { client, upload, part, complete, s3 } = setup;
    await part(1, LAST);

    await client.send(new AbortMultipartUploadCommand(upload));
    expect(s3.uploads('bucket')).toEqual([]);
    const gone = { code: 'NoSuchUpload', status: 404 };
    expect(await refusalOf(client.send(new AbortMultipartUploadCommand(upload)))).toMatchObject(gone);
    expect(await refusalOf(part(1, LAST))).toMatchObject(gone);
    expect(await refusalOf(client.send(new ListPartsCommand(upload)))).toMatchObject(gone);
    expect(await refusalOf(complete([{ PartNumber: 1, ETag: 'x' }]))).toMatchObject(gone);
  });

  it('replaces nothing under If-None-Match, and stays open', async () => {
    await using setup = await setupUpload();
    const { client, part, complete, s3 } = setup;
    const only = await part(1, LAST);
    await client.send(new PutObjectCommand({ ...WHERE, Body: 'first', IfNoneMatch: '*' }));

    expect(await refusalOf(complete([only], { IfNoneMatch: '*' }))).toMatchObject({
      code: 'PreconditionFailed',
      status: 412,
    });
    expect(s3.uploads('bucket')).toHaveLength(1);
    expect((await s3.bytes('bucket', 'key')).toString()).toBe('first');
  });

  it('lists parts page by page, with their checksums', async () => {
    await using setup = await setupUpload();
    const { client, upload, part } = setup;
    for (const number of [3, 1, 2]) await part(number, Buffer.from(`part ${number}`));

    const first = await client.send(new ListPartsCommand({ ...upload, MaxParts: 2 }));
    expect(first).toMatchObject({
      IsTruncated: true,
      NextPartNumberMarker: '2',
      ChecksumAlgorithm: 'CRC32',
      ChecksumType: 'FULL_OBJECT',
      Parts: [1, 2].map((number) => ({
        PartNumber: number,
        Size: 6,
        ChecksumCRC32: checksumOf('CRC32', Buffer.from(`part ${number}`)),
      })),
    });
    const second = await client.send(new ListPartsCommand({ ...upload, PartNumberMarker: first.NextPartNumberMarker }));
    expect(second.Parts?.map(({ PartNumber }) => PartNumber)).toEqual([3]);
    expect(second.IsTruncated).toBe(false);
  });

  it('lists unfinished uploads page by page, also behind one that is gone', async () => {
    await using setup = await setupS3();
    const { client, s3 } = setup;
    const create = async (Key: string) => {
      return (await client.send(new CreateMultipartUploadCommand({ Bucket: 'bucket', Key }))).UploadId;
    };
    const ids = [await create('p/b'), await create('p/a'), await create('p/b'), await create('other')];
    const page = async (input: object) => {
      const listed = await client.send(new ListMultipartUploadsCommand({ Bucket: 'bucket', Prefix: 'p/', ...input }));
      return { ...listed, found: listed.Uploads?.map(({ UploadId }) => ids.indexOf(UploadId)) };
    };

    expect((await page({})).found).toEqual([1, 0, 2]);
    const first = await page({ MaxUploads: 2 });
    expect(first).toMatchObject({ found: [1, 0], IsTruncated: true, NextKeyMarker: 'p/b', NextUploadIdMarker: ids[0] });
    const initiated = s3.uploads('bucket').find(({ uploadId }) => uploadId === ids[1])?.initiated ?? 0;
    const Initiated = new Date(Math.floor(initiated / 1000) * 1000);
    expect(first.Uploads?.[0]).toMatchObject({ Key: 'p/a', Initiated });
    await client.send(new AbortMultipartUploadCommand({ Bucket: 'bucket', Key: 'p/b', UploadId: ids[0] }));
    const marker = { KeyMarker: first.NextKeyMarker, UploadIdMarker: first.NextUploadIdMarker };
    expect((await page(marker)).found).toEqual([2]);
    expect((await page({ KeyMarker: 'p/a' })).found).toEqual([2]);
  });

  it('keeps bodies beyond its budget on disk, and gives ranges across parts', async () => {
    await using setup = await setupUpload({ ChecksumAlgorithm: 'CRC64NVME' }, { memoryBudget: 1000 });
    const { client, part, complete, s3 } = setup;
    const given = (body: Buffer) => ({ ChecksumCRC64NVME: checksumOf('CRC64NVME', body) });
    const parts = [await part(1, FIRST, given(FIRST)), await part(2, LAST, given(LAST))];
    await complete(parts);

    expect(await s3.bytes('bucket', 'key')).toEqual(BODY);
    const Range = `bytes=${5 * MiB - 10}-${5 * MiB + 9}`;
    const middle = await client.send(new GetObjectCommand({ ...WHERE, Range }));
    expect(Buffer.from((await middle.Body?.transformToByteArray()) ?? [])).toEqual(
      BODY.subarray(5 * MiB - 10, 5 * MiB + 10),
    );
  });

  it('can do without the bytes, and verifies checksums all the same', async () => {
    await using setup = await setupUpload(undefined, { discardBodies: true });
    const { part, complete, s3, client } = setup;
    const value: Record<ChecksumAlgorithm | string, string> = { ChecksumCRC32: checksumOf('CRC32', FIRST) };
    expect(await refusalOf(part(2, LAST, value))).toMatchObject({ code: 'BadDigest' });
    const parts = [await part(1, FIRST), await part(2, LAST)];
    await complete(parts);

    expect(s3.objects('bucket')[0]).toMatchObject({
      size: BODY.length,
      checksum: { value: checksumOf('CRC32', BODY) },
    });
    expect(await refusalOf(client.send(new GetObjectCommand(WHERE)))).toMatchObject({ code: 'NotImplemented' });
  });
});
