import pLimit from 'p-limit';
import { isTheArchive } from '../domain/agreement.ts';
import { correlationOf } from '../domain/correlation.ts';
import type { ObjectKey } from '../domain/ids.ts';
import type { Event, Progress } from '../domain/progress.ts';
import { parseProvenance } from '../domain/provenance.ts';
import { partSizeFor } from '../domain/ranges.ts';
import { CallRate, READ_RATE, REQUEST_RATE } from '../domain/schedule/call-rate.ts';
import { RequestLog } from '../domain/schedule/request-log.ts';
import { SECOND } from '../lib/duration.ts';
import { BugError } from '../lib/errors.ts';
import type { ObjectHead } from '../ports.ts';
import type { TransferFacts } from '../state/facts.ts';
import { readInventory } from './1-inventory.ts';
import { checkGivenFiles, planArchives } from './2-plan.ts';
import { reconcile } from './4-notify.ts';
import type { Deps } from './deps.ts';
import { checkBucket } from './destination.ts';
import { measurementKey } from './measure-line.ts';
import type { TransferOptions } from './options.ts';
import { createPace } from './pace.ts';
import { persist } from './persist.ts';
import { createTicker } from './ticker.ts';
import { createWork } from './work.ts';

/** HeadObject calls at once. */
const HEADS = 16;
/** How long ListJobs is given to show the last job that the lost run asked for. */
const SETTLE = 30 * SECOND;

export interface Recovered {
  readonly source: TransferFacts['recovery']['source'];
  /** Copies that were found in the bucket and that the state did not know of. */
  readonly found: number;
  /** Unfinished uploads that nobody can go on with. */
  readonly aborted: number;
}

/**
 * Makes the state agree with the vault's jobs, the bucket's objects and its open uploads, be it new or from a backup; may be stopped
 * and run again. Undefined: the inventory is on its way, and the run is not to wait.
 */
export async function recoverState(deps: Deps, options: TransferOptions): Promise<Recovered | undefined> {
  const { state, clock, signals } = deps;
  const { facts } = state;
  const recovery = facts.get('recovery') ?? ({ source: 'services', begunAt: clock.now() } as const);
  state.transaction(() => facts.set('recovery', recovery));
  await clock.sleep(Math.max(0, recovery.begunAt + SETTLE - clock.now()), signals.stop);
  if (facts.get('inventory') === undefined) {
    await takeTransferId(deps);
    await checkGivenFiles(deps, options);
  }
  await checkBucket(deps, options);
  const inventory = await readInventory(deps, { ...options, topicArn: undefined });
  if (inventory.type === 'pending') return undefined;
  const found = await findCopies(deps, options);
  await planArchives(deps, options);
  const aborted = await abortStrays(deps, options);
  await adoptJobs(deps, options);
  state.transaction(() => {
    // what stands under a key that an archive is to have is looked for again, now that all have theirs
    facts.remove('lookedUpAt');
    facts.set('recovery', { ...recovery, endedAt: clock.now() });
  });
  return { source: recovery.source, found, aborted };
}

/**
 * The lost transfer's id stands in its jobs' Descriptions: with it, its queue is found again, and the jobs report to where they are
 * heard. Where archives were asked for under several ids it can't be told which was ours; then ListJobs alone tells of the old jobs.
 */
async function takeTransferId(deps: Deps): Promise<void> {
  const { state, vault, signals, log } = deps;
  const archiveIds = new Set<string>();
  let inventoryId: string | undefined;
  // in order of their initiation: the last one counts
  for await (const { description } of vault.jobs({}, signals.stop, (call) => persist(deps, call))) {
    const correlation = correlationOf(description);
    if (correlation?.kind === 'archive') archiveIds.add(correlation.transferId);
    if (correlation?.kind === 'inventory') inventoryId = correlation.transferId;
  }
  const transfer = state.facts.get('transfer');
  if (!transfer) throw new BugError('the state belongs to no transfer');
  if (archiveIds.size > 1) {
    log.warn({ transfers: archiveIds.size }, 'jobs of several transfers are under way for this vault');
    return;
  }
  const id = [...archiveIds][0] ?? inventoryId;
  if (id !== undefined) state.transaction(() => state.facts.set('transfer', { ...transfer, id }));
}

/**
 * Finds copies by their provenance, under whatever key they are: names may be given in another way than they were. An object is there in
 * full or not at all, and was written only after its bytes were proven.
 */
