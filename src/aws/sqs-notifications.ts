import { type SNSClient, UnsubscribeCommand } from '@aws-sdk/client-sns';
import { DeleteMessageBatchCommand, ReceiveMessageCommand, type SQSClient } from '@aws-sdk/client-sqs';
import { ServiceError } from '../domain/service-error.ts';
import type { Channel, Notifications } from '../ports.ts';
import {
  aboutQueue,
  aboutTopic,
  deleteQueue,
  deleteTopic,
  ensureQueue,
  ensureTopic,
  findQueue,
  ignoreMissing,
  queueArnOf,
  setQueue,
  subscribe,
} from './channel-parts.ts';
import { call } from './errors.ts';

export interface SqsNotificationsOptions {
  readonly sns: SNSClient;
  readonly sqs: SQSClient;
}

/** The SNS topic that Glacier reports to and the SQS queue behind it. */
export function sqsNotifications({ sns, sqs }: SqsNotificationsOptions): Notifications {
  return {
    async find(name, signal) {
      const queueUrl = await findQueue(sqs, name, signal);
      if (queueUrl === undefined) return undefined;
      const queueArn = await queueArnOf(sqs, queueUrl, signal);
      return { queueUrl, topicArn: queueArn.replace(':sqs:', ':sns:') };
    },

    async open({ name, topicArn: givenTopic, queueUrl: givenQueue }, signal) {
      const topicArn = givenTopic ?? (await ensureTopic(sns, name, signal));
      const queueUrl = givenQueue ?? (await ensureQueue(sqs, name, signal));
      const queueArn = await queueArnOf(sqs, queueUrl, signal);
      if (givenQueue === undefined) await setQueue(sqs, { url: queueUrl, arn: queueArn, topicArn }, signal);
      const subscriptionArn = await subscribe(sns, { topicArn, queueArn }, signal);
      const made = { topic: givenTopic === undefined, queue: givenQueue === undefined };
      // between a topic and a queue that are both the user's, the subscription may have been there before
      const isOurs = subscriptionArn !== undefined && (made.topic || made.queue);
      return { topicArn, queueUrl, made: { ...made, ...(isOurs && { subscriptionArn }) } };
    },

    async receive({ queueUrl }, waitSeconds, signal) {
      const command = new ReceiveMessageCommand({
        QueueUrl: queueUrl,
        MaxNumberOfMessages: 10,
        WaitTimeSeconds: waitSeconds,
      });
      const { Messages = [] } = await call(aboutQueue(`queue ${queueUrl}`)('ReceiveMessage'), signal, () =>
        sqs.send(command, { abortSignal: signal }),
      );
      return Messages.flatMap(({ Body, ReceiptHandle }) =>
        Body === undefined || ReceiptHandle === undefined ? [] : [{ body: Body, receipt: ReceiptHandle }],
      );
    },

    async acknowledge({ queueUrl }, receipts, signal) {
      if (receipts.length === 0) return;
      const Entries = receipts.map((ReceiptHandle, i) => ({ Id: String(i), ReceiptHandle }));
      const about = aboutQueue(`queue ${queueUrl}`)('DeleteMessageBatch');
      const { Failed = [] } = await call(about, signal, () =>
        sqs.send(new DeleteMessageBatchCommand({ QueueUrl: queueUrl, Entries }), { abortSignal: signal }),
      );
      const [failed] = Failed;
      if (!failed) return;
      const code = failed.SenderFault ? 'invalid_request' : 'unavailable';
      const text = `${Failed.length} of ${receipts.length} messages could not be deleted: ${failed.Message ?? failed.Code}`;
      throw new ServiceError(code, text, { operation: about.operation });
    },

    async remove({ topicArn, queueUrl, made }, signal) {
      // with a topic its subscriptions go by themselves, and IAM allows Unsubscribe on all topics or on none
      if (made.topic) await deleteTopic(sns, topicArn, signal);
      else await removeSubscription(sns, made.subscriptionArn, signal);
      if (made.queue) await deleteQueue(sqs, queueUrl, signal);
    },
  };
}

async function removeSubscription(
  sns: SNSClient,
  arn: Channel['made']['subscriptionArn'],
  signal: AbortSignal,
): Promise<void> {
  if (arn === undefined) return;
  await call(aboutTopic(`subscription ${arn}`)('Unsubscribe'), signal, () =>
    sns.send(new UnsubscribeCommand({ SubscriptionArn: arn }), { abortSignal: signal }),
  ).catch(ignoreMissing);
}
