import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { expect, it } from 'vitest';
import { formatCount, formatMonths, formatQuantity, formatRate, formatUsd } from '../../src/cli/output/amounts.ts';
import { percent, STATE_LOOKS } from '../../src/cli/output/progress-chart.ts';
import type { CostLine } from '../../src/domain/price/costs.ts';
import type { Estimate } from '../../src/domain/price/estimate.ts';
import { histogram, type NamedTally, SIZE_CLASSES } from '../../src/domain/price/figures.ts';
import { STATES } from '../../src/domain/progress.ts';
import { DAY, formatDuration, SECOND } from '../../src/lib/duration.ts';
import { formatSize, GiB, KiB, MiB, TiB } from '../../src/lib/size.ts';
import { DEMO_FORMATS } from '../../src/simulator/demo-names.ts';
import type { TransferAccount } from '../../src/steps/account.ts';
import type { ManifestLine } from '../../src/steps/manifest.ts';
import { BUCKET, expectEnded, type Scene, scene, VAULT } from '../e2e/scene.ts';
import { type BrowserPage, withChromium } from '../support/chromium.ts';
import { type Ended, run, temporaryFolder } from '../support/program.ts';

const SIZES = [1, 500, 20 * KiB, 200 * KiB, 600 * KiB, 2 * MiB, 9 * MiB, 17 * MiB];
const LARGE = [130 * MiB, 3 * GiB, 20 * GiB, 200 * GiB, 1.5 * TiB];
const AGES = [5, 40, 85, 95, 200, 400, 800, 1300, 2500, 4000, 4800].map((days) => days * DAY);

/** Every format, size and age that the charts have a row for; five archives are large and last. */
function vaultOfAll(): Promise<Scene> {
  const now = Date.now();
  const sizes = [...Array.from({ length: 55 }, (_, i) => SIZES[i % SIZES.length] ?? 1), ...LARGE];
  const archives = sizes.map((size, i) => {
    const modified = Math.floor((now - (AGES[i % AGES.length] ?? 0)) / SECOND) * SECOND;
    const description = DEMO_FORMATS[i % DEMO_FORMATS.length]?.({ path: `photos/${i}.jpg`, modified }) ?? '';
    return { description, createdAt: modified, content: { kind: 'zeros' as const, size } };
  });
  return scene({ vault: { archives } });
}

function command(at: Scene, name: string, ...args: readonly string[]): Promise<Ended> {
  const ofTransfer = ['--vault', VAULT, '--bucket', BUCKET, '--state-dir', at.stateDir];
  return run([name, ...ofTransfer, ...args], { env: at.simulator.environment });
}

/** A row as it is drawn: its texts, and the lengths of its bars as shares of the track that they are in. */
interface Row {
  readonly texts: readonly string[];
  readonly bars: readonly number[];
}

/** The tables under a heading, in their order. */
function tables(page: BrowserPage, heading: string): Promise<Row[][]> {
  return page.evaluate(`(() => {
    const section = [...document.querySelectorAll('section')].find((each) => each.querySelector('h2').textContent === '${heading}');
    return [...section.querySelectorAll('table')].map((table) => [...table.querySelectorAll('tbody tr')].map((row) => ({
      texts: [...row.querySelectorAll('th, td.number')].map((cell) => cell.textContent),
      bars: [...row.querySelectorAll('.bar svg')].map((bar) => {
        const [track, filled] = bar.querySelectorAll('rect');
        return filled ? filled.getBoundingClientRect().width / track.getBoundingClientRect().width : 0;
      }),
    })));
  })()`);
}

async function table(page: BrowserPage, heading: string): Promise<Row[]> {
  const [first] = await tables(page, heading);
  return first ?? [];
}

/** The figures at the top, by their names. */
function tiles(page: BrowserPage): Promise<Record<string, readonly string[]>> {
  return page.evaluate(`Object.fromEntries([...document.querySelectorAll('.tiles > div')].map((tile) => [
    tile.querySelector('dt').textContent,
    [tile.querySelector('dd').firstChild.textContent, tile.querySelector('small')?.textContent ?? ''],
  ]))`);
}

