import type { NamedTally, Tally } from '../../domain/price/figures.ts';
import type { State } from '../../domain/progress.ts';
import { formatSize } from '../../lib/size.ts';
import type { Phase } from '../../steps/status.ts';
import { formatCount, formatUsd, formatUsdShort } from './amounts.ts';
import { barTable } from './charts.ts';
import { html, type Markup } from './markup.ts';
import { page, section, tiles } from './page.ts';
import { progressChart, totalOf } from './progress-chart.ts';
import { tallyChart } from './tally-chart.ts';

/** The account of a transfer, as its page shows it. All of `states` together are 100 % of the inventory. */
export interface ReportPage {
  readonly vault: string;
  readonly bucket: string;
  readonly prefix: string;
  readonly region: string;
  readonly storageClass: string;
  readonly tier: string;
  readonly phase: Phase;
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
  readonly cost: { readonly spentUsd: number; readonly plannedUsd: number };
}

/** The page of `report --html`: a whole HTML document that needs nothing else. */
export function reportPage(report: ReportPage): string {
  const { vault, bucket, prefix, inventoryDate } = report;
  return page({
    title: `Report: vault ${vault} to bucket ${bucket}`,
    body: [
      html`<h1>Vault ${vault} to ${prefix === '' ? bucket : `${bucket}/${prefix}`}</h1>
<p class="soft">The state of ${report.madeAt}. From ${report.region} by ${report.tier} retrieval to ${report.storageClass}${
        inventoryDate === undefined ? undefined : html`, by the inventory of ${inventoryDate}`
      }.</p>
`,
      reportTiles(report),
      section('Progress', progressChart(report.states, report.phase)),
      section('Failed, and why', reasons('Failed archives by the code of the failure', 'code', report.failures)),
      section('Skipped, and why', reasons('Skipped archives by the filter', 'filter', report.skips)),
      section(
        'Encrypted or compressed originals',
        reasons(
          'In all of the inventory, copied or not: only the program that uploaded them can open them',
          'original',
          report.flagged,
        ),
      ),
      section('Cost', costChart(report)),
      section(
        'Sizes',
        tallyChart({ caption: 'By the size of the archive, without what was skipped', heading: 'size' }, report.sizes),
      ),
      section(
        'Ages',
        tallyChart({ caption: 'By the time since the upload, without what was skipped', heading: 'age' }, report.ages),
      ),
      section(
        'Formats',
        tallyChart(
          { caption: 'By the format of the description, without what was skipped', heading: 'format' },
          report.formats,
        ),
      ),
    ],
  });
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
      value: formatUsdShort(report.cost.spentUsd),
      note: `of ${formatUsdShort(report.cost.plannedUsd)} planned`,
    },
  ]);
}

function reasons(caption: string, heading: string, tallies: readonly NamedTally[]): Markup | undefined {
  return tallyChart({ caption, heading }, tallies);
}

function costChart({ cost: { spentUsd, plannedUsd } }: ReportPage): Markup {
  const row = (name: string, usd: number) => ({ name, values: [{ value: usd, text: formatUsd(usd) }] });
  return barTable(
    {
      caption: 'USD by the price list, the dearer figure where sources disagree; the bill is made by AWS',
      heading: 'what',
      series: [{ heading: 'USD', paint: 'money' }],
    },
    [row('spent', spentUsd), row('planned in all', plannedUsd)],
  );
}
