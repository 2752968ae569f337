import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { addArchive, emptyFigures } from '../../src/domain/price/figures.ts';
import { GiB, MiB } from '../../src/lib/size.ts';
import { type BrowserPage, withChromium } from '../support/chromium.ts';
import { HOSTILE, SIZES, samplePlan, samplePlanPage, sampleReportPage } from '../support/pages.ts';

let folder: string;
const urlOf = (name: string) => pathToFileURL(join(folder, `${name}.html`)).href;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'pages-'));
  await writeFile(join(folder, 'plan.html'), samplePlanPage());
  await writeFile(join(folder, 'report.html'), sampleReportPage());
});

afterAll(async () => {
  await rm(folder, { recursive: true, force: true });
});

/** Opens one of the pages and looks at it. */
async function looking(
  name: 'plan' | 'report',
  look: (page: BrowserPage) => Promise<void>,
  view: { width: number; scheme: 'light' | 'dark' } = { width: 1000, scheme: 'light' },
): Promise<void> {
  await withChromium(async (page) => {
    await page.look(view);
    await page.open(urlOf(name));
    await look(page);
  });
}

/** Name and drawn width of each row's first bar, in the section of that heading. */
const barsOf = (heading: string) => `(() => {
  const section = [...document.querySelectorAll('section')].find((each) => each.querySelector('h2').textContent === '${heading}');
  return [...section.querySelectorAll('tbody tr')].map((row) => ({
    name: row.querySelector('th').textContent,
    width: row.querySelector('.bar rect:not(.track)')?.getBoundingClientRect().width ?? 0,
    whole: row.querySelector('.bar .track')?.getBoundingClientRect().width ?? 0,
  }));
})()`;

type Bar = { name: string; width: number; whole: number };
type Spot = { x: number; y: number; fill: string };

function luminance(color: readonly number[]): number {
  const [red = 0, green = 0, blue = 0] = color.map((channel) => {
    const share = channel / 255;
    return share <= 0.04045 ? share / 12.92 : ((share + 0.055) / 1.055) ** 2.4;
  });
  return 0.2126 * red + 0.7152 * green + 0.0722 * blue;
}

/** As WCAG 2 defines it. */
function contrast(one: readonly number[], other: readonly number[]): number {
  const [dark = 0, light = 0] = [luminance(one), luminance(other)].toSorted((a, b) => a - b);
  return (light + 0.05) / (dark + 0.05);
}

const channels = (css: string) => (css.match(/\d+/g) ?? []).map(Number);

describe.each(['plan', 'report'] as const)('the page of a %s, in a browser', (name) => {
  it('asks the network for nothing, runs no script, and keeps its own policy', async () => {
    await looking(name, async (page) => {
      expect(page.requests).toEqual([urlOf(name)]);
      expect(page.complaints).toEqual([]);
      expect(await page.evaluate('document.title')).not.toBe('owned');
      expect(await page.evaluate('document.querySelectorAll("script, img").length')).toBe(0);
      expect(await page.evaluate('document.querySelector("h1").textContent')).toContain(HOSTILE);
    });
  });

  it.each(['light', 'dark'] as const)('is painted so that bars and text stand out: %s', async (scheme) => {
    await looking(
      name,
      async (page) => {
        const paper = await page.colorAt(2, 2);
        expect(luminance(paper) > 0.5).toBe(scheme === 'light');

        const spots = await page.evaluate<Spot[]>(`['archives', 'bytes', 'money', 'good', 'bad'].flatMap((paint) => {
          const mark = [...document.querySelectorAll('rect.' + paint)].find((each) => each.getBoundingClientRect().width > 5);
          if (!mark) return [];
          const { x, y, width, height } = mark.getBoundingClientRect();
          return [{ x: x + width / 2 + scrollX, y: y + height / 2 + scrollY, fill: getComputedStyle(mark).fill }];
        })`);
        expect(spots.length).toBe(name === 'plan' ? 3 : 5);
        for (const { x, y, fill } of spots) {
          const painted = await page.colorAt(x, y);
          expect(painted).toEqual(channels(fill));
          expect(contrast(painted, paper)).toBeGreaterThan(3);
        }

        for (const selector of ['h1', '.soft', 'td', 'thead th', 'dt']) {
          const ink = await page.evaluate<string>(`getComputedStyle(document.querySelector('${selector}')).color`);
          expect(contrast(channels(ink), paper), selector).toBeGreaterThan(4.5);
        }
      },
      { width: 1000, scheme },
    );
  });

  it('fits a phone without scrolling sideways', async () => {
    await looking(
      name,
      async (page) => {
        expect(await page.evaluate('document.documentElement.scrollWidth')).toBeLessThanOrEqual(360);
      },
      { width: 360, scheme: 'light' },
    );
  });

  it('draws the bars of the sizes as long as their numbers', async () => {
    await looking(name, async (page) => {
      const bars = await page.evaluate<Bar[]>(barsOf('Sizes'));
      expect(bars).toHaveLength(9);
      for (const bar of bars) {
        const share = (SIZES[bar.name as keyof typeof SIZES] ?? 0) / 300;
        expect(bar.width, bar.name).toBeCloseTo(share * bar.whole, 0);
      }
      expect(bars[0]?.whole).toBeGreaterThan(100);
    });
  });
});