/** Bars are as long as their values: each by the largest, and seen where it is not zero. */
function expectDrawn(rows: readonly Row[], values: readonly (readonly number[])[], scales?: readonly number[]): void {
  for (const [index, { texts, bars }] of rows.entries()) {
    const wanted = values[index]?.map((value, series) => {
      const largest = scales?.[series] ?? Math.max(...values.map((each) => each[series] ?? 0));
      return value === 0 ? 0 : Math.max(value / largest, 0.01);
    });
    expect(bars, texts[0]).toHaveLength(wanted?.length ?? 0);
    for (const [series, bar] of bars.entries()) expect(bar, texts[0]).toBeCloseTo(wanted?.[series] ?? -1, 2);
  }
}

async function expectTallies(page: BrowserPage, heading: string, tallies: readonly NamedTally[]): Promise<void> {
  const rows = await table(page, heading);
  expect(rows.map(({ texts }) => texts)).toEqual(
    tallies.map(({ name, archives, bytes }) => [name, formatCount(archives), formatSize(bytes)]),
  );
  expectDrawn(
    rows,
    tallies.map(({ archives, bytes }) => [archives, bytes]),
  );
}

function expectCosts(rows: readonly Row[], lines: readonly CostLine[], total: number, scale?: number): void {
  expect(rows.map(({ texts }) => texts)).toEqual([
    ...lines.map((line) => [line.item, formatQuantity(line), formatRate(line), formatUsd(line.usd)]),
    ['total', formatUsd(total)],
  ]);
  expectDrawn(
    rows.slice(0, -1),
    lines.map(({ usd }) => [usd]),
    scale === undefined ? undefined : [scale],
  );
}

/** Nothing came from elsewhere and nothing was complained about; it can be read in light and dark, wide and narrow. */
async function expectReadable(page: BrowserPage, file: string): Promise<void> {
  const url = pathToFileURL(file).href;
  for (const scheme of ['light', 'dark'] as const) {
    for (const width of [1280, 360]) {
      await page.look({ width, scheme });
      await page.open(url);
      expect(page.requests).toEqual([url]);
      expect(page.complaints).toEqual([]);
      expect(await page.evaluate('document.documentElement.scrollWidth')).toBeLessThanOrEqual(width);
      // a cell of more lines than words has been broken between letters
      const broken = await page.evaluate(`[...document.querySelectorAll('th, td, dt, dd')].filter((cell) => {
        const lines = new Range();
        lines.selectNodeContents(cell);
        const tops = new Set([...lines.getClientRects()].filter(({ width }) => width > 0).map(({ bottom }) => Math.round(bottom)));
        return tops.size > Math.max(2, cell.textContent.split(/[\\s/-]+/).length + 1);
      }).map((cell) => cell.textContent)`);
      expect(broken, `${scheme}, ${width}`).toEqual([]);
      const overlapping = await page.evaluate(`[...document.querySelectorAll('tr')].filter((row) => {
        const texts = [...row.children].filter((cell) => cell.textContent !== '').map((cell) => {
          const text = new Range();
          text.selectNodeContents(cell);
          return text.getBoundingClientRect();
        });
        return texts.some((one, i) => texts.slice(i + 1).some((other) =>
          one.left < other.right && other.left < one.right && one.top < other.bottom - 1 && other.top < one.bottom - 1));
      }).map((row) => row.textContent)`);
      expect(overlapping, `${scheme}, ${width}`).toEqual([]);
      // what is drawn is painted: the middle of the longest bar of each kind
      const marks = await page.evaluate<{ x: number; y: number; fill: string }[]>(
        `['archives', 'bytes', 'money'].map((paint) => {
          const bars = [...document.querySelectorAll('.bar rect.' + paint)].map((bar) => [bar, bar.getBoundingClientRect()]);
          const [bar, { x, y, width, height }] = bars.toSorted((a, b) => b[1].width - a[1].width)[0];
          return { x: x + width / 2 + scrollX, y: y + height / 2 + scrollY, fill: getComputedStyle(bar).fill };
        })`,
      );
      for (const { x, y, fill } of marks) {
        expect(await page.colorAt(x, y)).toEqual((fill.match(/\d+/g) ?? []).map(Number));
      }
      const folder = process.env.G2S3_SCREENSHOTS;
      if (folder !== undefined)
        await page.screenshot(join(folder, `${file.replace(/^.*\/|\..*$/g, '')}-${width}-${scheme}.png`));
    }
  }
  await page.look({ width: 1280, scheme: 'light' });
  await page.open(url);
}

