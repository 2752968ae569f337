import type { CostLine } from '../../domain/price/costs.ts';
import { type Estimate, NOT_COUNTED } from '../../domain/price/estimate.ts';
import type { NamedTally } from '../../domain/price/figures.ts';
import { formatDuration } from '../../lib/duration.ts';
import { formatSize } from '../../lib/size.ts';
import { archivesOf, formatCount, formatMonths, formatQuantity, formatRate, formatUsd } from './amounts.ts';
import { alignColumns } from './text-table.ts';

/** What there is to say of a plan of no archives. */
export const NOTHING_PLANNED = 'Nothing is planned: `report` says what has become of each archive.';

/** The plan as a terminal shows it: plain text of less than 80 columns, ends with a line feed. */
export function renderPlan(plan: Estimate): string {
  if (plan.archives.archives === 0) return `${[...headLines(plan), '', NOTHING_PLANNED].join('\n')}\n`;
  const sections = [
    headLines(plan),
    tallyLines('By size', plan.sizes),
    tallyLines('By age', plan.ages),
    tallyLines('By format of the description', plan.formats),
    onceLines(plan),
    monthLines(plan),
    timeLines(plan),
    noteLines(plan),
  ];
  return `${sections
    .filter((lines) => lines.length > 0)
    .map((lines) => lines.join('\n'))
    .join('\n\n')}\n`;
}

function headLines({ archives, region, destinationRegion, tier, storageClass }: Estimate): readonly string[] {
  return [
    `${archivesOf(archives.archives)}, ${formatSize(archives.bytes)}`,
    `from the vault in ${region} by ${tier} retrieval`,
    `to ${storageClass} in ${destinationRegion}`,
  ];
}

function tallyLines(title: string, tallies: readonly NamedTally[]): readonly string[] {
  const filled = tallies.filter(({ archives }) => archives > 0);
  if (filled.length === 0) return [];
  const rows = filled.map(({ name, archives, bytes }) => [`  ${name}`, formatCount(archives), formatSize(bytes)]);
  return alignColumns([[title, 'archives', 'size'], ...rows], ['left', 'right', 'right']);
}

function onceLines(plan: Estimate): readonly string[] {
  const [counted, ...cheaper] = plan.retrieval;
  const lines = [...counted.lines, ...plan.copy.lines].filter(({ quantity }) => quantity > 0);
  const otherReadings = cheaper.flatMap(({ variant, usd }) => [
    [`  if ${plan.tier} retrieval is`, '', '', ''],
    [`    "${variant}"`, '', '', formatUsd(usd + plan.copy.usd)],
  ]);
  return costTable([
    ['Once', '', '', ''],
    ...lines.map(costRow),
    ['  total', '', '', formatUsd(plan.once.highUsd)],
    ...otherReadings,
    ...earlyDeleteRows(plan),
  ]);
}

function earlyDeleteRows({ earlyDelete: { archives, usd } }: Estimate): readonly (readonly string[])[] {
  if (archives === 0) return [];
  return [
    [`  more, if ${archivesOf(archives)} below 90 days`, '', '', ''],
    ['    are deleted today', '', '', formatUsd(usd)],
  ];
}

function monthLines({ monthBefore, monthAfter, monthlySavingUsd, minimumStay, ...plan }: Estimate): readonly string[] {
  const saved = monthlySavingUsd >= 0;
  const table = costTable([
    ['Each month', '', '', ''],
    ...monthBefore.lines.map((line) => costRow({ ...line, item: `vault: ${line.item}` })),
    ...monthAfter.lines.map((line) => costRow({ ...line, item: `bucket: ${line.item}` })),
    ['  vault', '', '', formatUsd(monthBefore.usd)],
    ['  bucket', '', '', formatUsd(monthAfter.usd)],
    [
      saved ? '  saved, once the vault is empty' : '  more than the vault',
      '',
      '',
      formatUsd(Math.abs(monthlySavingUsd)),
    ],
  ]);
  return [
    ...table,
    ...(plan.paysOffAfterMonths === undefined ? [] : [`  pays off after ${formatMonths(plan.paysOffAfterMonths)}`]),
    ...(minimumStay ? [`  billed for ${minimumStay.days} days at least: ${formatUsd(minimumStay.usd)} in all`] : []),
  ];
}

const SLOWEST: Readonly<Record<Estimate['duration']['slowest'], string>> = {
  tier: 'the wait for the tier',
  requests: 'the pace of requests',
  dailyBytes: 'the bytes a day',
  copying: 'the rate of the copy',
};

function timeLines({ tier, duration }: Estimate): readonly string[] {
  const { total, copying, copyRate, slowest } = duration;
  const rows = [
    [`  ${tier} retrieval`, `${formatDuration(duration.tier.min)} to ${formatDuration(duration.tier.max)}`],
    ['  pace of requests', formatDuration(duration.requests)],
    ['  bytes a day', formatDuration(duration.dailyBytes)],
    [
      '  copy',
      copying === undefined ? 'not known before it is measured' : `${formatDuration(copying)} at the rate ${copyRate}`,
    ],
    [
      '  in all',
      `${copying === undefined ? 'at least ' : ''}${formatDuration(total.min)} to ${formatDuration(total.max)}, by ${SLOWEST[slowest]}`,
    ],
  ];
  return ['Time', ...alignColumns(rows, ['left', 'left'])];
}

function noteLines(plan: Estimate): readonly string[] {
  const { awsSolution } = plan;
  return [
    `AWS's own solution, by its two published examples: ${formatUsd(awsSolution.usd)}.`,
    `A machine outside AWS would add ${formatUsd(plan.outsideAwsUsd)} for the download.`,
    `Prices of ${plan.pricesAsOf}, in USD.`,
    ...(plan.assumed
      ? [`No prices for ${plan.assumed.regions.join(' and ')}: those of ${plan.assumed.from} are used.`]
      : []),
    'Not counted:',
    ...NOT_COUNTED.map((item) => `  ${item}`),
  ];
}

function costRow(line: CostLine): readonly string[] {
  return [`  ${line.item}`, formatQuantity(line), formatRate(line), formatUsd(line.usd)];
}

function costTable(rows: readonly (readonly string[])[]): readonly string[] {
  return alignColumns(rows, ['left', 'right', 'right', 'right']);
}
