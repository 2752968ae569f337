import pLimit from 'p-limit';
import { compareObject } from '../domain/comparison.ts';
import type { Keeping, PurgeRules } from '../domain/purge.ts';
import { CallRate } from '../domain/schedule/call-rate.ts';
import { isFailure, ServiceError } from '../domain/service-error.ts';
import { backoff } from '../lib/backoff.ts';
import { BugError } from '../lib/errors.ts';
import type { VaultDeletion } from '../ports-finish.ts';
import type { Purgeable } from '../state/purges.ts';
import type { AuditLog } from './audit-log.ts';
import { copiedOf } from './check-objects.ts';
import type { Deps } from './deps.ts';
import { createPace, type Pace } from './pace.ts';
import { persist } from './persist.ts';
import { type PurgeConditions, verdictOn } from './purge-plan.ts';
import { createTicker } from './ticker.ts';

/** Deletions under way at once. */
const CALLS = 8;
const PAGE = 500;
/** Tries of one deletion before it is given up. */
const MOST_TRIES = 8;

export type PurgeDeps = Pick<Deps, 'bucket' | 'state' | 'clock' | 'log' | 'signals'> & {
  readonly deletion: VaultDeletion;
  readonly audit: AuditLog;
};

export interface PurgeOptions extends PurgeConditions {
  readonly isLocked: PurgeRules['isLocked'];
  /** DeleteArchive calls a second; throttling lowers it. */
  readonly requestRate: number;
  /** At most so many are deleted. */
  readonly limit: number | undefined;
}

export interface PurgeReport {
  readonly purged: { readonly archives: number; readonly bytes: number };
  /** Their proof was broken when the object was looked at right before. */
  readonly disproved: number;
  /** Their deletion was refused, or its outcome is not known. */
  readonly failed: number;
}

type End = 'purged' | 'disproved' | 'failed' | Keeping;

/**
 * Deletes archives from the vault: those whose proof counts, and whose object is, right before, still what was proven. May be stopped and run
 * again; each deletion is in the audit log before it is asked for and after it is done.
 */
export async function purgeArchives(deps: PurgeDeps, options: PurgeOptions): Promise<PurgeReport> {
  const { state, clock, log, signals } = deps;
  const rate = { start: options.requestRate, floor: Math.min(0.1, options.requestRate), ceiling: options.requestRate };
  const pace = createPace(new CallRate(rate), clock);
  const limit = pLimit(CALLS);
  const ticker = createTicker(log, 'archives are being deleted from the vault', signals.stop);
  const total = state.totals.byState().verified.count;
  const report = { purged: { archives: 0, bytes: 0 }, disproved: 0, failed: 0 };
  let left = options.limit ?? Number.POSITIVE_INFINITY;
  for (let after = 0; left > 0; ) {
    const page = state.purges.page(after, PAGE);
    const last = page.at(-1);
    if (!last) break;
    const wanted = page.filter((one) => verdictOn(one, { now: clock.now(), ...options }) === 'purge').slice(0, left);
    const purging = wanted.map(({ archive: { id, size } }) =>
      limit(async () => {
        signals.stop.throwIfAborted();
        const end = await purgeOne(deps, options, id, pace);
        if (end === 'purged') {
          report.purged.archives += 1;
          report.purged.bytes += size;
        } else if (end === 'disproved' || end === 'failed') report[end] += 1;
      }),
    );
    // all are let end: a deletion that was begun is recorded, whatever became of the others
    const fault = (await Promise.allSettled(purging)).find((end) => end.status === 'rejected');
    if (fault) throw fault.reason;
    left -= wanted.length;
    after = last.archive.id;
    await ticker.tick(report.purged.archives, total);
  }
  return report;
}