it('the page of a plan marks the month in which the two lines meet', async () => {
  await looking('plan', async (page) => {
    const drawn = await page.evaluate<{ dot: number[]; stay: number[]; move: number[] }>(`(() => {
      const [dot] = document.querySelectorAll('.plot .dot');
      const x = dot.cx.baseVal.value;
      const at = (selector) => {
        const path = document.querySelector('.plot path.' + selector);
        const from = path.getPointAtLength(0);
        const to = path.getPointAtLength(path.getTotalLength());
        return [from.x, from.y, to.x, from.y + ((x - from.x) / (to.x - from.x)) * (to.y - from.y)];
      };
      return { dot: [x, dot.cy.baseVal.value], stay: at('stay'), move: at('move') };
    })()`);
    const [x = 0, y = 0] = drawn.dot;
    expect(drawn.stay[3]).toBeCloseTo(y, 0);
    expect(drawn.move[3]).toBeCloseTo(y, 0);

    const [left = 0, , right = 0] = drawn.stay;
    const paysOff = samplePlan().paysOffAfterMonths ?? 0;
    expect(((x - left) / (right - left)) * Math.max(12, Math.ceil(paysOff * 2))).toBeCloseTo(paysOff, 1);
  });
});

it('the page of a report fills its bar with the states, and three failures among a million are seen', async () => {
  await looking('report', async (page) => {
    const stacks = await page.evaluate<{ whole: number; parts: number[]; bad: number; label: string }[]>(
      `[...document.querySelectorAll('.stack')].map((stack) => ({
        whole: stack.getBoundingClientRect().width,
        parts: [...stack.querySelectorAll('.gap')].map((part) => part.getBoundingClientRect().width),
        bad: stack.querySelector('.bad').getBoundingClientRect().width,
        label: stack.getAttribute('aria-label'),
      }))`,
    );
    expect(stacks).toHaveLength(2);
    for (const { whole, parts, bad } of stacks) {
      expect(parts).toHaveLength(4);
      // Each part is drawn with a border of half a pixel on either side.
      expect(parts.reduce((sum, width) => sum + width, 0)).toBeGreaterThan(whole - 5);
      expect(parts.reduce((sum, width) => sum + width, 0)).toBeLessThan(whole + 5);
      expect(bad).toBeGreaterThan(3);
    }
    expect((stacks[0]?.parts[0] ?? 0) / (stacks[0]?.whole ?? 1)).toBeCloseTo(0.9, 1);
    expect(stacks[0]?.label).toContain('3 archives failed');
  });
});

it('the page of a plan for a vault of petabytes lets no figure run into another, and cuts none off', async () => {
  const figures = emptyFigures(0);
  for (let i = 0; i < 100; i += 1) {
    addArchive(figures, { size: 39_000 * GiB, createdAt: 0, partSize: 16 * MiB, format: 'mt2' });
  }
  figures.total.bytes *= 10;
  const file = join(folder, 'huge.html');
  await writeFile(file, samplePlanPage({ figures, destinationRegion: 'us-east-1' }));
  for (const width of [360, 1280]) {
    await withChromium(async (page) => {
      await page.look({ width, scheme: 'light' });
      await page.open(urlOf('huge'));
      const overlapping = await page.evaluate(`[...document.querySelectorAll('tr')].filter((row) => {
        const places = [...row.children].filter((cell) => cell.textContent !== '').map((cell) => {
          const text = new Range();
          text.selectNodeContents(cell);
          return text.getBoundingClientRect();
        });
        places.push(...[...row.querySelectorAll('.track')].map((bar) => bar.getBoundingClientRect()));
        return places.some((one, i) => places.slice(i + 1).some((other) =>
          one.left < other.right && other.left < one.right && one.top < other.bottom - 1 && other.top < one.bottom - 1));
      }).map((row) => row.textContent)`);
      expect(overlapping).toEqual([]);
      const cut = await page.evaluate(`[...document.querySelectorAll('.plot text')].filter((text) => {
        const { x, width } = text.getBBox();
        return x < 0 || x + width > text.ownerSVGElement.viewBox.baseVal.width;
      }).map((text) => text.textContent)`);
      expect(cut).toEqual([]);
      const broken = await page.evaluate(`[...document.querySelectorAll('.tiles dd')].filter((figure) => {
        const text = new Range();
        text.selectNodeContents(figure.firstChild);
        return /^\\$/.test(figure.textContent) && text.getClientRects().length > 1;
      }).map((figure) => figure.textContent)`);
      expect(broken).toEqual([]);
      expect(await page.evaluate('document.documentElement.scrollWidth')).toBeLessThanOrEqual(width);
    });
  }
});
