import { createHash } from 'node:crypto';
import { connect } from 'node:net';
import { GiB, MiB } from '../../src/lib/size.ts';

/*
 * One part of the floor, in a process of its own: `sha`, `read` or `write`, with the raw port. Prints CPU seconds a GiB: the
 * least that bytes cost which are hashed once, come by one socket and go by another.
 */

const [what, port] = process.argv.slice(2);

async function read(): Promise<number> {
  let left = GiB;
  const buffer = Buffer.allocUnsafeSlow(MiB / 4);
  return measured(
    () =>
      new Promise((resolve, reject) => {
        const socket = connect({
          port: Number(port),
          host: '127.0.0.1',
          onread: {
            buffer,
            callback: (bytes) => {
              left -= bytes;
              if (left === 0) {
                resolve();
                socket.destroy();
              }
              return true;
            },
          },
        });
        socket.on('error', reject);
        socket.write(`R${GiB}\n`);
      }),
  );
}

async function write(): Promise<number> {
  const piece = Buffer.alloc(MiB, 1);
  return measured(
    () =>
      new Promise((resolve, reject) => {
        let left = GiB;
        const socket = connect({ port: Number(port), host: '127.0.0.1' });
        const send = () => {
          for (; left > 0; ) {
            left -= piece.length;
            if (!socket.write(piece) && left > 0) {
              socket.once('drain', send);
              return;
            }
          }
        };
        socket.on('error', reject);
        socket.once('data', () => {
          resolve();
          socket.destroy();
        });
        socket.write(`W${GiB}\n`);
        send();
      }),
  );
}

async function sha(): Promise<number> {
  const warm = Buffer.alloc(MiB, 1);
  return measured(async () => {
    const hash = createHash('sha256');
    for (let i = 0; i < GiB / MiB; i += 1) hash.update(warm);
    hash.digest();
  });
}

async function measured(work: () => Promise<void>): Promise<number> {
  const before = process.cpuUsage();
  await work();
  const { user, system } = process.cpuUsage(before);
  return (user + system) / 1e6;
}

const seconds = await { sha, read, write }[what as 'sha' | 'read' | 'write']();
process.stdout.write(`${seconds}\n`);
