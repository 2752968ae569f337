import { html, type Markup } from './markup.ts';

/** A series of a bar table: `paint` is a class of the pages' style. */
export interface Series {
  readonly heading: string;
  readonly paint: 'archives' | 'bytes' | 'money';
}

export interface BarRow {
  readonly name: string;
  /** A text for each column of details. */
  readonly details?: readonly string[];
  /** A value and its text for each series. */
  readonly values: readonly { readonly value: number; readonly text: string }[];
}

export interface BarTable {
  readonly caption: string;
  /** Of the column of names. */
  readonly heading: string;
  /** Headings of columns without bars. */
  readonly details?: readonly string[];
  readonly series: readonly Series[];
  /** The value of a whole bar in each series, where it is not the largest of the rows: tables to be compared share one. */
  readonly scale?: readonly number[];
  /** The texts of a last row without bars, one for each series. */
  readonly total?: readonly string[];
}

/** A table whose numbers stand beside bars; each series has a scale of its own, from zero to its largest value. */
export function barTable(
  { caption, heading, details = [], series, scale, total }: BarTable,
  rows: readonly BarRow[],
): Markup {
  const largest = series.map(
    (_, index) => scale?.[index] ?? Math.max(0, ...rows.map(({ values }) => values[index]?.value ?? 0)),
  );
  return html`<div class="scroll${details.length > 0 ? ' detailed' : ''}"><table>
<caption>${caption}</caption>
<thead><tr><th scope="col">${heading}</th>${details.map(
    (name) => html`<th scope="col" class="number">${name}</th>`,
  )}${series.map((each) => html`<th scope="col" class="number">${each.heading}</th><td></td>`)}</tr></thead>
<tbody>${rows.map(
    (row) => html`
<tr><th scope="row">${row.name}</th>${details.map(
      (_, index) => html`<td class="number">${row.details?.[index]}</td>`,
    )}${series.map(({ paint }, index) => {
      const { value, text } = row.values[index] ?? { value: 0, text: '' };
      return html`<td class="number">${text}</td><td class="bar">${bar(value, largest[index] ?? 0, paint)}</td>`;
    })}</tr>`,
  )}
${
  total
    ? html`<tr class="sum"><th scope="row">total</th>${details.map(() => html`<td></td>`)}${total.map(
        (text) => html`<td class="number">${text}</td><td></td>`,
      )}</tr>`
    : undefined
}</tbody></table></div>`;
}

/** Its width is the share of the largest; what is not zero is seen. */
function bar(value: number, largest: number, paint: string): Markup {
  const percent = largest > 0 ? (100 * value) / largest : 0;
  const shown = value > 0 ? Math.max(percent, 1) : 0;
  return html`<svg width="100%" height="12" aria-hidden="true"><rect class="track" width="100%" height="12" rx="2"/>${
    shown > 0 ? html`<rect class="${paint}" width="${round(shown)}%" height="12" rx="2"/>` : undefined
  }</svg>`;
}

/** A part of a whole: `paint` is a class of the pages' style. */
export interface Share {
  readonly name: string;
  readonly value: number;
  /** `step1` to `step5` go from what has hardly begun to what is almost done. */
  readonly paint: 'good' | 'bad' | 'idle' | 'step1' | 'step2' | 'step3' | 'step4' | 'step5';
}

/** The percentage that the smallest part is drawn with: a few failures among millions are to be seen. */
const LEAST_PERCENT = 0.7;

/** One bar of parts, which add up to its whole length. `label` says the same to those who can't see it. */
export function stackedBar(label: string, shares: readonly Share[]): Markup {
  const total = shares.reduce((sum, { value }) => sum + value, 0);
  const present = shares
    .filter(({ value }) => value > 0)
    .map((share) => ({ ...share, least: Math.max((100 * share.value) / total, LEAST_PERCENT) }));
  const drawn = present.reduce((sum, { least }) => sum + least, 0);
  let start = 0;
  const parts = present.map(({ name, paint, least }) => {
    const width = (100 * least) / drawn;
    const part = html`<rect class="${paint} gap" x="${round(start)}%" width="${round(width)}%" height="28"><title>${name}</title></rect>`;
    start += width;
    return part;
  });
  return html`<svg class="stack" width="100%" height="28" role="img" aria-label="${label}"><rect class="track" width="100%" height="28"/>${parts}</svg>`;
}

