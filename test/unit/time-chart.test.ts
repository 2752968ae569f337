import fc from 'fast-check';
import { expect, it } from 'vitest';
import { byteStep, countStep, decimalStep, timeChart } from '../../src/cli/output/time-chart.ts';
import { DAY, MINUTE } from '../../src/lib/duration.ts';

const numbers = (markup: string, pattern: RegExp) => [...markup.matchAll(pattern)].map((match) => match[1] ?? '');

it('stacks areas without a gap: the upper edge of one is the lower of the next', () => {
  const chart = timeChart({
    title: 'Archives',
    from: 0,
    to: 10 * MINUTE,
    stacked: true,
    series: [
      { name: 'copied', paint: 'good', values: [0, 10, 20] },
      { name: 'planned', paint: 'step1', values: [100, 90, 80] },
    ],
    format: String,
    step: countStep,
  }).markup;
  const [lower = [], upper = []] = numbers(chart, /points="([^"]+)"/g).map((points) => points.split(' ').map(Number));
  const edge = lower.slice(0, 6);
  const pairs = (flat: readonly number[]) => flat.flatMap((x, i) => (i % 2 === 0 ? [[x, flat[i + 1]]] : []));
  expect(pairs(upper.slice(6)).toReversed()).toEqual(pairs(edge));
  // together they are a hundred all the time, which is the top of the scale
  expect(pairs(upper.slice(0, 6)).map(([, y]) => y)).toEqual([0, 0, 0]);
});

it('names its figures at the end for who can not see it, and escapes what they are called', () => {
  const chart = timeChart({
    title: '<b>x</b>',
    from: 0,
    to: MINUTE,
    stacked: false,
    series: [{ name: '"><script>', paint: 'bytes', values: [1, 7] }],
    format: (value) => `${value} B`,
  }).markup;
  expect(chart).toContain('aria-label="&lt;b&gt;x&lt;/b&gt;, at last: &quot;&gt;&lt;script&gt; 7 B"');
  expect(chart).not.toContain('<script>');
});

it('writes at most five round times under any span', () => {
  fc.assert(
    fc.property(fc.integer({ min: 0, max: 20_000 * DAY }), fc.integer({ min: 1, max: 4000 * DAY }), (from, length) => {
      const series = [{ name: 'a', paint: 'bytes', values: [0, 1] }];
      const chart = timeChart({ title: '', from, to: from + length, stacked: false, series, format: String }).markup;
      const shares = numbers(chart, /<text x="([\d.]+)%"/g).map(Number);
      expect(shares.length).toBeLessThanOrEqual(6);
      expect(shares.every((share) => share >= 0 && share <= 100)).toBe(true);
    }),
  );
});

it('has lines at round figures that are not below what is asked for', () => {
  fc.assert(
    fc.property(fc.double({ min: 1e-6, max: 1e15, noNaN: true }), (least) => {
      for (const step of [decimalStep, countStep, byteStep]) expect(step(least)).toBeGreaterThanOrEqual(least * 0.999);
      expect(Math.log2(byteStep(least)) % 1).toBe(0);
      expect(decimalStep(least)).toBeLessThanOrEqual(least * 2.5 * 1.001);
    }),
  );
});
