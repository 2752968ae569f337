import { type AddressInfo, createServer, type Server, type Socket } from 'node:net';
import { createServer as createTlsServer } from 'node:tls';
import { MiB } from '../../src/lib/size.ts';
import { type Reply, type Request, StubCloud } from './stub-cloud.ts';

/*
 * A Glacier and an S3 that cost next to nothing: zeros as archives, bodies thrown away, HTTP read by hand. It runs in a process
 * of its own, as HTTP, as HTTPS with a self-signed certificate, and as a bare socket for the floor that the program is held
 * against. Started by `startStub`; says its ports as a line of JSON.
 */

const ZEROS = Buffer.alloc(MiB);
const cloud = new StubCloud();

/** A bare socket: `R<bytes>\n` is answered with so many zeros, `W<bytes>\n` followed by so many with one byte. */
function serveRaw(socket: Socket): void {
  let left = -1;
  socket.on('data', (data) => {
    if (left >= 0) left -= data.length;
    else {
      const end = data.indexOf(10);
      const length = Number(data.toString('latin1', 1, end));
      if (data[0] === 0x52) return sendZeros(socket, length, () => undefined);
      left = length - (data.length - end - 1);
    }
    if (left === 0) {
      left = -1;
      socket.write('k');
    }
  });
  socket.on('error', () => socket.destroy());
}

function sendZeros(socket: Socket, length: number, done: () => void): void {
  let left = length;
  const send = () => {
    while (left > 0) {
      const piece = ZEROS.subarray(0, Math.min(left, ZEROS.length));
      left -= piece.length;
      if (!socket.write(piece) && left > 0) {
        socket.once('drain', send);
        return;
      }
    }
    done();
  };
  send();
}

/** One connection of HTTP/1.1, requests one after another. */
function serveHttp(socket: Socket): void {
  let head: Buffer = Buffer.alloc(0);
  let request: Request | undefined;
  let left = 0;
  let kept: Buffer[] = [];
  let busy = false;
  cloud.connections += 1;
  socket.setNoDelay(true);

  const answer = (asked: Request) => {
    busy = true;
    const reply: Reply = cloud.answer(asked, Buffer.concat(kept));
    kept = [];
    request = undefined;
    socket.write(reply.head);
    sendZeros(socket, reply.zeros, () => {
      busy = false;
      if (head.length > 0) take(Buffer.alloc(0));
    });
  };
  const take = (data: Buffer) => {
    let rest = data;
    if (request) {
      const piece = rest.subarray(0, left);
      if (request.keepBody) kept.push(Buffer.from(piece));
      left -= piece.length;
      rest = rest.subarray(piece.length);
      if (left === 0) answer(request);
    }
    if (rest.length > 0 || head.length > 0) {
      head = head.length === 0 ? rest : Buffer.concat([head, rest]);
      if (request || busy) return;
      const end = head.indexOf('\r\n\r\n');
      if (end < 0) return;
      request = cloud.parse(head.toString('latin1', 0, end));
      left = request.bodyLength;
      const body = head.subarray(end + 4);
      head = Buffer.alloc(0);
      if (left === 0) answer(request);
      if (body.length > 0) take(body);
    }
  };
  socket.on('data', take);
  socket.on('error', () => socket.destroy());
}

async function listen(server: Server): Promise<number> {
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return (server.address() as AddressInfo).port;
}

const [key, cert] = [process.env.STUB_KEY, process.env.STUB_CERT];
const ports = {
  raw: await listen(createServer(serveRaw)),
  http: await listen(createServer(serveHttp)),
  tls: key && cert ? await listen(createTlsServer({ key, cert }, serveHttp)) : 0,
};
process.stdout.write(`${JSON.stringify(ports)}\n`);
process.stdin.on('end', () => process.exit(0)).resume();
