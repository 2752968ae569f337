import { createWriteStream, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { MiB } from '../../src/lib/size.ts';
import { type Ended, rest, run, runJson } from './children.ts';
import { inventoryCsv, inventoryJson } from './sample-inventory.ts';
import { median, type Row, type Table } from './table.ts';

interface Inserted {
  readonly perSecond: number;
  readonly perCpuSecond: number;
}

const PEAK = 300;

/**
 * Table 8: an inventory of a million rows, or of as many as BENCH_ROWS says (ten million take some 12 GB in the temporary folder), from
 * the file to the plan.
 */
export async function inventoryTable(_stub: unknown, quick: boolean): Promise<readonly Table[]> {
  const count = Number(process.env.BENCH_ROWS ?? (quick ? 100_000 : 1_000_000));
  const folder = mkdtempSync(join(tmpdir(), 'glacier2s3-inventory-'));
  try {
    const file = join(folder, 'inventory.json');
    await pipeline(Readable.from(inventoryJson('bench', count)), createWriteStream(file));
    return [
      {
        title: `8. An inventory of ${count.toLocaleString('en')} archives`,
        rows: [...(await insertRows(folder, file, count, quick)), ...(await commandRows(folder, file, count))],
      },
    ];
  } finally {
    rmSync(folder, { recursive: true });
  }
}

async function insertRows(folder: string, file: string, count: number, quick: boolean): Promise<readonly Row[]> {
  const database = join(folder, 'inserted.sqlite');
  const ours: Inserted[] = [];
  const csv: Inserted[] = [];
  const bare: Inserted[] = [];
  const csvFile = join(folder, 'inventory.csv');
  await pipeline(Readable.from(inventoryCsv(count)), createWriteStream(csvFile));
  for (let round = 0; round < (quick || count > 1_000_000 ? 1 : 3); round += 1) {
    ours.push(await runJson<Inserted>('insert.ts', ['load', file, database]));
    await rest();
    csv.push(await runJson<Inserted>('insert.ts', ['load', csvFile, database]));
    await rest();
    bare.push(await runJson<Inserted>('insert.ts', ['bare', count, database]));
    await rest();
  }
  for (const tail of ['', '-wal', '-shm']) rmSync(`${database}${tail}`, { force: true });
  rmSync(csvFile);
  const rate = (all: readonly Inserted[]) =>
    Math.round(median(all.map(({ perSecond }) => perSecond))).toLocaleString('en');
  const rowOf = (format: string, loads: readonly Inserted[]): Row => {
    const ratioOf = (of: keyof Inserted) => median(loads.map((one, i) => one[of] / (bare[i]?.[of] ?? Number.NaN)));
    const ratio = ratioOf('perSecond');
    return {
      name: `rows a second of ${format}, read and indexed`,
      value: `${ratio.toFixed(2)} x bare inserts (${rate(loads)} to ${rate(bare)}; by CPU ${ratioOf('perCpuSecond').toFixed(2)})`,
      goal: 'at least 0.50',
      isMet: ratio >= 0.5,
    };
  };
  return [rowOf('JSON', ours), rowOf('CSV', csv)];
}

async function commandRows(folder: string, file: string, count: number): Promise<readonly Row[]> {
  const state = ['--state-dir', join(folder, 'state')];
  const of = ['--vault', 'bench', '--bucket', 'bench', ...state];
  const timed = async (args: readonly string[]) => {
    const begunAt = performance.now();
    const ended = await run('../../bin/glacier2s3.js', args);
    return { ...ended, ms: performance.now() - begunAt };
  };
  const first = await timed(['plan', ...of, '--inventory', file, '--quiet']);
  const again = await timed(['plan', ...of, '--quiet']);
  const names = await timed(['names', ...of, '--summary', '--quiet']);
  const bareNode = await timed(['--version']);
  const statuses = [
    await timed(['status', ...state]),
    await timed(['status', ...state]),
    await timed(['status', ...state]),
  ];
  const status = median(statuses.map(({ ms }) => ms));
  // two minutes for ten million; a program that starts, and a machine that does something else, take some seconds anyway
  const most = Math.max(5, (120 * count) / 10_000_000);
  const peak = ({ peak: bytes }: Ended) => ({ value: `${(bytes / MiB).toFixed(0)} MiB`, isMet: bytes / MiB < PEAK });
  const goal = `below ${PEAK} MiB`;
  const seconds = (ms: number) => ({ value: `${(ms / 1000).toFixed(1)} s`, isMet: ms / 1000 < most });
  return [
    { name: 'inventory to plan, the first time', value: `${(first.ms / 1000).toFixed(1)} s` },
    { name: 'peak memory of that', ...peak(first), goal },
    { name: 'plan', ...seconds(again.ms), goal: `below ${most} s` },
    { name: 'peak memory of that', ...peak(again), goal },
    { name: 'names --summary', ...seconds(names.ms), goal: `below ${most} s` },
    { name: 'peak memory of that', ...peak(names), goal },
    {
      name: 'status, beyond the start of the program',
      value: `${(status - bareNode.ms).toFixed(0)} ms (in all ${status.toFixed(0)} ms)`,
      goal: 'below 100 ms',
      isMet: status - bareNode.ms < 100,
    },
  ];
}
