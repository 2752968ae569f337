import { correlationOf, descriptionFor } from '../domain/correlation.ts';
import type { JobId } from '../domain/ids.ts';
import { isFailure, ServiceError } from '../domain/service-error.ts';
import { backoff } from '../lib/backoff.ts';
import { DAY, HOUR, MINUTE, SECOND } from '../lib/duration.ts';
import type { VaultJob } from '../ports.ts';
import type { InventoryFact } from '../state/facts.ts';
import type { InventoryDeps, LoadTarget } from './inventory-loader.ts';
import { persist } from './persist.ts';

/** How often an inventory job is looked at: it takes some four hours. */
const LOOK_EVERY = MINUTE;
/** A job whose output may vanish soon is not begun to be read. */
const FRESH = 23 * HOUR;
/** How long ListJobs is given to show a job whose answer was lost. */
const SETTLE = 30 * SECOND;

export interface JobOptions {
  readonly once: boolean;
  readonly topicArn: string | undefined;
  /** Only a job begun since then will do (milliseconds since 1970), and not this one. */
  readonly newerThan?: number;
  readonly notJob?: JobId | undefined;
}

/**
 * The vault's inventory job, at its end: the one that the state names, a fresh one of ours, or a new one. Undefined where the run is not to
 * wait for it.
 */
export async function inventoryJob(
  deps: InventoryDeps,
  target: LoadTarget,
  options: JobOptions,
): Promise<VaultJob | undefined> {
  return waitFor(deps, await findOrStart(deps, target, options), options);
}

/** The job is of no use any more: what was read of it goes, too. */
export function forgetJob(deps: InventoryDeps, target: LoadTarget): void {
  deps.state.transaction(() => {
    target.clear();
    deps.state.facts.set(target.fact, { source: 'job' });
  });
}

/** The job that the state names, else a fresh full one of ours from ListJobs, else a new one. */
async function findOrStart(deps: InventoryDeps, target: LoadTarget, options: JobOptions): Promise<VaultJob> {
  const { facts } = deps.state;
  const known = facts.get(target.fact);
  if (known?.jobId !== undefined) {
    const { jobId } = known;
    try {
      return await persist(deps, () => deps.vault.job(jobId, deps.signals.stop));
    } catch (error) {
      if (!isFailure(error, 'job_not_found')) throw error;
      forgetJob(deps, target);
    }
  }
  if (known?.askedAt !== undefined) await settle(deps, known.askedAt);
  const adopted = await findJob(deps, options);
  if (adopted) {
    deps.log.info({ jobId: adopted.jobId }, 'an inventory job of ours is there already');
    remember(deps, target, adopted);
    return adopted;
  }
  return start(deps, target, options);
}

async function findJob(deps: InventoryDeps, { newerThan = 0, notJob }: JobOptions): Promise<VaultJob | undefined> {
  const now = deps.clock.now();
  const isOurs = (job: VaultJob) =>
    job.action === 'InventoryRetrieval' &&
    correlationOf(job.description)?.kind === 'inventory' &&
    job.inventory?.full === true &&
    job.status !== 'Failed' &&
    job.jobId !== notJob &&
    job.createdAt >= newerThan &&
    now - job.createdAt < DAY &&
    (job.completedAt === undefined || now - job.completedAt < FRESH);
  const ours: VaultJob[] = [];
  const listing = deps.vault.jobs({}, deps.signals.stop, (call) => persist(deps, call));
  for await (const job of listing) if (isOurs(job)) ours.push(job);
  const newest = ours.sort((a, b) => b.createdAt - a.createdAt);
  return newest.find(({ status }) => status === 'Succeeded') ?? newest[0];
}

async function start(deps: InventoryDeps, target: LoadTarget, options: JobOptions): Promise<VaultJob> {
  const { topicArn } = options;
  const transferId = deps.state.facts.get('transfer')?.id ?? '';
  for (let failures = 0; ; ) {
    deps.signals.stop.throwIfAborted();
    const askedAt = deps.clock.now();
    deps.state.transaction(() => deps.state.facts.set(target.fact, { source: 'job', askedAt }));
    try {
      const description = descriptionFor({ kind: 'inventory', transferId });
      const jobId = await deps.vault.requestInventory({ format: 'JSON', description, topicArn });
      remember(deps, target, { jobId, inventory: { format: 'JSON' } });
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
        const made = await findJob(deps, options);
        if (made) {
          remember(deps, target, made);
          return made;
        }
      }
    }
  }
}

function settle(deps: InventoryDeps, askedAt: number): Promise<void> {
  return deps.clock.sleep(Math.max(0, askedAt + SETTLE - deps.clock.now()), deps.signals.stop);
}

function remember(
  deps: InventoryDeps,
  target: LoadTarget,
  job: Pick<VaultJob, 'jobId'> & { inventory?: { format: 'JSON' | 'CSV' } },
): void {
  const askedAt = deps.state.facts.get(target.fact)?.askedAt;
  const fact: InventoryFact = { source: 'job', askedAt, jobId: job.jobId, format: job.inventory?.format ?? 'JSON' };
  deps.state.transaction(() => deps.state.facts.set(target.fact, fact));
}

/** The completed job; undefined where the run is not to wait for it. */
async function waitFor(deps: InventoryDeps, first: VaultJob, { once }: JobOptions): Promise<VaultJob | undefined> {
  let job = first;
  while (job.status === 'InProgress') {
    if (once) return undefined;
    await deps.clock.sleep(LOOK_EVERY, deps.signals.stop);
    job = await persist(deps, () => deps.vault.job(job.jobId, deps.signals.stop));
  }
  return job;
}
