import { END_STATES, STATES, type State } from '../domain/progress.ts';
import { timeLeft } from '../domain/schedule/forecast.ts';
import { lineRate } from '../domain/schedule/throughput.ts';
import { SECOND } from '../lib/duration.ts';
import type { StateFile } from '../state/state-file.ts';
import type { Total } from '../state/totals.ts';

export type Phase = 'inventory' | 'planned' | 'requesting' | 'waiting' | 'transferring' | 'complete' | 'incomplete';

/** One element of `transfers` in `status --json` (design/cli.md). Dates as ISO 8601. */
export interface TransferStatus {
  readonly vault: string;
  readonly bucket: string;
  readonly prefix: string;
  readonly region: string;
  readonly storageClass: string | null;
  readonly tier: string | null;
  readonly phase: Phase;
  readonly running: { readonly pid: number; readonly since: string } | null;
  readonly inventoryDate: string | null;
  readonly archives: Readonly<Record<State | 'total', Total>>;
  readonly failures: readonly { readonly code: string; readonly count: number }[];
  readonly rate: { readonly bytesPerSecond: number; readonly archivesPerSecond: number };
  readonly etaSeconds: number | null;
  readonly nextExpiry: string | null;
  readonly cost: { readonly spentUsd: number; readonly plannedUsd: number };
}

/** Rates older than that are no longer what is happening. */
const RATE_IS_NEWS = 60 * SECOND;

/** How a transfer stands, from its state file alone: the same cost for ten archives and for a hundred million. */
export function statusOf(state: StateFile, { now, running }: { now: number; running: boolean }): TransferStatus {
  const { facts } = state;
  const transfer = facts.get('transfer');
  const settings = facts.get('settings');
  const inventory = facts.get('inventory');
  const run = facts.get('run');
  const rate = facts.get('rate');
  const byState = state.totals.byState();
  const problems = state.inventory.problemCount();
  const archives = {
    ...byState,
    // rows of the inventory that can't be read are archives all the same, of unknown size
    failed: { count: byState.failed.count + problems, bytes: byState.failed.bytes },
  };
  const total = sum(STATES.map((name) => archives[name]));
  const expiry = state.archives.nextExpiry();
  const phase = phaseOf(archives, inventory?.loadedAt !== undefined, running);
  return {
    vault: transfer?.vault ?? '',
    bucket: transfer?.bucket ?? '',
    prefix: transfer?.prefix ?? '',
    region: transfer?.region ?? '',
    storageClass: settings?.storageClass ?? null,
    tier: settings?.tier ?? null,
    phase,
    running: running && run ? { pid: run.pid, since: new Date(run.since).toISOString() } : null,
    inventoryDate: isoOf(inventory?.date),
    archives: { total, ...archives },
    failures: [...state.totals.failures(), ...(problems > 0 ? [{ code: 'inventory_row', count: problems }] : [])],
    rate:
      running && rate && now - rate.at < RATE_IS_NEWS
        ? { bytesPerSecond: rate.bytesPerSecond, archivesPerSecond: rate.archivesPerSecond }
        : { bytesPerSecond: 0, archivesPerSecond: 0 },
    etaSeconds: etaOf(state, archives, phase),
    nextExpiry: isoOf(expiry),
    cost: { spentUsd: 0, plannedUsd: 0 },
  };
}

function phaseOf(archives: Readonly<Record<State, Total>>, loaded: boolean, running: boolean): Phase {
  if (!loaded) return 'inventory';
  if (STATES.every((name) => END_STATES.includes(name) || archives[name].count === 0)) {
    return archives.failed.count === 0 ? 'complete' : 'incomplete';
  }
  const { staged, transferring, transferred, requested, planned, listed } = archives;
  if (staged.count + transferring.count + transferred.count > 0) return 'transferring';
  if (running && planned.count > 0) return 'requesting';
  if (requested.count > 0) return 'waiting';
  return listed.count > 0 && planned.count === 0 ? 'inventory' : 'planned';
}

function etaOf(state: StateFile, archives: Readonly<Record<State, Total>>, phase: Phase): number | null {
  if (phase === 'complete' || phase === 'incomplete') return 0;
  const throughput = state.facts.get('throughput');
  const tier = state.facts.get('settings')?.tier;
  if (!throughput || !tier) return null;
  const left = {
    planned: archives.planned,
    requested: archives.requested,
    staged: sum([archives.staged, archives.transferring, archives.transferred]),
  };
  return Math.round(timeLeft(left, lineRate(throughput), tier) / SECOND);
}

function sum(totals: readonly Total[]): Total {
  return totals.reduce((all, { count, bytes }) => ({ count: all.count + count, bytes: all.bytes + bytes }), {
    count: 0,
    bytes: 0,
  });
}

function isoOf(ms: number | undefined): string | null {
  return ms === undefined ? null : new Date(ms).toISOString();
}