it('draws the plan of a vault as `plan --json` has it', async () => {
  const at = await vaultOfAll();
  const file = join(temporaryFolder(), 'plan.html');
  const ended = await command(at, 'plan', '--json', '--bwlimit', '50M', '--html', file);
  expectEnded(ended, 0);
  const plan = JSON.parse(ended.stdout) as Estimate;
  expect(plan.formats.length).toBeGreaterThan(6);
  expect(plan.sizes.filter(({ archives }) => archives === 0)).toEqual([]);
  expect(plan.ages.filter(({ archives }) => archives === 0)).toEqual([]);

  await withChromium(async (page) => {
    await expectReadable(page, file);

    const { archives, once, monthBefore, monthAfter, awsSolution, outsideAwsUsd, duration } = plan;
    expect(await tiles(page)).toMatchObject({
      Archives: [formatCount(archives.archives), formatSize(archives.bytes)],
      'Once, at most': [formatUsd(once.highUsd), expect.stringContaining(formatUsd(once.lowUsd))],
      'Saved each month': [formatUsd(plan.monthlySavingUsd), expect.anything()],
      'Pays off after': [formatMonths(plan.paysOffAfterMonths ?? -1), ''],
      Time: [formatDuration(duration.total.max), 'at the rate given'],
    });
    await expectTallies(page, 'Sizes', plan.sizes);
    await expectTallies(page, 'Ages', plan.ages);
    await expectTallies(page, 'Formats', plan.formats);

    const [counted] = plan.retrieval;
    expectCosts(await table(page, 'Once'), [...counted.lines, ...plan.copy.lines], once.highUsd);
    const [vault = [], bucket = []] = await tables(page, 'Each month');
    const scale = Math.max(monthBefore.usd, monthAfter.usd);
    expectCosts(vault, monthBefore.lines, monthBefore.usd, scale);
    expectCosts(bucket, monthAfter.lines, monthAfter.usd, scale);
    const text = await page.evaluate<string>('document.body.innerText');
    expect(text).toContain(
      `${formatCount(plan.earlyDelete.archives)} archives (${formatSize(plan.earlyDelete.bytes)})`,
    );
    expect(text).toContain(`would cost ${formatUsd(plan.earlyDelete.usd)} more`);

    const ways = [once.highUsd, awsSolution.usd, once.highUsd + outsideAwsUsd];
    const beside = await table(page, 'Beside other ways');
    expect(beside.map(({ texts }) => texts[1])).toEqual(ways.map(formatUsd));
    expectDrawn(
      beside,
      ways.map((usd) => [usd]),
    );
    const times = [duration.tier.max, duration.requests, duration.dailyBytes, duration.copying ?? -1];
    const paces = await table(page, 'Time');
    expect(paces.map(({ texts }) => texts[1])).toEqual(times.map(formatDuration));
    expectDrawn(
      paces,
      times.map((ms) => [ms]),
    );
  });
}, 120_000);

