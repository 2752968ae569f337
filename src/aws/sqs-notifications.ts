import {
  CreateTopicCommand,
  DeleteTopicCommand,
  SetTopicAttributesCommand,
  type SNSClient,
  SubscribeCommand,
  UnsubscribeCommand,
} from '@aws-sdk/client-sns';
import {
  CreateQueueCommand,
  DeleteMessageBatchCommand,
  DeleteQueueCommand,
  GetQueueAttributesCommand,
  GetQueueUrlCommand,
  ReceiveMessageCommand,
  SetQueueAttributesCommand,
  type SQSClient,
} from '@aws-sdk/client-sqs';
import { isFailure, ServiceError } from '../domain/service-error.ts';
import { BugError } from '../lib/errors.ts';
import type { Channel, Notifications } from '../ports.ts';
import { type CallContext, call } from './errors.ts';
import { queuePolicy, topicPolicy } from './policies.ts';

/** Retention: the longest there is, so that a fortnight without a run loses nothing. Visibility: longer than a batch takes to record. */
const QUEUE_ATTRIBUTES = {
  MessageRetentionPeriod: String(14 * 24 * 60 * 60),
  VisibilityTimeout: String(5 * 60),
  SqsManagedSseEnabled: 'true',
} as const;

export interface SqsNotificationsOptions {
  readonly sns: SNSClient;
  readonly sqs: SQSClient;
}

/** The SNS topic that Glacier reports to and the SQS queue behind it. */
export function sqsNotifications({ sns, sqs }: SqsNotificationsOptions): Notifications {
  const createTopic = async (name: string, signal: AbortSignal): Promise<string> => {
    const about = aboutTopic(`topic "${name}"`);
    const { TopicArn } = await call(about('CreateTopic'), signal, () =>
      sns.send(new CreateTopicCommand({ Name: name }), { abortSignal: signal }),
    );
    if (!TopicArn) throw new BugError('CreateTopic answered without an ARN');
    const attribute = { AttributeName: 'Policy', AttributeValue: topicPolicy(TopicArn) };
    await call(about('SetTopicAttributes'), signal, () =>
      sns.send(new SetTopicAttributesCommand({ TopicArn, ...attribute }), { abortSignal: signal }),
    );
    return TopicArn;
  };

  const createQueue = async (name: string, signal: AbortSignal): Promise<string> => {
    const about = aboutQueue(`queue "${name}"`);
    const found = await call(about('GetQueueUrl'), signal, () =>
      sqs.send(new GetQueueUrlCommand({ QueueName: name }), { abortSignal: signal }),
    ).catch((error: unknown) => {
      if (isFailure(error, 'queue_not_found')) return undefined;
      throw error;
    });
    const { QueueUrl } =
      found ??
      (await call(about('CreateQueue'), signal, () =>
        sqs.send(new CreateQueueCommand({ QueueName: name, Attributes: QUEUE_ATTRIBUTES }), { abortSignal: signal }),
      ));
    if (!QueueUrl) throw new BugError('CreateQueue answered without a URL');
    return QueueUrl;
  };

  const queueArn = async (QueueUrl: string, signal: AbortSignal): Promise<string> => {
    const command = new GetQueueAttributesCommand({ QueueUrl, AttributeNames: ['QueueArn'] });
    const about = aboutQueue(`queue ${QueueUrl}`);
    const { Attributes } = await call(about('GetQueueAttributes'), signal, () =>
      sqs.send(command, { abortSignal: signal }),
    );
    if (!Attributes?.QueueArn) throw new BugError('GetQueueAttributes answered without an ARN');
    return Attributes.QueueArn;
  };

  return {
    async open({ name, topicArn: givenTopic, queueUrl: givenQueue }, signal) {
      const topicArn = givenTopic ?? (await createTopic(name, signal));
      const queueUrl = givenQueue ?? (await createQueue(name, signal));
      const Endpoint = await queueArn(queueUrl, signal);
      if (givenQueue === undefined) {
        const Attributes = { ...QUEUE_ATTRIBUTES, Policy: queuePolicy(Endpoint, topicArn) };
        await call(aboutQueue(`queue ${queueUrl}`)('SetQueueAttributes'), signal, () =>
          sqs.send(new SetQueueAttributesCommand({ QueueUrl: queueUrl, Attributes }), { abortSignal: signal }),
        );
      }
      const subscribe = new SubscribeCommand({
        TopicArn: topicArn,
        Protocol: 'sqs',
        Endpoint,
        ReturnSubscriptionArn: true,
      });
      const { SubscriptionArn } = await call(aboutTopic(`topic ${topicArn}`)('Subscribe'), signal, () =>
        sns.send(subscribe, { abortSignal: signal }),
      );
      const made = { topic: givenTopic === undefined, queue: givenQueue === undefined };
      // between a topic and a queue that are both the user's, the subscription may have been there before
      const isOurs = SubscriptionArn !== undefined && (made.topic || made.queue);
      return { topicArn, queueUrl, made: { ...made, ...(isOurs && { subscriptionArn: SubscriptionArn }) } };
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
      await removeSubscription(sns, made.subscriptionArn, signal);
      if (made.topic) {
        await call(aboutTopic(`topic ${topicArn}`)('DeleteTopic'), signal, () =>
          sns.send(new DeleteTopicCommand({ TopicArn: topicArn }), { abortSignal: signal }),
        ).catch(ignoreMissing);
      }
      if (made.queue) {
        await call(aboutQueue(`queue ${queueUrl}`)('DeleteQueue'), signal, () =>
          sqs.send(new DeleteQueueCommand({ QueueUrl: queueUrl }), { abortSignal: signal }),
        ).catch(ignoreMissing);
      }
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

/** Removal is idempotent: what is gone is gone. */
function ignoreMissing(error: unknown): void {
  if (!isFailure(error, 'topic_not_found', 'queue_not_found')) throw error;
}

function aboutTopic(subject: string): (operation: string) => CallContext {
  return (operation) => ({ service: 'sns', operation, subject });
}

function aboutQueue(subject: string): (operation: string) => CallContext {
  return (operation) => ({ service: 'sqs', operation, subject });
}
