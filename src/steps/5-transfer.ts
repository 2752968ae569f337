import pLimit from 'p-limit';
import { alreadyThere } from './6-verify.ts';
import type { Deps } from './deps.ts';
import { PartsInFlight, type TransferPartsOptions } from './parts-in-flight.ts';
import { agreeOnUploads, dropUpload } from './uploads.ts';
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

/**
 * Takes up what an earlier run left in the middle: what it finished is found in the bucket; what is left keeps its parts and takes its
 * turn with what is staged, as nothing of it is being read.
 */
export async function resumeTransfers(deps: Deps, options: TransferPartsOptions): Promise<void> {
  const { state } = deps;
  const limit = pLimit(HEADS);
  const interrupted = [...state.archives.inState('transferring')];
  const ends = await Promise.allSettled(interrupted.map(({ id }) => limit(() => lookFor(deps, options, id))));
  for (const end of ends) if (end.status === 'rejected') throw end.reason;
  state.transaction(() => {
    for (const { id } of state.archives.inState('transferring')) state.archives.advance(id, [{ type: 'paused' }]);
  });
  await agreeOnUploads(deps, options);
}

/** Verifies an archive whose object was finished by a run that was killed. */
async function lookFor(deps: Deps, options: TransferPartsOptions, id: number): Promise<void> {
  const { state } = deps;
  deps.signals.stop.throwIfAborted();
  const archive = state.archives.planned(id);
  const proof = await alreadyThere(deps, archive, options);
  if (!proof) return;
  await dropUpload(deps, archive);
  await state.write(() => state.archives.advance(id, [{ type: 'transferred' }, { type: 'verified' }], { proof }));
}
