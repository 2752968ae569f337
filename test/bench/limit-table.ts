import { MiB } from '../../src/lib/size.ts';
import { rest, runJson, type Stub } from './children.ts';
import { type Row, type Table, urlOf } from './table.ts';

/** Bytes that had come by a time, in milliseconds. */
type Told = readonly [at: number, bytes: number];

const WINDOW_MS = 10_000;
/** More than this share above the limit in any ten seconds, or below it on the whole, is wrong. */
const TOLERANCE = 0.05;

/** Table 7: the limit that all threads keep together, in the worst ten seconds from the first byte on. */
export async function limitTable(stub: Stub, quick: boolean): Promise<readonly Table[]> {
  const seconds = quick ? 12 : 20;
  const rows: Row[] = [];
  for (const limit of [40, 4]) {
    for (const threads of [1, 2]) {
      await stub.reset();
      const told = await runJson<readonly Told[]>('limit.ts', [urlOf(stub), limit, threads, seconds]);
      // the first answer to the first part: nothing can have come before
      const begunAt = (await stub.stats()).first.GetJobOutput;
      if (begunAt === undefined) throw new Error('the stub was asked for nothing');
      rows.push(...rowsOf(`--bwlimit ${limit}M, --threads ${threads}`, limit, [[begunAt, 0], ...told]));
      await rest();
    }
  }
  return [
    {
      title: `7. The limit on bytes, ${seconds} s from the first one, 16 parts of 16 MiB in flight`,
      note: 'Counted where the program takes bytes: what waits in buffers of the kernel is not.',
      rows,
    },
  ];
}

function rowsOf(name: string, limit: number, told: readonly Told[]): readonly Row[] {
  const worst = fastestWindow(told) / MiB;
  const over = worst / limit - 1;
  const average = rateOf(told[0], told.at(-1)) / MiB;
  const off = average / limit - 1;
  return [
    {
      name: `${name}: worst 10 s`,
      value: `${worst.toFixed(2)} MiB/s (${percent(over)})`,
      goal: 'at most 5 % over',
      isMet: over <= TOLERANCE,
    },
    {
      name: `${name}: average`,
      value: `${average.toFixed(2)} MiB/s (${percent(off)})`,
      goal: 'at most 5 % under',
      isMet: off >= -TOLERANCE,
    },
  ];
}

/**
 * The highest rate in bytes a second of all windows that begin where bytes were told, or at the first one. Bytes are told
 * every quarter of a second, so a window is up to that much longer than ten seconds: what comes all at once weighs up to
 * 2.5 % less.
 */
function fastestWindow(told: readonly Told[]): number {
  const rates = told.map((from) => {
    const to = told.find(([at]) => at - from[0] >= WINDOW_MS);
    return to ? rateOf(from, to) : Number.NEGATIVE_INFINITY;
  });
  const fastest = Math.max(...rates);
  if (fastest < 0) throw new Error('the run was shorter than a window');
  return fastest;
}

function rateOf(from: Told | undefined, to: Told | undefined): number {
  return from && to ? ((to[1] - from[1]) / (to[0] - from[0])) * 1000 : Number.NaN;
}

/** As "0.2 % over". */
function percent(off: number): string {
  return `${(Math.abs(off) * 100).toFixed(1)} % ${off < 0 ? 'under' : 'over'}`;
}
