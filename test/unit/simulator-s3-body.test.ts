import { createHash } from 'node:crypto';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { checksumOf } from '../../src/domain/checksum.ts';
import { GiB } from '../../src/lib/size.ts';
import { decodeChunks } from '../../src/simulator/s3/chunked.ts';
import { createS3 } from '../../src/simulator/s3/s3.ts';
import type { Exchange } from '../../src/simulator/service.ts';

const ACCOUNT = '111122223333';
const SIGNATURE = `;chunk-signature=${'0'.repeat(64)}`;

async function* pieces(body: Buffer, size: number): AsyncGenerator<Buffer> {
  for (let i = 0; i < body.length; i += size) yield body.subarray(i, i + size);
}

function setup() {
  const s3 = createS3({ now: () => 0, accountId: ACCOUNT, region: 'us-east-1' });
  s3.addBucket('bucket');
  const send = async (
    method: string,
    path: string,
    headers: Record<string, string>,
    body: string | Exchange['body'] = '',
  ) => {
    const [rawPath = '', query] = path.split('?');
    const bytes = typeof body === 'string' ? pieces(Buffer.from(body, 'latin1'), 7) : body;
    const length = typeof body === 'string' ? { 'content-length': String(Buffer.byteLength(body, 'latin1')) } : {};
    const reply = await s3.handle({
      requestId: 'R1',
      method,
      rawPath,
      query: new URLSearchParams(query),
      headers: { 'x-amz-content-sha256': 'UNSIGNED-PAYLOAD', ...length, ...headers },
      body: bytes,
      caller: { accountId: ACCOUNT, region: 'us-east-1', accessKeyId: 'AKIDEXAMPLE' },
    });
    const text = String(reply.body ?? '');
    return { ...reply, text, code: /<Code>(.*?)<\/Code>/.exec(text)?.[1] };
  };
  return { s3, send };
}

const chunked = (text: string, trailer?: string) => ({
  'x-amz-content-sha256': `STREAMING-${trailer ? 'UNSIGNED-PAYLOAD-TRAILER' : 'AWS4-HMAC-SHA256-PAYLOAD'}`,
  'x-amz-decoded-content-length': String(text.length),
  ...(trailer ? { 'x-amz-trailer': trailer } : {}),
});

