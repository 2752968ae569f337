import { createHash } from 'node:crypto';
import { mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { TreeHash } from '../../src/domain/ids.ts';
import { run, runJson, type Stub } from './children.ts';
import { hashOfZeros } from './zeros.ts';

/** What the program said of itself, and the stub of it. */
export interface SmallRun {
  /** Archives a second, from the first GetJobOutput to the last PutObject. */
  readonly perSecond: number;
  /** All that both runs made, by operation. */
  readonly calls: Readonly<Record<string, number>>;
  /** CPU milliseconds an archive, of the run that copied them; starting and ListJobs included. */
  readonly cpuMs: number;
  /** The main thread's delays in milliseconds. */
  readonly p99: number;
  readonly max: number;
  /** How long a look at the state took from another process meanwhile, in milliseconds. */
  readonly status: number;
}

/** The services' time runs this much faster, so that the pace of InitiateJob is no limit here. */
const SPEED = 60;

/** Archives of 1 to 64 KiB, end to end: requested by one run, copied by the next. */
export async function copySmall(stub: Stub, count: number, concurrency: number): Promise<SmallRun> {
  const dir = mkdtempSync(join(tmpdir(), 'glacier2s3-small-'));
  const inventory = join(dir, 'inventory.json');
  writeFileSync(inventory, inventoryOf(count));
  const now = Date.now();
  const env = { GLACIER2S3_CLOCK: `${now}@${SPEED}@${now}`, AWS_ENDPOINT_URL: `http://127.0.0.1:${stub.http}` };
  const flags = ['--vault', 'bench', '--bucket', 'bench', '--state-dir', dir, '--concurrency', concurrency];
  const args = [
    'transfer',
    ...flags,
    '--inventory',
    inventory,
    '--no-notifications',
    '--request-rate',
    '100',
    '--once',
    '--yes',
    '--quiet',
  ];
  try {
    // the jobs of an earlier round are for the same archives
    await stub.forget();
    await run('transfer.ts', args, { env });
    const asked = (await stub.stats()).calls;
    await stub.reset();
    let status: Promise<{ milliseconds: number }> | undefined;
    let looking: NodeJS.Timeout | undefined;
    const look = async () => {
      const path = readdirSync(dir).find((name) => name.endsWith('.sqlite')) ?? '';
      return runJson<{ milliseconds: number }>('status.ts', [join(dir, path)]);
    };
    const seen = await runJson<{ p99: number; max: number; cpuSeconds: number }>('transfer.ts', args, {
      env,
      onSpawn: () => {
        looking = setTimeout(() => {
          status = look();
        }, 4000);
      },
    });
    clearTimeout(looking);
    const { calls, first, last } = await stub.stats();
    const seconds = ((last.PutObject ?? 0) - (first.GetJobOutput ?? 0)) / 1000;
    return {
      perSecond: count / seconds,
      calls: sumOf(asked, calls),
      cpuMs: (seen.cpuSeconds * 1000) / count,
      p99: seen.p99,
      max: seen.max,
      status: (await (status ?? look())).milliseconds,
    };
  } finally {
    rmSync(dir, { recursive: true });
  }
}

function sumOf(a: SmallRun['calls'], b: SmallRun['calls']): SmallRun['calls'] {
  const operations = [...new Set([...Object.keys(a), ...Object.keys(b)])];
  return Object.fromEntries(operations.map((operation) => [operation, (a[operation] ?? 0) + (b[operation] ?? 0)]));
}

/** Archives of zeros; the size stands in the id, where the stub looks for it. */
export function inventoryOf(count: number, sizes = sizeOf): string {
  const hashes = new Map<number, TreeHash>();
  const hashOf = (size: number) => {
    const known = hashes.get(size) ?? hashOfZeros(size);
    hashes.set(size, known);
    return known;
  };
  const ArchiveList = Array.from({ length: count }, (_, i) => {
    const Size = sizes(i);
    const ArchiveId = `${createHash('sha512').update(String(i)).digest('hex').slice(0, 120)}-${i}-${Size}`;
    const CreationDate = new Date(1.4e12 + i * 1000).toISOString();
    const SHA256TreeHash = hashOf(Size);
    return { ArchiveId, ArchiveDescription: `small/${i}`, CreationDate, Size, SHA256TreeHash };
  });
  const VaultARN = 'arn:aws:glacier:us-east-1:111122223333:vaults/bench';
  return JSON.stringify({ VaultARN, InventoryDate: '2026-11-20T00:00:00Z', ArchiveList });
}

/** 1 to 64 KiB. */
function sizeOf(i: number): number {
  return 1024 + ((i * 7919) % (63 * 1024));
}
