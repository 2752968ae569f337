import { END_STATES, STATES } from '../../domain/progress.ts';
import { formatDuration, SECOND } from '../../lib/duration.ts';
import { formatSize } from '../../lib/size.ts';
import type { TransferStatus } from '../../steps/status.ts';
import type { InventoryStatus, Survey } from '../../steps/survey.ts';
import { archivesOf, formatCount, formatUsd } from './amounts.ts';

const BAR = 20;

/** What `status` shows people: a block for each transfer, a line for each inventory of its own and each unreadable file. */
export function renderSurvey({ transfers, inventories, unreadable }: Survey, dir: string): string {
  const blocks = [
    ...transfers.map(renderStatus),
    inventories.map(inventoryLine).join(''),
    unreadable.map(({ message }) => `can't be read: ${visible(message)}\n`).join(''),
  ].filter((block) => block !== '');
  return blocks.length > 0 ? blocks.join('\n') : `no transfers in ${dir}\n`;
}

/** A transfer at a glance: what it is, how far it has come, what is wrong and what it waits for. */
export function renderStatus(status: TransferStatus): string {
  const { vault, bucket, prefix, phase, running, archives } = status;
  const done = doneOf(status);
  const lines = [
    `${vault} to ${bucket}${prefix && `/${prefix}`}: ${phase}`,
    settingsLine(status),
    running ? `running as process ${running.pid} since ${minuteOf(running.since)}` : 'not running',
    archives.total.count === 0
      ? undefined
      : [
          `${bar(shareOf(status))} ${formatCount(done.count)} of ${archivesOf(archives.total.count)}`,
          `${formatSize(done.bytes)} of ${formatSize(archives.total.bytes)}`,
          rateText(status),
          etaText(status),
        ]
          .filter(Boolean)
          .join(', '),
    statesLine(status),
    costText(status),
    pacesLine(status),
    lineLine(status),
    ...noteLines(status),
  ];
  const [head, ...rest] = lines.filter((line) => line !== undefined && line !== '');
  return `${visible(head ?? '')}\n${rest.map((line) => `  ${visible(line ?? '')}\n`).join('')}`;
}

/** Archives that are at their end, whatever it is. */
export function doneOf({ archives }: TransferStatus): { readonly count: number; readonly bytes: number } {
  return END_STATES.map((state) => archives[state]).reduce((sum, { count, bytes }) => ({
    count: sum.count + count,
    bytes: sum.bytes + bytes,
  }));
}

/** Counts by state, in the order in which an archive passes through them; those of none are left out. */
export function statesLine({ archives }: TransferStatus): string {
  return STATES.filter((state) => archives[state].count > 0)
    .map((state) => `${state} ${formatCount(archives[state].count)}`)
    .join('  ');
}

/** What is wrong, what is urgent, and what it waits for; each a line. */
export function noteLines({ failures, nextExpiry, hold }: TransferStatus): readonly string[] {
  return [
    failures.length > 0
      ? `failed: ${failures.map(({ code, count }) => `${code} ${formatCount(count)}`).join(', ')}`
      : undefined,
    nextExpiry ? `next output expires ${minuteOf(nextExpiry)}` : undefined,
    hold && hold.code !== 'nothing_planned' ? `nothing is being requested: ${hold.text}` : undefined,
  ].filter((line) => line !== undefined);
}

/** `at most 25 requests/s, 50 reads/s (halved once)`: what throttling has left of the pace of calls. */
function pacesLine({ paces, running }: TransferStatus): string {
  if (!paces || !running) return '';
  const pace = (perSecond: number, name: string, halved: number) => {
    const times = halved === 1 ? 'once' : `${formatCount(halved)} times`;
    return `${Number(perSecond.toPrecision(2))} ${name}/s${halved > 0 ? ` (halved ${times})` : ''}`;
  };
  const { requestsPerSecond, requestsHalved, readsPerSecond, readsHalved } = paces;
  return `at most ${pace(requestsPerSecond, 'requests', requestsHalved)}, ${pace(readsPerSecond, 'reads', readsHalved)}`;
}

/** `spent $1.20 of $4.24 planned, as estimated`; empty before there is a plan. */
export function costText({ cost: { spentUsd, plannedUsd } }: Pick<TransferStatus, 'cost'>): string {
  return plannedUsd > 0 ? `spent ${formatUsd(spentUsd)} of ${formatUsd(plannedUsd)} planned, as estimated` : '';
}

/** `line measured: 412 MiB/s up; 330 MiB/s counted on until copies tell`: before the first of them. */
function lineLine({ lineUpload, lineRate }: TransferStatus): string {
  if (!lineUpload || !lineRate) return '';
  const [up, countedOn] = [lineUpload, lineRate].map(({ bytesPerSecond }) => `${formatSize(bytesPerSecond)}/s`);
  return `line measured: ${up} up; ${countedOn} counted on until copies tell`;
}

/** `1.5 MiB/s`; empty where nothing moves. */
export function rateText({ rate }: TransferStatus): string {
  if (rate.bytesPerSecond > 0) return `${formatSize(rate.bytesPerSecond)}/s`;
  return rate.archivesPerSecond > 0 ? `${rate.archivesPerSecond.toFixed(1)} archives/s` : '';
}

/** `2h 3m left`; empty where nothing is left, or nobody knows. */
export function etaText({ etaSeconds }: TransferStatus): string {
  return etaSeconds ? `${formatDuration(etaSeconds * SECOND)} left` : '';
}

/** How much of the bytes is at its end, from 0 to 1; of the archives where there are no bytes. */
export function shareOf(status: TransferStatus): number {
  const { total } = status.archives;
  const done = doneOf(status);
  if (total.bytes > 0) return done.bytes / total.bytes;
  return total.count > 0 ? done.count / total.count : 0;
}

/** `████████░░░░ 67%`. Full, and 100%, only where all is done. */
export function bar(share: number, width = BAR): string {
  const full = share >= 1 ? width : Math.min(width - 1, Math.floor(share * width));
  const percent = share >= 1 ? 100 : Math.min(99, Math.floor(share * 100));
  return `${'█'.repeat(full)}${'░'.repeat(width - full)} ${String(percent).padStart(3)}%`;
}

/** What comes from outside must not command the terminal. */
export function visible(text: string): string {
  return text.replace(/\p{Cc}/gu, (character) => `\\x${character.charCodeAt(0).toString(16).padStart(2, '0')}`);
}

function settingsLine({ region, tier, storageClass, inventoryDate }: TransferStatus): string {
  const way = tier && storageClass ? `by ${tier} retrieval to ${storageClass}` : undefined;
  const from = inventoryDate ? `inventory of ${minuteOf(inventoryDate)}` : undefined;
  return [region, way, from].filter(Boolean).join(', ');
}

function inventoryLine({ vault, region, inventoryDate, archives, complete }: InventoryStatus): string {
  const what = complete
    ? `${archivesOf(archives.count)}, ${formatSize(archives.bytes)}${inventoryDate ? `, of ${minuteOf(inventoryDate)}` : ''}`
    : 'on its way';
  return `${visible(vault)} in ${region}: inventory, ${what}\n`;
}

/** `2026-11-21 10:00`, UTC as everything that AWS dates. */
function minuteOf(iso: string): string {
  return `${iso.slice(0, 16).replace('T', ' ')} UTC`;
}
