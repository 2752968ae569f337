import { type Figure, figureAt, growth, type Sample } from '../../domain/history.ts';
import type { State } from '../../domain/progress.ts';
import { DAY, HOUR, MINUTE, SECOND } from '../../lib/duration.ts';
import { formatSize } from '../../lib/size.ts';
import { formatCount } from '../output/amounts.ts';
import { html, type Markup } from '../output/markup.ts';
import { STATE_LOOKS } from '../output/progress-chart.ts';
import { byteStep, countStep, timeChart } from '../output/time-chart.ts';
import type { Snapshot } from './view.ts';

/** How far back the charts look. */
export const RANGES = { '1h': HOUR, '6h': 6 * HOUR, '1d': DAY, '7d': 7 * DAY, '30d': 30 * DAY, all: Infinity } as const;

export type Range = keyof typeof RANGES;

export function rangeOf(text: string | null): Range {
  return text !== null && Object.hasOwn(RANGES, text) ? (text as Range) : 'all';
}

/** The lowest in a stack first: what is done grows from the ground. */
const STACK = [
  'verified',
  'skipped',
  'failed',
  'transferred',
  'transferring',
  'staged',
  'requested',
  'planned',
  'listed',
] as const;

const SPANS = 96;

/** Everything that was kept over time, from `range` ago to the last sample. */
export function historyCharts(snapshot: Snapshot, range: Range): Markup {
  const { speed, status } = snapshot;
  const samples = snapshot.samples();
  const first = samples[0];
  const last = samples.at(-1);
  if (!first || !last || last.at <= first.at) {
    return html`${rangeLinks(range)}<p class="soft">There is nothing to draw yet: a sample is kept every minute.</p>`;
  }
  const from = Math.max(first.at, last.at - RANGES[range]);
  const to = last.at;
  const bounds = Array.from({ length: SPANS + 1 }, (_, index) => from + (index / SPANS) * (to - from));
  const shown = STACK.filter((state) => samples.some(({ archives }) => (archives[state]?.count ?? 0) > 0));
  const states = (field: 'count' | 'bytes') =>
    shown.map((state) => ({
      name: STATE_LOOKS[state].name,
      paint: STATE_LOOKS[state].paint,
      values: bounds.map((time) => figureAt(samples, time, (sample) => amount(sample, state, field))),
    }));
  // a counter's growth in a span stands at the end of it
  const rate = (figure: Figure, per: number) => {
    const spans = growth(samples, { from, to, slots: SPANS }, figure).map((each) => each * per * speed);
    return [spans[0] ?? 0, ...spans];
  };
  return html`${rangeLinks(range)}
<div class="charts">
${timeChart({ title: 'Archives by state', from, to, stacked: true, series: states('count'), format: formatCount, step: countStep })}
${timeChart({ title: 'Bytes by state', from, to, stacked: true, series: states('bytes'), format: formatSize, step: byteStep })}
${timeChart({
  title: 'Throughput',
  from,
  to,
  stacked: false,
  series: [{ name: 'copied', paint: 'bytes', values: rate(({ copiedBytes }) => copiedBytes, SECOND) }],
  format: (value) => `${formatSize(value)}/s`,
  step: byteStep,
})}
${timeChart({
  title: 'Calls to AWS a minute',
  from,
  to,
  stacked: false,
  series: [
    { name: 'all calls', paint: 'archives', values: rate(({ calls }) => calls, MINUTE) },
    { name: 'throttled', paint: 'bad', values: rate(({ throttles }) => throttles, MINUTE) },
  ],
  format: (value) => (value < 10 ? value.toFixed(1).replace(/\.0$/, '') : formatCount(value)),
})}
${
  status.cost.plannedUsd > 0 || last.spentUsd > 0
    ? timeChart({
        title: 'Spent, as estimated',
        from,
        to,
        stacked: false,
        series: [
          {
            name: 'spent',
            paint: 'money',
            values: bounds.map((time) => figureAt(samples, time, ({ spentUsd }) => spentUsd)),
          },
        ],
        format: usdFormat(Math.max(...samples.map(({ spentUsd }) => spentUsd))),
      })
    : undefined
}
</div>`;
}

/** As many decimals as tell the lines of a scale apart. */
function usdFormat(most: number): (usd: number) => string {
  const decimals = most >= 10 ? 0 : Math.min(6, Math.max(2, 2 - Math.floor(Math.log10(Math.max(most, 1e-6)))));
  return (usd) => `$${usd.toFixed(decimals)}`;
}

function amount({ archives }: Sample, state: State, field: 'count' | 'bytes'): number {
  return archives[state]?.[field] ?? 0;
}

function rangeLinks(range: Range): Markup {
  const names: Readonly<Record<Range, string>> = {
    '1h': 'an hour',
    '6h': '6 hours',
    '1d': 'a day',
    '7d': '7 days',
    '30d': '30 days',
    all: 'all of it',
  };
  const link = (each: Range) =>
    each === range ? html`<b>${names[each]}</b>` : html`<a href="?range=${each}#time">${names[each]}</a>`;
  return html`<nav class="ranges" aria-label="how far back">${(Object.keys(RANGES) as Range[]).map(link)}</nav>`;
}
