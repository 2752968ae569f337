import type { ChecksumAlgorithm } from '../../src/domain/checksum.ts';
import { GiB, MiB } from '../../src/lib/size.ts';
import { partPool, partTask } from './part-pool.ts';

/*
 * Copies parts of zeros through the pool, as the program does, in a process of its own. Arguments: endpoint URL, MiB a
 * part, MiB in all, parts in flight, threads, MiB of memory, checksum (none: CRC32). Prints what a GiB cost, after a
 * first round that is not counted.
 */

const [endpointUrl = '', partMiB = '', totalMiB = '', inFlight = '', threads = '', memory = '', checksum] =
  process.argv.slice(2);
const length = Number(partMiB) * MiB;
const concurrency = Number(inFlight);
const plane = await partPool({ endpointUrl, concurrency, threads: Number(threads), memory: Number(memory) });
const { signal } = new AbortController();

async function copy(parts: number): Promise<void> {
  let next = 0;
  const worker = async () => {
    while (next < parts) {
      const number = next;
      next += 1;
      await plane.copy(partTask(number, length, checksum as ChecksumAlgorithm | undefined), signal);
    }
  };
  await Promise.all(Array.from({ length: concurrency }, worker));
}

await copy(Math.max(concurrency, Math.ceil(256 / Number(partMiB))));
const parts = Math.ceil(Number(totalMiB) / Number(partMiB));
const [before, begunAt] = [process.cpuUsage(), performance.now()];
await copy(parts);
const { user, system } = process.cpuUsage(before);
const seconds = (performance.now() - begunAt) / 1000;
const gib = (parts * length) / GiB;
process.stdout.write(
  `${JSON.stringify({ cpuPerGiB: (user + system) / 1e6 / gib, mibPerSecond: (gib * 1024) / seconds })}\n`,
);
await plane.close();