describe("the simulated S3's reading of bodies", () => {
  it('takes signed chunks apart', async () => {
    const { s3, send } = setup();
    const reply = await send('PUT', '/bucket/key', chunked('hello'), `5${SIGNATURE}\r\nhello\r\n0${SIGNATURE}\r\n\r\n`);
    expect(reply.status).toBe(200);
    expect((await s3.bytes('bucket', 'key')).toString()).toBe('hello');
  });

  it.each([
    ['right', '5\r\nhello\r\n0\r\nx-amz-checksum-crc32:NhCmhg==\r\n\r\n', undefined],
    ['wrong', '5\r\nhello\r\n0\r\nx-amz-checksum-crc32:AAAAAA==\r\n\r\n', 'BadDigest'],
    ['no digest', '5\r\nhello\r\n0\r\nx-amz-checksum-crc32:hello\r\n\r\n', 'InvalidRequest'],
    ['missing', '5\r\nhello\r\n0\r\n\r\n', 'MalformedTrailerError'],
    ['of another name', '5\r\nhello\r\n0\r\nx-amz-checksum-crc32c:AAAAAA==\r\n\r\n', 'MalformedTrailerError'],
    ['followed by more', '5\r\nhello\r\n0\r\nx-amz-checksum-crc32:NhCmhg==\r\n\r\nmore', 'MalformedTrailerError'],
    ['cut off', '5\r\nhello\r\n0\r\nx-amz-checksum-crc32:Nh', 'IncompleteBody'],
    ['of fewer bytes than announced', '4\r\nhell\r\n0\r\nx-amz-checksum-crc32:NhCmhg==\r\n\r\n', 'IncompleteBody'],
    ['of more bytes than announced', '6\r\nhello!\r\n0\r\nx-amz-checksum-crc32:NhCmhg==\r\n\r\n', 'IncompleteBody'],
    [
      'in chunks too small',
      '3\r\nhel\r\n2\r\nlo\r\n0\r\nx-amz-checksum-crc32:NhCmhg==\r\n\r\n',
      'InvalidChunkSizeError',
    ],
    ['in no framing', 'hello', 'IncompleteBody'],
  ])('judges a body whose trailer is %s', async (_, body, code) => {
    const { s3, send } = setup();
    const reply = await send('PUT', '/bucket/key', chunked('hello', 'x-amz-checksum-crc32'), body);
    expect(reply.code).toBe(code);
    expect(s3.objects('bucket')).toHaveLength(code ? 0 : 1);
  });

  it('takes any body apart however it is cut into chunks and packets', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.uint8Array({ minLength: 1, maxLength: 30_000 }),
        fc.integer({ min: 8192, max: 10_000 }),
        fc.integer({ min: 1, max: 9000 }),
        async (bytes, chunk, packet) => {
          const framed: Buffer[] = [];
          for (let i = 0; i < bytes.length; i += chunk) {
            const data = bytes.subarray(i, i + chunk);
            framed.push(Buffer.from(`${data.length.toString(16)}\r\n`), Buffer.from(data), Buffer.from('\r\n'));
          }
          framed.push(Buffer.from('0\r\nX-Amz-Checksum-CRC32: abc\r\n\r\n'));
          const trailers = new Map<string, string>();
          const body = decodeChunks(pieces(Buffer.concat(framed), packet), { signed: false, trailers });
          expect(Buffer.concat(await Array.fromAsync(body))).toEqual(Buffer.from(bytes));
          expect([...trailers]).toEqual([['x-amz-checksum-crc32', 'abc']]);
        },
      ),
      { numRuns: 50 },
    );
  });

  it('checks the hash that the signature covers', async () => {
    const { send } = setup();
    const hash = (text: string) => ({ 'x-amz-content-sha256': createHash('sha256').update(text).digest('hex') });
    expect(await send('PUT', '/bucket/key', hash('hello'), 'hello')).toMatchObject({ status: 200 });
    const wrong = await send('PUT', '/bucket/key', hash('hello'), 'hallo');
    expect(wrong).toMatchObject({ status: 400, code: 'XAmzContentSHA256Mismatch' });
    expect(wrong.text).toContain(`<ClientComputedContentSHA256>${hash('hello')['x-amz-content-sha256']}<`);
    expect(wrong.text).toContain('<RequestId>R1</RequestId><HostId>');
  });

  it.each([
    ['no length', { 'content-length': undefined }, 411, 'MissingContentLength'],
    ['more than 5 GiB', { 'content-length': String(5 * GiB + 1) }, 400, 'EntityTooLarge'],
    ['fewer bytes than announced', { 'content-length': '6' }, 400, 'IncompleteBody'],
    [
      'two checksums',
      { 'x-amz-checksum-crc32': 'NhCmhg==', 'x-amz-checksum-crc32c': 'mnG7TA==' },
      400,
      'InvalidRequest',
    ],
    ['an algorithm without a checksum', { 'x-amz-sdk-checksum-algorithm': 'CRC32' }, 400, 'InvalidRequest'],
    [
      'another algorithm than its checksum',
      { 'x-amz-sdk-checksum-algorithm': 'SHA256', 'x-amz-checksum-crc32': 'NhCmhg==' },
      400,
      'InvalidRequest',
    ],
    [
      'a checksum that is not simulated',
      { 'x-amz-checksum-sha1': 'qvTGHdzF6KLavt4PO0gs2a6pQ00=' },
      501,
      'NotImplemented',
    ],
    ['a hash that is none', { 'x-amz-content-sha256': 'hello' }, 400, 'InvalidArgument'],
    ['an ACL', { 'x-amz-acl': 'private' }, 501, 'NotImplemented'],
  ])('refuses a body with %s', async (_, headers, status, code) => {
    const { s3, send } = setup();
    expect(await send('PUT', '/bucket/key', headers as Record<string, string>, 'hello')).toMatchObject({
      status,
      code,
    });
    expect(s3.objects('bucket')).toEqual([]);
  });

  it('keeps nothing of a body whose sender goes away', async () => {
    const { s3, send } = setup();
    async function* broken(): AsyncGenerator<Buffer> {
      yield Buffer.from('hel');
      throw new Error('aborted');
    }
    const reply = await send('PUT', '/bucket/key', { 'content-length': '5' }, broken());
    expect(reply.code).toBe('IncompleteBody');
    expect(s3.objects('bucket')).toEqual([]);
  });

  it('gives metadata that is not ASCII as RFC 2047 has it', async () => {
    const { s3, send } = setup();
    const sent = Buffer.from('Übung').toString('latin1');
    await send('PUT', '/bucket/key', { 'x-amz-meta-name': sent });
    const { headers } = await send('HEAD', '/bucket/key', {});
    expect(headers?.['x-amz-meta-name']).toBe(`=?UTF-8?B?${Buffer.from('Übung').toString('base64')}?=`);
    expect(s3.objects('bucket')[0]?.metadata).toEqual({ name: 'Übung' });
  });

  it('answers no HEAD with a body', async () => {
    const { send } = setup();
    const reply = await send('HEAD', '/bucket/missing', {});
    expect(reply.status).toBe(404);
    expect(reply.body).toBeUndefined();
  });
});

