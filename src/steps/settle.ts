import type { PlannedArchive } from '../state/archives.ts';
import type { Verdict } from './6-verify.ts';
import type { Deps } from './deps.ts';
import { dropUpload } from './uploads.ts';
import type { Work } from './work.ts';

/** Rounds of one whole archive before it is given up. */
const MOST_ROUNDS = 3;

/** Records the verdict on an archive of which everything was sent. */
export async function settle(deps: Deps, work: Work, archive: PlannedArchive, verdict: Verdict): Promise<void> {
  const { state, log } = deps;
  const { id } = archive;
  const arrived = () =>
    state.archives.byId(id).progress.state === 'transferring' ? [{ type: 'transferred' } as const] : [];
  switch (verdict.type) {
    case 'verified':
      await state.write(() => {
        state.archives.advance(id, [...arrived(), { type: 'verified' }], { proof: verdict.proof });
        if (archive.size > archive.partSize) state.archives.endUpload(id);
      });
      work.copied.bytes += archive.size;
      work.copied.archives += 1;
      log.debug({ key: archive.key, size: archive.size }, 'an archive is verified');
      break;
    case 'failed':
      log.error(
        { code: verdict.code, key: archive.key, archiveId: archive.archiveId, error: verdict.message },
        'an archive failed',
      );
      await dropUpload(deps, archive);
      await state.write(() =>
        state.archives.advance(id, [{ type: 'failed', reason: verdict.code }], { message: verdict.message }),
      );
      break;
    case 'again':
      await settleAgain(deps, archive, verdict.message);
      break;
    default:
      verdict satisfies never;
  }
  work.bell.ringSoon();
}

/** From the first part again, a few times. */
export async function settleAgain(deps: Deps, archive: PlannedArchive, message: string): Promise<void> {
  const { state, log } = deps;
  const { id, key } = archive;
  const { rounds, progress } = state.archives.byId(id);
  log.warn({ key, rounds, error: message }, 'an archive has to be copied again from its first part');
  await dropUpload(deps, archive);
  await state.write(() => {
    const arrived = progress.state === 'transferring' ? [{ type: 'transferred' } as const] : [];
    if (rounds + 1 >= MOST_ROUNDS) {
      state.archives.advance(id, [{ type: 'failed', reason: 'not_proven' }], { message });
    } else state.archives.advance(id, [...arrived, { type: 'disproved' }], { message });
  });
}