/** The square of a legend. */
export function swatch(paint: Share['paint'] | 'vault' | 'bucket'): Markup {
  return html`<svg class="swatch" width="12" height="12" aria-hidden="true"><rect class="${paint}" width="12" height="12" rx="2"/></svg>`;
}

/** A line that begins at `start` and rises by `slope` a month. */
export interface CostCurve {
  readonly name: string;
  readonly paint: 'stay' | 'move';
  readonly start: number;
  readonly slope: number;
}

const PLOT = { width: 680, height: 260, right: 150, top: 14, bottom: 34 } as const;
/** Room for the amounts beside the axis: as wide as digits of the pages' font are, at the size that the plot gives them. */
const DIGIT_WIDTH = 7.7;
const LEAST_LEFT = 70;

/** What two ways cost in sum over `months`, and the month in which they meet. */
export function costPlot(
  label: string,
  curves: readonly [CostCurve, CostCurve],
  options: { readonly months: number; readonly meetAt?: number; readonly money: (usd: number) => string },
): Markup {
  const { months, meetAt, money } = options;
  const at = ({ start, slope }: CostCurve, month: number) => start + slope * month;
  const step = niceStep(Math.max(...curves.map((curve) => at(curve, months))) / 4);
  const top = Math.max(step, Math.ceil(Math.max(...curves.map((curve) => at(curve, months))) / step) * step);
  const marks = Array.from({ length: Math.round(top / step) + 1 }, (_, index) => index * step);
  const left = Math.max(LEAST_LEFT, ...marks.map((usd) => 16 + money(usd).length * DIGIT_WIDTH));
  const x = (month: number) => round(left + (month / months) * (PLOT.width - left - PLOT.right));
  const y = (usd: number) => round(PLOT.height - PLOT.bottom - (usd / top) * (PLOT.height - PLOT.top - PLOT.bottom));
  const right = x(months);
  const monthStep = Math.max(1, niceStep(months / 6));
  const ticks = Array.from({ length: Math.floor(months / monthStep) + 1 }, (_, index) => index * monthStep);
  const [upper, lower] = curves.toSorted((a, b) => at(b, months) - at(a, months));
  const labelY = (curve: CostCurve) => {
    const overlap = upper && lower ? Math.max(0, 16 - (y(at(lower, months)) - y(at(upper, months)))) : 0;
    return y(at(curve, months)) + 4 + (curve === lower ? overlap / 2 : -overlap / 2);
  };
  return html`<div class="scroll"><svg class="plot" viewBox="0 0 ${PLOT.width} ${PLOT.height}" role="img" aria-label="${label}">
${marks.map(
  (usd) => html`<line class="grid" x1="${round(left)}" x2="${right}" y1="${y(usd)}" y2="${y(usd)}"/>
<text x="${round(left - 8)}" y="${y(usd) + 4}" text-anchor="end">${money(usd)}</text>`,
)}
${ticks.map((month) => html`<text x="${x(month)}" y="${PLOT.height - 14}" text-anchor="middle">${month}</text>`)}
<text x="${right + 12}" y="${PLOT.height - 14}">months</text>
${curves.map(
  (curve) => html`<path class="${curve.paint}" d="M${x(0)} ${y(curve.start)}L${right} ${y(at(curve, months))}"/>
<text class="strong" x="${right + 8}" y="${labelY(curve)}">${curve.name}</text>`,
)}
${
  meetAt === undefined
    ? undefined
    : html`<circle class="dot" cx="${x(meetAt)}" cy="${y(at(curves[0], meetAt))}" r="5"/>`
}
</svg></div>`;
}

/** 1, 2 or 5 times a power of ten: the first at or above `least`. */
function niceStep(least: number): number {
  if (least <= 0) return 1;
  const power = 10 ** Math.floor(Math.log10(least));
  return ([1, 2, 5, 10].find((factor) => factor * power >= least * (1 - 1e-9)) ?? 10) * power;
}

function round(value: number): number {
  return Math.round(value * 100) / 100;
}
