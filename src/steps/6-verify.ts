import { isTheArchive, sameChecksum } from '../domain/agreement.ts';
import { combineChecksums, type ObjectChecksum } from '../domain/checksum.ts';
import { lengthOf, partCount, partRange } from '../domain/ranges.ts';
import { isFailure, ServiceError } from '../domain/service-error.ts';
import { combineTreeHashes } from '../domain/tree-hash.ts';
import { backoff } from '../lib/backoff.ts';
import { BugError } from '../lib/errors.ts';
import type { ObjectHead, StoredObject } from '../ports.ts';
import type { PlannedArchive, Proof } from '../state/archives.ts';
import type { StoredPart } from '../state/parts.ts';
import type { PartResult } from '../transfer/part.ts';
import type { WriteOptions } from './attributes.ts';
import { type Deps, untilCut } from './deps.ts';
import { existsMessage } from './destination.ts';
import { endure } from './persist.ts';
import { begunWith, isOfUpload } from './uploads.ts';
import { isServiceAway } from './weather.ts';

/** What became of an archive whose bytes have all been sent. */
export type Verdict =
  | { readonly type: 'verified'; readonly proof: Proof }
  /** The upload is of no use any more: from the first part again. */
  | { readonly type: 'again'; readonly code: string; readonly message: string }
  | { readonly type: 'failed'; readonly code: string; readonly message: string };

const MOST_TRIES = 8;

/** Judges an archive that went in one PutObject: its tree hash was proven before it was sent. */
export async function verifyObject(
  deps: Deps,
  archive: PlannedArchive,
  result: PartResult,
  options: WriteOptions,
): Promise<Verdict> {
  const ours: ObjectChecksum = { algorithm: options.checksum, type: 'FULL_OBJECT', value: result.checksum };
  return judge(deps, archive, { etag: result.etag, versionId: result.versionId, checksum: result.stored }, ours);
}

/**
 * Completes a multipart upload, where the tree hashes of its parts combine to the inventory's, and judges the object. An answer that
 * tells nothing (lost, 200 with an error, 412 or NoSuchUpload on what may be our own object) is settled by looking at the object.
 */
export async function verifyUpload(deps: Deps, archive: PlannedArchive, options: WriteOptions): Promise<Verdict> {
  const parts = deps.state.parts.of(archive.id);
  const { uploadId } = deps.state.archives.byId(archive.id);
  if (uploadId === undefined || parts.length !== partCount(archive.size, archive.partSize)) {
    throw new BugError(`archive row ${archive.id} has ${parts.length} parts and can't be completed`);
  }
  const root = combineTreeHashes(parts.map(({ treeHash }) => treeHash));
  if (root !== archive.treeHash) {
    const message = `the parts' tree hashes combine to ${root}, the inventory says ${archive.treeHash}`;
    return { type: 'again', code: 'tree_hash_mismatch', message };
  }
  const checksum = checksumOf(archive, parts, options);
  const complete = () =>
    deps.bucket.completeUpload({
      key: archive.key,
      uploadId,
      parts,
      size: archive.size,
      checksum,
      ifAbsent: options.onExisting !== 'overwrite',
    });
  for (let failures = 0, waits = 1; ; waits += 1) {
    try {
      return await judge(deps, archive, await complete(), checksum);
    } catch (error) {
      if (!(error instanceof ServiceError)) throw error;
      if (isFailure(error, 'write_conflict', 'bad_checksum')) {
        return { type: 'again', code: error.code, message: error.message };
      }
      const isThrottled = isFailure(error, 'throttled');
      const mayBeDone =
        error.outcomeUnknown || isFailure(error, 'object_exists', 'upload_not_found', 'unavailable', 'network');
      if (!mayBeDone && !isThrottled) {
        if (error.scope === 'run') throw error;
        return { type: 'failed', code: error.code, message: error.message };
      }
      const settled = mayBeDone ? await settleByLooking(deps, archive, checksum, options, error) : undefined;
      if (settled) return settled;
      if (!isThrottled && !(await isServiceAway(deps, error))) failures += 1;
      if (failures >= MOST_TRIES) return { type: 'failed', code: error.code, message: error.message };
      deps.log.warn(
        { code: error.code, key: archive.key, failures, error: error.message },
        'an upload could not be completed; tried again',
      );
      await deps.clock.sleep(backoff(waits), deps.signals.cut);
    }
  }
}

