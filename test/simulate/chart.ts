import { DAY } from '../../src/lib/duration.ts';
import { formatSize, TiB } from '../../src/lib/size.ts';
import type { Result, Sample } from './run.ts';

const PANEL = { width: 560, height: 220, left: 70, right: 50, top: 44, bottom: 34 };
const PLOT = { width: PANEL.width - PANEL.left - PANEL.right, height: PANEL.height - PANEL.top - PANEL.bottom };
const COLOURS = { outstanding: '#c2410c', staged: '#2563eb', copied: '#15803d' };
const LEGEND_HEIGHT = 34;

/**
 * Outstanding and staged bytes (left scale, the same for both policies) and copied bytes (right scale, in per cent) over
 * time: a row for each scenario, a column for each policy. Text and lines only, no script.
 */
export function chart(rows: readonly (readonly Result[])[]): string {
  const width = PANEL.width * Math.max(...rows.map((row) => row.length));
  const height = LEGEND_HEIGHT + PANEL.height * rows.length;
  const panels = rows.flatMap((row, index) => {
    const top = Math.max(...row.map(({ peakOutstandingBytes }) => peakOutstandingBytes));
    const end = Math.max(...row.map(({ totalMs }) => totalMs));
    return row.map((result, column) => {
      const at = `translate(${column * PANEL.width} ${LEGEND_HEIGHT + index * PANEL.height})`;
      return `<g transform="${at}">${panel(result, top, end)}</g>`;
    });
  });
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${width} ${height}" width="${width}" height="${height}"`,
    ` font-family="sans-serif" font-size="11"><rect width="100%" height="100%" fill="#fff"/>`,
    legend(),
    ...panels,
    '</svg>\n',
  ].join('\n');
}

function legend(): string {
  const names = { outstanding: 'outstanding', staged: 'of it staged', copied: 'copied (%, right scale)' };
  return Object.entries(COLOURS)
    .map(([key, colour], index) => {
      const x = PANEL.left + index * 130;
      const name = names[key as keyof typeof COLOURS];
      return `<path d="M${x} 18h22" stroke="${colour}" stroke-width="2"/>${text(x + 28, 22, name)}`;
    })
    .join('');
}

function panel(result: Result, top: number, end: number): string {
  const last = result.samples.at(-1);
  const all = last?.copied || 1;
  const curve = (colour: string, share: (sample: Sample) => number): string => {
    const points = result.samples.map(
      (sample) => `${fixed((sample.time / end) * PLOT.width)},${fixed(PLOT.height * (1 - share(sample)))}`,
    );
    return `<polyline fill="none" stroke="${colour}" stroke-width="1.5" points="${points.join(' ')}"/>`;
  };
  const title = `${result.scenario}, ${result.policy}: ${fixed(result.totalMs / DAY)} d, asked again ${fixed(result.askedAgainShare * 100)} %`;
  return [
    text(PANEL.left, PANEL.top - 12, title, 'start', ' font-weight="bold"'),
    `<g transform="translate(${PANEL.left} ${PANEL.top})">`,
    `<rect width="${PLOT.width}" height="${PLOT.height}" fill="none" stroke="#999"/>`,
    curve(COLOURS.copied, ({ copied }) => copied / all),
    curve(COLOURS.outstanding, ({ requested, staged }) => (requested + staged) / top),
    curve(COLOURS.staged, ({ staged }) => staged / top),
    text(-6, 10, formatSize(Math.round(top / TiB) >= 1 ? Math.round(top / TiB) * TiB : top), 'end'),
    text(-6, PLOT.height, '0', 'end'),
    text(PLOT.width + 6, 10, '100 %'),
    text(0, PLOT.height + 16, '0 d', 'middle'),
    text(PLOT.width, PLOT.height + 16, `${fixed(end / DAY)} d`, 'middle'),
    '</g>',
  ].join('');
}

function text(x: number, y: number, content: string, anchor = 'start', more = ''): string {
  return `<text x="${x}" y="${y}" text-anchor="${anchor}"${more}>${content}</text>`;
}

function fixed(value: number): string {
  return String(Number(value.toFixed(1)));
}
