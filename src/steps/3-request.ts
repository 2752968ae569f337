import pLimit from 'p-limit';
import { descriptionFor } from '../domain/correlation.ts';
import { ServiceError } from '../domain/service-error.ts';
import { backoff } from '../lib/backoff.ts';
import { MINUTE } from '../lib/duration.ts';
import type { Tier } from '../ports.ts';
import type { PlannedArchive } from '../state/archives.ts';
import type { Deps } from './deps.ts';
import { isServiceAway } from './weather.ts';
import type { Work } from './work.ts';

/** Archives marked as being asked for in one transaction: after a kill, so many at most have to be looked up. */
const BATCH = 50;
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
    const batch = take(deps.state.archives.nextPlanned(Math.min(BATCH, allowance.archives), now), allowance.bytes);
    if (batch.length === 0) {
      if (options.until === 'idle' || !work.unfinished()) return;
      const next = Math.min(allowance.wakeAt ?? Infinity, deps.state.archives.nextTryAt('planned', now) ?? Infinity);
      await work.wait(since, Math.min(Math.max(0, next - now), MINUTE));
      continue;
    }
    for (const { id } of batch) work.asking.add(id);
    await deps.state.write(() => deps.state.archives.asking([...work.asking], now));
    // all are let finish: a job that was made is recorded, whatever became of the others
    const ends = await Promise.allSettled(
      batch.map((archive) =>
        limit(() => requestArchive(deps, work, options, archive).finally(() => work.asking.delete(archive.id))),
      ),
    );
    const fault = ends.find((end) => end.status === 'rejected');
    if (fault) throw fault.reason;
  }
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
  const { state, vault, clock } = deps;
  const putBack = (change: { tries?: number; notBefore?: number; message?: string }) =>
    state.write(() => state.archives.notAsked(archive.id, { tries: archive.tries, ...change }));
  try {
    await work.pace.request.turn(work.closing);
  } catch (error) {
    if (!work.closing.aborted) throw error;
    await putBack({});
    return;
  }
  try {
    const transferId = state.facts.get('transfer')?.id ?? '';
    const jobId = await vault.requestArchive({
      archiveId: archive.archiveId,
      tier: options.tier,
      description: descriptionFor({ kind: 'archive', transferId }),
      topicArn: options.topicArn,
    });
    await state.write(() => {
      // ListJobs or a notification may have told of the job before the answer came
      if (state.archives.byId(archive.id).progress.state === 'planned') {
        state.archives.advance(archive.id, [{ type: 'requested', jobId }]);
      }
      work.asked.add(clock.now(), archive.size);
      state.facts.set('asked', work.asked.state);
    });
    work.bell.ring();
  } catch (error) {
    if (!(error instanceof ServiceError)) throw error;
    if (error.code === 'throttled') work.pace.request.throttled();
    // there may be a job all the same: ListJobs tells, before the archive is asked for again
    if (error.outcomeUnknown) {
      deps.log.warn(
        { archiveId: archive.archiveId, error: error.message },
        'no answer to InitiateJob; looked up in ListJobs',
      );
      work.bell.ring();
      return;
    }
    if (error.scope === 'run') {
      await putBack({ message: error.message });
      work.fail(error);
      return;
    }
    const away = error.code === 'throttled' || (await isServiceAway(deps, error));
    const tries = away ? archive.tries : archive.tries + 1;
    if (error.retry === 'never' || tries >= MOST_TRIES) {
      await state.write(() =>
        state.archives.advance(archive.id, [{ type: 'failed', reason: error.code }], { message: error.message }),
      );
      work.bell.ring();
      return;
    }
    deps.log.warn(
      { code: error.code, archiveId: archive.archiveId, tries, error: error.message },
      'InitiateJob failed; tried again',
    );
    await putBack({
      tries,
      notBefore: clock.now() + (error.code === 'throttled' ? 0 : backoff(tries)),
      message: error.message,
    });
    if (away && error.code !== 'throttled') await work.wait(work.bell.count, backoff(MOST_TRIES));
  }
}
