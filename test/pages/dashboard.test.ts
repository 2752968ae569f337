import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { type Browser, chromium, type Page } from 'playwright-core';
import { afterAll, beforeAll, expect, it, onTestFinished, vi } from 'vitest';
import { formatCount, formatUsd } from '../../src/cli/output/amounts.ts';
import { STATE_LOOKS } from '../../src/cli/output/progress-chart.ts';
import { STATES } from '../../src/domain/progress.ts';
import { formatDuration, SECOND } from '../../src/lib/duration.ts';
import { formatSize, MiB } from '../../src/lib/size.ts';
import type { TransferStatus } from '../../src/steps/status.ts';
import { archivesOf, scene } from '../e2e/scene.ts';
import { chromiumPath } from '../support/chromium.ts';
import { type Running, run, start, temporaryFolder } from '../support/program.ts';
import { HOSTILE_NAME, writeSampleState } from '../support/sample-state.ts';

let browser: Browser;

beforeAll(async () => {
  browser = await chromium.launch({
    executablePath: chromiumPath(),
    args: [
      // Chromium's sandbox does not start for root, as which CI may run
      ...(process.getuid?.() === 0 ? ['--no-sandbox'] : []),
      '--disable-gpu',
      '--disable-quic',
      '--no-first-run',
      '--disable-background-networking',
      '--disable-component-update',
      '--disable-sync',
    ],
  });
});

afterAll(() => browser.close());

interface Look {
  readonly width?: number;
  readonly scheme?: 'light' | 'dark';
}

/** A tab that keeps what the page asked for and what the browser complained about. */
async function tab({ width = 1280, scheme = 'light' }: Look = {}) {
  const page = await browser.newPage({ viewport: { width, height: 850 }, colorScheme: scheme });
  onTestFinished(() => page.close());
  const requests: string[] = [];
  const complaints: string[] = [];
  page.on('request', (request) => requests.push(request.url()));
  page.on('console', (message) => complaints.push(message.text()));
  page.on('pageerror', (error) => complaints.push(String(error)));
  return { page, requests, complaints };
}

/** The built program's `dashboard` on a state directory. */
async function dashboard(stateDir: string, env: Readonly<Record<string, string>> = {}): Promise<string> {
  const running = start(['dashboard', '--state-dir', stateDir, '--listen', '0'], { env });
  await running.until(/^http:\S+\/\n/m);
  return running.output().stdout.trim();
}

async function sampleDashboard(): Promise<string> {
  const dir = temporaryFolder();
  writeSampleState(dir, Date.now());
  return dashboard(dir);
}

/** What a person reads off the page: texts of cells by the first one of their row. */
interface Figures {
  readonly tiles: Readonly<Record<string, string>>;
  readonly states: Readonly<Record<string, readonly string[]>>;
  readonly failures: Readonly<Record<string, readonly string[]>>;
}

function figures(page: Page): Promise<Figures> {
  return page.evaluate(`(() => {
    const rows = (selector) =>
      Object.fromEntries(
        [...document.querySelectorAll(selector)].map((row) => {
          const [first, ...rest] = [...row.children].map((cell) => cell.textContent.trim());
          return [first, rest];
        }),
      );
    const tiles = Object.entries(rows('.tiles > div')).map(([name, [value]]) => [name, value]);
    return { tiles: Object.fromEntries(tiles), states: rows('#progress tbody tr'), failures: rows('#failures tbody tr') };
  })()`);
}

async function isLive(page: Page): Promise<void> {
  await expect.poll(() => page.locator('#live').textContent()).toBe('live');
}

async function statusOf(stateDir: string, env: Readonly<Record<string, string>>): Promise<TransferStatus> {
  const { stdout } = await run(['status', '--json', '--state-dir', stateDir], { env });
  return (JSON.parse(stdout) as { transfers: TransferStatus[] }).transfers[0] as TransferStatus;
}

