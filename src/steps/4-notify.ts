import { correlationOf } from '../domain/correlation.ts';
import type { JobId } from '../domain/ids.ts';
import { parseNotification } from '../domain/notification.ts';
import { hasOutput, type Progress } from '../domain/progress.ts';
import { lengthOf } from '../domain/ranges.ts';
import { OUTPUT_LIFE } from '../domain/schedule/tiers.ts';
import { isFailure, ServiceError } from '../domain/service-error.ts';
import { backoff } from '../lib/backoff.ts';
import { SECOND } from '../lib/duration.ts';
import type { Channel, VaultJob } from '../ports.ts';
import type { Archive, PlannedArchive } from '../state/archives.ts';
import type { Deps } from './deps.ts';
import { persist } from './persist.ts';
import { MOST_FRUITLESS_JOBS, MOST_LOST_OUTPUTS } from './tries.ts';
import type { Work } from './work.ts';

/** SQS's longest (SQS developer guide, long polling). */
const LONG_POLL = 20;
/** How long ListJobs is given to show a job that was asked for. */
const SETTLE = 30 * SECOND;
/** Jobs of ListJobs taken in by one transaction. */
const PAGE = 500;

/** Hears of completed jobs until nothing is left to do. A message is deleted after its effect is on the disk. */
export async function hearNotifications(deps: Deps, work: Work, channel: Channel): Promise<void> {
  for (let failures = 0; !work.closing.aborted && work.unfinished(); ) {
    try {
      await hearOnce(deps, work, channel, LONG_POLL);
      failures = 0;
    } catch (error) {
      if (work.closing.aborted) return;
      if (!(error instanceof ServiceError)) throw error;
      if (isFailure(error, 'queue_not_found')) {
        deps.log.error(
          { queueUrl: channel.queueUrl, error: error.message },
          'the queue is gone; going on by ListJobs alone',
        );
        return;
      }
      if (error.scope === 'run') throw error;
      failures += 1;
      deps.log.warn({ code: error.code, error: error.message }, 'the queue could not be read; tried again');
      await work.wait(work.bell.count, backoff(failures));
    }
  }
}

/** Hears all that is in the queue now. */
export async function hearAll(deps: Deps, work: Work, channel: Channel): Promise<void> {
  try {
    // an empty answer to a long poll of a second is an empty queue, for the purposes of one round
    while (!work.closing.aborted && (await persist(deps, () => hearOnce(deps, work, channel, 1))) > 0);
  } catch (error) {
    if (!isFailure(error, 'queue_not_found')) throw error;
    deps.log.error({ queueUrl: channel.queueUrl, error: error.message }, 'the queue is gone; ListJobs has to do');
  }
}

/** Takes in what has arrived. @returns how many messages there were. */
async function hearOnce(deps: Deps, work: Work, channel: Channel, waitSeconds: number): Promise<number> {
  const messages = await deps.notifications.receive(channel, waitSeconds, work.closing);
  if (messages.length === 0) return 0;
  const jobs = messages.map(({ body }) => parseNotification(body)).filter((job) => job !== undefined);
  const failed = jobs.filter((job) => job.status === 'Failed' && isAwaited(deps, job));
  const confirmed = await Promise.all(failed.map((job) => confirm(deps, job)));
  await deps.state.write(() => {
    for (const job of [...jobs.filter((one) => one.status === 'Succeeded'), ...confirmed]) {
      if (job) take(deps, job);
    }
  });
  work.bell.ring();
  await deps.notifications.acknowledge(
    channel,
    messages.map(({ receipt }) => receipt),
    work.closing,
  );
  return messages.length;
}

function isAwaited(deps: Deps, job: VaultJob): boolean {
  const progress = archiveOf(deps, job)?.progress;
  return progress !== undefined && awaitedJob(progress) === job.jobId;
}

/** The job that an archive waits for. */
function awaitedJob(progress: Progress): JobId | undefined {
  if (progress.state === 'requested') return progress.jobId;
  return hasOutput(progress) ? progress.nextJobId : undefined;
}

/** What Glacier itself says of a job that is said to have failed: asking for the archive again may cost money. */
async function confirm(deps: Deps, { jobId }: VaultJob): Promise<VaultJob | undefined> {
  try {
    return await deps.vault.job(jobId, deps.signals.cut);
  } catch (error) {
    if (isFailure(error, 'job_not_found')) return undefined;
    throw error;
  }
}

