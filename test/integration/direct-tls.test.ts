import { readFileSync } from 'node:fs';
import type { AddressInfo } from 'node:net';
import { createServer, getCACertificates, setDefaultCACertificates, type TLSSocket } from 'node:tls';
import { afterAll, beforeAll, expect, it, onTestFinished } from 'vitest';
import { DirectHandler } from '../../src/aws/direct-handler.ts';
import { PiecedBody } from '../../src/aws/pieced-body.ts';
import { MiB } from '../../src/lib/size.ts';
import { asDirect } from '../support/direct.ts';

/** Made for 127.0.0.1 and these tests alone, for a hundred years. */
const fixture = (name: string) => readFileSync(new URL(`../../fixtures/tls/${name}.pem`, import.meta.url), 'utf8');
const [key, cert] = [fixture('key'), fixture('certificate')];
const known = getCACertificates('default');
beforeAll(() => setDefaultCACertificates([...known, cert]));
afterAll(() => setDefaultCACertificates(known));

/** A server that answers a PUT with what it was sent, head and first bytes in one record; or refuses it, and reads no more. */
async function setup({ refuses = false } = {}) {
  const sockets: TLSSocket[] = [];
  const server = createServer({ key, cert }, (socket) => {
    sockets.push(socket);
    socket.on('error', () => undefined);
    let heard = Buffer.alloc(0);
    socket.on('data', (data) => {
      if (refuses) {
        socket.pause();
        socket.write('HTTP/1.1 503 Slow Down\r\nContent-Length: 2\r\n\r\nno');
        return;
      }
      heard = Buffer.concat([heard, data]);
      const end = heard.indexOf('\r\n\r\n') + 4;
      const length = Number(/content-length: (\d+)/.exec(heard.toString('latin1', 0, end))?.[1]);
      if (heard.length - end < length) return;
      socket.write(
        Buffer.concat([Buffer.from(`HTTP/1.1 200 OK\r\nContent-Length: ${length}\r\n\r\n`), heard.subarray(end)]),
      );
      heard = Buffer.alloc(0);
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const handler = new DirectHandler(5000);
  onTestFinished(() => {
    handler.destroy();
    for (const socket of sockets) socket.destroy();
    server.close();
  });
  const { port } = server.address() as AddressInfo;
  const echo = async (body: unknown) => {
    const headers = { host: 's3', 'content-length': String(bytes.length) };
    const request = { method: 'PUT', protocol: 'https:', hostname: '127.0.0.1', port, path: '/b/k', headers, body };
    return asDirect((await handler.handle(request)).response.body);
  };
  return { echo, sockets };
}

const bytes = Buffer.from(Uint8Array.from({ length: 5 * MiB + 3 }, (_, i) => (i * 13 + (i >> 9)) & 255));

it('sends bytes at hand and reads them back into memory, over one connection', async () => {
  const { echo, sockets } = await setup();
  const target = Buffer.alloc(bytes.length);

  for (let i = 0; i < 3; i += 1) {
    const body = await echo(bytes);
    expect(await body.readInto(target, () => undefined)).toBe(bytes.length);
    expect(target.equals(bytes)).toBe(true);
    target.fill(0);
  }

  expect(sockets).toHaveLength(1);
});

it('waits as it is told to between two reads, although TLS gives out what it has', async () => {
  const { echo } = await setup();
  const target = Buffer.alloc(bytes.length);
  let waited = 0;

  const body = await echo(bytes);
  const length = await body.readInto(target, () => {
    waited += 1;
    return waited < 20 ? new Promise((resolve) => setImmediate(resolve)) : undefined;
  });

  expect(waited).toBeGreaterThan(1);
  expect(length).toBe(bytes.length);
  expect(target.equals(bytes)).toBe(true);
});

it('reads no more before the last of those that it waits for has come to an end', async () => {
  const { echo } = await setup();
  const target = Buffer.alloc(bytes.length);
  let reads = 0;
  let waits = 0;
  let most = 0;

  const body = await echo(bytes);
  await body.readInto(target, async () => {
    reads += 1;
    waits += 1;
    most = Math.max(most, waits);
    await new Promise((resolve) => setTimeout(resolve, 1 + (reads % 4) * 3));
    waits -= 1;
  });

  expect(target.equals(bytes)).toBe(true);
  expect(most).toBeGreaterThan(1);
  // what one read of the connection holds in records of 16 KiB
  expect(most).toBeLessThanOrEqual(8);
});

it('sends pieces and reads pieces through memory that is used again', async () => {
  const { echo } = await setup();
  const size = 100_000;
  async function* pieces() {
    const memory = [Buffer.alloc(size), Buffer.alloc(size)] as const;
    for (let at = 0, turn = 0; at < bytes.length; at += size, turn += 1) {
      const place = memory[turn % 2 === 0 ? 0 : 1];
      const part = bytes.subarray(at, at + size);
      place.set(part);
      yield place.subarray(0, part.length);
    }
  }
  const got: Buffer[] = [];

  const body = await echo(new PiecedBody(pieces()));
  for await (const piece of body.readPieces(new Uint8Array(64 * 1024))) {
    got.push(Buffer.from(piece));
    // the other side is slower than TLS
    await new Promise((resolve) => setImmediate(resolve));
  }

  expect(Buffer.concat(got).equals(bytes)).toBe(true);
});

it('reads the first bytes that came with the head before any other, when it is asked late', async () => {
  const { echo } = await setup();
  const body = await echo(bytes);
  await new Promise((resolve) => setTimeout(resolve, 50));
  const got: Buffer[] = [];

  for await (const piece of body) got.push(Buffer.from(piece as Uint8Array));

  expect(Buffer.concat(got).equals(bytes)).toBe(true);
});

it('asks for no piece any more once it was refused: the memory may be used for another part', async () => {
  const { echo, sockets } = await setup({ refuses: true });
  let asked = 0;
  let askedBefore = 0;
  async function* pieces() {
    for (;;) {
      asked += 1;
      yield Buffer.alloc(MiB);
    }
  }

  const body = await echo(new PiecedBody(pieces()));
  await body.readInto(Buffer.alloc(2), () => {
    askedBefore = asked;
    return undefined;
  });

  for (const socket of sockets) socket.destroy();
  await new Promise((resolve) => setTimeout(resolve, 20));
  expect(askedBefore).toBeGreaterThan(0);
  expect(asked).toBe(askedBefore);
});
