import { createReadStream } from 'node:fs';
import { stat } from 'node:fs/promises';
import { correlationOf, descriptionFor } from '../domain/correlation.ts';
import { isFailure, ServiceError } from '../domain/service-error.ts';
import { backoff } from '../lib/backoff.ts';
import { DAY, HOUR, MINUTE, SECOND } from '../lib/duration.ts';
import { FatalError, messageOf } from '../lib/errors.ts';
import { MiB } from '../lib/size.ts';
import type { VaultJob } from '../ports.ts';
import type { InventoryFact } from '../state/facts.ts';
import type { Deps } from './deps.ts';
import { createLoader, parserFor } from './inventory-loader.ts';
import { persist } from './persist.ts';

/** Bytes asked for at once. */
const RANGE = 32 * MiB;
/** How often an inventory job is looked at: it takes some four hours. */
const LOOK_EVERY = MINUTE;
/** A job whose output may vanish soon is not begun to be read. */
const FRESH = 23 * HOUR;
/** How long ListJobs is given to show a job whose answer was lost. */
const SETTLE = 30 * SECOND;

export interface InventoryOptions {
  readonly vault: string;
  readonly inventoryFile: string | undefined;
  readonly once: boolean;
  readonly topicArn: string | undefined;
}

export type InventoryOutcome =
  | { readonly type: 'ready' }
  /** Asked for, not there yet, and the run is not to wait. */
  | { readonly type: 'pending' };

/**
 * Sees to it that the state holds the vault's inventory: given as a file, from a job of ours that is there already, or from a
 * new one. Resumes in the middle of an inventory that was being read.
 */
export async function readInventory(deps: Deps, options: InventoryOptions): Promise<InventoryOutcome> {
  const known = deps.state.facts.get('inventory');
  if (known?.loadedAt !== undefined) return { type: 'ready' };
  if (options.inventoryFile !== undefined) {
    await readInventoryFile(deps, options.vault, options.inventoryFile);
    return { type: 'ready' };
  }
  await checkVault(deps, options.vault);
  for (;;) {
    const job = await findOrStart(deps, options);
    const done = await waitFor(deps, job, options);
    if (done === undefined) return { type: 'pending' };
    if (done.status === 'Failed') {
      deps.log.warn(
        { jobId: done.jobId, status: done.statusMessage },
        'the inventory job failed; another one is started',
      );
      forgetJob(deps);
      continue;
    }
    try {
      await readJob(deps, done, options.vault);
      return { type: 'ready' };
    } catch (error) {
      if (!isFailure(error, 'job_not_found')) throw error;
      deps.log.warn({ jobId: done.jobId }, 'the inventory expired while it was read; another one is started');
      forgetJob(deps);
    }
  }
}

/** The messages of section 1: no such vault, no inventory yet, nothing in it. */
async function checkVault(deps: Deps, vault: string): Promise<void> {
  const { lastInventoryDate, numberOfArchives } = await persist(deps, () => deps.vault.describe(deps.signals.stop));
  if (lastInventoryDate === undefined) {
    throw new FatalError(
      'no_inventory_yet',
      `the vault ${vault} has no inventory yet: Glacier makes the first one within a day of the first upload; run the command again tomorrow`,
    );
  }
  deps.log.info({ vault, lastInventoryDate, numberOfArchives }, 'the vault is there');
}

function forgetJob(deps: Deps): void {
  deps.state.transaction(() => {
    deps.state.inventory.clear();
    deps.state.facts.set('inventory', { source: 'job' });
  });
}

/** The job that the state names, else a fresh full one of ours from ListJobs, else a new one. */
async function findOrStart(deps: Deps, options: InventoryOptions): Promise<VaultJob> {
  const { facts } = deps.state;
  const known = facts.get('inventory');
  if (known?.jobId !== undefined) {
    const { jobId } = known;
    try {
      return await persist(deps, () => deps.vault.job(jobId, deps.signals.stop));
    } catch (error) {
      if (!isFailure(error, 'job_not_found')) throw error;
      forgetJob(deps);
    }
  }
  if (known?.askedAt !== undefined) await settle(deps, known.askedAt);
  const adopted = await findJob(deps);
  if (adopted) {
    deps.log.info({ jobId: adopted.jobId }, 'an inventory job of ours is there already');
    remember(deps, adopted);
    return adopted;
  }
  return start(deps, options);
}

async function findJob(deps: Deps): Promise<VaultJob | undefined> {
  const now = deps.clock.now();
  const isOurs = (job: VaultJob) =>
    job.action === 'InventoryRetrieval' &&
    correlationOf(job.description)?.kind === 'inventory' &&
    job.inventory?.full === true &&
    job.status !== 'Failed' &&
    now - job.createdAt < DAY &&
    (job.completedAt === undefined || now - job.completedAt < FRESH);
  const ours = await persist(deps, async () => {
    const found: VaultJob[] = [];
    for await (const job of deps.vault.jobs({}, deps.signals.stop)) if (isOurs(job)) found.push(job);
    return found;
  });
  const newest = ours.sort((a, b) => b.createdAt - a.createdAt);
  return newest.find(({ status }) => status === 'Succeeded') ?? newest[0];
}

