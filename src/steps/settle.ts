import type { PlannedArchive } from '../state/archives.ts';
import type { Verdict } from './6-verify.ts';
import type { Deps } from './deps.ts';
import { dropUpload } from './uploads.ts';
import type { Work } from './work.ts';

/** Times that an archive is copied from its first part, before it is given up. */
const MOST_ROUNDS = 3;

/** Records the verdict on an archive of which no part is on its way any more. */
export async function settle(deps: Deps, work: Work, archive: PlannedArchive, verdict: Verdict): Promise<void> {
  const { state, log } = deps;
  const { id, key, archiveId, size } = archive;
  switch (verdict.type) {
    case 'verified':
      await state.write(() => {
        state.archives.advance(id, [{ type: 'transferred' }, { type: 'verified' }], { proof: verdict.proof });
        if (size > archive.partSize) state.archives.endUpload(id);
      });
      work.copied.bytes += size;
      work.copied.archives += 1;
      log.debug({ key, size }, 'an archive is verified');
      break;
    case 'failed':
      log.error({ code: verdict.code, key, archiveId, error: verdict.message }, 'an archive failed');
      await dropUpload(deps, archive);
      await state.write(() =>
        state.archives.advance(id, [{ type: 'failed', reason: verdict.code }], { message: verdict.message }),
      );
      break;
    case 'again':
      await copyAgain(deps, archive, verdict.message);
      break;
    default:
      verdict satisfies never;
  }
  work.bell.ringSoon();
}

/** From the first part again, out of the same output: it is not paid for twice. */
async function copyAgain(deps: Deps, archive: PlannedArchive, message: string): Promise<void> {
  const { state, log } = deps;
  const { id, key } = archive;
  const { rounds } = state.archives.byId(id);
  log.warn({ key, rounds, error: message }, 'an archive has to be copied again from its first part');
  await dropUpload(deps, archive);
  await state.write(() =>
    rounds + 1 >= MOST_ROUNDS
      ? state.archives.advance(id, [{ type: 'failed', reason: 'not_proven' }], { message })
      : state.archives.advance(id, [{ type: 'disproved' }], { message }),
  );
}
