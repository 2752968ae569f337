import { setTimeout as delay } from 'node:timers/promises';
import { MiB } from '../../src/lib/size.ts';
import { partPool, partTask } from './part-pool.ts';

/*
 * Copies parts of 16 MiB through the pool at a limit, from nothing, with nothing before it that is not counted. Arguments:
 * endpoint URL, MiB a second, threads, seconds. Prints what the pool told, each time: milliseconds since 1970 and all
 * bytes so far.
 */

const [endpointUrl = '', bwlimit = '', threads = '', seconds = ''] = process.argv.slice(2);
const PART = 16 * MiB;
const IN_FLIGHT = 16;
/** All parts in flight fit: it is the limit that holds them up, not the memory. */
const MEMORY = 512;

const told: [at: number, bytes: number][] = [];
let bytes = 0;
const plane = await partPool({
  endpointUrl,
  concurrency: IN_FLIGHT,
  threads: Number(threads),
  memory: MEMORY,
  bwlimit: Number(bwlimit),
  onBytes: (more) => {
    bytes += more;
    told.push([performance.timeOrigin + performance.now(), bytes]);
  },
});
const end = new AbortController();
let next = 0;
const worker = async () => {
  while (!end.signal.aborted) {
    const number = next;
    next += 1;
    await plane.copy(partTask(number, PART), end.signal).catch((error: unknown) => {
      if (!end.signal.aborted) throw error;
    });
  }
};
const all = Promise.all(Array.from({ length: IN_FLIGHT }, worker));
await Promise.race([all, delay(Number(seconds) * 1000)]);
process.stdout.write(`${JSON.stringify(told)}\n`);
end.abort();
await all;
await plane.close();
