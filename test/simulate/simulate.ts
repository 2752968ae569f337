import { writeFileSync } from 'node:fs';
import { parseArgs } from 'node:util';
import { HOUR } from '../../src/lib/duration.ts';
import { formatSize } from '../../src/lib/size.ts';
import { chart } from './chart.ts';
import { missed } from './goals.ts';
import { type Result, run } from './run.ts';
import { SCENARIOS } from './scenarios.ts';

/*
 * Drives the scheduler with a virtual clock, next to the fixed policy of AWS's solution, and prints what came of it.
 *   node test/simulate/simulate.ts [SCENARIO...] [--json] [--svg FILE] [--seed N]
 * Exit code 1 where a goal is missed. The same seed gives the same figures everywhere.
 */

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: { json: { type: 'boolean', default: false }, svg: { type: 'string' }, seed: { type: 'string' } },
});
const unknown = positionals.filter((name) => !SCENARIOS.some((scenario) => scenario.name === name));
if (unknown.length > 0 || (values.seed !== undefined && !/^\d+$/.test(values.seed))) {
  console.error(`scenarios: ${SCENARIOS.map(({ name }) => name).join(' ')}; --seed takes a whole number`);
  process.exit(2);
}

const COLUMNS = [
  'scenario',
  'policy',
  'total h',
  'ideal h',
  'x ideal',
  'idle %',
  'again %',
  'requests',
  'peak outstanding',
];
const WIDTHS = [17, 10, 9, 9, 8, 8, 9, 12, 18];

const rows: Result[][] = [];
let misses = 0;
if (!values.json) print(COLUMNS);
for (const known of SCENARIOS) {
  if (positionals.length > 0 && !positionals.includes(known.name)) continue;
  const scenario = values.seed === undefined ? known : { ...known, seed: Number(values.seed) };
  const scheduler = run(scenario, 'scheduler');
  const fixed = run(scenario, 'fixed');
  const missing = missed(scenario, scheduler, fixed);
  rows.push([scheduler, fixed]);
  misses += missing.length;
  if (values.json) continue;
  for (const result of [scheduler, fixed]) print(cells(result));
  console.log(`  ${scenario.about}`);
  for (const miss of missing) console.log(`  MISSED: ${miss}`);
}
if (values.json) {
  const results = rows.flat().map(({ samples: _, ...figures }) => figures);
  console.log(JSON.stringify({ results, missed: misses }, undefined, 2));
}
if (values.svg !== undefined) writeFileSync(values.svg, chart(rows));
process.exitCode = misses > 0 ? 1 : 0;

function cells(result: Result): string[] {
  return [
    result.scenario,
    result.policy,
    (result.totalMs / HOUR).toFixed(1),
    (result.idealMs / HOUR).toFixed(1),
    result.overIdeal.toFixed(3),
    (result.idleShare * 100).toFixed(2),
    (result.askedAgainShare * 100).toFixed(2),
    String(result.requests),
    formatSize(result.peakOutstandingBytes),
  ];
}

function print(row: readonly string[]): void {
  const padded = row.map((cell, index) => (index < 2 ? cell.padEnd(WIDTHS[index]!) : cell.padStart(WIDTHS[index]!)));
  console.log(padded.join(''));
}