async function findCopies(deps: Deps, options: TransferOptions): Promise<number> {
  const { state, bucket, signals, log } = deps;
  const ticker = createTicker(log, 'the objects of the bucket are being looked at', signals.stop);
  const limit = pLimit(HEADS);
  const batch: Promise<boolean>[] = [];
  let found = 0;
  let seen = 0;
  const endBatch = async () => {
    const ends = await Promise.allSettled(batch.splice(0));
    const fault = ends.find((end) => end.status === 'rejected');
    if (fault) throw fault.reason;
    found += ends.filter((end) => end.status === 'fulfilled' && end.value).length;
    await ticker.tick(seen, seen);
  };
  state.recovery.collectSizes();
  for await (const { key, size } of bucket.list(options.prefix, signals.stop, (call) => persist(deps, call))) {
    seen += 1;
    if (!state.recovery.isWanted(size)) continue;
    batch.push(limit(() => takeCopy(deps, options, key)));
    if (batch.length >= HEADS * 4) await endBatch();
  }
  await endBatch();
  log.info({ objects: seen, copies: found }, 'the bucket was searched for copies');
  return found;
}

/** @returns whether the object is the copy of an archive that was not known to be copied. */
async function takeCopy(deps: Deps, { partSize }: TransferOptions, key: ObjectKey): Promise<boolean> {
  const { state, bucket, signals, clock, log } = deps;
  const object = await persist(deps, () => bucket.head(key, signals.stop));
  const archiveId = object && parseProvenance(object.metadata)?.archiveId;
  if (!object || archiveId === undefined) return false;
  return state.write(() => {
    const archive = state.archives.byArchiveId(archiveId);
    const events = archive && eventsToCopied(archive.progress);
    if (!archive || !events || !isTheArchive(archive, object)) return false;
    const holder = state.archives.byKey(key);
    if (holder && holder.id !== archive.id) {
      log.warn({ key, archiveId }, 'an object has the key that another archive is to have; it is left alone');
      return false;
    }
    state.archives.advance(archive.id, events, {
      key,
      partSize: archive.partSize ?? partSizeFor(archive.size, partSize),
      proof: proofOf(object, Math.round(clock.now())),
    });
    return true;
  });
}

function proofOf({ etag, versionId, checksum }: ObjectHead, verifiedAt: number) {
  return { etag, versionId, checksum, verifiedAt };
}

/** How an archive whose copy is there comes to be verified; undefined where there is nothing to be done. */
function eventsToCopied({ state }: Progress): readonly Event[] | undefined {
  switch (state) {
    case 'listed':
      return [{ type: 'planned' }, { type: 'found' }];
    case 'planned':
      return [{ type: 'found' }];
    case 'requested':
    case 'staged':
    case 'transferring':
      return [{ type: 'expired' }, { type: 'found' }];
    case 'transferred':
      return [{ type: 'verified' }];
    case 'failed':
      return [{ type: 'retried' }, { type: 'found' }];
    case 'skipped':
    case 'verified':
      return undefined;
    default:
      return state satisfies never;
  }
}

/**
 * Aborts uploads under keys of this transfer that the state does not know, and one that has measured the line. Their parts can't be gone on with: S3 has their checksums, but the
 * tree hashes that prove them, and of which the archive's is made, were in the state file. Sending them again costs nothing at
 * Glacier while their job lives. Of an upload that a backup names, the parts that it names are kept.
 */
async function abortStrays(deps: Deps, { prefix }: TransferOptions): Promise<number> {
  const { state, bucket, signals, log } = deps;
  let aborted = 0;
  for await (const { key, uploadId } of bucket.uploads(prefix, signals.stop, (call) => persist(deps, call))) {
    const archive = state.archives.byKey(key);
    const isOfNoUse = archive
      ? archive.uploadId !== uploadId || archive.progress.state === 'verified'
      : key === measurementKey(state);
    if (!isOfNoUse) continue;
    await persist(deps, () => bucket.abortUpload(key, uploadId, signals.stop));
    aborted += 1;
  }
  if (aborted > 0) log.info({ uploads: aborted }, 'unfinished uploads of the lost run were aborted');
  await state.write(() => {
    for (const { id, progress } of state.archives.uploading()) {
      if (progress.state === 'verified') state.archives.endUpload(id);
    }
  });
  return aborted;
}

/** What the lost run has asked for and what Glacier still knows of is not asked for again. */
async function adoptJobs(deps: Deps, { requestRate }: TransferOptions): Promise<void> {
  const { clock, state } = deps;
  const rate = new CallRate({ ...REQUEST_RATE, ceiling: requestRate });
  const work = createWork(deps, {
    pace: { request: createPace(rate, clock), read: createPace(new CallRate(READ_RATE), clock) },
    asked: new RequestLog(state.facts.get('asked')),
  });
  await reconcile(deps, work);
}
