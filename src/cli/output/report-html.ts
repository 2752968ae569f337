import type { NamedTally, Tally } from '../../domain/price/figures.ts';
import type { State } from '../../domain/progress.ts';
import { formatSize } from '../../lib/size.ts';
import { archivesOf, formatCount, formatUsd } from './amounts.ts';
import { barTable, type Share, stackedBar, swatch } from './charts.ts';
import { html, type Markup } from './markup.ts';
import { page, section, tiles } from './page.ts';
import { tallyChart } from './tally-chart.ts';

/** The account of a transfer, as its page shows it. All of `states` together are 100 % of the inventory. */
export interface ReportPage {
  readonly vault: string;
  readonly bucket: string;
  readonly prefix: string;
  readonly region: string;
  readonly storageClass: string;
  readonly tier: string;
  /** The date of the inventory, as it gives it. */
  readonly inventoryDate?: string;
  /** ISO 8601. */
  readonly madeAt: string;
  readonly states: readonly (Tally & { readonly state: State })[];
  /** By their codes, and by the filter. */
  readonly failures: readonly NamedTally[];
  readonly skips: readonly NamedTally[];
  /** Archives whose originals are encrypted or compressed by the program that uploaded them, by what it is. */
  readonly flagged: readonly NamedTally[];
  readonly sizes: readonly NamedTally[];
  readonly ages: readonly NamedTally[];
  readonly formats: readonly NamedTally[];
  readonly cost: { readonly spentUsd: number; readonly plannedUsd: number; readonly capUsd?: number };
}

const STATE_LOOKS: Readonly<Record<State, { readonly name: string; readonly paint: Share['paint'] }>> = {
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

/** The page of `report --html`: a whole HTML document that needs nothing else. */
export function reportPage(report: ReportPage): string {
  const { vault, bucket, prefix, inventoryDate } = report;
  return page({
    title: `Report: vault ${vault} to bucket ${bucket}`,
    body: [
      html`<h1>Vault ${vault} to ${bucket}/${prefix}</h1>
<p class="soft">The state of ${report.madeAt}. From ${report.region} by ${report.tier} retrieval to ${report.storageClass}${
        inventoryDate === undefined ? undefined : html`, by the inventory of ${inventoryDate}`
      }.</p>
`,
      reportTiles(report),
      section('Progress', progress(report)),
      section('Failed, and why', reasons('Failed archives by the code of the failure', 'code', report.failures)),
      section('Skipped, and why', reasons('Skipped archives by the filter', 'filter', report.skips)),
      section(
        'Encrypted or compressed originals',
        reasons(
          'Copied as they are in the vault; the program that uploaded them can open them',
          'original',
          report.flagged,
        ),
      ),
      section('Cost', costChart(report)),
      section(
        'Sizes',
        tallyChart({ caption: 'Archives and bytes by the size of the archive', heading: 'size' }, report.sizes),
      ),
      section(
        'Ages',
        tallyChart({ caption: 'Archives and bytes by the time since their upload', heading: 'age' }, report.ages),
      ),
      section(
        'Formats',
        tallyChart(
          { caption: 'Archives and bytes by the format of their description', heading: 'format' },
          report.formats,
        ),
      ),
    ],
  });
}

function totalOf(tallies: readonly Tally[]): Tally {
  return {
    archives: tallies.reduce((sum, { archives }) => sum + archives, 0),
    bytes: tallies.reduce((sum, { bytes }) => sum + bytes, 0),
  };
}

function tallyOf({ states }: ReportPage, wanted: State): Tally {
  return totalOf(states.filter(({ state }) => state === wanted));
}

function reportTiles(report: ReportPage): Markup {
  const total = totalOf(report.states);
  const tile = (name: string, { archives, bytes }: Tally) => ({
    name,
    value: formatCount(archives),
    note: formatSize(bytes),
  });
  return tiles([
    tile('Archives', total),
    tile('Copied and verified', tallyOf(report, 'verified')),
    tile('Failed', tallyOf(report, 'failed')),
    tile('Skipped', tallyOf(report, 'skipped')),
    {
      name: 'Spent, as estimated',
      value: formatUsd(report.cost.spentUsd),
      note: `of ${formatUsd(report.cost.plannedUsd)} planned`,
    },
  ]);
}

function progress(report: ReportPage): Markup {
  const total = totalOf(report.states);
  const rows = ORDER.map((state) => ({ ...STATE_LOOKS[state], ...tallyOf(report, state) })).filter(
    ({ archives }) => archives > 0,
  );
  if (rows.length === 0) return html`<p>The inventory is empty: nothing is to be copied.</p>`;
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
function percent(part: number, whole: number): string {
  if (whole === 0) return '';
  if (part === whole) return '100 %';
  if (part === 0) return '0 %';
  return `${Math.min(Math.max((100 * part) / whole, 0.1), 99.9).toFixed(1)} %`;
}

function reasons(caption: string, heading: string, tallies: readonly NamedTally[]): Markup | undefined {
  return tallyChart({ caption, heading }, tallies);
}

function costChart({ cost: { spentUsd, plannedUsd, capUsd } }: ReportPage): Markup {
  const row = (name: string, usd: number) => ({ name, values: [{ value: usd, text: formatUsd(usd) }] });
  return barTable(
    {
      caption: 'USD by the price list, the dearer figure where sources disagree; the bill is made by AWS',
      heading: 'what',
      series: [{ heading: 'USD', paint: 'money' }],
    },
    [
      row('spent', spentUsd),
      row('planned in all', plannedUsd),
      ...(capUsd === undefined ? [] : [row('cap (--max-cost)', capUsd)]),
    ],
  );
}
