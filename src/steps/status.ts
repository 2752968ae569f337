import { END_STATES, STATES, type State } from '../domain/progress.ts';
import { timeLeft } from '../domain/schedule/forecast.ts';
import { isMeasured, lineRate } from '../domain/schedule/throughput.ts';
import { SECOND } from '../lib/duration.ts';
import type { TransferFacts } from '../state/facts.ts';
import type { StateFile } from '../state/state-file.ts';
import type { Total } from '../state/totals.ts';
import { type Cost, costOf } from './cost.ts';

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
  /** Of those that are verified: what was deleted from the vault. */
  readonly purged: Total;
  readonly failures: readonly { readonly code: string; readonly count: number }[];
  readonly rate: { readonly bytesPerSecond: number; readonly archivesPerSecond: number };
  readonly etaSeconds: number | null;
  readonly nextExpiry: string | null;
  readonly cost: Cost;
  /** Why nothing is being asked for, as the run has last said. */
  readonly hold: { readonly code: string; readonly text: string } | null;
  /** Calls a second that throttling has left: InitiateJob and GetJobOutput. */
  readonly paces: {
    readonly requestsPerSecond: number;
    readonly readsPerSecond: number;
    /** How often throttling has halved them. */
    readonly requestsHalved: number;
    readonly readsHalved: number;
  } | null;
  /** What the line was measured to copy when it is kept busy; before any copy, what is counted on. */
  readonly lineRate: { readonly bytesPerSecond: number; readonly archivesPerSecond: number } | null;
  /** What the upload came to by which the line was measured before the first request, until copies have measured it. */
  readonly lineUpload: { readonly bytesPerSecond: number } | null;
}

export interface StatusOptions {
  /** By the real clock: how old the rates are. */
  readonly now: number;
  readonly running: boolean;
  /** Services' seconds in a real one; 1 but for a simulator. */
  readonly speed?: number;
}

/** The code of inventory rows that no archive could be read from. */
export const UNREADABLE_ROW = 'inventory_row';
/** Rates older than that are no longer what is happening. */
const RATE_IS_NEWS = 60 * SECOND;

/** How a transfer stands, from its state file alone: the same cost for ten archives and for a hundred million. */
export function statusOf(state: StateFile, { now, running, speed = 1 }: StatusOptions): TransferStatus {
  const { facts } = state;
  const transfer = facts.get('transfer');
  const settings = facts.get('settings');
  const inventory = facts.get('inventory');
  const run = facts.get('run');
  const news = newsOf(facts.get('rate'), running, now);
  const paces = facts.get('paces');
  const hold = running ? facts.get('hold') : undefined;
  const byState = state.totals.byState();
  const problems = state.inventory.problemCount();
  const archives = {
    ...byState,
    // rows of the inventory that can't be read are archives all the same, of unknown size
    failed: { count: byState.failed.count + problems, bytes: byState.failed.bytes },
  };
  const total = sum(STATES.map((name) => archives[name]));
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
    purged: state.purges.total(),
    failures: [...state.totals.failures(), ...(problems > 0 ? [{ code: UNREADABLE_ROW, count: problems }] : [])],
    rate: news ?? { bytesPerSecond: 0, archivesPerSecond: 0 },
    etaSeconds: etaOf(state, archives, phase, speed),
    nextExpiry: isoOf(state.outputs.nextExpiry()),
    cost: costOf(state),
    hold: hold ?? null,
    paces: paces
      ? {
          requestsPerSecond: paces.request.perSecond,
          readsPerSecond: paces.read.perSecond,
          requestsHalved: paces.request.lowered,
          readsHalved: paces.read.lowered,
        }
      : null,
    lineRate: lineRateOf(facts.get('throughput'), speed),
    lineUpload: lineUploadOf(facts.get('throughput'), speed),
  };
}

function newsOf(
  rate: TransferFacts['rate'] | undefined,
  running: boolean,
  now: number,
): TransferStatus['rate'] | undefined {
  if (!running || !rate || now - rate.at >= RATE_IS_NEWS) return undefined;
  return { bytesPerSecond: rate.bytesPerSecond, archivesPerSecond: rate.archivesPerSecond };
}

function lineRateOf(throughput: TransferFacts['throughput'] | undefined, speed: number): TransferStatus['lineRate'] {
  if (!throughput) return null;
  const { bytesPerSecond, archivesPerSecond } = lineRate(throughput);
  return { bytesPerSecond: bytesPerSecond * speed, archivesPerSecond: archivesPerSecond * speed };
}

function lineUploadOf(
  throughput: TransferFacts['throughput'] | undefined,
  speed: number,
): TransferStatus['lineUpload'] {
  if (throughput?.upload === undefined || isMeasured(throughput)) return null;
  return { bytesPerSecond: throughput.upload * speed };
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

function etaOf(state: StateFile, archives: Readonly<Record<State, Total>>, phase: Phase, speed: number): number | null {
  if (phase === 'complete' || phase === 'incomplete') return 0;
  const throughput = state.facts.get('throughput');
  const tier = state.facts.get('settings')?.tier;
  if (!throughput || !tier) return null;
  const left = {
    planned: archives.planned,
    requested: archives.requested,
    staged: sum([archives.staged, archives.transferring, archives.transferred]),
  };
  return Math.round(timeLeft(left, lineRate(throughput), tier) / speed / SECOND);
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