it('draws the report of a finished transfer as `report --json` and the manifest have it', async () => {
  const at = await vaultOfAll();
  at.lose(7);
  expectEnded(await at.transfer(['--max-size', '64MiB', '--exclude', '*.txt']), 3);
  const file = join(temporaryFolder(), 'report.html');
  const ended = await command(at, 'report', '--json', '--html', file);
  expectEnded(ended, 0);
  const account = JSON.parse(ended.stdout) as TransferAccount;
  expect(account.archives).toMatchObject({ failed: { count: 1 }, skipped: { count: LARGE.length } });
  const manifest = (await command(at, 'report', '--jsonl')).stdout.trimEnd().split('\n');
  const lines = manifest.map((line) => JSON.parse(line) as ManifestLine).filter(({ state }) => state !== 'skipped');

  await withChromium(async (page) => {
    await expectReadable(page, file);

    const { archives, skips, flagged, failures, cost } = account;
    const { total } = archives;
    const tile = ({ count, bytes }: { count: number; bytes: number }) => [formatCount(count), formatSize(bytes)];
    expect(await tiles(page)).toEqual({
      Archives: tile(total),
      'Copied and verified': tile(archives.verified),
      Failed: tile(archives.failed),
      Skipped: tile(archives.skipped),
      'Spent, as estimated': [formatUsd(cost.spentUsd), `of ${formatUsd(cost.plannedUsd)} planned`],
    });

    const states = Object.fromEntries(
      (await table(page, 'Progress')).map(({ texts: [name, ...rest] }) => [name, rest]),
    );
    const present = STATES.filter((state) => archives[state].count > 0);
    const share = ({ count, bytes }: { count: number; bytes: number }) => [
      formatCount(count),
      percent(count, total.count),
      formatSize(bytes),
      percent(bytes, total.bytes),
    ];
    expect(states).toEqual({
      ...Object.fromEntries(present.map((state) => [STATE_LOOKS[state].name, share(archives[state])])),
      'all of the inventory': share(total),
    });
    const stacks = await page.evaluate<{ paint: string; share: number }[][]>(
      `[...document.querySelectorAll('.stack')].map((stack) => [...stack.querySelectorAll('.gap')].map((part) => ({
        paint: part.classList[0],
        share: Number.parseFloat(part.getAttribute('width')) / 100,
      })))`,
    );
    for (const [index, of] of (['count', 'bytes'] as const).entries()) {
      const parts = new Map(stacks[index]?.map(({ paint, share }) => [paint, share]));
      expect(parts.size).toBe(present.length);
      for (const state of present) {
        // the smallest part is seen, for which the others make room
        const wanted = Math.max(archives[state][of] / total[of], 0.007);
        expect(parts.get(STATE_LOOKS[state].paint), `${state} by ${of}`).toBeCloseTo(wanted, 1);
      }
    }

    const named = (name: string, { count, bytes }: { count: number; bytes: number }) => ({
      name,
      archives: count,
      bytes,
    });
    expect((await table(page, 'Failed, and why')).map(({ texts: [code, count] }) => [code, count])).toEqual(
      failures.map(({ code, count }) => [code, formatCount(count)]),
    );
    await expectTallies(
      page,
      'Skipped, and why',
      skips.map((skip) => named(skip.filter, skip)),
    );
    expect(flagged.length).toBeGreaterThan(0);
    await expectTallies(
      page,
      'Encrypted or compressed originals',
      flagged.map((sum) => named(sum.original, sum)),
    );
    const costs = await table(page, 'Cost');
    expect(costs.map(({ texts }) => texts)).toEqual([
      ['spent', formatUsd(cost.spentUsd)],
      ['planned in all', formatUsd(cost.plannedUsd)],
    ]);
    expectDrawn(costs, [[cost.spentUsd], [cost.plannedUsd]]);

    const bySize = SIZE_CLASSES.map(() => ({ archives: 0, bytes: 0 }));
    const byFormat = new Map<string, number>();
    for (const { size = 0, format = '' } of lines) {
      const counter = bySize[SIZE_CLASSES.findIndex(({ below }) => size < below)];
      if (!counter) continue;
      counter.archives += 1;
      counter.bytes += size;
      byFormat.set(format, (byFormat.get(format) ?? 0) + 1);
    }
    await expectTallies(page, 'Sizes', histogram(SIZE_CLASSES, bySize));
    const formats = await table(page, 'Formats');
    expect(new Map(formats.map(({ texts: [name = '', count] }) => [name, Number(count)]))).toEqual(byFormat);
    const ages = await table(page, 'Ages');
    expect(ages.reduce((sum, { texts: [, count] }) => sum + Number(count), 0)).toBe(lines.length);
  });
}, 120_000);
