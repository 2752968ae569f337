import { parseArgs } from 'node:util';
import { type Stub, startStub } from './children.ts';
import { inventoryTable } from './inventory-table.ts';
import { limitTable } from './limit-table.ts';
import { memoryTable } from './memory-table.ts';
import type { Table } from './table.ts';
import { costTable, resumeTable, scalingTable, smallTable } from './tables.ts';

/*
 * What the program costs, as ratios inside one run: machines differ. `npm run bench -- [--json] [--quick] [--only cost,memory]`.
 * The stub that plays Glacier and S3 has a process of its own but shares the cores: rates say less than CPU seconds.
 */

const TABLES: Readonly<Record<string, (stub: Stub, quick: boolean) => Promise<readonly Table[]>>> = {
  cost: costTable,
  scaling: scalingTable,
  memory: memoryTable,
  small: smallTable,
  resume: resumeTable,
  limit: limitTable,
  inventory: inventoryTable,
};

const { values } = parseArgs({
  options: { json: { type: 'boolean' }, quick: { type: 'boolean' }, only: { type: 'string' } },
});
const wanted = values.only?.split(',') ?? Object.keys(TABLES);
const stub = await startStub();
const tables: Table[] = [];
try {
  for (const name of wanted) {
    const measure = TABLES[name];
    if (!measure) throw new Error(`no table "${name}": ${Object.keys(TABLES).join(', ')}`);
    const measured = await measure(stub, values.quick ?? false);
    tables.push(...measured);
    if (!values.json) for (const table of measured) print(table);
  }
} finally {
  stub.stop();
}
if (values.json) process.stdout.write(`${JSON.stringify(tables, undefined, 2)}\n`);
process.exitCode = tables.every(({ rows }) => rows.every(({ isMet }) => isMet !== false)) ? 0 : 1;

function print({ title, note, rows }: Table): void {
  process.stdout.write(`\n${title}\n`);
  const lines = rows.map(({ name, value, goal, isMet }) => [
    name,
    value,
    goal ?? '',
    isMet === undefined ? '' : isMet ? 'met' : 'MISSED',
  ]);
  const width = (column: number) => Math.max(...lines.map((line) => line[column]?.length ?? 0));
  const widths = [width(0), width(1), width(2)];
  for (const line of lines) {
    process.stdout.write(
      `  ${line
        .map((cell, i) => cell.padEnd(widths[i] ?? 0))
        .join('  ')
        .trimEnd()}\n`,
    );
  }
  if (note) process.stdout.write(`  ${note}\n`);
}