async function purgeOne(deps: PurgeDeps, options: PurgeOptions, id: number, pace: Pace): Promise<End> {
  const { state, audit, clock } = deps;
  const archive = purgeableOf(deps, id);
  const tell = (event: string, more: object = {}) =>
    audit.write({ at: new Date(clock.now()).toISOString(), event, ...aboutIt(deps, archive), ...more });
  await tell('deleting');
  await state.write(() => state.purges.begin(id, Math.round(clock.now())));
  let isSent = archive.isUnsure;
  try {
    for (let tries = 1; ; tries += 1) {
      const end = await lookAndDelete(deps, options, id, pace, () => {
        isSent = true;
      });
      if (end !== 'again') return await finish(deps, id, { end, isSent, tell });
      if (tries >= MOST_TRIES) return await finish(deps, id, { end: 'failed', isSent, tell });
      await clock.sleep(backoff(tries), deps.signals.stop);
    }
  } catch (error) {
    // refused, ended, or a bug: the line that says so is worth more than the run's end
    const reason = error instanceof Error ? error.message : String(error);
    if (!isSent) await state.write(() => state.purges.undo(id));
    await tell(isSent ? 'unknown' : 'kept', { reason });
    throw error;
  }
}

/**
 * The last look and the deletion: nothing is waited for between the one's answer and the other. Before each further try, too: what was
 * proven a minute ago may be gone.
 */
async function lookAndDelete(
  deps: PurgeDeps,
  options: PurgeOptions,
  id: number,
  pace: Pace,
  sending: () => void,
): Promise<End | 'again'> {
  const { state, bucket, clock, deletion, signals, log } = deps;
  await pace.turn(signals.stop);
  const vault = state.facts.get('transfer')?.vault ?? '';
  const { archive } = purgeableOf(deps, id);
  const copied = copiedOf(archive);
  const object = await persist(deps, () => bucket.head(copied.key, signals.stop));
  const compared = compareObject(copied, object, { vault, storageClass: undefined });
  if (compared.result !== '=') {
    const { check } = purgeableOf(deps, id);
    log.error(
      { key: copied.key, detail: compared.detail },
      'the object is no longer what was proven: its archive stays',
    );
    await state.write(() => {
      if (check)
        state.checks.record(id, state.facts.get('check')?.run ?? 0, { ...compared, at: Math.round(clock.now()) });
    });
    return 'disproved';
  }
  const verdict = verdictOn(purgeableOf(deps, id), { now: clock.now(), ...options });
  if (verdict !== 'purge') return verdict;
  try {
    sending();
    await deletion.deleteArchive(archive.archiveId);
    return 'purged';
  } catch (error) {
    // the vault knows of no such archive: it is gone already
    if (isFailure(error, 'archive_not_found')) return 'purged';
    if (!(error instanceof ServiceError) || error.scope === 'run') throw error;
    log.warn({ code: error.code, archiveId: archive.archiveId, error: error.message }, 'DeleteArchive failed');
    if (isFailure(error, 'throttled')) pace.throttled();
    return error.retry === 'never' ? 'failed' : 'again';
  }
}

async function finish(
  { state, clock, log }: PurgeDeps,
  id: number,
  { end, isSent, tell }: { end: End; isSent: boolean; tell: (event: string, more?: object) => Promise<void> },
): Promise<End> {
  if (end === 'purged') {
    // in this order: what the state knows to be deleted is written down, else it would never be
    await tell('deleted');
    await state.write(() => state.purges.end(id, Math.round(clock.now())));
    return end;
  }
  if (isSent) log.error({ archive: id }, 'it is not known whether the archive was deleted: an answer was lost');
  await tell(isSent ? 'unknown' : 'kept', { reason: end });
  if (!isSent) await state.write(() => state.purges.undo(id));
  return end;
}

function purgeableOf({ state }: PurgeDeps, id: number): Purgeable {
  const found = state.purges.of(id);
  if (!found) throw new BugError(`there is no archive row ${id}`);
  return found;
}

/** What stands in every line of the audit log: enough to find the archive and its object again, and why it might be deleted. */
function aboutIt({ state }: PurgeDeps, { archive, check }: Purgeable): object {
  const { archiveId, key, size, treeHash, proof } = archive;
  return {
    vault: state.facts.get('transfer')?.vault,
    bucket: state.facts.get('transfer')?.bucket,
    archiveId,
    key,
    size,
    treeHash,
    etag: proof?.etag,
    versionId: proof?.versionId,
    checksum: proof?.checksum,
    provenAt: check && new Date(check.at).toISOString(),
  };
}
