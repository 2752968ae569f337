import { createHash } from 'node:crypto';
import { STATES } from '../../domain/progress.ts';
import { formatDuration, SECOND } from '../../lib/duration.ts';
import { formatSize } from '../../lib/size.ts';
import type { FailedArchive } from '../../state/failures-page.ts';
import { archivesOf, formatCount, formatUsd } from '../output/amounts.ts';
import { barTable } from '../output/charts.ts';
import { html, type Markup } from '../output/markup.ts';
import { tiles } from '../output/page.ts';
import { percent, progressChart } from '../output/progress-chart.ts';
import { dayAndTime } from '../output/time-chart.ts';
import { historyCharts, type Range } from './history-charts.ts';
import type { Snapshot } from './view.ts';

/** The parts of a transfer's page, in their order. Each is sent again when it has changed. */
export const PARTS = {
  head: { heading: undefined, render: head },
  figures: { heading: undefined, render: figures },
  progress: { heading: 'Progress', render: progress },
  time: { heading: 'Over time', render: historyCharts },
  staged: { heading: 'Staged, and until when', render: staged },
  failures: { heading: 'Failed, and why', render: failures },
  log: { heading: 'The end of the log', render: log },
} as const satisfies Readonly<
  Record<string, { heading: string | undefined; render: (snapshot: Snapshot, range: Range) => Markup }>
>;

export type PartName = keyof typeof PARTS;

export const PART_NAMES = Object.keys(PARTS) as readonly PartName[];

/** Tells two renderings of a part apart: what a page has already is not put in again, under a pointer or a selection. */
export function markOf(html: string): string {
  return createHash('sha256').update(html).digest('base64url').slice(0, 16);
}

/** The body of a transfer's page. */
export function transferBody(snapshot: Snapshot, range: Range): Markup {
  const part = (name: PartName) => {
    const content = PARTS[name].render(snapshot, range);
    return html`<div id="${name}" data-mark="${markOf(content.markup)}">${content}</div>`;
  };
  const section = (name: PartName) => html`<section><h2>${PARTS[name].heading}</h2>${part(name)}</section>`;
  return html`<span id="live">not live</span>
${part('head')}
${part('figures')}
${section('progress')}
${section('time')}
<div class="pair">${section('staged')}
${section('failures')}</div>
${section('log')}
<footer>Read from the state file alone; nothing on this page changes anything. Times are UTC. Costs are estimates by the price list: the bill is made by AWS.</footer>`;
}

const PHASES: Readonly<Record<Snapshot['status']['phase'], string>> = {
  inventory: 'waiting for the inventory',
  planned: 'planned',
  requesting: 'requesting archives',
  waiting: 'waiting for Glacier',
  transferring: 'copying',
  complete: 'complete',
  incomplete: 'ended, with failures',
};

function head({ status, now }: Snapshot): Markup {
  const { vault, bucket, prefix, region, tier, storageClass, inventoryDate, running, hold, phase } = status;
  const facts = [
    region,
    tier === null ? undefined : `${tier} retrieval`,
    storageClass === null ? undefined : `to ${storageClass}`,
    inventoryDate === null ? undefined : `inventory of ${inventoryDate.slice(0, 10)}`,
    `as of ${dayAndTime(now)} UTC`,
  ];
  const mood = phase === 'incomplete' ? 'trouble' : running ? 'on' : 'off';
  return html`<header><h1>${vault} <span class="soft">to</span> ${bucket}${prefix === '' ? undefined : `/${prefix}`}</h1>
<span class="pill ${mood}">${PHASES[phase]}</span>
<span class="pill off">${running ? `running since ${dayAndTime(Date.parse(running.since))}` : 'no run at work'}</span></header>
<p class="soft">${facts.filter((fact) => fact !== undefined).join(' · ')}</p>
${
  !running && status.archives.staged.count > 0
    ? html`<p class="notice">No run is at work, and what Glacier has staged expires: run <code>glacier2s3 transfer</code> again.</p>`
    : undefined
}
${hold && status.archives.planned.count > 0 ? html`<p class="notice">Nothing is being asked for just now: ${hold.text}</p>` : undefined}`;
}

function figures({ status, counts, staged, now, speed }: Snapshot): Markup {
  const { archives, rate, cost } = status;
  const calls = sum(counts.calls);
  const toCome = Math.max(0, cost.plannedUsd - cost.spentUsd);
  const done = { count: archives.verified.count, bytes: archives.verified.bytes };
  return tiles([
    {
      name: 'Archives copied',
      value: formatCount(done.count),
      note: `of ${formatCount(archives.total.count)}${share(done.count, archives.total.count)}`,
    },
    {
      name: 'Bytes copied',
      value: formatSize(done.bytes),
      note: `of ${formatSize(archives.total.bytes)}${share(done.bytes, archives.total.bytes)}`,
    },
    {
      name: 'Throughput',
      value: `${formatSize(rate.bytesPerSecond)}/s`,
      note: `${rate.archivesPerSecond.toFixed(1)} archives a second`,
    },
    { name: 'Time left', ...timeLeft(status.etaSeconds, now, speed) },
    {
      name: 'Staged',
      value: formatCount(archives.staged.count + archives.transferring.count),
      note: expiryNote(staged[0]?.expiresAt, now),
    },
    {
      name: 'Failed',
      value: formatCount(archives.failed.count),
      note: archives.failed.count === 0 ? 'none' : formatSize(archives.failed.bytes),
    },
    {
      name: 'Spent, as estimated',
      value: formatUsd(cost.spentUsd),
      note: cost.plannedUsd > 0 ? `${formatUsd(toCome)} to come` : 'nothing planned yet',
    },
    { name: 'Calls to AWS', value: formatCount(calls), note: `${formatCount(sum(counts.throttles))} throttled` },
  ]);
}

