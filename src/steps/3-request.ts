import pLimit from 'p-limit';
import { descriptionFor } from '../domain/correlation.ts';
import { describeHold, type Hold } from '../domain/schedule/hold.ts';
import { ServiceError } from '../domain/service-error.ts';
import { backoff } from '../lib/backoff.ts';
import { MINUTE } from '../lib/duration.ts';
import { FatalError } from '../lib/errors.ts';
import type { Tier } from '../ports.ts';
import type { PlannedArchive } from '../state/archives.ts';
import type { Deps } from './deps.ts';
import { isServiceAway } from './weather.ts';
import type { Work } from './work.ts';

/** Archives taken up at once. */
export const REQUEST_BATCH = 50;
/** InitiateJob calls in flight. */
const CALLS = 10;
/** Tries at one archive before it is given up: failed calls, and jobs that fail or whose output is lost again and again. */
const MOST_TRIES = 8;
export const MOST_JOBS = 5;

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
}

/**
 * Asks Glacier for planned archives, in order of their creation, as far as the allowance goes.
 * @param options.until `idle`: until nothing may be asked for now; `done`: until nothing is left to do.
 */
export async function requestArchives(
  deps: Deps,
  work: Work,
  options: RequestOptions & { readonly until: 'idle' | 'done' },
): Promise<void> {
  const limit = pLimit(CALLS);
  while (!work.closing.aborted) {
    const since = work.bell.count;
    const now = deps.clock.now();
    const allowance = options.allowance();
    const batch = take(
      deps.state.archives.nextPlanned(Math.min(REQUEST_BATCH, allowance.archives), now),
      allowance.bytes,
    );
    if (batch.length === 0) {
      const { hold } = allowance;
      if (hold && isHeldForGood(deps, hold)) {
        if (hold.code === 'archive_above_ceiling') {
          throw new FatalError(hold.code, `nothing more can be asked for: ${describeHold(hold, now)}`);
        }
        work.close(hold.code === 'max_cost' ? 'cost' : 'cap');
      }
      if (options.until === 'idle' || !work.unfinished()) return;
      const next = Math.min(allowance.wakeAt ?? Infinity, deps.state.archives.nextTryAt('planned', now) ?? Infinity);
      await work.wait(since, Math.min(Math.max(0, next - now), MINUTE));
      continue;
    }
    // all are let finish: a job that was made is recorded, whatever became of the others
    const ends = await Promise.allSettled(
      batch.map((archive) => limit(() => requestArchive(deps, work, options, archive))),
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

async function requestArchive(deps: Deps, work: Work, options: RequestOptions, archive: PlannedArchive): Promise<void> {
  try {
    await work.pace.request.turn(work.closing);
  } catch (error) {
    if (!work.closing.aborted) throw error;
    return;
  }
  work.asking.add(archive.id);
  try {
    await ask(deps, work, options, archive);
  } finally {
    work.asking.delete(archive.id);
  }
}

async function ask(deps: Deps, work: Work, { tier, topicArn }: RequestOptions, archive: PlannedArchive): Promise<void> {
  const { state, vault, clock } = deps;
  const { id, archiveId } = archive;
  const isStillPlanned = () => state.archives.byId(id).progress.state === 'planned';
  const mark = () => state.archives.asking([id], Math.round(clock.now()));
  // while it waited for its turn, ListJobs or a message may have told of a job that another run left behind
  const begun = await state.write(() => {
    const still = isStillPlanned();
    if (still) mark();
    return still;
  });
  if (!begun) return;
  try {
    const transferId = state.facts.get('transfer')?.id ?? '';
    const description = descriptionFor({ kind: 'archive', transferId });
    const jobId = await vault.requestArchive({ archiveId, tier, description, topicArn });
    await state.write(() => {
      // ListJobs or a message may have told of the job before the answer came
      if (isStillPlanned()) state.archives.advance(id, [{ type: 'requested', jobId }]);
      work.asked.add(clock.now(), archive.size);
      state.facts.set('asked', work.asked.state);
    });
    work.bell.ring();
  } catch (error) {
    if (!(error instanceof ServiceError)) throw error;
    if (error.outcomeUnknown) {
      // there may be a job all the same: ListJobs tells, before the archive is asked for again
      await state.write(mark);
      deps.log.warn({ archiveId, error: error.message }, 'no answer to InitiateJob; looked up in ListJobs');
      work.bell.ring();
      if (await isServiceAway(deps, error)) await work.wait(work.bell.count, backoff(MOST_TRIES));
    } else await refused(deps, work, archive, error);
  }
}

/** InitiateJob has made no job. */
async function refused(deps: Deps, work: Work, archive: PlannedArchive, error: ServiceError): Promise<void> {
  const { state, clock, log } = deps;
  const { id, archiveId } = archive;
  const { code, message } = error;
  const isThrottled = code === 'throttled';
  if (isThrottled) work.pace.request.throttled();
  if (error.scope === 'run') {
    await state.write(() => state.archives.notAsked(id, { tries: archive.tries, message }));
    work.fail(error);
    return;
  }
  const isAway = isThrottled || (await isServiceAway(deps, error));
  const tries = isAway ? archive.tries : archive.tries + 1;
  if (error.retry === 'never' || tries >= MOST_TRIES) {
    await state.write(() => {
      // unless a job has turned up meanwhile that another run left behind
      if (state.archives.byId(id).progress.state !== 'planned') return;
      state.archives.advance(id, [{ type: 'failed', reason: code }], { message });
    });
    work.bell.ring();
    return;
  }
  log.warn({ code, archiveId, tries, error: message }, 'InitiateJob failed; tried again');
  const notBefore = isThrottled ? 0 : Math.round(clock.now()) + backoff(tries);
  await state.write(() => state.archives.notAsked(id, { tries, notBefore, message }));
  if (isAway && !isThrottled) await work.wait(work.bell.count, backoff(MOST_TRIES));
}