/** Every count and every size of the status, where the page has it. */
function expectSame(
  seen: Awaited<ReturnType<typeof figures>>,
  { archives, failures, cost, rate, etaSeconds }: TransferStatus,
): void {
  const present = STATES.filter((state) => archives[state].count > 0);
  const rows = Object.fromEntries(
    present.map((state) => [
      STATE_LOOKS[state].name,
      [formatCount(archives[state].count), formatSize(archives[state].bytes)],
    ]),
  );
  const shown = Object.fromEntries(Object.entries(seen.states).map(([name, [count, , size]]) => [name, [count, size]]));
  expect(shown).toEqual({
    ...rows,
    'all of the inventory': [formatCount(archives.total.count), formatSize(archives.total.bytes)],
  });
  expect(seen.tiles['Archives copied']).toMatch(
    new RegExp(`^${formatCount(archives.verified.count)}of ${archives.total.count}`),
  );
  expect(seen.tiles['Bytes copied']?.startsWith(`${formatSize(archives.verified.bytes)}of`)).toBe(true);
  expect(seen.tiles.Failed?.startsWith(formatCount(archives.failed.count))).toBe(true);
  expect(seen.tiles.Throughput?.startsWith(`${formatSize(rate.bytesPerSecond)}/s`)).toBe(true);
  const left = etaSeconds === null ? '–' : etaSeconds === 0 ? 'none' : formatDuration(etaSeconds * SECOND);
  expect(seen.tiles['Time left']?.startsWith(left)).toBe(true);
  expect(seen.tiles['Spent, as estimated']?.startsWith(formatUsd(cost.spentUsd))).toBe(true);
  expect(seen.failures).toEqual(
    Object.fromEntries(failures.map(({ code, count }) => [code, [formatCount(count), 'which ones']])),
  );
}

/** Holds a running transfer, so that two can look at the same moment of it. */
async function held<T>({ child, kill }: Running, look: () => Promise<T>): Promise<T | undefined> {
  if (child.exitCode !== null) return undefined;
  kill('SIGSTOP');
  try {
    return await look();
  } finally {
    kill('SIGCONT');
  }
}

it('agrees with `status --json` at every moment of a transfer that runs beside it, and after it', async () => {
  const sizes = Array.from({ length: 40 }, (_, i) => 1 + i * 50_000);
  const at = await scene({ speed: 2000, vault: { archives: archivesOf([...sizes, 20 * MiB]) } });
  at.lose(7);
  const env = at.simulator.environment;
  const transfer = at.begin(['--bwlimit', '12M', '--concurrency', '2']);
  await transfer.until(/inventory is read/);
  const { page, complaints } = await tab();
  await page.goto(await dashboard(at.stateDir, env));

  const phases = new Set<string>();
  const copied = new Set<number>();
  const compare = async () => {
    const status = await statusOf(at.stateDir, env);
    phases.add(status.phase);
    copied.add(status.archives.verified.count);
    // the page is sent what has changed twice a second here
    await vi.waitFor(async () => expectSame(await figures(page), status), { timeout: 15_000, interval: 100 });
  };
  while (transfer.child.exitCode === null) {
    await held(transfer, compare);
    await delay(150);
  }
  expect((await transfer.ended).code).toBe(3);
  await compare();
  expect(copied.size).toBeGreaterThan(2);
  expect([...phases]).toContain('transferring');
  expect([...phases]).toContain('incomplete');
  expect(await page.locator('#live').textContent()).toBe('live');
  expect(await page.locator('#time polygon').count()).toBeGreaterThan(4);
  expect(complaints).toEqual([]);
}, 180_000);

it('is served by the transfer itself, too, and says so when that has ended', async () => {
  const at = await scene({ speed: 2000 });
  const transfer = at.begin(['--dashboard', '0']);
  await transfer.until(/dashboard: http\S+/);
  const url = /dashboard: (http\S+)/.exec(transfer.output().stderr)?.[1] ?? '';
  const { page } = await tab();
  await page.goto(url);
  await isLive(page);
  expect((await transfer.ended).code).toBe(0);
  await expect.poll(() => page.locator('#live').textContent()).toMatch(/^(no connection|this dashboard has ended)/);
});

it('asks nobody but itself, and runs nothing that a name holds', async () => {
  const url = await sampleDashboard();
  const { page, requests, complaints } = await tab();
  await page.goto(url);
  await isLive(page);
  expect(await page.locator('#log').textContent()).toContain(HOSTILE_NAME);
  await page.getByText('which ones').first().click();
  await page.getByText('next page').click();
  expect(await page.locator('table').textContent()).toContain(HOSTILE_NAME);
  expect(await page.title()).toBe('Failed: archive_not_found');
  const token = new URL(url).pathname;
  for (const request of requests) expect(request.startsWith(new URL(token, url).href)).toBe(true);
  expect(complaints).toEqual([]);
});

