import { once } from 'node:events';
import type { AddressInfo } from 'node:net';
import { createServer, type Socket } from 'node:net';
import { expect, it, onTestFinished } from 'vitest';
import { s3Client } from '../../src/aws/clients.ts';
import { s3Bucket } from '../../src/aws/s3-bucket.ts';
import { checksumOf } from '../../src/domain/checksum.ts';
import type { ObjectKey, UploadId } from '../../src/domain/ids.ts';
import { MiB } from '../../src/lib/size.ts';
import { withSimulatorKeys } from '../support/simulator-keys.ts';

const REFUSAL = '<Error><Code>SlowDown</Code><Message>Please reduce your request rate.</Message></Error>';

/** A server that refuses each upload as soon as its head is there, reads no further and keeps the connection open. */
async function refusing() {
  const sockets: Socket[] = [];
  const server = createServer((socket) => {
    sockets.push(socket);
    socket.on('error', () => undefined);
    socket.once('data', () => {
      socket.pause();
      socket.write(`HTTP/1.1 503 Slow Down\r\nContent-Length: ${REFUSAL.length}\r\n\r\n${REFUSAL}`);
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const restore = withSimulatorKeys();
  const { port } = server.address() as AddressInfo;
  const client = s3Client({ region: 'us-east-1', endpointUrl: `http://127.0.0.1:${port}`, concurrency: 1 });
  onTestFinished(() => {
    restore();
    client.destroy();
    for (const socket of sockets) socket.destroy();
    server.close();
  });
  return { bucket: s3Bucket({ client, bucket: 'target' }), sockets };
}

const bytes = Buffer.alloc(32 * MiB, 1);
const part = { key: 'key' as ObjectKey, uploadId: 'upload' as UploadId, partNumber: 1 };

async function* pieces() {
  for (let at = 0; at < bytes.length; at += MiB) yield bytes.subarray(at, at + MiB);
}

it.each([
  [
    'bytes at hand',
    () => ({ body: bytes, checksum: { algorithm: 'CRC32', value: checksumOf('CRC32', bytes) } }) as const,
  ],
  [
    'a stream',
    () =>
      ({
        body: { stream: pieces(), length: bytes.length },
        checksum: { algorithm: 'CRC32', value: () => checksumOf('CRC32', bytes) },
      }) as const,
  ],
])('a refused upload of %s sends nothing more, and leaves no connection behind', async (_, of) => {
  const { bucket, sockets } = await refusing();

  await expect(bucket.uploadPart({ ...part, ...of() }, new AbortController().signal)).rejects.toMatchObject({
    code: 'throttled',
  });

  const [socket] = sockets;
  socket?.resume();
  if (socket && !socket.destroyed) await once(socket, 'close');
  expect(socket?.bytesRead).toBeLessThan(bytes.length);
});