/** The verdict that the object itself gives after an answer that tells nothing; undefined: complete it again. */
async function settleByLooking(
  deps: Deps,
  archive: PlannedArchive,
  checksum: ObjectChecksum,
  options: Pick<WriteOptions, 'onExisting'>,
  error: ServiceError,
): Promise<Verdict | undefined> {
  const object = await look(deps, archive);
  if (object && isTheArchive(archive, object, checksum) && !isEarlier(deps, archive, object, options)) {
    return verified(deps, object);
  }
  if (isFailure(error, 'object_exists')) return conflict(archive, options);
  if (isFailure(error, 'upload_not_found')) return { type: 'again', code: error.code, message: error.message };
  return undefined;
}

/**
 * The verdict on an object that stood in the way of a write (412): our own, from a lost answer, or somebody else's. Only the checksum of
 * bytes that were proven tells which.
 */
export async function verdictOnExisting(
  deps: Deps,
  archive: PlannedArchive,
  options: Pick<WriteOptions, 'onExisting' | 'checksum'>,
  { provenChecksum: value }: ServiceError,
): Promise<Verdict> {
  if (value === undefined) return conflict(archive, options);
  const object = await look(deps, archive);
  const ours: ObjectChecksum = { algorithm: options.checksum, type: 'FULL_OBJECT', value };
  if (object && isTheArchive(archive, object, ours)) return verified(deps, object);
  return conflict(archive, options);
}

/** Whether the object is one that is to be overwritten, a copy of the archive or not. */
function isEarlier(
  deps: Deps,
  archive: PlannedArchive,
  { lastModified }: ObjectHead,
  { onExisting }: Pick<WriteOptions, 'onExisting'>,
): boolean {
  return onExisting === 'overwrite' && !isOfUpload(deps, archive, lastModified);
}

function conflict({ key }: PlannedArchive, { onExisting }: Pick<WriteOptions, 'onExisting'>): Verdict {
  return { type: 'failed', code: 'object_exists', message: existsMessage(key, onExisting) };
}

/**
 * The proof, where an object that may have been finished by a run that was killed is there: where all parts are known, S3's checksum of
 * it must be theirs. Where objects are overwritten, only that checksum and the time tell it from the object that was there before.
 */
export async function alreadyThere(
  deps: Deps,
  archive: PlannedArchive,
  options: WriteOptions,
): Promise<Proof | undefined> {
  const parts = deps.state.parts.of(archive.id);
  const isWhole = parts.length > 0 && parts.length === partCount(archive.size, archive.partSize);
  // the run that was killed may have written in another way
  const begun = begunWith(deps, options);
  if (options.onExisting === 'overwrite' && (!isWhole || begun.changed)) return undefined;
  const object = await look(deps, archive);
  if (!object || isEarlier(deps, archive, object, options)) return undefined;
  const checksum = isWhole ? checksumOf(archive, parts, begun) : undefined;
  return isTheArchive(archive, object, checksum) ? proofOf(deps, object) : undefined;
}

function look(deps: Deps, { key }: PlannedArchive): Promise<ObjectHead | undefined> {
  return endure(untilCut(deps), () => deps.bucket.head(key, deps.signals.cut));
}

/** What S3 says of the object must be what we say; a server that says nothing in its answer is asked. */
async function judge(
  deps: Deps,
  archive: PlannedArchive,
  stored: StoredObject,
  ours: ObjectChecksum,
): Promise<Verdict> {
  const object = stored.checksum ? stored : ((await look(deps, archive)) ?? stored);
  if (sameChecksum(object.checksum, ours)) return verified(deps, { ...stored, checksum: object.checksum });
  const theirs = object.checksum ? `${object.checksum.algorithm} ${object.checksum.value}` : 'no checksum';
  return {
    type: 'failed',
    code: 'checksum_mismatch',
    message: `S3 gives ${theirs} for ${archive.key}, it was sent with ${ours.algorithm} ${ours.value}: look at the object, delete it and retry`,
  };
}

function verified(deps: Deps, object: StoredObject): Verdict {
  return { type: 'verified', proof: proofOf(deps, object) };
}

function proofOf({ clock }: Deps, { etag, versionId, checksum }: StoredObject): Proof {
  return { etag, versionId, checksum, verifiedAt: clock.now() };
}

function checksumOf(
  archive: PlannedArchive,
  parts: readonly StoredPart[],
  { checksum }: Pick<WriteOptions, 'checksum'>,
): ObjectChecksum {
  return combineChecksums(
    checksum,
    parts.map((part) => ({
      value: part.checksum,
      length: lengthOf(partRange(archive.size, archive.partSize, part.partNumber)),
    })),
  );
}