/** The effect of a notification. One about a job that is not known as ours does nothing: ListJobs decides about those. */
function take(deps: Deps, job: VaultJob): void {
  const archive = archiveOf(deps, job);
  if (!archive) return;
  const { progress } = archive;
  // SQS keeps a message for a fortnight, Glacier an output for a day
  if (job.status === 'Succeeded' && expiryOf(deps, job) <= deps.clock.now()) return;
  const ours = correlationOf(job.description)?.transferId === deps.state.facts.get('transfer')?.id;
  if (awaitedJob(progress) !== job.jobId && !('jobId' in progress && progress.jobId === job.jobId) && !ours) return;
  heed(deps, archive, job);
}

/** The archive that a job retrieves, where it is one of this vault's and the job retrieves all of it. */
function archiveOf(deps: Deps, job: VaultJob): Archive | undefined {
  if (job.action !== 'ArchiveRetrieval' || job.archiveId === undefined) return undefined;
  const transfer = deps.state.facts.get('transfer');
  if (!job.vaultArn.endsWith(`:vaults/${transfer?.vault}`)) return undefined;
  const archive = deps.state.archives.byArchiveId(job.archiveId);
  const whole = archive && (job.range === undefined || (job.range.start === 0 && lengthOf(job.range) === archive.size));
  return whole ? archive : undefined;
}

/** Brings an archive to where its job is. Inside a transaction. */
function heed(deps: Deps, archive: Archive, job: VaultJob): void {
  const { archives } = deps.state;
  const { progress, askedAgainAt } = archive;
  const expiresAt = expiryOf(deps, job);
  /** A second job: the one that is known, or one that can only have come of a call whose answer was lost. */
  const isSecond =
    hasOutput(progress) &&
    progress.jobId !== job.jobId &&
    (progress.nextJobId === undefined ? askedAgainAt !== undefined : progress.nextJobId === job.jobId);
  switch (job.status) {
    case 'InProgress':
      if (progress.state === 'planned') archives.advance(archive.id, [{ type: 'requested', jobId: job.jobId }]);
      if (isSecond && progress.nextJobId === undefined) {
        archives.advance(archive.id, [{ type: 'requestedAgain', jobId: job.jobId }]);
      }
      return;
    case 'Succeeded': {
      const disagreement = disagreementOf(archive, job);
      if (disagreement !== undefined) {
        if (['planned', 'requested', 'staged'].includes(progress.state)) {
          archives.advance(archive.id, [{ type: 'failed', reason: 'vault_disagrees' }], { message: disagreement });
        }
        return;
      }
      const staged = { type: 'staged', jobId: job.jobId, expiresAt } as const;
      if (progress.state === 'planned') archives.advance(archive.id, [{ type: 'requested', jobId: job.jobId }, staged]);
      if (progress.state === 'requested') archives.advance(archive.id, [staged]);
      if (isSecond && expiresAt > progress.expiresAt) archives.advance(archive.id, [staged]);
      return;
    }
    case 'Failed':
      if (progress.state === 'requested' && progress.jobId === job.jobId) again(deps, archive, job);
      // of those whose call was not answered, ListJobs shows the one that failed and the pass settles the rest
      if (isSecond && progress.nextJobId === job.jobId) archives.advance(archive.id, [{ type: 'jobFailed' }]);
      return;
    default:
      job.status satisfies never;
  }
}

function expiryOf({ clock }: Deps, { completedAt }: VaultJob): number {
  return (completedAt ?? Math.round(clock.now())) + OUTPUT_LIFE;
}

/** The inventory is the truth; Glacier's word on the job must be the same. */
function disagreementOf(archive: Archive, job: VaultJob): string | undefined {
  if (job.archiveSize !== undefined && job.archiveSize !== archive.size) {
    return `Glacier says ${job.archiveSize} bytes, the inventory ${archive.size}`;
  }
  if (job.archiveTreeHash !== undefined && job.archiveTreeHash !== archive.treeHash) {
    return `Glacier says the tree hash is ${job.archiveTreeHash}, the inventory ${archive.treeHash}`;
  }
  return undefined;
}

/** A job has failed: asked for again some times, each later than the last, then given up. */
function again(deps: Deps, archive: Archive, job: VaultJob): void {
  const { archives } = deps.state;
  const message = `the job failed: ${job.statusMessage ?? 'no reason given'}`;
  if (archive.fruitless >= MOST_FRUITLESS_JOBS) {
    archives.advance(archive.id, [{ type: 'failed', reason: 'job_failed' }], { message });
    return;
  }
  const notBefore = Math.round(deps.clock.now()) + backoff(archive.fruitless);
  archives.advance(archive.id, [{ type: 'jobFailed' }], { message, notBefore });
}

/**
 * Holds ListJobs against the state: adopts jobs of archives that wait to be asked for, takes in completions whose message was lost,
 * asks again for what Glacier has forgotten, and settles InitiateJob calls of unknown outcome.
 */