async function start(deps: Deps, { topicArn }: InventoryOptions): Promise<VaultJob> {
  const transferId = deps.state.facts.get('transfer')?.id ?? '';
  for (let failures = 0; ; ) {
    deps.signals.stop.throwIfAborted();
    const askedAt = deps.clock.now();
    deps.state.transaction(() => deps.state.facts.set('inventory', { source: 'job', askedAt }));
    try {
      const description = descriptionFor({ kind: 'inventory', transferId });
      const jobId = await deps.vault.requestInventory({ format: 'JSON', description, topicArn });
      remember(deps, { jobId, inventory: { format: 'JSON' } });
      deps.log.info({ jobId }, 'the inventory was asked for; it takes some four hours');
      return await persist(deps, () => deps.vault.job(jobId, deps.signals.stop));
    } catch (error) {
      if (!(error instanceof ServiceError) || error.scope !== 'part') throw error;
      failures += 1;
      if (error.code !== 'throttled' && failures > 8) throw error;
      deps.log.warn({ code: error.code, error: error.message }, 'the inventory could not be asked for; tried again');
      await deps.clock.sleep(backoff(failures), deps.signals.stop);
      if (error.outcomeUnknown) {
        await settle(deps, askedAt);
        const made = await findJob(deps);
        if (made) {
          remember(deps, made);
          return made;
        }
      }
    }
  }
}

function settle(deps: Deps, askedAt: number): Promise<void> {
  return deps.clock.sleep(Math.max(0, askedAt + SETTLE - deps.clock.now()), deps.signals.stop);
}

function remember(deps: Deps, job: Pick<VaultJob, 'jobId'> & { inventory?: { format: 'JSON' | 'CSV' } }): void {
  const askedAt = deps.state.facts.get('inventory')?.askedAt;
  const fact: InventoryFact = { source: 'job', askedAt, jobId: job.jobId, format: job.inventory?.format ?? 'JSON' };
  deps.state.transaction(() => deps.state.facts.set('inventory', fact));
}

/** The completed job; undefined where the run is not to wait for it. */
async function waitFor(deps: Deps, first: VaultJob, { once }: InventoryOptions): Promise<VaultJob | undefined> {
  let job = first;
  while (job.status === 'InProgress') {
    if (once) return undefined;
    await deps.clock.sleep(LOOK_EVERY, deps.signals.stop);
    job = await persist(deps, () => deps.vault.job(job.jobId, deps.signals.stop));
  }
  return job;
}

/** Reads a job's output by ranges; a range that breaks off is taken up where the last whole row ended. */
async function readJob(deps: Deps, job: VaultJob, vault: string): Promise<void> {
  const { facts } = deps.state;
  const format = job.inventory?.format ?? 'JSON';
  const known = facts.get('inventory');
  const size = job.inventory?.size ?? known?.size;
  if (size === undefined) throw new FatalError('inventory_damaged', `the inventory job ${job.jobId} names no size`);
  const fact: InventoryFact = { source: 'job', askedAt: known?.askedAt, jobId: job.jobId, format, size };
  let offset = known?.offset ?? 0;
  let failures = 0;
  deps.log.info({ size, offset }, 'the inventory is being read');
  const loader = createLoader(deps, { ...known, ...fact }, parserFor(format, offset), vault);
  let position = offset;
  while (position < size) {
    const range = { start: position, end: Math.min(position + RANGE, size) - 1 };
    try {
      const output = await deps.vault.readOutput(job.jobId, range, deps.signals.stop);
      for await (const bytes of output.body) {
        if (position + bytes.length > range.end + 1) break;
        loader.push(bytes);
        position += bytes.length;
      }
      deps.signals.stop.throwIfAborted();
      if (position !== range.end + 1) {
        throw new ServiceError('short_body', `the inventory broke off at byte ${position}`, {
          operation: 'GetJobOutput',
        });
      }
      failures = 0;
    } catch (error) {
      loader.flush();
      if (!(error instanceof ServiceError) || error.scope !== 'part') throw error;
      failures += 1;
      if (error.code !== 'throttled' && failures > 8) throw error;
      deps.log.warn({ code: error.code, error: error.message, position }, 'the inventory broke off; taken up again');
      await deps.clock.sleep(backoff(failures), deps.signals.stop);
      offset = loader.restart(format);
      position = offset;
    }
  }
  loader.finish();
}

async function readInventoryFile(deps: Deps, vault: string, path: string): Promise<void> {
  const format = path.toLowerCase().endsWith('.csv') ? 'CSV' : 'JSON';
  let size: number;
  try {
    size = (await stat(path)).size;
  } catch (error) {
    throw new FatalError('inventory_unreadable', `the inventory ${path} can't be read (${messageOf(error)})`, {
      cause: error,
    });
  }
  deps.state.transaction(() => deps.state.inventory.clear());
  const loader = createLoader(deps, { source: path, format, size }, parserFor(format, 0), vault);
  try {
    for await (const bytes of createReadStream(path, { highWaterMark: MiB, signal: deps.signals.stop })) {
      loader.push(bytes as Uint8Array);
    }
  } catch (error) {
    deps.signals.stop.throwIfAborted();
    if (error instanceof Error && 'syscall' in error) {
      throw new FatalError('inventory_unreadable', `the inventory ${path} can't be read (${messageOf(error)})`, {
        cause: error,
      });
    }
    throw error;
  }
  loader.finish();
}
