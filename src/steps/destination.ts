import { isTheArchive } from '../domain/agreement.ts';
import type { ObjectKey } from '../domain/ids.ts';
import { FatalError } from '../lib/errors.ts';
import type { PlannedArchive } from '../state/archives.ts';
import type { Deps } from './deps.ts';
import { persist } from './persist.ts';

/** HeadObject calls at once. */
const HEADS = 16;

/** Refuses a bucket in another Region than the vault's, unless that is wanted. @returns the bucket's Region. */
export async function checkBucket(
  deps: Pick<Deps, 'bucket' | 'clock' | 'log' | 'signals'>,
  {
    bucket,
    region,
    destRegion = region,
    allowCrossRegion,
  }: { bucket: string; region: string; destRegion?: string | undefined; allowCrossRegion: boolean },
): Promise<string> {
  const there = await persist(deps, () => deps.bucket.describe(deps.signals.stop));
  if (there.region === region) return region;
  if (!allowCrossRegion) {
    throw new FatalError(
      'cross_region',
      `the bucket ${bucket} is in ${there.region}, the vault in ${region}: every byte would be paid for as transfer between Regions; take a bucket in ${region}, or say --allow-cross-region`,
    );
  }
  if (there.region !== destRegion) {
    throw new FatalError(
      'bucket_region',
      `the bucket ${bucket} is in ${there.region}: say --dest-region ${there.region}`,
    );
  }
  deps.log.warn(
    { bucket: there.region, vault: region },
    'the bucket is in another Region: transfer between Regions is paid for',
  );
  return there.region;
}

/**
 * Looks for what is in the bucket already, once, before anything is asked of Glacier: one listing of the prefix, and HeadObject
 * for those keys only that are ours. What agrees is verified; what does not fails, and the others go on.
 */
export async function lookUpExisting(
  deps: Deps,
  { prefix, onExisting }: { prefix: string; onExisting: 'skip' | 'overwrite' | 'fail' },
): Promise<void> {
  const { state } = deps;
  if (onExisting === 'overwrite' || state.facts.get('lookedUpAt') !== undefined) return;
  let found = 0;
  const batch: PlannedArchive[] = [];
  const lookAtBatch = () => Promise.all(batch.splice(0).map((archive) => lookAt(deps, archive, onExisting)));
  for await (const { key } of deps.bucket.list(prefix, deps.signals.stop, (call) => persist(deps, call))) {
    const archive = state.archives.byKey(key);
    if (archive?.progress.state !== 'planned') continue;
    found += 1;
    batch.push(state.archives.planned(archive.id));
    if (batch.length >= HEADS) await lookAtBatch();
  }
  await lookAtBatch();
  state.transaction(() => state.facts.set('lookedUpAt', deps.clock.now()));
  if (found > 0) deps.log.info({ found }, 'objects under keys of this transfer were in the bucket already');
}

async function lookAt(deps: Deps, archive: PlannedArchive, onExisting: 'skip' | 'fail'): Promise<void> {
  const object = await persist(deps, () => deps.bucket.head(archive.key, deps.signals.stop));
  if (!object) return;
  const { state } = deps;
  if (onExisting === 'skip' && isTheArchive(archive, object)) {
    const { etag, versionId, checksum } = object;
    const proof = { etag, versionId, checksum, verifiedAt: deps.clock.now() };
    await state.write(() => state.archives.advance(archive.id, [{ type: 'found' }], { proof }));
    return;
  }
  const message = existsMessage(archive.key, onExisting);
  await state.write(() =>
    state.archives.advance(archive.id, [{ type: 'failed', reason: 'object_exists' }], { message }),
  );
}

/** What to do about an object that stands where an archive should go. */
export function existsMessage(key: ObjectKey, onExisting: 'skip' | 'overwrite' | 'fail'): string {
  const other = onExisting === 'skip' ? 'another object' : 'an object';
  return `${other} has the key ${key}: move it away and retry, choose another --prefix, or say --on-existing overwrite`;
}
