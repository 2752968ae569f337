import type { CostLine } from '../../domain/price/costs.ts';
import { type Estimate, NOT_COUNTED } from '../../domain/price/estimate.ts';
import { formatDuration } from '../../lib/duration.ts';
import { formatSize } from '../../lib/size.ts';
import {
  archivesOf,
  formatCount,
  formatMonths,
  formatQuantity,
  formatRate,
  formatUnitPrice,
  formatUsd,
  formatUsdShort,
} from './amounts.ts';
import { barTable, costPlot, swatch } from './charts.ts';
import { html, type Markup } from './markup.ts';
import { page, section, tiles } from './page.ts';
import { NOTHING_PLANNED } from './plan-text.ts';
import { tallyChart } from './tally-chart.ts';

/** What a plan is of. */
export interface PlanTitle {
  readonly vault: string;
  readonly bucket: string;
  /** The date of the inventory, as it gives it. */
  readonly inventoryDate?: string;
}

/** The page of `plan --html`: a whole HTML document that needs nothing else. */
export function planPage(plan: Estimate, { vault, bucket, inventoryDate }: PlanTitle): string {
  return page({
    title: `Plan: vault ${vault} to bucket ${bucket}`,
    body: [
      html`<h1>Vault ${vault} to bucket ${bucket}</h1>
<p class="soft">A plan: nothing has been spent. From ${plan.region} by ${plan.tier} retrieval to ${plan.storageClass} in ${plan.destinationRegion}${
        inventoryDate === undefined ? undefined : html`, by the inventory of ${inventoryDate}`
      }.</p>
`,
      ...(plan.archives.archives === 0 ? [html`<p class="notice">${NOTHING_PLANNED}</p>`] : planBody(plan)),
    ],
  });
}

function planBody(plan: Estimate): readonly Markup[] {
  const { sizes, ages, formats } = plan;
  return [
    planTiles(plan),
    assumption(plan),
    section('Once', onceChart(plan), otherReadings(plan), earlyDelete(plan)),
    section('Each month', monthChart(plan), monthNotes(plan)),
    section('When it pays off', payoffPlot(plan)),
    section('Beside other ways', comparisonChart(plan)),
    section('Time', timeTable(plan)),
    section('Sizes', tallyChart({ caption: 'Archives and bytes by the size of the archive', heading: 'size' }, sizes)),
    section('Ages', tallyChart({ caption: 'Archives and bytes by the time since their upload', heading: 'age' }, ages)),
    section(
      'Formats',
      tallyChart({ caption: 'Archives and bytes by the format of their description', heading: 'format' }, formats),
    ),
    section('Where the figures are from', sources(plan)),
    html`<footer>Prices of ${plan.pricesAsOf}, in USD. Not counted: ${NOT_COUNTED.join('; ')}.</footer>`,
  ];
}

function planTiles(plan: Estimate): Markup {
  const { archives, once, monthlySavingUsd, paysOffAfterMonths, duration } = plan;
  const saved = monthlySavingUsd >= 0;
  return tiles([
    { name: 'Archives', value: formatCount(archives.archives), note: formatSize(archives.bytes) },
    { name: 'Once, at most', value: formatUsdShort(once.highUsd), note: readingNote(plan) },
    {
      name: saved ? 'Saved each month' : 'More each month',
      value: formatUsdShort(Math.abs(monthlySavingUsd)),
      note: 'once the vault is empty',
    },
    { name: 'Pays off after', value: paysOffAfterMonths === undefined ? 'never' : formatMonths(paysOffAfterMonths) },
    {
      name: 'Time',
      value: formatDuration(duration.total.max),
      note:
        duration.copying === undefined ? 'and the copy itself, not measured yet' : `at the rate ${duration.copyRate}`,
    },
  ]);
}

function readingNote({ once }: Estimate): string {
  return once.lowUsd < once.highUsd ? `or ${formatUsdShort(once.lowUsd)}: sources disagree` : 'retrieval and requests';
}

function assumption({ assumed }: Estimate): Markup {
  if (!assumed) return html``;
  return html`<p class="notice">There are no prices for ${assumed.regions.join(' and ')} in the price list: those of ${assumed.from} are used.</p>
`;
}

function costTable(caption: string, lines: readonly CostLine[], total: number, scale?: number): Markup {
  return barTable(
    {
      caption,
      heading: 'item',
      details: ['quantity', 'rate'],
      series: [{ heading: 'USD', paint: 'money' }],
      ...(scale !== undefined && { scale: [scale] }),
      total: [formatUsd(total)],
    },
    lines.map((line) => ({
      name: line.item,
      details: [formatQuantity(line), formatRate(line)],
      values: [{ value: line.usd, text: formatUsd(line.usd) }],
    })),
  );
}

function onceChart({ retrieval: [counted], copy, once }: Estimate): Markup {
  const lines = [...counted.lines, ...copy.lines].filter(({ quantity }) => quantity > 0);
  return costTable('Retrieval and requests', lines, once.highUsd);
}

function otherReadings({ retrieval: [, ...cheaper], copy, tier }: Estimate): Markup | undefined {
  if (cheaper.length === 0) return undefined;
  return html`${cheaper.map(
    ({ variant, usd }) =>
      html`<p>Sources disagree on the price of ${tier} retrieval. If “${variant}” is right, the total is ${formatUsd(usd + copy.usd)}; the dearer one counts.</p>
`,
  )}`;
}

