import { isFailure } from '../domain/service-error.ts';
import type { Deps } from './deps.ts';
import { leaveNoMeasurement } from './measure-line.ts';
import { persist } from './persist.ts';
import { dropUpload } from './uploads.ts';
import { isUnfinished } from './work.ts';

/**
 * Leaves nothing behind: uploads that nobody needs are aborted, and once all is done the topic and the queue that were made are removed.
 * May be called again.
 */
export async function finish(deps: Deps): Promise<void> {
  const { state } = deps;
  for (const archive of state.archives.uploading()) {
    const { state: at } = archive.progress;
    if (at === 'failed' || at === 'verified' || at === 'skipped') await dropUpload(deps, archive);
  }
  await leaveNoMeasurement(deps);
  const channel = state.facts.get('channel');
  if (isUnfinished(state) || !channel) return;
  try {
    await persist(deps, () => deps.notifications.remove(channel, deps.signals.cut));
  } catch (error) {
    if (!isFailure(error, 'access_denied')) throw error;
    const { topicArn, queueUrl } = channel;
    deps.log.warn({ topicArn, queueUrl, error: error.message }, 'remove these by hand: this program may not');
  }
  state.transaction(() => state.facts.remove('channel'));
}
