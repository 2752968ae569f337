import pLimit from 'p-limit';
import { descriptionFor } from '../domain/correlation.ts';
import type { JobId } from '../domain/ids.ts';
import { hasOutput } from '../domain/progress.ts';
import { describeHold, type Hold } from '../domain/schedule/hold.ts';
import { RequestLog } from '../domain/schedule/request-log.ts';
import { ServiceError } from '../domain/service-error.ts';
import { backoff } from '../lib/backoff.ts';
import { HOUR, MINUTE } from '../lib/duration.ts';
import { FatalError } from '../lib/errors.ts';
import type { Tier } from '../ports.ts';
import type { Change, PlannedArchive } from '../state/archives.ts';
import type { Deps } from './deps.ts';
import { type SecondAllowance, SecondJobs } from './second-jobs.ts';
import { MOST_REQUEST_TRIES } from './tries.ts';
import { isServiceAway } from './weather.ts';
import type { Work } from './work.ts';

/** Archives taken up at once. */
export const REQUEST_BATCH = 50;
/** InitiateJob calls in flight. */
const CALLS = 10;

export interface RequestOptions {
  readonly tier: Tier;
  readonly topicArn: string | undefined;
  /** What may be asked for now. */
  allowance(): Allowance;
}

export interface Allowance {
  readonly archives: number;
  readonly bytes: number;
  /** When to look again although nothing has changed (milliseconds since 1970). */
  readonly wakeAt?: number;
  /** Why it is nothing. */
  readonly hold?: Hold;
  /** Archives with an output, to be asked for again before any others. */
  readonly again?: SecondAllowance;
}

/**
 * Asks Glacier for planned archives, in order of their creation, as far as the allowance goes; before them for those whose output
 * will expire before it is fetched.
 * @param options.until `idle`: until nothing may be asked for now; `done`: until nothing is left to do.
 */
export async function requestArchives(
  deps: Deps,
  work: Work,
  options: RequestOptions & { readonly until: 'idle' | 'done' },
): Promise<void> {
  const limit = pLimit(CALLS);
  const seconds = new SecondJobs(deps.state);
  while (!work.closing.aborted) {
    const since = work.bell.count;
    const now = deps.clock.now();
    const allowance = options.allowance();
    const { again } = allowance;
    const renewed = again ? seconds.take(again, REQUEST_BATCH, now) : [];
    const batch =
      renewed.length > 0
        ? renewed
        : take(deps.state.archives.nextPlanned(Math.min(REQUEST_BATCH, allowance.archives), now), allowance.bytes);
    if (batch.length === 0) {
      const { hold } = allowance;
      if (hold && isHeldForGood(deps, hold)) {
        if (hold.code === 'archive_above_ceiling') {
          throw new FatalError(hold.code, `nothing more can be asked for: ${describeHold(hold, now)}`);
        }
        work.close(hold.code === 'max_cost' ? 'cost' : 'cap');
      }
      // a slow pace is waited for: only what time alone does not allow is left to the next run
      if ((options.until === 'idle' && hold?.code !== 'request_rate') || !work.unfinished()) return;
      const next = Math.min(allowance.wakeAt ?? Infinity, deps.state.archives.nextTryAt('planned', now) ?? Infinity);
      await work.wait(since, Math.min(Math.max(0, next - now), MINUTE));
      continue;
    }
    await reserve(deps, work, batch);
    // all are let finish: a job that was made is recorded, whatever became of the others
    const ends = await Promise.allSettled(
      batch.map((archive) => limit(() => requestArchive(deps, work, options, { archive, seconds }))),
    );
    const fault = ends.find((end) => end.status === 'rejected');
    if (fault) throw fault.reason;
  }
}

/** Whether this run can ask for nothing more, and all that was asked for is copied. */
function isHeldForGood({ state }: Deps, hold: Hold): boolean {
  if (hold.code !== 'max_cost' && hold.code !== 'max_transfer' && hold.code !== 'archive_above_ceiling') return false;
  const by = state.totals.byState();
  const underWay = by.requested.count + by.staged.count + by.transferring.count + by.transferred.count;
  return underWay === 0 && state.archives.asked().length === 0;
}

/** As many, in their order, as `bytes` allow. */
function take(archives: readonly PlannedArchive[], bytes: number): PlannedArchive[] {
  let left = bytes;
  const end = archives.findIndex(({ size }) => {
    left -= size;
    return left < 0;
  });
  return archives.slice(0, end < 0 ? archives.length : end);
}

/**
 * Writes down the whole batch as asked for, once, before any of it is: a kill can make the ceilings count a batch too much, and
 * never anything too little. The log in memory has what was really asked for, and is what the next batch's write goes by.
 */
async function reserve({ state, clock }: Deps, work: Work, batch: readonly PlannedArchive[]): Promise<void> {
  const log = new RequestLog(work.asked.state);
  for (const { size } of batch) log.add(clock.now(), size);
  await state.write(() => state.facts.set('asked', log.state));
}

interface Candidate {
  readonly archive: PlannedArchive;
  readonly seconds: SecondJobs;
}

