import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { expect, it, onTestFinished } from 'vitest';
import { glacierReader, s3Client } from '../../src/aws/clients.ts';
import { glacierVault } from '../../src/aws/glacier-vault.ts';
import { s3Bucket } from '../../src/aws/s3-bucket.ts';
import { checksumOf } from '../../src/domain/checksum.ts';
import type { JobId, ObjectKey, UploadId } from '../../src/domain/ids.ts';
import { withSimulatorKeys } from '../support/simulator-keys.ts';

interface Heard {
  readonly method: string | undefined;
  readonly url: string | undefined;
  readonly headers: IncomingMessage['headers'];
  readonly body: Buffer;
}

/** Two buckets by one client and a vault by another, on a server that tells what it has heard. */
async function setup(answer: (response: ServerResponse, turn: number) => void = (response) => void response.end()) {
  const heard: Heard[] = [];
  const server = createServer(async (request, response) => {
    const body: Buffer[] = [];
    for await (const piece of request) body.push(piece);
    const { method, url, headers } = request;
    heard.push({ method, url, headers, body: Buffer.concat(body) });
    response.setHeader('ETag', '"etag"');
    answer(response, heard.length);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const restore = withSimulatorKeys();
  const { port } = server.address() as AddressInfo;
  const options = { region: 'us-east-1', endpointUrl: `http://127.0.0.1:${port}`, concurrency: 1 };
  const [s3, glacier] = [s3Client(options), glacierReader(options)];
  onTestFinished(() => {
    restore();
    s3.destroy();
    glacier.destroy();
    server.closeAllConnections();
    server.close();
  });
  const bucket = s3Bucket({ client: s3, bucket: 'target' });
  const other = s3Bucket({ client: s3, bucket: 'another' });
  const vault = glacierVault({ client: glacier, vaultName: 'photos', accountId: '-' });
  return { heard, bucket, other, vault };
}

/** The SDK numbers its calls; nobody else does. */
const isBySdk = ({ headers }: Heard) => 'amz-sdk-invocation-id' in headers;
const OF_ONE_CALL = /^(amz-sdk-.*|x-amz-date|authorization|connection|accept-encoding|accept)$/;
const lasting = ({ method, url, headers, body }: Heard) => ({
  method,
  url,
  body,
  headers: Object.fromEntries(Object.entries(headers).filter(([name]) => !OF_ONE_CALL.test(name))),
  signed: /SignedHeaders=([^,]+)/.exec(headers.authorization ?? '')?.[1]?.replaceAll(/amz-sdk-[a-z-]+;/g, ''),
});

const { signal } = new AbortController();
const body = Buffer.from('the bytes of an archive');
const checksum = { algorithm: 'CRC32', value: checksumOf('CRC32', body) } as const;
const attributes = {
  storageClass: 'DEEP_ARCHIVE',
  metadata: { 'glacier-archive-id': 'id', name: 'a%20b' },
  tags: { a: 'b c', d: 'é' },
  contentType: 'text/plain',
  encryption: { algorithm: 'aws:kms' as const, kmsKeyId: 'key' },
};
const key = 'a folder/ä (1)!.txt' as ObjectKey;

it('sends a part the short way just as the SDK sends it, after a first one by the SDK', async () => {
  const { heard, bucket } = await setup();
  const upload = () =>
    bucket.uploadPart({ key, uploadId: "up'load+1" as UploadId, partNumber: 7, body, checksum }, signal);

  const parts = [await upload(), await upload(), await upload()];

  expect(heard.map(isBySdk)).toEqual([true, false, false]);
  const [first, ...others] = heard.map(lasting);
  for (const one of others) expect(one).toEqual(first);
  expect(parts).toEqual([{ etag: '"etag"' }, { etag: '"etag"' }, { etag: '"etag"' }]);
});

it('sends an object with all its attributes the short way just as the SDK does', async () => {
  const { heard, bucket } = await setup();
  const put = () => bucket.put(key, body, { checksum, attributes, ifAbsent: true }, signal);

  await put();
  await put();

  expect(heard.map(isBySdk)).toEqual([true, false]);
  const [first, second] = heard.map(lasting);
  expect(second).toEqual(first);
  expect(first?.headers['x-amz-storage-class']).toBe('DEEP_ARCHIVE');
});

it('asks for job output the short way just as the SDK does', async () => {
  const { heard, vault } = await setup((response) => void response.end('abc'));
  const read = async () => {
    const { readInto } = await vault.readOutput('job' as JobId, { start: 0, end: 2 }, signal);
    const target = Buffer.alloc(3);
    await readInto?.(target, () => undefined);
    return target.toString();
  };

  expect([await read(), await read()]).toEqual(['abc', 'abc']);

  expect(heard.map(isBySdk)).toEqual([true, false]);
  const [first, second] = heard.map(lasting);
  expect(second).toEqual(first);
  expect(first?.headers['x-amz-glacier-version']).toBe('2012-06-01');
});

it('does not send to one bucket what was learned of another', async () => {
  const { heard, bucket, other } = await setup();
  for (const place of [bucket, other, bucket, other, other]) {
    await place.put('x' as ObjectKey, body, { checksum, attributes, ifAbsent: false }, signal);
  }

  expect(heard.map(({ url }) => url?.split('/')[1])).toEqual(['target', 'another', 'target', 'another', 'another']);
});

it('tells a refusal as the SDK does, and goes its way once more after it', async () => {
  const { heard, bucket } = await setup((response, turn) => {
    if (turn !== 2) return void response.end();
    response.statusCode = 503;
    response.end('<Error><Code>SlowDown</Code><Message>Please reduce your request rate.</Message></Error>');
  });
  const put = () => bucket.put(key, body, { checksum, attributes, ifAbsent: false }, signal);

  await put();
  await expect(put()).rejects.toMatchObject({ code: 'throttled', operation: 'PutObject' });
  await put();
  await put();

  expect(heard.map(isBySdk)).toEqual([true, false, true, false]);
});

it('learns the server’s time from a refusal, and sends what was refused for it once more', async () => {
  const { heard, bucket } = await setup((response, turn) => {
    if (turn !== 2) return void response.end();
    response.statusCode = 403;
    response.setHeader('Date', new Date(Date.now() + 3_600_000).toUTCString());
    response.end('<Error><Code>RequestTimeTooSkewed</Code><Message>The difference is too large.</Message></Error>');
  });
  const put = () => bucket.put(key, body, { checksum, attributes, ifAbsent: false }, signal);

  await put();
  await put();

  expect(heard).toHaveLength(3);
  const [, before, after] = heard.map(({ headers }) => String(headers['x-amz-date']).slice(0, 13));
  expect(after).not.toBe(before);
});

it('gives the reason of the signal as it was where the rest of a refusal never comes', async () => {
  const refused = Promise.withResolvers<void>();
  const { vault } = await setup((response) => {
    response.writeHead(503, { 'Content-Length': 50 }).write('{"code"');
    refused.resolve();
  });
  const stop = new AbortController();
  const reason = new Error('nothing came for a minute');
  const output = vault.readOutput('job' as JobId, undefined, stop.signal);
  await refused.promise;
  await new Promise((resolve) => setTimeout(resolve, 50));
  stop.abort(reason);

  await expect(output).rejects.toBe(reason);
  expect(reason.message).toBe('nothing came for a minute');
});
