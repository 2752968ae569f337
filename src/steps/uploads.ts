import type { ChecksumAlgorithm } from '../domain/checksum.ts';
import type { UploadId } from '../domain/ids.ts';
import { lengthOf, partRange } from '../domain/ranges.ts';
import { isFailure } from '../domain/service-error.ts';
import { MINUTE } from '../lib/duration.ts';
import { BugError } from '../lib/errors.ts';
import type { UploadedPart } from '../ports.ts';
import type { PlannedArchive } from '../state/archives.ts';
import { attributesOf, type WriteOptions } from './attributes.ts';
import { type Deps, untilCut } from './deps.ts';
import { endure, persist } from './persist.ts';

/** How far the two clocks may differ when an upload's start is compared with ours. */
const SKEW = 15 * MINUTE;

/**
 * Whether an object that was last changed then may be what the archive's upload has made. S3 dates an object by the start of its upload,
 * not by its end.
 */
export function isOfUpload(deps: Deps, { id }: PlannedArchive, lastModified: number): boolean {
  const { uploadBegunAt } = deps.state.archives.byId(id);
  return uploadBegunAt !== undefined && lastModified >= uploadBegunAt - SKEW;
}

/** The archive's upload: the one that is there, or a new one. That one was begun is on the disk before it is. */
export async function ensureUpload(deps: Deps, options: WriteOptions, archive: PlannedArchive): Promise<UploadId> {
  if (archive.uploadId !== undefined) return archive.uploadId;
  const { state, bucket, clock } = deps;
  return endure(deps, async () => {
    if (state.archives.byId(archive.id).uploadBegunAt !== undefined) await abortStray(deps, archive);
    await state.write(() => state.archives.beginUpload(archive.id, Math.round(clock.now())));
    const uploadId = await bucket.createUpload(archive.key, {
      checksumAlgorithm: options.checksum,
      attributes: attributesOf(archive, options),
    });
    await state.write(() => state.archives.uploadBegun(archive.id, uploadId));
    return uploadId;
  });
}

/** Aborts uploads of this key that were begun when ours was, but whose id has been lost. */
async function abortStray(deps: Deps, { id, key }: PlannedArchive): Promise<void> {
  const { uploadBegunAt } = deps.state.archives.byId(id);
  if (uploadBegunAt === undefined) throw new BugError(`archive row ${id} has begun no upload`);
  for await (const upload of deps.bucket.uploads(key, deps.signals.cut)) {
    if (upload.key !== key || upload.initiatedAt < uploadBegunAt - SKEW) continue;
    deps.log.info({ key }, 'an upload whose id was lost is aborted');
    await deps.bucket.abortUpload(key, upload.uploadId, deps.signals.cut);
  }
}

/** Ends the archive's upload, if it has one, and forgets its parts. */
export async function dropUpload(deps: Deps, archive: PlannedArchive): Promise<void> {
  const { uploadId, uploadBegunAt } = deps.state.archives.byId(archive.id);
  if (uploadBegunAt === undefined) return;
  await endure(untilCut(deps), () =>
    uploadId === undefined
      ? abortStray(deps, archive)
      : deps.bucket.abortUpload(archive.key, uploadId, deps.signals.cut),
  );
  await deps.state.write(() => deps.state.archives.endUpload(archive.id));
}

/** What the uploads that are there were begun with, and whether this run writes objects in another way. Holds until `agreeOnUploads`. */
export function begunWith(
  { state }: Deps,
  options: WriteOptions,
): { readonly checksum: ChecksumAlgorithm; readonly changed: boolean } {
  const settings = settingsOf(options);
  const before = state.facts.get('uploadsAs') ?? settings;
  const { checksum }: Pick<WriteOptions, 'checksum'> = JSON.parse(before);
  return { checksum, changed: before !== settings };
}

function settingsOf({ storageClass, encryption, tags, checksum }: WriteOptions): string {
  return JSON.stringify({ storageClass, encryption, tags, checksum });
}

/**
 * Makes the state agree with S3 on what has arrived, before a run goes on: parts count only where both know them, by ETag, size and
 * checksum; uploads whose id was lost are aborted, and those that were begun with other settings than this run's.
 */
export async function agreeOnUploads(deps: Deps, options: WriteOptions): Promise<void> {
  const { state } = deps;
  const { changed } = begunWith(deps, options);
  for (const archive of state.archives.uploading()) {
    if (archive.uploadId === undefined || archive.progress.state === 'failed' || changed) {
      await dropUpload(deps, archive);
    } else await agreeOn(deps, archive, archive.uploadId);
  }
  if (changed) deps.log.info({}, 'objects are written in another way now: what was half written was begun again');
  state.transaction(() => state.facts.set('uploadsAs', settingsOf(options)));
}

async function agreeOn(deps: Deps, archive: PlannedArchive, uploadId: UploadId): Promise<void> {
  const { state, bucket, log } = deps;
  const { key, size, partSize } = archive;
  const there = new Map<number, UploadedPart>();
  try {
    const listing = bucket.parts(key, uploadId, deps.signals.stop, (call) => persist(deps, call));
    for await (const part of listing) there.set(part.partNumber, part);
  } catch (error) {
    if (!isFailure(error, 'upload_not_found')) throw error;
    // completed (then the object is there, and is found before anything is sent) or aborted by somebody
    await state.write(() => state.archives.endUpload(archive.id));
    return;
  }
  const lost = state.parts.of(archive.id).filter(({ partNumber, etag, checksum }) => {
    const other = there.get(partNumber);
    return (
      other?.etag !== etag ||
      other.size !== lengthOf(partRange(size, partSize, partNumber)) ||
      (other.checksum !== undefined && other.checksum !== checksum)
    );
  });
  if (lost.length === 0) return;
  log.warn({ key, parts: lost.length }, 'S3 does not have parts that the state names; they are sent again');
  await state.write(() => {
    for (const { partNumber } of lost) state.parts.forget(archive.id, partNumber);
  });
}
