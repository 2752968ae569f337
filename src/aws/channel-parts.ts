import {
  CreateTopicCommand,
  DeleteTopicCommand,
  SetTopicAttributesCommand,
  type SNSClient,
  SubscribeCommand,
} from '@aws-sdk/client-sns';
import {
  CreateQueueCommand,
  DeleteQueueCommand,
  GetQueueAttributesCommand,
  GetQueueUrlCommand,
  SetQueueAttributesCommand,
  type SQSClient,
} from '@aws-sdk/client-sqs';
import { isFailure } from '../domain/service-error.ts';
import { BugError } from '../lib/errors.ts';
import { type CallContext, call } from './errors.ts';
import { queuePolicy, topicPolicy } from './policies.ts';

/** Retention: the longest there is, so that a fortnight without a run loses nothing. Visibility: longer than a batch takes to record. */
const QUEUE_ATTRIBUTES = {
  MessageRetentionPeriod: String(14 * 24 * 60 * 60),
  VisibilityTimeout: String(5 * 60),
  SqsManagedSseEnabled: 'true',
} as const;

/** The topic of this name, made where there is none, with the policy it needs. @returns its ARN. */
export async function ensureTopic(sns: SNSClient, name: string, signal: AbortSignal): Promise<string> {
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
}

/** The URL of the queue of this name. */
export async function findQueue(sqs: SQSClient, name: string, signal: AbortSignal): Promise<string | undefined> {
  try {
    const { QueueUrl } = await call(aboutQueue(`queue "${name}"`)('GetQueueUrl'), signal, () =>
      sqs.send(new GetQueueUrlCommand({ QueueName: name }), { abortSignal: signal }),
    );
    return QueueUrl;
  } catch (error) {
    if (isFailure(error, 'queue_not_found')) return undefined;
    throw error;
  }
}

/** The queue of this name, made where there is none. @returns its URL. */
export async function ensureQueue(sqs: SQSClient, name: string, signal: AbortSignal): Promise<string> {
  const found = await findQueue(sqs, name, signal);
  if (found !== undefined) return found;
  const { QueueUrl } = await call(aboutQueue(`queue "${name}"`)('CreateQueue'), signal, () =>
    sqs.send(new CreateQueueCommand({ QueueName: name, Attributes: QUEUE_ATTRIBUTES }), { abortSignal: signal }),
  );
  if (!QueueUrl) throw new BugError('CreateQueue answered without a URL');
  return QueueUrl;
}

export async function queueArnOf(sqs: SQSClient, QueueUrl: string, signal: AbortSignal): Promise<string> {
  const command = new GetQueueAttributesCommand({ QueueUrl, AttributeNames: ['QueueArn'] });
  const about = aboutQueue(`queue ${QueueUrl}`);
  const { Attributes } = await call(about('GetQueueAttributes'), signal, () =>
    sqs.send(command, { abortSignal: signal }),
  );
  if (!Attributes?.QueueArn) throw new BugError('GetQueueAttributes answered without an ARN');
  return Attributes.QueueArn;
}

/** Sets all that a queue of ours has to be, whatever it was. */
export async function setQueue(
  sqs: SQSClient,
  queue: { readonly url: string; readonly arn: string; readonly topicArn: string; readonly redrive?: string },
  signal: AbortSignal,
): Promise<void> {
  const Attributes = {
    ...QUEUE_ATTRIBUTES,
    Policy: queuePolicy(queue.arn, queue.topicArn),
    ...(queue.redrive !== undefined && { RedrivePolicy: queue.redrive }),
  };
  await call(aboutQueue(`queue ${queue.url}`)('SetQueueAttributes'), signal, () =>
    sqs.send(new SetQueueAttributesCommand({ QueueUrl: queue.url, Attributes }), { abortSignal: signal }),
  );
}

/** Idempotent. @returns the subscription's ARN. */
export async function subscribe(
  sns: SNSClient,
  { topicArn, queueArn }: { readonly topicArn: string; readonly queueArn: string },
  signal: AbortSignal,
): Promise<string | undefined> {
  const command = new SubscribeCommand({
    TopicArn: topicArn,
    Protocol: 'sqs',
    Endpoint: queueArn,
    ReturnSubscriptionArn: true,
  });
  const { SubscriptionArn } = await call(aboutTopic(`topic ${topicArn}`)('Subscribe'), signal, () =>
    sns.send(command, { abortSignal: signal }),
  );
  return SubscriptionArn;
}

/** With its subscriptions. Idempotent. */
export async function deleteTopic(sns: SNSClient, topicArn: string, signal: AbortSignal): Promise<void> {
  await call(aboutTopic(`topic ${topicArn}`)('DeleteTopic'), signal, () =>
    sns.send(new DeleteTopicCommand({ TopicArn: topicArn }), { abortSignal: signal }),
  ).catch(ignoreMissing);
}

/** Idempotent. */
export async function deleteQueue(sqs: SQSClient, queueUrl: string, signal: AbortSignal): Promise<void> {
  await call(aboutQueue(`queue ${queueUrl}`)('DeleteQueue'), signal, () =>
    sqs.send(new DeleteQueueCommand({ QueueUrl: queueUrl }), { abortSignal: signal }),
  ).catch(ignoreMissing);
}

/** Removal is idempotent: what is gone is gone. */
export function ignoreMissing(error: unknown): void {
  if (!isFailure(error, 'topic_not_found', 'queue_not_found')) throw error;
}

export function aboutTopic(subject: string): (operation: string) => CallContext {
  return (operation) => ({ service: 'sns', operation, subject });
}

export function aboutQueue(subject: string): (operation: string) => CallContext {
  return (operation) => ({ service: 'sqs', operation, subject });
}
