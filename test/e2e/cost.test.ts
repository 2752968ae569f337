import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { formatUsd } from '../../src/cli/output/amounts.ts';
import type { Estimate } from '../../src/domain/price/estimate.ts';
import { SHIPPED_PRICES } from '../../src/domain/price/prices.ts';
import { SECOND } from '../../src/lib/duration.ts';
import { MiB } from '../../src/lib/size.ts';
import { type Ended, run, temporaryFolder } from '../support/program.ts';
import { archivesOf, BUCKET, expectEnded, FEW, inRealSeconds, reasonOf, type Scene, scene, VAULT } from './scene.ts';

const ofTransfer = ['--vault', VAULT, '--bucket', BUCKET];

function command(at: Scene, name: string, ...args: readonly string[]): Promise<Ended> {
  return run([name, ...ofTransfer, '--state-dir', at.stateDir, ...args], { env: at.simulator.environment });
}

async function planOf(at: Scene, ...args: readonly string[]): Promise<Estimate> {
  const ended = await command(at, 'plan', '--json', '--part-size', '8MiB', ...args);
  expectEnded(ended, 0);
  return JSON.parse(ended.stdout);
}

async function costOf(at: Scene): Promise<{ spentUsd: number; committedUsd: number; plannedUsd: number }> {
  const { stdout } = await command(at, 'status', '--json');
  return JSON.parse(stdout).transfers[0].cost;
}

/** Nobody has said yes beforehand. */
const UNASKED = { env: { GLACIER2S3_YES: undefined } };

it('shows spent and planned, and both are what the plan said once all is copied', async () => {
  const at = await scene();

  const { once } = await planOf(at);

  expect(once.highUsd).toBeGreaterThan(0);
  const planned = await costOf(at);
  expect(planned.spentUsd).toBe(0);
  expect(planned.plannedUsd).toBeCloseTo(once.highUsd, 9);
  expectEnded(await at.transfer(), 0);
  const { spentUsd, committedUsd, plannedUsd } = await costOf(at);
  expect(spentUsd).toBeCloseTo(once.highUsd, 9);
  expect(plannedUsd).toBe(spentUsd);
  expect(committedUsd).toBe(0);
  const usd = formatUsd(once.highUsd);
  for (const name of ['status', 'report']) {
    expect((await command(at, name)).stdout).toContain(`spent ${usd} of ${usd} planned, as estimated\n`);
  }
  expect((await planOf(at)).archives.archives).toBe(0);
});

it('reckons with the rate that a trial run has measured, below the one that is given', async () => {
  const at = await scene();
  expect((await planOf(at)).duration.copying).toBeUndefined();
  // a line is measured while more is ready than it takes
  const busy = ['--concurrency', '1', '--bwlimit', inRealSeconds(2 * MiB)];
  expectEnded(await at.transfer(['--limit', '5', ...busy]), 0);

  const { archives, duration } = await planOf(at);

  expect(archives.archives).toBe(FEW.length - 5);
  expect(duration).toMatchObject({ copying: expect.any(Number), copyRate: 'measured' });
  expect(duration.total.max).toBeGreaterThanOrEqual(duration.tier.max + (duration.copying ?? 0));
  const slow = (await planOf(at, '--bwlimit', '100')).duration;
  expect(slow).toMatchObject({ copying: (archives.bytes / 100) * SECOND, copyRate: 'given' });
  const fast = (await planOf(at, '--bwlimit', '1000T')).duration;
  expect(fast).toMatchObject({ copying: duration.copying, copyRate: 'measured' });
  expect((await command(at, 'plan')).stdout).toMatch(/\n {2}copy +\S.* at the rate measured\n/);
});

it('stops asking before the estimate passes --max-cost, copies what it asked for, and goes on with a higher one', async () => {
  const at = await scene({ vault: { archives: archivesOf([1000, 1000, 1000, 1000]) } });
  const { once } = await planOf(at);
  const each = once.highUsd / 4;

  const first = await at.transfer(['--max-cost', (2.5 * each).toFixed(9)], UNASKED);

  expectEnded(first, 8);
  expect(first.stdout).toContain('--max-cost was reached');
  expect(at.calls('InitiateJob')).toBe(2);
  expect(at.simulator.s3.objects(BUCKET)).toHaveLength(2);
  expect((await costOf(at)).spentUsd).toBeCloseTo(2 * each, 9);
  expectEnded(await at.transfer(['--max-cost', (2.5 * each).toFixed(9)], UNASKED), 8);
  expect(at.calls('InitiateJob')).toBe(2);

  expectEnded(await at.transfer(['--max-cost', (4 * each).toFixed(9)], UNASKED), 0);
  await at.expectCopied();
  expect((await costOf(at)).spentUsd).toBeCloseTo(once.highUsd, 9);
});

