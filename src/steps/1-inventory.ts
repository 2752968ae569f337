import { stat } from 'node:fs/promises';
import { isFailure } from '../domain/service-error.ts';
import { SECOND } from '../lib/duration.ts';
import { FatalError } from '../lib/errors.ts';
import type { InventoryFact } from '../state/facts.ts';
import { forgetJob, inventoryJob, type JobOptions } from './inventory-job.ts';
import { firstTarget, type InventoryDeps, type LoadTarget, refreshTarget } from './inventory-loader.ts';
import { copyStoredInventory, readInventoryFile, readInventoryJob } from './inventory-read.ts';
import { persist } from './persist.ts';
import { takeRefresh } from './refresh.ts';

/** Inventory jobs that fail or expire in one run, before it is given up: each takes hours. */
const MOST_JOBS = 3;

export interface InventoryOptions extends Pick<JobOptions, 'once' | 'topicArn'> {
  readonly vault: string;
  readonly inventoryFile: string | undefined;
  /** Where `inventory get` and `inventory import` keep the vault's inventory. */
  readonly storedInventory?: string | undefined;
  /** A newer one is wanted although there is one. */
  readonly refreshInventory?: boolean;
}

export type InventoryOutcome =
  | { readonly type: 'ready' }
  /** Asked for, not there yet, and the run is not to wait. */
  | { readonly type: 'pending' };

/**
 * Sees to it that the state holds the vault's inventory: given as a file, taken by `inventory get` before, from a job of ours that is there
 * already, or from a new one. Resumes in the middle of an inventory that was being read.
 */
export async function readInventory(deps: InventoryDeps, options: InventoryOptions): Promise<InventoryOutcome> {
  const { state } = deps;
  const known = state.facts.get('inventory');
  if (known?.loadedAt === undefined) return load(deps, options, firstTarget(state));
  if (!options.refreshInventory) {
    await sayIfUnused(deps, options);
    return { type: 'ready' };
  }
  return refresh(deps, options, known);
}

/** A file is given, and the inventory at hand is another: said, or it would be taken for the one that counts. */
export async function sayIfUnused(
  { state, log }: Pick<InventoryDeps, 'state' | 'log'>,
  { inventoryFile }: Pick<InventoryOptions, 'inventoryFile'>,
): Promise<void> {
  if (inventoryFile === undefined) return;
  const known = state.facts.get('inventory');
  // one that has been read in may be removed
  const size = await stat(inventoryFile).then(
    (file) => file.size,
    () => known?.size,
  );
  if (known?.source === inventoryFile && known.size === size) return;
  log.warn({ file: inventoryFile }, 'the inventory at hand is used: --refresh-inventory takes in the one of the file');
}

async function load(deps: InventoryDeps, options: InventoryOptions, target: LoadTarget): Promise<InventoryOutcome> {
  const { vault, inventoryFile, storedInventory, refreshInventory } = options;
  if (inventoryFile !== undefined) {
    await deps.state.inBulk(() => readInventoryFile(deps, target, vault, inventoryFile));
    return { type: 'ready' };
  }
  if (storedInventory !== undefined && !refreshInventory) {
    if (await deps.state.inBulk(() => copyStoredInventory(deps, target, storedInventory))) return { type: 'ready' };
  }
  await describeVault(deps, vault);
  return loadFromJob(deps, options, target, options);
}

/** A newer inventory is read beside the one at hand, and takes its place once all of it is there. */
async function refresh(
  deps: InventoryDeps,
  options: InventoryOptions,
  known: InventoryFact,
): Promise<InventoryOutcome> {
  const target = refreshTarget(deps.state);
  const isThere = deps.state.facts.get('refresh')?.loadedAt !== undefined;
  if (options.inventoryFile !== undefined) {
    const { vault, inventoryFile } = options;
    await deps.state.inBulk(() => readInventoryFile(deps, target, vault, inventoryFile));
  } else if (!isThere) {
    const madeAt = await describeVault(deps, options.vault);
    if (known.date !== undefined && secondOf(madeAt) <= secondOf(known.date)) {
      deps.log.info({ inventoryDate: dateOf(known.date) }, 'the inventory at hand is the last one that the vault has');
      return { type: 'ready' };
    }
    const outcome = await loadFromJob(deps, options, target, { ...options, newerThan: madeAt, notJob: known.jobId });
    if (outcome.type === 'pending') return outcome;
  }
  takeRefresh(deps, known);
  return { type: 'ready' };
}

async function loadFromJob(
  deps: InventoryDeps,
  { vault }: InventoryOptions,
  target: LoadTarget,
  options: JobOptions,
): Promise<InventoryOutcome> {
  for (let jobs = 1; ; jobs += 1) {
    const job = await inventoryJob(deps, target, options);
    if (job === undefined) return { type: 'pending' };
    if (job.status === 'Failed') {
      forgetJob(deps, target);
      const { jobId, statusMessage = 'no reason given' } = job;
      if (jobs >= MOST_JOBS) {
        throw new FatalError(
          'inventory_failed',
          `${jobs} inventory jobs have failed, the last one with "${statusMessage}": look at the vault in the AWS console, and run the command again`,
        );
      }
      deps.log.warn({ jobId, status: statusMessage }, 'the inventory job failed; another one is started');
      continue;
    }
    try {
      await deps.state.inBulk(() => readInventoryJob(deps, target, job, vault));
      return { type: 'ready' };
    } catch (error) {
      if (!isFailure(error, 'job_not_found') || jobs >= MOST_JOBS) throw error;
      deps.log.warn({ jobId: job.jobId }, 'the inventory expired while it was read; another one is started');
      forgetJob(deps, target);
    }
  }
}

/** The vault is there and has an inventory. @returns when the last one was made. */
async function describeVault(deps: InventoryDeps, vault: string): Promise<number> {
  const { lastInventoryDate, numberOfArchives } = await persist(deps, () => deps.vault.describe(deps.signals.stop));
  if (lastInventoryDate === undefined) {
    throw new FatalError(
      'no_inventory_yet',
      `the vault ${vault} has no inventory yet: Glacier makes the first one within a day of the first upload; run the command again tomorrow`,
    );
  }
  deps.log.info({ vault, lastInventoryDate, numberOfArchives }, 'the vault is there');
  return Date.parse(lastInventoryDate);
}

/** An inventory's own date has whole seconds, DescribeVault's has milliseconds. */
function secondOf(ms: number): number {
  return Math.floor(ms / SECOND);
}

function dateOf(ms: number): string {
  return new Date(ms).toISOString();
}
