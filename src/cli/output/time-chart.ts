import { DAY, HOUR, MINUTE } from '../../lib/duration.ts';
import { html, type Markup } from './markup.ts';

/** One figure over time. `paint` is a class of the pages' style; `values` stand at the bounds of the spans. */
export interface TimeSeries {
  readonly name: string;
  readonly paint: string;
  readonly values: readonly number[];
}

export interface TimeChart {
  readonly title: string;
  /** Milliseconds since 1970. */
  readonly from: number;
  readonly to: number;
  /** The lowest first. */
  readonly series: readonly TimeSeries[];
  /** On top of one another, or all from zero. */
  readonly stacked: boolean;
  readonly format: (value: number) => string;
  /** The distance of the lines across: the first of these that gives four of them at most. Default: 1, 2 and 5 times a power of ten. */
  readonly step?: (least: number) => number;
}

const HEIGHT = 150;
const TOP = 8;
const BOTTOM = 22;
const LINES = 4;

/**
 * Areas over time, as wide as their place: what is drawn is stretched, what is written is not. Each span holds its figures in
 * `data-readout`, for a script that shows them.
 */
export function timeChart(chart: TimeChart): Markup {
  const { title, from, to, series, stacked, format } = chart;
  const spans = Math.max(0, ...series.map(({ values }) => values.length - 1));
  const tops = stacked ? stack(series) : series.map(({ values }) => values);
  const most = Math.max(0, ...tops.flat());
  const step = (chart.step ?? decimalStep)(most / LINES);
  const scale = Math.max(step, Math.ceil(most / step - 1e-9) * step);
  const y = (value: number) => round(HEIGHT * (1 - value / scale));
  const areas = series.map(({ paint }, index) => {
    const upper = tops[index] ?? [];
    const lower = (stacked ? tops[index - 1] : undefined) ?? upper.map(() => 0);
    const over = upper.map((value, at) => `${at} ${y(value)}`);
    const back = lower.map((value, at) => `${at} ${y(value)}`).toReversed();
    return html`<polygon class="${paint}" points="${[...over, ...back].join(' ')}"/>`;
  });
  const marks = Array.from({ length: Math.round(scale / step) }, (_, index) => (index + 1) * step);
  const now = series.map(({ name, values }) => `${name} ${format(values.at(-1) ?? 0)}`).join(', ');
  return html`<figure class="chart"><figcaption><b>${title}</b>${legend(series)}</figcaption>
<div class="plane"><svg class="scale" width="60" height="${TOP + HEIGHT + BOTTOM}" aria-hidden="true">${[
    0,
    ...marks,
  ].map((value) => html`<text x="52" y="${TOP + y(value) + 4}" text-anchor="end">${format(value)}</text>`)}</svg>
<svg width="100%" height="${TOP + HEIGHT + BOTTOM}" role="img" aria-label="${title}, at last: ${now}">
${marks.map((value) => html`<line class="grid" x1="0" x2="100%" y1="${TOP + y(value)}" y2="${TOP + y(value)}"/>`)}
<svg y="${TOP}" width="100%" height="${HEIGHT}" viewBox="0 0 ${Math.max(1, spans)} ${HEIGHT}" preserveAspectRatio="none">${areas}</svg>
<line class="axis" x1="0" x2="100%" y1="${TOP + HEIGHT}" y2="${TOP + HEIGHT}"/>
${ticks(from, to).map(({ share, text }) => {
  const anchor = share < 0.06 ? 'start' : share > 0.94 ? 'end' : 'middle';
  return html`<text x="${round(100 * share)}%" y="${TOP + HEIGHT + 16}" text-anchor="${anchor}">${text}</text>`;
})}
${Array.from({ length: spans }, (_, span) => readout(chart, span, spans))}
</svg></div></figure>`;
}

function legend(series: readonly TimeSeries[]): Markup | undefined {
  if (series.length < 2) return undefined;
  return html`<span class="legend">${series.map(
    ({ name, paint }) =>
      html`<span><svg class="swatch" width="10" height="10" aria-hidden="true"><rect class="${paint}" width="10" height="10" rx="2"/></svg>${name}</span>`,
  )}</span>`;
}

/** An unseen place over one span, and what is to be read there. */
function readout({ from, to, series, format }: TimeChart, span: number, spans: number): Markup {
  const time = from + ((span + 1) / spans) * (to - from);
  const lines = series.map(({ name, values }) => `${name}: ${format(values[span + 1] ?? 0)}`).toReversed();
  const text = [`${dayAndTime(time)} UTC`, ...lines].join(' | ');
  return html`<rect class="span" x="${round((100 * span) / spans)}%" y="${TOP}" width="${round(100 / spans)}%" height="${HEIGHT}" data-readout="${text}"/>`;
}

function stack(series: readonly TimeSeries[]): number[][] {
  let below: readonly number[] = [];
  return series.map(({ values }) => {
    const top = values.map((value, index) => value + (below[index] ?? 0));
    below = top;
    return top;
  });
}

const TICK_STEPS = [
  ...[1, 2, 5, 10, 15, 30].map((minutes) => minutes * MINUTE),
  ...[1, 2, 3, 6, 12].map((hours) => hours * HOUR),
  ...[1, 2, 5, 10, 20, 50, 100, 200, 500, 1000].map((days) => days * DAY),
];

/** At most five round times, by UTC. */
function ticks(from: number, to: number): { share: number; text: string }[] {
  const step = TICK_STEPS.find((width) => (to - from) / width <= 5) ?? 2000 * DAY;
  const first = Math.ceil(from / step) * step;
  const count = to > from ? Math.floor((to - first) / step) + 1 : 0;
  return Array.from({ length: Math.max(0, count) }, (_, index) => {
    const time = first + index * step;
    const day = time % DAY === 0 || step >= DAY;
    return { share: (time - from) / (to - from), text: day ? dayOf(time) : new Date(time).toISOString().slice(11, 16) };
  });
}

const DATE = new Intl.DateTimeFormat('en-US', { month: 'short', day: 'numeric', timeZone: 'UTC' });

function dayOf(time: number): string {
  return DATE.format(time);
}

/** `Nov 21 14:05`, by UTC. */
export function dayAndTime(time: number): string {
  return `${dayOf(time)} ${new Date(time).toISOString().slice(11, 16)}`;
}

/** 1, 2 or 5 times a power of ten, at or above `least`. */
export function decimalStep(least: number): number {
  if (least <= 0) return 1;
  const power = 10 ** Math.floor(Math.log10(least));
  return ([1, 2, 5, 10].find((factor) => factor * power >= least * (1 - 1e-9)) ?? 10) * power;
}

/** The same for whole things: never a part of one. */
export function countStep(least: number): number {
  return Math.max(1, decimalStep(least));
}

/** A power of two, at or above `least`: 256 MiB, never 238.4 MiB. */
export function byteStep(least: number): number {
  return 2 ** Math.ceil(Math.log2(Math.max(1, least)) - 1e-9);
}

function round(value: number): number {
  return Math.round(value * 100) / 100;
}