it('holds the cap with --once too: pending while something is under way, then 8', async () => {
  const at = await scene({ vault: { archives: archivesOf([1000, 1000, 1000, 1000]) } });
  const { once } = await planOf(at);
  const args = ['--once', '--max-cost', (0.6 * once.highUsd).toFixed(9)];

  const codes: (number | null)[] = [];
  for (let i = 0; i < 20 && codes.at(-1) !== 8; i += 1) codes.push((await at.transfer(args)).code);

  expect(codes.at(-1)).toBe(8);
  expect(new Set(codes.slice(0, -1))).toEqual(new Set([75]));
  expect(at.simulator.s3.objects(BUCKET)).toHaveLength(2);
});

it('spends nothing without a terminal, a yes or a cap, and needs none where there is nothing to spend', async () => {
  const at = await scene();

  const early = await at.transfer([], UNASKED);
  expectEnded(early, 2);
  expect(reasonOf(early)).toContain('--yes');
  expect(reasonOf(early)).toContain('--max-cost');
  expect(at.changes()).toEqual([]);

  expectEnded(await command(at, 'plan'), 0);
  const planned = await at.transfer([], UNASKED);
  expectEnded(planned, 2);
  expect(reasonOf(planned)).toMatch(/would spend about \$0\.0\d+/);
  expect(at.calls('InitiateJob')).toBe(0);

  expectEnded(await at.transfer(['--yes'], UNASKED), 0);
  at.simulator.clearCalls();
  expectEnded(await at.transfer([], UNASKED), 0);
  expect(at.changes()).toEqual([]);
});

it('counts by another price list, and says what is wrong with one', async () => {
  const at = await scene();
  const path = join(temporaryFolder(), 'prices.json');
  const dearer = structuredClone(SHIPPED_PRICES) as { asOf: string; regions: Record<string, { s3: object }> };
  dearer.asOf = '2030-01-02';
  const s3 = dearer.regions['us-east-1']?.s3 as Record<string, { requestsPerThousand: { usd: number } }>;
  for (const prices of Object.values(s3)) prices.requestsPerThousand.usd = 1000;
  writeFileSync(path, JSON.stringify(dearer));

  const plan = await planOf(at, '--prices', path);

  expect(plan.pricesAsOf).toBe('2030-01-02');
  expect(plan.copy.usd).toBeGreaterThan(FEW.length);
  expect((await costOf(at)).plannedUsd).toBeCloseTo(plan.once.highUsd, 6);
  writeFileSync(path, '{"currency":"EUR"}');
  const ended = await command(at, 'plan', '--prices', path);
  expectEnded(ended, 1);
  expect(reasonOf(ended)).toContain('price list: currency must be "USD"');
  // as Windows' editors save it
  writeFileSync(path, `\ufeff${JSON.stringify(dearer)}`);
  expect((await planOf(at, '--prices', path)).pricesAsOf).toBe('2030-01-02');
  writeFileSync(path, 'none');
  expect(reasonOf(await command(at, 'plan', '--prices', path))).toContain("can't be read");
});

it('writes pages that need nothing else, of the plan and of the report', async () => {
  const at = await scene();
  const folder = temporaryFolder();

  expectEnded(await command(at, 'plan', '--html', join(folder, 'plan.html')), 0);
  expectEnded(await at.transfer(), 0);
  expectEnded(await command(at, 'report', '--html', join(folder, 'report.html')), 0);

  for (const name of ['plan.html', 'report.html']) {
    const page = readFileSync(join(folder, name), 'utf8');
    expect(page).toMatch(/^<!doctype html>/i);
    expect(page).toContain('</html>');
    expect(page).toContain('<svg');
    expect(page).not.toMatch(/(src|href)="(?!#)/);
  }
  expect(readFileSync(join(folder, 'plan.html'), 'utf8')).toContain(`${FEW.length}</`);
  expect(readFileSync(join(folder, 'report.html'), 'utf8')).toContain('copied and verified');
});