function share(part: number, whole: number): string {
  return whole === 0 ? '' : ` · ${percent(part, whole)}`;
}

function sum(counts: Readonly<Record<string, number>>): number {
  return Object.values(counts).reduce((all, one) => all + one, 0);
}

/** The estimate is in real seconds, the date by the services' clock. */
function timeLeft(seconds: number | null, now: number, speed: number): { value: string; note: string } {
  if (seconds === null) return { value: '–', note: 'not known yet' };
  if (seconds === 0) return { value: 'none', note: 'all is at its end' };
  const end = now + seconds * SECOND * speed;
  return { value: formatDuration(seconds * SECOND), note: `until about ${dayAndTime(end)}` };
}

function expiryNote(nextExpiry: number | undefined, now: number): string {
  if (nextExpiry === undefined) return 'nothing waits to be copied';
  const left = nextExpiry - now;
  return left > 0 ? `the next expires in ${formatDuration(left)}` : 'the next has expired';
}

function progress({ status: { archives, phase } }: Snapshot): Markup {
  const states = STATES.map((state) => ({ state, archives: archives[state].count, bytes: archives[state].bytes }));
  return progressChart(states, phase);
}

function staged({ staged: groups, now }: Snapshot): Markup {
  if (groups.length === 0) return html`<p class="soft">Nothing is staged.</p>`;
  return barTable(
    {
      caption: 'Glacier withdraws what it has staged after about a day; by the hour',
      heading: 'expire from',
      details: ['in'],
      series: [
        { heading: 'archives', paint: 'archives' },
        { heading: 'size', paint: 'bytes' },
      ],
    },
    groups.map(({ expiresAt, count, bytes }) => ({
      name: dayAndTime(expiresAt),
      details: [expiresAt > now ? formatDuration(Math.max(SECOND, expiresAt - now)) : 'now'],
      values: [
        { value: count, text: formatCount(count) },
        { value: bytes, text: formatSize(bytes) },
      ],
    })),
  );
}

function failures({ status }: Snapshot): Markup {
  if (status.failures.length === 0) return html`<p class="soft">No archive has failed.</p>`;
  return html`<div class="scroll"><table>
<caption>By the code of the failure; <code>glacier2s3 retry</code> puts them back</caption>
<thead><tr><th scope="col">code</th><th scope="col" class="number">archives</th><td></td></tr></thead>
<tbody>${status.failures.map(
    ({ code, count }) =>
      html`<tr><th scope="row"><code>${code}</code></th><td class="number">${formatCount(count)}</td><td class="number"><a href="failures?code=${encodeURIComponent(code)}">which ones</a></td></tr>`,
  )}</tbody></table></div>`;
}

/** A page of the archives behind a code. */
export function failuresBody(
  code: string,
  archives: readonly FailedArchive[],
  { total, limit, after }: { readonly total: number; readonly limit: number; readonly after: number },
): Markup {
  const next = archives.length === limit ? archives.at(-1)?.id : undefined;
  const query = `failures?code=${encodeURIComponent(code)}`;
  return html`<p><a href="./">back to the transfer</a></p>
<h1>Failed with <code>${code}</code></h1>
<p class="soft">${archivesOf(total)} in all, in the order of the inventory, ${formatCount(limit)} a page.</p>
${
  archives.length === 0
    ? html`<p>There are none${after > 0 ? ' further on' : undefined}.</p>`
    : html`<div class="scroll"><table class="names">
<thead><tr><th scope="col">key, archive id</th><th scope="col" class="number">size</th><th scope="col">what happened</th></tr></thead>
<tbody>${archives.map(
        ({ archiveId, key, size, message }) =>
          html`<tr><td>${key === undefined ? undefined : html`${key}<br>`}<code class="soft">${archiveId}</code></td><td class="number">${
            size === undefined ? '' : formatSize(size)
          }</td><td>${message}</td></tr>`,
      )}</tbody></table></div>`
}
<p class="ranges">${after > 0 ? html`<a href="${query}">first page</a>` : undefined}${
    next === undefined ? undefined : html`<a href="${query}&amp;after=${next}">next page</a>`
  }</p>`;
}

function log({ lines }: Snapshot): Markup {
  if (lines.length === 0) return html`<p class="soft">Nothing has been logged yet.</p>`;
  return html`<table class="log">
<thead><tr><th scope="col">time</th><th scope="col">level</th><th scope="col">what happened, newest first</th></tr></thead>
<tbody>${lines.map(
    ({ at, level, message, fields }) =>
      html`<tr><td class="when">${new Date(at).toISOString().slice(5, 19).replace('T', ' ')}</td><td class="level ${level}">${level}</td><td>${message}<span class="fields">${fieldsText(fields)}</span></td></tr>`,
  )}</tbody></table>`;
}

function fieldsText(fields: Readonly<Record<string, unknown>>): string {
  return Object.entries(fields)
    .map(([name, value]) => `${name}=${typeof value === 'string' ? value : JSON.stringify(value)}`)
    .join('  ');
}

/** The transfers of a state directory. */
export function listBody(transfers: readonly { readonly key: string; readonly title: string }[]): Markup {
  return html`<h1>Transfers</h1>
${
  transfers.length === 0
    ? html`<p>There is none in this state directory yet: reload the page once one has begun.</p>`
    : html`<ul>${transfers.map(({ key, title }) => html`<li><a href="${encodeURIComponent(key)}/">${title}</a></li>`)}</ul>`
}`;
}
