import { isFailure } from '../domain/service-error.ts';
import { channelName, type SetUp } from '../domain/set-up-names.ts';
import type { Channel } from '../ports.ts';
import type { Deps } from './deps.ts';
import { persist } from './persist.ts';

interface GivenChannel {
  readonly topicArn: string | undefined;
  readonly queueUrl: string | undefined;
}

/** Makes topic and queue, or finds those that are named or that `setup` has made, and remembers them. */
export async function openChannel(deps: Deps, given: GivenChannel): Promise<Channel> {
  const transfer = deps.state.facts.get('transfer');
  const before = deps.state.facts.get('channel');
  const name = `glacier2s3-${transfer?.id}`;
  const isOpen = given.topicArn === undefined && given.queueUrl === undefined && !before?.made.queue;
  const wanted = (isOpen && transfer && (await findSetUp(deps, transfer))) || given;
  const channel = await persist(deps, () =>
    deps.notifications.open({ name, topicArn: wanted.topicArn, queueUrl: wanted.queueUrl }, deps.signals.stop),
  ).catch((error: unknown) => {
    // half of what was set up is gone
    if (wanted === given || !isFailure(error, 'topic_not_found', 'queue_not_found')) throw error;
    deps.log.warn({ error: error.message }, 'what setup has made is not whole; a topic and a queue are made');
    return persist(deps, () => deps.notifications.open({ name }, deps.signals.stop));
  });
  if (before && (before.topicArn !== channel.topicArn || before.queueUrl !== channel.queueUrl)) {
    await leaveChannel(deps, before, channel);
  }
  // what an earlier run made is ours still, although this one has only found it
  const made = {
    topic: channel.made.topic || (before?.topicArn === channel.topicArn && before.made.topic),
    queue: channel.made.queue || (before?.queueUrl === channel.queueUrl && before.made.queue),
    subscriptionArn:
      channel.made.subscriptionArn ??
      (before?.topicArn === channel.topicArn && before.queueUrl === channel.queueUrl
        ? before.made.subscriptionArn
        : undefined),
  };
  deps.state.transaction(() => deps.state.facts.set('channel', { ...channel, made }));
  return { ...channel, made };
}

async function findSetUp(deps: Deps, transfer: SetUp): Promise<GivenChannel | undefined> {
  const found = await persist(deps, () => deps.notifications.find(channelName(transfer), deps.signals.stop));
  if (found) deps.log.info({ queueUrl: found.queueUrl }, 'notifications come by the queue that setup has made');
  return found;
}

/** Removes of an earlier run's channel what it made and this run does without. Of the jobs that report there ListJobs tells. */
async function leaveChannel(deps: Deps, before: Channel, now: Channel): Promise<void> {
  const made = {
    topic: before.made.topic && before.topicArn !== now.topicArn,
    queue: before.made.queue && before.queueUrl !== now.queueUrl,
    subscriptionArn: before.made.subscriptionArn,
  };
  await persist(deps, () => deps.notifications.remove({ ...before, made }, deps.signals.stop));
}