function earlyDelete({ earlyDelete: { archives, bytes, usd } }: Estimate): Markup | undefined {
  if (archives === 0) return undefined;
  return html`<p>${archivesOf(archives)} (${formatSize(bytes)}) are younger than 90 days: to delete them from the vault today would cost ${formatUsd(usd)} more.</p>`;
}

function monthChart({ monthBefore, monthAfter }: Estimate): Markup {
  const scale = Math.max(monthBefore.usd, monthAfter.usd);
  return html`${costTable('In the vault', monthBefore.lines, monthBefore.usd, scale)}
${costTable('In the bucket', monthAfter.lines, monthAfter.usd, scale)}`;
}

function monthNotes({ minimumStay, storageClass }: Estimate): Markup | undefined {
  if (!minimumStay) return undefined;
  return html`<p>${storageClass} is billed for ${minimumStay.days} days at least, ${formatUsd(minimumStay.usd)} in all, even for objects that are deleted sooner.</p>`;
}

function payoffPlot(plan: Estimate): Markup {
  const { once, earlyDelete: fee, monthBefore, monthAfter, paysOffAfterMonths } = plan;
  const label =
    paysOffAfterMonths === undefined
      ? 'The bucket costs no less a month than the vault: the transfer does not pay off in money.'
      : `What is paid for the transfer is saved again after ${formatMonths(paysOffAfterMonths)}.`;
  const months = Math.min(Math.max(12, Math.ceil((paysOffAfterMonths ?? 6) * 2)), 240);
  const seen = paysOffAfterMonths !== undefined && paysOffAfterMonths <= months ? paysOffAfterMonths : undefined;
  return html`<figure>${costPlot(
    `${label} Costs in sum over ${months} months.`,
    [
      { name: 'stay in the vault', paint: 'stay', start: 0, slope: monthBefore.usd },
      { name: 'move to the bucket', paint: 'move', start: once.highUsd + fee.usd, slope: monthAfter.usd },
    ],
    { months, money: (usd) => formatUsd(usd).replace(/\.00$/, ''), ...(seen !== undefined && { meetAt: seen }) },
  )}
<figcaption><span class="narrow">${swatch('vault')}stay in the vault<br>${swatch('bucket')}move to the bucket</span>${label}</figcaption></figure>`;
}

function comparisonChart({ once, awsSolution, outsideAwsUsd }: Estimate): Markup {
  const row = (name: string, usd: number) => ({ name, values: [{ value: usd, text: formatUsd(usd) }] });
  return html`${barTable(
    {
      caption: 'USD, once. The machine that the run is on is not counted.',
      heading: 'way',
      series: [{ heading: 'USD', paint: 'money' }],
    },
    [
      row('this plan', once.highUsd),
      row("AWS's own solution, as published", awsSolution.usd),
      row('this plan, run outside AWS', once.highUsd + outsideAwsUsd),
    ],
  )}
<p class="soft">AWS publishes two examples, from which follow ${formatUnitPrice(awsSolution.usdPerArchive)} an archive and ${formatUnitPrice(awsSolution.usdPerGb)} a GB. What they are made of is not known.</p>`;
}

const PACES: Readonly<Record<Estimate['duration']['slowest'], string>> = {
  tier: 'wait for the tier',
  requests: 'pace of requests',
  dailyBytes: 'bytes a day',
  copying: 'copy',
};

function timeTable({ duration }: Estimate): Markup {
  const { tier, requests, dailyBytes, copying, slowest, total } = duration;
  const row = (pace: keyof typeof PACES, ms: number) => ({
    name: pace === slowest ? `${PACES[pace]} (the slowest)` : PACES[pace],
    values: [{ value: ms, text: formatDuration(ms) }],
  });
  return html`${barTable(
    {
      caption: 'They go on at the same time; the wait for the tier comes once.',
      heading: 'what takes time',
      series: [{ heading: 'at most', paint: 'archives' }],
    },
    [
      row('tier', tier.max),
      row('requests', requests),
      row('dailyBytes', dailyBytes),
      ...(copying === undefined ? [] : [row('copying', copying)]),
    ],
  )}
<p>In all ${copying === undefined ? 'at least ' : ''}${formatDuration(total.min)} to ${formatDuration(total.max)}.</p>`;
}

const SURENESS = { A: "read in AWS's own text", B: "seen in bills or in others' tables", C: 'inference' } as const;

function sources({ retrieval, copy, monthBefore, monthAfter, awsSolution }: Estimate): Markup {
  const lines = [...retrieval.flatMap((each) => each.lines), ...copy.lines, ...monthBefore.lines, ...monthAfter.lines];
  const rows = lines.map((line) => [line.item, formatRate(line), line.rate.source, SURENESS[line.rate.confidence]]);
  rows.push(["AWS's own solution", '', awsSolution.source, SURENESS[awsSolution.confidence]]);
  return html`<details><summary>${rows.length} figures and their sources</summary><div class="scroll"><table>
<thead><tr>${['figure', 'rate', 'source', 'how sure'].map((name) => html`<th scope="col">${name}</th>`)}</tr></thead>
<tbody>${rows.map(
    ([item, ...cells]) => html`
<tr><th scope="row">${item}</th>${cells.map((cell) => html`<td>${cell}</td>`)}</tr>`,
  )}
</tbody></table></div></details>`;
}
