import { once } from 'node:events';
import type { AddressInfo } from 'node:net';
import { createServer, type Socket } from 'node:net';
import { setTimeout as delay } from 'node:timers/promises';
import { expect, it, onTestFinished } from 'vitest';
import { DirectHandler } from '../../src/aws/direct-handler.ts';
import { PiecedBody } from '../../src/aws/pieced-body.ts';
import { MiB } from '../../src/lib/size.ts';

const OK = 'HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n';

/** A server that keeps the bodies that it has got in full, and what is needed to send it one. */
async function setup({ idleTimeoutMs = 5000, onHead = (_: Socket): void => undefined } = {}) {
  const sockets: Socket[] = [];
  const bodies: Buffer[] = [];
  const server = createServer((socket) => {
    sockets.push(socket);
    socket.on('error', () => undefined);
    let heard = Buffer.alloc(0);
    socket.on('data', (data) => {
      const isHead = heard.length === 0;
      heard = Buffer.concat([heard, data]);
      const end = heard.indexOf('\r\n\r\n') + 4;
      if (isHead) onHead(socket);
      const length = Number(/content-length: (\d+)/.exec(heard.toString('latin1', 0, end))?.[1]);
      if (heard.length - end < length) return;
      bodies.push(heard.subarray(end));
      heard = Buffer.alloc(0);
      socket.write(OK);
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const handler = new DirectHandler(idleTimeoutMs);
  onTestFinished(() => {
    handler.destroy();
    for (const socket of sockets) socket.destroy();
    server.close();
  });
  const { port } = server.address() as AddressInfo;
  const send = async (body: unknown, length: number, abortSignal?: AbortSignal) => {
    const headers = { host: 's3', 'content-length': String(length) };
    const request = { method: 'PUT', protocol: 'http:', hostname: '127.0.0.1', port, path: '/b/k', headers, body };
    const { response } = await handler.handle(request, abortSignal ? { abortSignal } : {});
    for await (const _ of response.body);
    return response.statusCode;
  };
  return { send, bodies, sockets };
}

const bytes = Buffer.from(Uint8Array.from({ length: 3 * MiB + 5 }, (_, i) => (i * 7 + (i >> 10)) & 255));

it('sends bytes at hand, and uses the connection again', async () => {
  const { send, bodies, sockets } = await setup();

  for (let i = 0; i < 3; i += 1) expect(await send(bytes, bytes.length)).toBe(200);

  expect(bodies.map((body) => body.equals(bytes))).toEqual([true, true, true]);
  expect(sockets).toHaveLength(1);
});

it('sends pieces whose memory is used again as soon as the next but one is asked for', async () => {
  const { send, bodies, sockets } = await setup();
  const size = 64 * 1024;
  async function* pieces() {
    const memory = [Buffer.alloc(size), Buffer.alloc(size)] as const;
    for (let at = 0, turn = 0; at < bytes.length; at += size, turn += 1) {
      const part = bytes.subarray(at, at + size);
      const place = memory[turn % 2 === 0 ? 0 : 1];
      place.set(part);
      yield place.subarray(0, part.length);
    }
  }

  for (let i = 0; i < 2; i += 1) expect(await send(new PiecedBody(pieces()), bytes.length)).toBe(200);

  expect(bodies.map((body) => body.equals(bytes))).toEqual([true, true]);
  expect(sockets).toHaveLength(1);
});

it('breaks the connection off where a piece fails, and says what failed', async () => {
  const { send, bodies, sockets } = await setup();
  async function* pieces() {
    yield bytes.subarray(0, MiB);
    throw new Error('the tree hash is another');
  }

  await expect(send(new PiecedBody(pieces()), bytes.length)).rejects.toThrow('the tree hash is another');

  const [socket] = sockets as [Socket];
  if (!socket.closed) await once(socket, 'close');
  expect(bodies).toEqual([]);
});

it('stops asking for pieces once it was refused', async () => {
  const refusal = 'HTTP/1.1 503 Slow Down\r\nContent-Length: 0\r\n\r\n';
  const { send, sockets } = await setup({
    onHead: (socket) => {
      socket.pause();
      socket.write(refusal);
    },
  });
  let returned = false;
  async function* pieces() {
    try {
      for (;;) yield bytes;
    } finally {
      returned = true;
    }
  }

  expect(await send(new PiecedBody(pieces()), 1000 * bytes.length)).toBe(503);

  const [socket] = sockets as [Socket];
  socket.resume();
  if (!socket.closed) await once(socket, 'close');
  await expect.poll(() => returned).toBe(true);
});

it('gives up on a server that does not answer on a connection that was idle for long, too', async () => {
  let heads = 0;
  const { send, sockets } = await setup({
    idleTimeoutMs: 500,
    onHead: (socket) => {
      heads += 1;
      if (heads > 1) socket.pause();
    },
  });
  expect(await send(bytes, bytes.length)).toBe(200);
  await delay(800);

  await expect(send(Buffer.alloc(64 * MiB), 64 * MiB)).rejects.toMatchObject({ name: 'TimeoutError' });

  expect(sockets).toHaveLength(1);
});

it('gives up on a server that neither reads nor answers', async () => {
  const { send } = await setup({ idleTimeoutMs: 100, onHead: (socket) => void socket.pause() });

  await expect(send(Buffer.alloc(64 * MiB), 64 * MiB)).rejects.toMatchObject({
    name: 'TimeoutError',
    message: 'no bytes either way for 0.1 s: inactivity',
  });
});

it('ends with the reason of the signal, and closes the connection', async () => {
  const { send, sockets } = await setup({ onHead: (socket) => void socket.pause() });
  const stop = new AbortController();
  const sent = send(Buffer.alloc(64 * MiB), 64 * MiB, stop.signal);
  await expect.poll(() => sockets.length).toBe(1);
  stop.abort(new Error('that is enough'));

  await expect(sent).rejects.toThrow('that is enough');

  const [socket] = sockets as [Socket];
  socket.resume();
  if (!socket.closed) await once(socket, 'close');
});
