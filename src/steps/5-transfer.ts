import pLimit from 'p-limit';
import { partCount } from '../domain/ranges.ts';
import { alreadyThere, verifyUpload } from './6-verify.ts';
import type { Deps } from './deps.ts';
import { PartsInFlight, type TransferPartsOptions } from './parts-in-flight.ts';
import { settle, settleAgain } from './settle.ts';
import { agreeOnUploads } from './uploads.ts';
import type { Work } from './work.ts';

/** HeadObject calls at once, for what an earlier run left in the middle. */
const HEADS = 32;

/**
 * Brings staged archives to S3, soonest expiry first, `concurrency` parts at a time.
 * @param until `idle`: until nothing is staged; `done`: until nothing is left to do.
 */
export async function transferArchives(
  deps: Deps,
  work: Work,
  options: TransferPartsOptions,
  until: 'idle' | 'done',
): Promise<void> {
  await new PartsInFlight(deps, work, options).run(until);
}

/** Takes up what an earlier run left in the middle: what it finished is found in the bucket, what is left is gone on with. */
export async function resumeTransfers(deps: Deps, work: Work, options: TransferPartsOptions): Promise<void> {
  await agreeOnUploads(deps);
  const { state } = deps;
  const limit = pLimit(HEADS);
  const heads: Promise<void>[] = [];
  for (const interrupted of ['transferred', 'transferring'] as const) {
    for (const { id } of state.archives.inState(interrupted)) {
      heads.push(limit(() => lookFor(deps, work, id, interrupted)));
    }
  }
  await Promise.all(heads);
  // killed between the last part and its completion: judged again
  for (const { id } of state.archives.inState('transferred')) {
    const archive = state.archives.planned(id);
    const complete =
      archive.uploadId !== undefined && state.parts.of(id).length === partCount(archive.size, archive.partSize);
    if (!complete) await settleAgain(deps, archive, 'its upload is gone');
    else await settle(deps, work, archive, await verifyUpload(deps, archive, options));
  }
}

/** Verifies an archive whose object was finished by a run that was killed. */
async function lookFor(deps: Deps, work: Work, id: number, interrupted: 'transferred' | 'transferring'): Promise<void> {
  const { state } = deps;
  if (work.closing.aborted) return;
  const proof = await alreadyThere(deps, state.archives.planned(id));
  if (!proof) return;
  await state.write(() => {
    const events = interrupted === 'transferring' ? [{ type: 'transferred' } as const] : [];
    state.archives.advance(id, [...events, { type: 'verified' }], { proof });
    state.archives.endUpload(id);
  });
}
