import { randomBytes } from 'node:crypto';
import type { AddressInfo } from 'node:net';
import { createServer, type Server, type Socket } from 'node:net';
import { setTimeout as delay } from 'node:timers/promises';
import { expect, it, onTestFinished } from 'vitest';
import { BodyTooLongError } from '../../src/aws/direct-body.ts';
import { DirectHandler } from '../../src/aws/direct-handler.ts';
import { MiB } from '../../src/lib/size.ts';
import { asDirect } from '../support/direct.ts';

type Answer = (socket: Socket, request: string, connection: number) => void;

/** A server that answers each request as it is told, and what is needed to ask it. */
async function setup(answer: Answer) {
  const sockets: Socket[] = [];
  const server: Server = createServer((socket) => {
    const connection = sockets.push(socket);
    socket.on('error', () => undefined);
    socket.on('data', (data) => answer(socket, String(data), connection));
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const handler = new DirectHandler();
  onTestFinished(() => {
    handler.destroy();
    for (const socket of sockets) socket.destroy();
    server.close();
  });
  const { port } = server.address() as AddressInfo;
  const request = {
    method: 'GET',
    protocol: 'http:',
    hostname: '127.0.0.1',
    port,
    path: '/output',
    headers: { host: 'glacier' },
  };
  const ask = async (abortSignal?: AbortSignal, method = 'GET') => {
    const { response } = await handler.handle({ ...request, method }, abortSignal ? { abortSignal } : {});
    return {
      statusCode: response.statusCode,
      get body() {
        return asDirect(response.body);
      },
    };
  };
  return { ask, sockets };
}

const withLength = (body: Buffer) =>
  Buffer.concat([Buffer.from(`HTTP/1.1 200 OK\r\nContent-Length: ${body.length}\r\n\r\n`), body]);
const go = () => undefined;

it('reads a body straight into memory, and uses the connection again', async () => {
  const bytes = randomBytes(3 * MiB + 7);
  const { ask, sockets } = await setup((socket) => socket.write(withLength(bytes)));
  const target = Buffer.alloc(bytes.length);

  for (let i = 0; i < 3; i += 1) {
    const { body, statusCode } = await ask();
    const heard: number[] = [];
    expect(statusCode).toBe(200);
    expect(body.announced).toBe(bytes.length);
    expect(await body.readInto(target, (length) => void heard.push(length))).toBe(bytes.length);
    expect(target.equals(bytes)).toBe(true);
    expect(heard.at(-1)).toBe(bytes.length);
    expect(heard).toEqual([...heard].sort((a, b) => a - b));
    target.fill(0);
  }

  expect(sockets).toHaveLength(1);
});

it('opens as many connections as there are answers on their way', async () => {
  const { ask, sockets } = await setup((socket) => socket.write(withLength(Buffer.from('ab'))));

  const responses = await Promise.all([ask(), ask(), ask()]);
  for (const { body } of responses) await body.readInto(Buffer.alloc(2), go);
  const again = await Promise.all([ask(), ask(), ask()]);
  for (const { body } of again) await body.readInto(Buffer.alloc(2), go);

  expect(sockets).toHaveLength(3);
});

it('reads a body as a stream as well, with or without chunks', async () => {
  const bytes = randomBytes(MiB);
  const size = bytes.length.toString(16);
  let asked = 0;
  const { ask } = await setup((socket) => {
    asked += 1;
    if (asked === 1) socket.write(withLength(bytes));
    else {
      socket.write(`HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n${size}\r\n`);
      socket.write(bytes);
      socket.write('\r\n0\r\n\r\n');
    }
  });

  for (let i = 0; i < 2; i += 1) {
    const { body } = await ask();
    expect(Buffer.concat(await body.toArray()).equals(bytes)).toBe(true);
  }
});

it('waits with the next bytes for whoever was told of the last ones', async () => {
  const bytes = randomBytes(4 * MiB);
  const { ask } = await setup((socket) => socket.write(withLength(bytes)));
  const { body } = await ask();
  const target = Buffer.alloc(bytes.length);
  let open = false;
  let overlaps = 0;

  await body.readInto(target, async () => {
    if (open) overlaps += 1;
    open = true;
    await delay(1);
    open = false;
  });

  expect(overlaps).toBe(0);
  expect(target.equals(bytes)).toBe(true);
});

it('reads no more at a time than it is told to, but for the first reads', async () => {
  const bytes = randomBytes(4 * MiB);
  const { ask } = await setup((socket) => socket.write(withLength(bytes)));
  const target = Buffer.alloc(bytes.length);
  const lengths: number[] = [];
  const { body } = await ask();
  await body.readInto(target, (length) => void lengths.push(length), 10_000);

  expect(target.equals(bytes)).toBe(true);
  const [, , ...reads] = lengths.map((length, i) => length - (lengths[i - 1] ?? 0));
  expect(Math.max(...reads)).toBeLessThanOrEqual(10_000);
  expect(lengths[1]).toBeLessThanOrEqual(2 * 16 * 1024);
});

it('gives pieces of a quarter of what it may read ahead, and tells of each read, whether it fills one or not', async () => {
  const bytes = randomBytes(MiB);
  const { ask } = await setup((socket) => {
    socket.write(withLength(bytes).subarray(0, 200_000));
    setTimeout(() => socket.write(withLength(bytes).subarray(200_000)), 50);
  });
  const { body } = await ask();
  let reads = 0;
  const got: Buffer[] = [];
  for await (const piece of body.readPieces(
    new Uint8Array(4 * MiB),
    () => {
      reads += 1;
    },
    1_000_000,
  )) {
    expect(piece.length).toBeLessThanOrEqual(250_000);
    if (got.length === 0) expect(reads).toBeGreaterThan(1);
    got.push(Buffer.from(piece));
  }

  expect(Buffer.concat(got).equals(bytes)).toBe(true);
});

it('asks once more on a new connection where an idle one had been closed', async () => {
  const { ask, sockets } = await setup((socket, _request, connection) => {
    if (connection === 1 && socket.bytesRead > 100) socket.destroy();
    else socket.write(withLength(Buffer.from('ab')));
  });
  for (let i = 0; i < 8; i += 1) {
    const { body } = await ask();
    expect(await body.readInto(Buffer.alloc(2), go)).toBe(2);
  }

  expect(sockets).toHaveLength(2);
});

it.each([
  ['of known length', 'HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nab'],
  ['of chunks', 'HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nab'],
  ['that has not begun', 'HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\n'],
])('fails with a body %s that breaks off', async (_name, text) => {
  const { ask } = await setup((socket) => socket.end(text));
  const { body } = await ask();

  await expect(body.readInto(Buffer.alloc(5), go)).rejects.toMatchObject({ code: 'ECONNRESET' });
});

it('fails where more comes than the memory holds', async () => {
  const { ask } = await setup((socket) => socket.write(withLength(Buffer.from('abc'))));
  const { body } = await ask();

  await expect(body.readInto(Buffer.alloc(2), go)).rejects.toThrow(BodyTooLongError);
});

it('closes the connection of a body that is not read to its end', async () => {
  const closed = Promise.withResolvers<void>();
  const { ask } = await setup((socket) => {
    socket.once('close', () => closed.resolve());
    socket.write(withLength(randomBytes(8 * MiB)));
  });
  const { body } = await ask();
  body.destroy();

  await closed.promise;
});

it('rejects with the reason of the signal while no answer has come', async () => {
  const abort = new AbortController();
  const { ask } = await setup(() => abort.abort(new Error('enough')));

  await expect(ask(abort.signal)).rejects.toThrow('enough');
});

it.each([
  ['no HTTP', 'SSH-2.0-OpenSSH_9.2\r\n\r\n'],
  ['a line without a colon', 'HTTP/1.1 200 OK\r\nnonsense\r\n\r\n'],
  ['a folded line', 'HTTP/1.1 200 OK\r\nA: b\r\n c\r\n\r\n'],
  ['an unknown coding', 'HTTP/1.1 200 OK\r\nTransfer-Encoding: gzip, chunked\r\n\r\n'],
  ['a length below nothing', 'HTTP/1.1 200 OK\r\nContent-Length: -2\r\n\r\n'],
])('rejects where the head of the answer is %s, and takes nothing else down', async (_, head) => {
  const { ask } = await setup((socket, _request, connection) =>
    socket.write(connection === 1 ? head : withLength(Buffer.from('ab'))),
  );

  await expect(ask()).rejects.toMatchObject({ code: 'EPROTO' });
  expect((await ask()).statusCode).toBe(200);
});

it('gives up the body of a refusal that does not come to its end', async () => {
  const { ask } = await setup((socket) => socket.write('HTTP/1.1 503 Slow\r\nContent-Length: 50\r\n\r\n{"code"'));
  const stop = new AbortController();
  const { body } = await ask(stop.signal);
  const read = body.toArray();

  stop.abort(new Error('enough'));

  await expect(read).rejects.toThrow('enough');
});

it('does not repeat what is no read, although the connection had been idle', async () => {
  let requests = 0;
  const { ask } = await setup((socket) => {
    requests += 1;
    if (requests === 1) socket.write('HTTP/1.1 202 Accepted\r\nContent-Length: 0\r\n\r\n');
    else socket.destroy();
  });
  await ask(undefined, 'POST');

  await expect(ask(undefined, 'POST')).rejects.toThrow();
  expect(requests).toBe(2);
});

it('does not use a connection again on which more came than was asked for', async () => {
  const twice = 'HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\nHTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nxx';
  const { ask, sockets } = await setup((socket, _request, connection) =>
    socket.write(connection === 1 ? twice : withLength(Buffer.from('ab'))),
  );
  await ask();

  const { body } = await ask();
  expect(Buffer.concat(await body.toArray()).toString()).toBe('ab');
  expect(sockets).toHaveLength(2);
});