export async function reconcile(deps: Deps, work: Work): Promise<void> {
  const { state, clock, log } = deps;
  const begunAt = clock.now();
  const unsure = unsureOf(deps, work).filter((archive) => askedAtOf(archive) + SETTLE <= begunAt);
  let jobs = 0;
  const page: VaultJob[] = [];
  const heedPage = () => {
    jobs += page.length;
    state.transaction(() => {
      for (const job of page.splice(0)) adopt(deps, job);
    });
  };
  state.transaction(() => state.jobs.beginPass());
  for await (const job of deps.vault.jobs({}, deps.signals.stop, (call) => persist(deps, call))) {
    page.push(job);
    if (page.length >= PAGE) heedPage();
  }
  heedPage();
  state.transaction(() => {
    for (const { id, archiveId, tries } of unsure) {
      const { progress, askedAgainAt } = state.archives.byId(id);
      const isUnsure = hasOutput(progress)
        ? askedAgainAt !== undefined && !progress.nextJobId
        : progress.state === 'planned';
      if (!isUnsure) continue;
      log.info({ archiveId }, 'InitiateJob made no job; the archive is asked for again');
      state.archives.notAsked(id, { tries });
      state.outputs.notAsked(id);
    }
    for (const id of state.jobs.nextVanished(begunAt - SETTLE)) state.archives.advance(id, [{ type: 'jobFailed' }]);
    const forgotten = state.jobs.vanished(begunAt - SETTLE);
    for (const id of forgotten) forget(deps, id);
    if (forgotten.length > 0)
      log.info({ archives: forgotten.length }, 'outputs are gone; their archives are asked for again');
  });
  log.debug({ jobs }, 'ListJobs was held against the state');
  work.bell.ring();
}

/** Archives with an InitiateJob of unknown outcome. */
function unsureOf(deps: Deps, work: Work): PlannedArchive[] {
  const { archives, outputs } = deps.state;
  return [...archives.asked(), ...outputs.asked()].filter(({ id }) => !work.asking.has(id));
}

/** When the call was begun whose outcome is not known. */
function askedAtOf({ progress, askedAt = 0, askedAgainAt = 0 }: PlannedArchive): number {
  return hasOutput(progress) ? askedAgainAt : askedAt;
}

/** Takes in a job that ListJobs shows. One whose output's time is over is as good as forgotten, shown or not. */
function adopt(deps: Deps, job: VaultJob): void {
  if (job.status === 'Succeeded' && expiryOf(deps, job) <= deps.clock.now()) return;
  deps.state.jobs.seen(job.jobId);
  const archive = archiveOf(deps, job);
  if (archive) heed(deps, archive, job);
}

/** The job of an archive is gone; parts that have arrived stay. */
function forget(deps: Deps, id: number): void {
  const { archives } = deps.state;
  const archive = archives.byId(id);
  const { progress } = archive;
  const isRenewed = hasOutput(progress) && archive.askedAgainAt !== undefined;
  if (archive.fruitless >= MOST_LOST_OUTPUTS && !isRenewed) {
    const message = `asked for ${archive.fruitless} times, and its output was gone each time before anything was fetched`;
    archives.advance(id, [{ type: 'failed', reason: 'output_expired' }], { message });
  } else archives.advance(id, [{ type: 'expired' }]);
}

/**
 * The output of `jobId` turned out to be gone while it was read. Inside a transaction.
 * @returns whether the archive has an output all the same: that of a second job has taken its place.
 */
export function outputGone(deps: Deps, id: number, jobId: JobId): boolean {
  const { progress } = deps.state.archives.byId(id);
  if (hasOutput(progress) && progress.jobId !== jobId) return true;
  forget(deps, id);
  return false;
}

/** Reconciles at intervals, and soon after a call of unknown outcome, until nothing is left to do. */
export async function reconcileAtIntervals(deps: Deps, work: Work, every: number): Promise<void> {
  let lastAt = deps.clock.now();
  while (!work.closing.aborted && work.unfinished()) {
    const since = work.bell.count;
    const now = deps.clock.now();
    const asked = Math.min(...unsureOf(deps, work).map(askedAtOf));
    const dueAt = Math.min(lastAt + every, Math.max(asked, lastAt) + SETTLE);
    if (dueAt > now) {
      await work.wait(since, dueAt - now);
      continue;
    }
    lastAt = now;
    try {
      await reconcile(deps, work);
    } catch (error) {
      if (work.closing.aborted) return;
      if (!(error instanceof ServiceError) || error.scope === 'run') throw error;
      // the next pass will tell; meanwhile messages do
      deps.log.warn({ code: error.code, error: error.message }, 'ListJobs could not be read; tried again later');
    }
  }
}
