import { evaluate, parsePolicy } from '../../domain/access-policy.ts';
import { isFailure } from '../../domain/service-error.ts';
import { channelName } from '../../domain/set-up-names.ts';
import type { Channel } from '../../ports.ts';
import {
  type Check,
  type DoctorDeps,
  type DoctorOptions,
  type Finding,
  look,
  ok,
  problem,
  warning,
} from './finding.ts';

/** Seconds of one wait for the message, and waits. */
const WAIT = 5;
const WAITS = 3;

export const CHANNEL_CHECKS: readonly Check[] = [
  {
    name: 'topic policy',
    needs: ['vault'],
    run: ({ channels, signal, notifications }, options, { caller, vaultArn = '' }) =>
      look(async () => {
        if (!options.notifications) return ok('not used: --no-notifications');
        const topicArn = options.topicArn ?? (await notifications.find(channelName(options), signal))?.topicArn;
        if (topicArn === undefined) return ok('the transfer makes a topic of its own, with the policy it needs');
        const { policy: text, isEncrypted } = await channels.topic(topicArn, signal);
        if (isEncrypted) {
          return problem(
            `${topicArn} is encrypted with a KMS key: Glacier's messages get lost without a word`,
            'take the key off the topic, or another topic; the queue may be encrypted by SQS itself',
          );
        }
        const policy = parsePolicy(text);
        if (!policy) {
          return warning(
            `the policy of ${topicArn} says things that this program does not understand`,
            'see for yourself that glacier.amazonaws.com may SNS:Publish',
          );
        }
        const accountId = vaultArn.split(':')[4] ?? caller?.accountId ?? '';
        const context = { 'aws:SourceAccount': accountId, 'aws:SourceOwner': accountId, 'aws:SourceArn': vaultArn };
        const principal = { service: 'glacier.amazonaws.com' };
        const verdict = evaluate(policy, { principal, action: 'SNS:Publish', resource: topicArn, context });
        if (verdict === 'allow') return ok(`Glacier may publish to ${topicArn}`);
        return problem(
          `the policy of ${topicArn} does not let Glacier publish: jobs would end without a word`,
          `allow SNS:Publish to the service glacier.amazonaws.com where aws:SourceAccount is ${accountId}`,
        );
      }),
  },
  {
    name: 'notifications',
    needs: ['credentials'],
    async run(deps, options) {
      if (!options.notifications) return ok('not used: --no-notifications');
      const setUp =
        options.topicArn === undefined && options.queueUrl === undefined
          ? await deps.notifications.find(channelName(options), deps.signal)
          : undefined;
      const name = `glacier2s3-doctor-${deps.newId()}`;
      const wanted = {
        name,
        topicArn: options.topicArn ?? setUp?.topicArn,
        queueUrl: options.queueUrl ?? setUp?.queueUrl,
      };
      const channel = await deps.notifications.open(withoutUndefined(wanted), deps.signal);
      try {
        return await sendThrough(deps, channel, `${whose(options, setUp)}`);
      } finally {
        await deps.notifications.remove(channel, AbortSignal.timeout(30_000));
      }
    },
  },
];

function whose({ topicArn }: DoctorOptions, setUp: object | undefined): string {
  if (topicArn !== undefined) return 'your topic and queue';
  return setUp ? 'the topic and queue that setup has made' : 'a topic and a queue made for the purpose and removed';
}

/** Sends a message to the topic and waits for it at the queue. Messages of others go back at once. */
async function sendThrough(deps: DoctorDeps, channel: Channel, through: string): Promise<Finding> {
  const { channels, notifications, signal, newId } = deps;
  const text = JSON.stringify({ glacier2s3: 'doctor', id: newId() });
  try {
    await channels.publish(channel.topicArn, text, signal);
  } catch (error) {
    if (!isFailure(error, 'access_denied')) throw error;
    return warning(
      `could not be tried: ${error.message}`,
      'allow sns:Publish for the trial (iam-policy --for doctor); a transfer does without',
    );
  }
  for (let i = 0; i < WAITS; i += 1) {
    const messages = await notifications.receive(channel, WAIT, signal);
    const isOurs = (body: string): boolean => body === text || body.includes(JSON.stringify(text).slice(1, -1));
    const ours = messages.filter(({ body }) => isOurs(body)).map(({ receipt }) => receipt);
    const others = messages.filter(({ body }) => !isOurs(body)).map(({ receipt }) => receipt);
    await channels.giveBack(channel.queueUrl, others, signal);
    await notifications.acknowledge(channel, ours, signal);
    if (ours.length > 0) return ok(`a message went through ${through}`);
  }
  return problem(
    `a message that was sent to ${channel.topicArn} did not come out of ${channel.queueUrl}`,
    `the queue's policy must let sns.amazonaws.com sqs:SendMessage where aws:SourceArn is the topic, and its key, if it has one, let SNS use it; is another run listening, it may have taken the message`,
  );
}

function withoutUndefined({
  name,
  topicArn,
  queueUrl,
}: {
  readonly name: string;
  readonly topicArn: string | undefined;
  readonly queueUrl: string | undefined;
}) {
  return { name, ...(topicArn !== undefined && { topicArn }), ...(queueUrl !== undefined && { queueUrl }) };
}