it('shows the figures of a moment under the pointer', async () => {
  const { page } = await tab();
  await page.goto(await sampleDashboard());
  await isLive(page);
  const chart = page.locator('.chart', { hasText: 'Archives by state' });
  // what has to be scrolled to is scrolled before, since scrolling hides what is shown
  await chart.scrollIntoViewIfNeeded();
  await page.waitForTimeout(300);
  await chart.locator('.span').nth(48).hover();
  const tip = page.locator('#tip');
  await expect.poll(() => tip.isVisible()).toBe(true);
  expect(await tip.innerText()).toMatch(/^\w{3} \d+ \d\d:\d\d UTC\n(.*\n)*copied and verified: \d+$/);
});

it('shows less of the past when less is asked for', async () => {
  const { page } = await tab();
  await page.goto(await sampleDashboard());
  const spans = async () =>
    (
      await page.locator('#time .span').evaluateAll((all) => all.map((each) => each.getAttribute('data-readout') ?? ''))
    )[0];
  const all = await spans();
  await page.getByRole('link', { name: 'a day', exact: true }).click();
  await isLive(page);
  expect(await page.locator('.ranges b').textContent()).toBe('a day');
  expect(await spans()).not.toBe(all);
});

it('draws twenty days of history as high as it was', async () => {
  const { page } = await tab();
  await page.goto(await sampleDashboard());
  const last = await page
    .locator('.chart', { hasText: 'Archives by state' })
    .locator('.span')
    .last()
    .getAttribute('data-readout');
  // the sample's history ends with all 123 failures, and adds up to 523 archives
  expect(last).toContain('failed: 123');
  const counts = [...(last ?? '').matchAll(/: (\d+)/g)].map(([, count]) => Number(count));
  expect(counts.reduce((sum, count) => sum + count, 0)).toBe(523);
});

it.each([
  { width: 1280, scheme: 'light' },
  { width: 1280, scheme: 'dark' },
  { width: 360, scheme: 'light' },
  { width: 360, scheme: 'dark' },
] as const)('fits a window of $width pixels and is $scheme', async ({ width, scheme }) => {
  const { page } = await tab({ width, scheme });
  await page.goto(await sampleDashboard());
  await isLive(page);
  expect(await page.evaluate('document.documentElement.scrollWidth')).toBeLessThanOrEqual(width);
  const outside = await page.evaluate(`
    [...document.querySelectorAll('h1, h2, dt, dd, td, th, .chart, .pill')].filter((each) => {
      const { left, right } = each.getBoundingClientRect();
      return left < -1 || right > innerWidth + 1;
    }).length`);
  expect(outside).toBe(0);
  const [paper, ink, soft] = await page.evaluate<string[]>(`[
    getComputedStyle(document.body).backgroundColor,
    getComputedStyle(document.body).color,
    getComputedStyle(document.querySelector('.soft')).color,
  ]`);
  expect(luminance(paper) > 0.5).toBe(scheme === 'light');
  expect(contrast(ink, paper)).toBeGreaterThan(7);
  expect(contrast(soft, paper)).toBeGreaterThan(4.5);
  // for who wants to look at it: G2S3_SCREENSHOTS=folder
  const folder = process.env.G2S3_SCREENSHOTS;
  if (folder === undefined) return;
  mkdirSync(folder, { recursive: true });
  await page.screenshot({ path: join(folder, `dashboard-${width}-${scheme}.png`), fullPage: true });
});

function luminance(css = ''): number {
  const [red = 0, green = 0, blue = 0] = (css.match(/\d+/g) ?? []).map((channel) => {
    const share = Number(channel) / 255;
    return share <= 0.04045 ? share / 12.92 : ((share + 0.055) / 1.055) ** 2.4;
  });
  return 0.2126 * red + 0.7152 * green + 0.0722 * blue;
}

function contrast(one = '', other = ''): number {
  const [dark = 0, light = 0] = [luminance(one), luminance(other)].toSorted((a, b) => a - b);
  return (light + 0.05) / (dark + 0.05);
}
