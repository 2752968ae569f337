import { GiB, MiB } from '../../src/lib/size.ts';
import { built } from './built.ts';

/*
 * Copies parts of zeros through the pool, as the program does, in a process of its own. Arguments: endpoint URL, MiB a
 * part, MiB in all, parts in flight, threads, MiB of memory, and MiB a second at most (none: no limit). Prints what a GiB cost, after a first round that is not counted.
 */

const [endpointUrl = '', partMiB = '', totalMiB = '', concurrency = '', threads = '', memory = '', bwlimit] =
  process.argv.slice(2);
const { createPool } = await built<typeof import('../../src/transfer/pool.ts')>('transfer/pool.js');
const length = Number(partMiB) * MiB;
const share = { concurrency: Math.ceil(Number(concurrency) / Number(threads)), region: 'us-east-1', endpointUrl };
const plane = createPool({
  threads: Number(threads),
  concurrency: Number(concurrency),
  memory: Number(memory) * MiB,
  bwlimit: bwlimit === undefined ? undefined : Number(bwlimit) * MiB,
  entry: new URL('../../dist/worker.js', import.meta.url),
  connections: {
    source: { ...share, vaultName: 'bench', accountId: '-' },
    destination: { ...share, bucket: 'bench' },
  },
  stallAfterMs: 60_000,
  onBytes: () => undefined,
  onDeath: (error) => {
    throw error;
  },
});
const { signal } = new AbortController();
type Task = Parameters<typeof plane.copy>[0];

async function copy(parts: number): Promise<void> {
  let next = 0;
  const worker = async () => {
    while (next < parts) {
      const start = next * length;
      next += 1;
      const task = {
        jobId: `job-0-${parts * length + length}`,
        range: { start, end: start + length - 1 },
        length,
        checksum: 'CRC32',
        key: 'bench',
        target: { type: 'part', uploadId: 'bench', partNumber: next },
      };
      await plane.copy(task as Task, signal);
    }
  };
  await Promise.all(Array.from({ length: Number(concurrency) }, worker));
}

await copy(Math.max(Number(concurrency), Math.ceil(256 / Number(partMiB))));
const parts = Math.ceil(Number(totalMiB) / Number(partMiB));
const [before, begunAt] = [process.cpuUsage(), performance.now()];
await copy(parts);
const { user, system } = process.cpuUsage(before);
const seconds = (performance.now() - begunAt) / 1000;
const gib = (parts * length) / GiB; console.error("user", (user/1e6/gib).toFixed(3), "sys", (system/1e6/gib).toFixed(3));
process.stdout.write(
  `${JSON.stringify({ cpuPerGiB: (user + system) / 1e6 / gib, mibPerSecond: (gib * 1024) / seconds })}\n`,
);
await plane.close();
