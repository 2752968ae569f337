import { createServer, type IncomingHttpHeaders, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { glacierClient, s3Client } from '../../src/aws/clients.ts';
import { glacierVault } from '../../src/aws/glacier-vault.ts';
import { s3Bucket } from '../../src/aws/s3-bucket.ts';
import { checksumOf } from '../../src/domain/checksum.ts';
import type { ArchiveId, ObjectKey, UploadId } from '../../src/domain/ids.ts';
import { UsageError } from '../../src/lib/errors.ts';
import { MiB } from '../../src/lib/size.ts';
import { withSimulatorKeys } from '../support/simulator-keys.ts';

interface Seen {
  readonly method: string;
  readonly path: string;
  readonly headers: IncomingHttpHeaders;
  readonly body: string;
  readonly socket: number;
}

const { signal } = new AbortController();
const key = 'a/b c' as ObjectKey;
const body = Buffer.from('bytes');
const checksum = { algorithm: 'CRC64NVME', value: checksumOf('CRC64NVME', body) } as const;
const attributes = {
  storageClass: 'DEEP_ARCHIVE',
  metadata: { origin: 'vault' },
  tags: { 'a b': 'c&d' },
  encryption: { algorithm: 'aws:kms', kmsKeyId: 'key-1' },
} as const;

let server: Server;
/** What the next requests are answered; 200 without a body when there is no more. */
let replies: { status?: number; headers?: Record<string, string>; text?: string }[];
let seen: Seen[];
let port: number;
let restore: () => void;
const clients: { destroy(): void }[] = [];

beforeEach(async () => {
  seen = [];
  replies = [];
  restore = withSimulatorKeys();
  server = createServer((request, response) => {
    let text = '';
    request.on('data', (bytes: Buffer) => {
      text += bytes.toString();
    });
    request.on('end', () => {
      const { method = '', url: path = '', headers, socket } = request;
      seen.push({ method, path, headers, body: text, socket: socket.remotePort ?? 0 });
      const { status = 200, headers: more = {}, text: answer = '' } = replies.shift() ?? {};
      const length = String(Buffer.byteLength(answer));
      const common = { etag: '"e"', 'x-amz-job-id': 'job-1', 'content-length': length };
      response.writeHead(status, { ...common, ...more }).end(answer);
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  port = (server.address() as AddressInfo).port;
});

afterEach(() => {
  restore();
  for (const client of clients.splice(0)) client.destroy();
  server.closeAllConnections();
  server.close();
});

function bucket(endpointUrl?: string) {
  const client = s3Client({ region: 'eu-west-1', concurrency: 2, ...(endpointUrl !== undefined && { endpointUrl }) });
  clients.push(client);
  return s3Bucket({ client, bucket: 'target', expectedBucketOwner: '111122223333' });
}

function vault() {
  const client = glacierClient({ region: 'eu-west-1', concurrency: 2 });
  clients.push(client);
  return glacierVault({ client, vaultName: 'photos', accountId: '444455556666' });
}

it('addresses a custom endpoint path-style, given as an option', async () => {
  await bucket(`http://localhost:${port}`).head(key, signal);

  expect(seen[0]).toMatchObject({ method: 'HEAD', path: '/target/a/b%20c' });
  expect(seen[0]?.headers['x-amz-checksum-mode']).toBe('ENABLED');
});

it.each(['AWS_ENDPOINT_URL', 'AWS_ENDPOINT_URL_S3'])(
  'addresses a custom endpoint path-style, given as %s',
  async (name) => {
    process.env[name] = `http://localhost:${port}`;

    await bucket().head(key, signal);

    expect(seen[0]?.path).toBe('/target/a/b%20c');
  },
);

it('takes the endpoint of one service before that of all', async () => {
  process.env.AWS_ENDPOINT_URL = 'http://127.0.0.1:9';
  process.env.AWS_ENDPOINT_URL_GLACIER = `http://127.0.0.1:${port}`;

  await vault().requestArchive({ archiveId: '-x' as ArchiveId, tier: 'Bulk', description: 'run 1', topicArn: 'arn:t' });

  expect(seen[0]?.path).toBe('/444455556666/vaults/photos/jobs');
  expect(JSON.parse(seen[0]?.body ?? '')).toEqual({
    Type: 'archive-retrieval',
    ArchiveId: '-x',
    Tier: 'Bulk',
    Description: 'run 1',
    SNSTopic: 'arn:t',
  });
});

it('refuses an endpoint that is no URL', () => {
  expect(() => bucket('localhost:9000')).toThrow(UsageError);
  expect(() => bucket('minio')).toThrow('is not an endpoint URL');
});

it('sends an object with its checksum and attributes, plain and unsigned, and no other checksum', async () => {
  await bucket(`http://127.0.0.1:${port}`).put(key, body, { checksum, attributes, ifAbsent: true }, signal);

  const { method, path, headers, body: sent } = seen[0]!;
  expect([method, path.split('?')[0], sent]).toEqual(['PUT', '/target/a/b%20c', 'bytes']);
  expect(headers).toMatchObject({
    'x-amz-content-sha256': 'UNSIGNED-PAYLOAD',
    'x-amz-checksum-crc64nvme': checksum.value,
    'content-length': '5',
    'if-none-match': '*',
    'x-amz-storage-class': 'DEEP_ARCHIVE',
    'x-amz-meta-origin': 'vault',
    'x-amz-tagging': 'a%20b=c%26d',
    'x-amz-server-side-encryption': 'aws:kms',
    'x-amz-server-side-encryption-aws-kms-key-id': 'key-1',
    'x-amz-expected-bucket-owner': '111122223333',
  });
  expect(headers.authorization).toContain('x-amz-checksum-crc64nvme');
  expect(Object.keys(headers).filter((name) => /checksum|trailer|content-encoding/.test(name))).toEqual([
    'x-amz-checksum-crc64nvme',
  ]);
});

it('sends a part in the same way', async () => {
  const part = { key, uploadId: 'u' as UploadId, partNumber: 7, body, checksum };
  await bucket(`http://127.0.0.1:${port}`).uploadPart(part, signal);

  const { path, headers } = seen[0]!;
  expect(path).toContain('partNumber=7');
  expect(headers).toMatchObject({
    'x-amz-content-sha256': 'UNSIGNED-PAYLOAD',
    'x-amz-checksum-crc64nvme': checksum.value,
  });
});

it('keeps its connections and opens no more than it is given', async () => {
  const into = bucket(`http://127.0.0.1:${port}`);
  for (let i = 0; i < 5; i += 1) await into.head(key, signal);
  const inTurn = new Set(seen.map(({ socket }) => socket)).size;
  await Promise.all(Array.from({ length: 100 }, () => into.head(key, signal)));

  expect(inTurn).toBe(1);
  expect(new Set(seen.map(({ socket }) => socket)).size).toBeLessThanOrEqual(18);
});

it('sends large parts one after the other over one connection', async () => {
  const large = Buffer.alloc(3 * MiB);
  const sum = { algorithm: 'CRC32', value: checksumOf('CRC32', large) } as const;
  const into = bucket(`http://127.0.0.1:${port}`);
  for (const partNumber of [1, 2, 3]) {
    await into.uploadPart({ key, uploadId: 'u' as UploadId, partNumber, body: large, checksum: sum }, signal);
  }

  expect(new Set(seen.map(({ socket }) => socket)).size).toBe(1);
  expect(seen.map(({ headers }) => headers.expect)).toEqual([undefined, undefined, undefined]);
});

it('asks once more, by the server’s time, where the machine’s clock is wrong', async () => {
  process.env.AWS_ENDPOINT_URL = `http://127.0.0.1:${port}`;
  const serverTime = Date.now() + 20 * 60 * 1000;
  const message = 'Signature expired: 20261122T100000Z is now earlier than 20261122T101500Z';
  replies.push({
    status: 403,
    headers: { date: new Date(serverTime).toUTCString(), 'content-type': 'application/json' },
    text: JSON.stringify({ code: 'InvalidSignatureException', message, type: 'Client' }),
  });

  const jobId = await vault().requestArchive({ archiveId: 'x' as ArchiveId, tier: 'Bulk', description: 'run 1' });

  expect(jobId).toBe('job-1');
  expect(seen).toHaveLength(2);
  const [first, second] = seen.map(({ headers }) => signedAt(String(headers['x-amz-date'])));
  expect(second! - first!).toBeGreaterThan(19 * 60 * 1000);
});

it('says that the clock is wrong where the second time is no better', async () => {
  process.env.AWS_ENDPOINT_URL = `http://127.0.0.1:${port}`;
  const message = 'Signature expired: 20261122T100000Z is now earlier than 20261122T101500Z';
  for (const minutes of [20, 40]) {
    const date = new Date(Date.now() + minutes * 60 * 1000).toUTCString();
    const text = JSON.stringify({ code: 'InvalidSignatureException', message, type: 'Client' });
    replies.push({ status: 403, headers: { date, 'content-type': 'application/json' }, text });
  }

  await expect(vault().describe(signal)).rejects.toMatchObject({ code: 'clock_skew', scope: 'run' });
  expect(seen).toHaveLength(2);
});

it('does not go on where the machine’s clock is off by hours: it would take outputs that are there for expired', async () => {
  process.env.AWS_ENDPOINT_URL = `http://127.0.0.1:${port}`;
  const message = 'Signature expired: 20261122T100000Z is now earlier than 20261122T101500Z';
  replies.push({
    status: 403,
    headers: { date: new Date(Date.now() - 25 * 3_600_000).toUTCString(), 'content-type': 'application/json' },
    text: JSON.stringify({ code: 'InvalidSignatureException', message, type: 'Client' }),
  });

  const asked = vault().requestArchive({ archiveId: 'x' as ArchiveId, tier: 'Bulk', description: 'run 1' });

  await expect(asked).rejects.toMatchObject({ code: 'clock_skew', scope: 'run' });
  expect(seen).toHaveLength(1);
});

/** `20261122T101500Z` in milliseconds. */
function signedAt(text: string): number {
  return Date.parse(text.replace(/^(\d{4})(\d\d)(\d\dT\d\d)(\d\d)(\d\dZ)$/, '$1-$2-$3:$4:$5'));
}
