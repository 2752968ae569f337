import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { GiB, MiB } from '../../src/lib/size.ts';
import { run, type Stub } from './children.ts';
import { inventoryOf } from './small.ts';
import { type Row, type Table, tlsOf, urlOf } from './table.ts';

const BUDGET = 256 * MiB;
/** What the program may take beside its budget. */
const BESIDE = 150 * MiB;

/** Table 3: the peak of the program itself, for parts of any size. */
export async function memoryTable(stub: Stub, quick: boolean): Promise<readonly Table[]> {
  const kinds = [
    { part: 8 * MiB, over: 'HTTP' },
    { part: 16 * MiB, over: 'HTTP' },
    { part: 16 * MiB, over: 'TLS' },
    { part: 64 * MiB, over: 'HTTP', isLong: true },
    { part: 512 * MiB, over: 'HTTP' },
    { part: 4 * GiB, over: 'HTTP', isLong: true },
  ];
  const rows: Row[] = [];
  for (const { part, over } of kinds.filter(({ isLong }) => !quick || !isLong)) {
    // over TLS the peak still rises after the first GiB: with writes of 1 MiB, 402 MiB then and 410 after four
    const size = Math.max(2 * part, part === 16 * MiB && !quick ? 4 * GiB : GiB);
    const peak = await peakOf(stub, over === 'TLS' ? tlsOf(stub) : urlOf(stub), part, size);
    const beside = peak - BUDGET;
    const name = `${part < GiB ? `${part / MiB} MiB` : `${part / GiB} GiB`} parts over ${over}`;
    const value = `${(peak / MiB).toFixed(0)} MiB (budget ${beside < 0 ? '-' : '+'} ${(Math.abs(beside) / MiB).toFixed(0)})`;
    rows.push({ name, value, goal: 'at most budget + 150', isMet: beside <= BESIDE });
  }
  return [{ title: '3. Peak resident memory at --memory 256MiB', rows }];
}

/** Copies one archive of zeros with the program itself. */
async function peakOf(stub: Stub, endpointUrl: string, part: number, size: number): Promise<number> {
  const dir = mkdtempSync(join(tmpdir(), 'glacier2s3-memory-'));
  try {
    const inventory = join(dir, 'inventory.json');
    const text = inventoryOf(1, () => size);
    writeFileSync(inventory, text);
    const flags = ['--vault', 'bench', '--bucket', 'bench', '--state-dir', dir, '--inventory', inventory];
    const quiet = ['--no-notifications', '--reconcile-every', '1s', '--yes', '--quiet'];
    const sizes = ['--memory', `${BUDGET / MiB}MiB`, '--threads', 2, '--part-size', `${part / MiB}MiB`];
    await stub.forget();
    const { peak, code } = await run('../../bin/glacier2s3.js', ['transfer', ...flags, ...quiet, ...sizes], {
      env: { AWS_ENDPOINT_URL: endpointUrl, NODE_EXTRA_CA_CERTS: stub.certificate },
    });
    const { UploadPart: parts = 0 } = (await stub.stats()).calls;
    if (code !== 0 || parts !== size / part) throw new Error(`it ended with ${code} after ${parts} parts`);
    return peak;
  } finally {
    rmSync(dir, { recursive: true });
  }
}