describe("the simulated S3's completing of an upload", () => {
  async function setupUpload() {
    const { s3, send } = setup();
    const created = await send('POST', '/bucket/key?uploads', {});
    const uploadId = /<UploadId>(.*?)</.exec(created.text)?.[1] ?? '';
    const { headers } = await send('PUT', `/bucket/key?partNumber=1&uploadId=${uploadId}`, {}, 'hello');
    const path = `/bucket/key?uploadId=${uploadId}`;
    const document = `<CompleteMultipartUpload><Part><PartNumber>1</PartNumber><ETag>${headers?.etag}</ETag></Part></CompleteMultipartUpload>`;
    return { s3, send, path, document };
  }

  it('ends for good with 409 where the key is written meanwhile', async () => {
    const { s3, send, path, document } = await setupUpload();
    async function* slow(): AsyncGenerator<Buffer> {
      yield Buffer.from(document);
      await s3.putBytes('bucket', 'key', Buffer.from('other'));
    }
    const length = { 'content-length': String(document.length), 'if-none-match': '*' };
    expect(await send('POST', path, length, slow())).toMatchObject({ status: 409, code: 'ConditionalRequestConflict' });

    await s3.remove('bucket', 'key');
    expect(await send('POST', path, length, document)).toMatchObject({ status: 409 });
    expect(s3.uploads('bucket')).toHaveLength(1);
    expect(await send('DELETE', path, {})).toMatchObject({ status: 204 });
  });

  it.each([
    ['nothing', '', 'InvalidRequest'],
    ['no XML', 'hello', 'MalformedXML'],
    ['another document', '<Tagging/>', 'MalformedXML'],
    [
      'a part without ETag',
      '<CompleteMultipartUpload><Part><PartNumber>1</PartNumber></Part></CompleteMultipartUpload>',
      'MalformedXML',
    ],
    ['an element that is not closed', '<CompleteMultipartUpload><Part>', 'MalformedXML'],
    ['what is not UTF-8', '<CompleteMultipartUpload>\xff</CompleteMultipartUpload>', 'MalformedXML'],
  ])('refuses %s', async (_, body, code) => {
    const { s3, send, path } = await setupUpload();
    expect(await send('POST', path, {}, body)).toMatchObject({ status: 400, code });
    expect(s3.uploads('bucket')).toHaveLength(1);
  });

  it('is done once where it is asked for twice at a time', async () => {
    const { s3, send, path, document } = await setupUpload();
    const replies = await Promise.all([send('POST', path, {}, document), send('POST', path, {}, document)]);
    expect(replies.map(({ status }) => status).sort()).toEqual([200, 404]);
    expect(s3.objects('bucket')).toMatchObject([
      { size: 5, checksum: { value: checksumOf('CRC64NVME', Buffer.from('hello')) } },
    ]);
  });

  it('takes 10,000 parts', { timeout: 30_000 }, async () => {
    const { s3, send } = setup();
    const created = await send('POST', '/bucket/key?uploads', { 'x-amz-checksum-algorithm': 'SHA256' });
    const uploadId = /<UploadId>(.*?)</.exec(created.text)?.[1] ?? '';
    const names: string[] = [];
    const value = checksumOf('SHA256', Buffer.from('x'));
    for (let i = 1; i <= 10_000; i += 1) {
      const path = `/bucket/key?partNumber=${i}&uploadId=${uploadId}`;
      const { headers } = await send('PUT', path, { 'x-amz-checksum-sha256': value }, 'x');
      names.push(
        `<Part><ETag>${headers?.etag}</ETag><PartNumber>${i}</PartNumber><ChecksumSHA256>${value}</ChecksumSHA256></Part>`,
      );
    }
    const complete = (parts: string[]) =>
      send(
        'POST',
        `/bucket/key?uploadId=${uploadId}`,
        {},
        `<CompleteMultipartUpload>${parts.join('')}</CompleteMultipartUpload>`,
      );
    // all but the last must have 5 MiB
    expect(await complete(names)).toMatchObject({ code: 'EntityTooSmall' });
    expect(await complete([...names, names[0] ?? ''])).toMatchObject({ code: 'MalformedXML' });
    expect(s3.uploads('bucket')[0]?.parts).toHaveLength(10_000);
  });
});
