import type { Tally } from '../../domain/price/figures.ts';
import type { State } from '../../domain/progress.ts';
import { formatSize } from '../../lib/size.ts';
import type { Phase } from '../../steps/status.ts';
import { archivesOf, formatCount } from './amounts.ts';
import { type Share, stackedBar, swatch } from './charts.ts';
import { html, type Markup } from './markup.ts';

export interface StateTally extends Tally {
  readonly state: State;
}

/** How a state is called and painted. */
export const STATE_LOOKS: Readonly<Record<State, { readonly name: string; readonly paint: Share['paint'] }>> = {
  verified: { name: 'copied and verified', paint: 'good' },
  transferred: { name: 'copied, not yet verified', paint: 'step5' },
  transferring: { name: 'being copied', paint: 'step4' },
  staged: { name: 'staged by Glacier', paint: 'step3' },
  requested: { name: 'requested', paint: 'step2' },
  planned: { name: 'planned', paint: 'step1' },
  listed: { name: 'listed', paint: 'step1' },
  skipped: { name: 'skipped', paint: 'idle' },
  failed: { name: 'failed', paint: 'bad' },
};

/** From what is done to what is not. */
const ORDER = Object.keys(STATE_LOOKS) as readonly State[];

/** How far the archives have come: two bars, by archives and by bytes, and their figures. All of `states` together are 100 %. */
export function progressChart(states: readonly StateTally[], phase: Phase): Markup {
  const total = totalOf(states);
  const rows = ORDER.map((state) => ({
    ...STATE_LOOKS[state],
    ...totalOf(states.filter((tally) => tally.state === state)),
  })).filter(({ archives }) => archives > 0);
  if (rows.length === 0) {
    return html`<p class="soft">${phase === 'inventory' ? 'The inventory has not arrived yet.' : 'The inventory is empty: nothing is to be copied.'}</p>`;
  }
  const shares = (of: keyof Tally) => rows.map(({ name, paint, ...tally }) => ({ name, paint, value: tally[of] }));
  const said = rows.map(({ name, archives }) => `${archivesOf(archives)} ${name}`).join(', ');
  return html`<p class="soft">By archives</p>
${stackedBar(said, shares('archives'))}
<p class="soft">By bytes</p>
${stackedBar(rows.map(({ name, bytes }) => `${formatSize(bytes)} ${name}`).join(', '), shares('bytes'))}
<div class="scroll"><table>
<thead><tr><th scope="col">state</th>${['archives', 'share', 'size', 'share'].map(
    (name) => html`<th scope="col" class="number">${name}</th>`,
  )}</tr></thead>
<tbody>${rows.map(
    ({ name, paint, archives, bytes }) => html`
<tr><th scope="row">${swatch(paint)}${name}</th>${tallyCells({ archives, bytes }, total)}</tr>`,
  )}
<tr class="sum"><th scope="row">all of the inventory</th>${tallyCells(total, total)}</tr>
</tbody></table></div>`;
}

function tallyCells({ archives, bytes }: Tally, total: Tally): Markup {
  return html`${[
    formatCount(archives),
    percent(archives, total.archives),
    formatSize(bytes),
    percent(bytes, total.bytes),
  ].map((cell) => html`<td class="number">${cell}</td>`)}`;
}

/** Never `100 %` for what is not all, nor `0 %` for what is something. */
export function percent(part: number, whole: number): string {
  if (whole === 0) return '';
  if (part === whole) return '100 %';
  if (part === 0) return '0 %';
  return `${Math.min(Math.max((100 * part) / whole, 0.1), 99.9).toFixed(1)} %`;
}

export function totalOf(tallies: readonly Tally[]): Tally {
  return {
    archives: tallies.reduce((sum, { archives }) => sum + archives, 0),
    bytes: tallies.reduce((sum, { bytes }) => sum + bytes, 0),
  };
}