async function requestArchive(deps: Deps, work: Work, options: RequestOptions, candidate: Candidate): Promise<void> {
  const { id } = candidate.archive;
  try {
    await work.pace.request.turn(work.closing);
  } catch (error) {
    if (!work.closing.aborted) throw error;
    return;
  }
  work.asking.add(id);
  try {
    await ask(deps, work, options, candidate);
  } finally {
    work.asking.delete(id);
  }
}

/** Records that the call is about to be made, for a first job or a second one as the archive is now. Inside a transaction. */
function mark({ state, clock }: Deps, id: number): void {
  const now = Math.round(clock.now());
  if (state.archives.byId(id).progress.state === 'planned') state.archives.asking([id], now);
  else state.outputs.asking(id, now);
}

async function ask(deps: Deps, work: Work, { tier, topicArn }: RequestOptions, candidate: Candidate): Promise<void> {
  const { state, vault, clock } = deps;
  const { id, archiveId, size, progress: seen } = candidate.archive;
  // while it waited for its turn, ListJobs or a message may have told of a job that another run left behind
  const begun = await state.write(() => {
    const { progress } = state.archives.byId(id);
    const still = seen.state === 'planned' ? progress.state === 'planned' : hasOutput(progress) && !progress.nextJobId;
    if (still) mark(deps, id);
    return still;
  });
  if (!begun) return;
  const askedAt = clock.now();
  work.asked.add(askedAt, size);
  try {
    const transferId = state.facts.get('transfer')?.id ?? '';
    const description = descriptionFor({ kind: 'archive', transferId });
    const jobId = await vault.requestArchive({ archiveId, tier, description, topicArn });
    await state.write(() => jobMade(deps, id, jobId));
    work.bell.ring();
  } catch (error) {
    if (!(error instanceof ServiceError)) throw error;
    if (error.outcomeUnknown) {
      // there may be a job all the same: ListJobs tells, before the archive is asked for again
      await state.write(() => mark(deps, id));
      deps.log.warn({ archiveId, error: error.message }, 'no answer to InitiateJob; looked up in ListJobs');
      work.bell.ring();
      if (await isServiceAway(deps, error)) await work.wait(work.bell.count, backoff(MOST_REQUEST_TRIES));
    } else {
      work.asked.takeBack(askedAt, size);
      await refused(deps, work, candidate, error);
    }
  }
}

/** There is a job. ListJobs or a message may have told of it before the answer came. Inside a transaction. */
function jobMade({ state }: Deps, id: number, jobId: JobId): void {
  const { progress, askedAgainAt } = state.archives.byId(id);
  if (progress.state === 'planned') state.archives.advance(id, [{ type: 'requested', jobId }]);
  else if (askedAgainAt !== undefined && hasOutput(progress) && !progress.nextJobId && progress.jobId !== jobId) {
    state.archives.advance(id, [{ type: 'requestedAgain', jobId }]);
  }
}

/** Capacity that is sold out comes back when others are done with it. */
function pauseAfter(code: string, tries: number): number {
  return code === 'insufficient_capacity' ? backoff(tries, MINUTE, HOUR) : backoff(tries);
}

/** InitiateJob has made no job. */
async function refused(deps: Deps, work: Work, { archive, seconds }: Candidate, error: ServiceError): Promise<void> {
  const { state, clock, log } = deps;
  const { id, archiveId } = archive;
  const { code, message } = error;
  const isThrottled = code === 'throttled';
  if (isThrottled) work.pace.request.throttled();
  const notAsked = (change: Change) =>
    state.write(() => {
      state.archives.notAsked(id, { message, ...change });
      state.outputs.notAsked(id);
    });
  if (error.scope === 'run') {
    await notAsked({ tries: archive.tries });
    work.fail(error);
    return;
  }
  const isAway = isThrottled || (await isServiceAway(deps, error));
  if (archive.progress.state !== 'planned') {
    if (!isAway) seconds.refused(id, clock.now(), error.retry === 'never');
    log.warn({ code, archiveId, error: message }, 'InitiateJob made no second job; the first output is read on');
    await notAsked({});
    if (isAway && !isThrottled) await work.wait(work.bell.count, backoff(MOST_REQUEST_TRIES));
    return;
  }
  const tries = isAway ? archive.tries : archive.tries + 1;
  if (error.retry === 'never' || tries >= MOST_REQUEST_TRIES) {
    await state.write(() => {
      // unless a job has turned up meanwhile that another run left behind
      if (state.archives.byId(id).progress.state !== 'planned') return;
      state.archives.advance(id, [{ type: 'failed', reason: code }], { message });
    });
    work.bell.ring();
    return;
  }
  log.warn({ code, archiveId, tries, error: message }, 'InitiateJob failed; tried again');
  const notBefore = isThrottled ? 0 : Math.round(clock.now()) + pauseAfter(code, tries);
  await notAsked({ tries, notBefore });
  if (isAway && !isThrottled) await work.wait(work.bell.count, backoff(MOST_REQUEST_TRIES));
}
