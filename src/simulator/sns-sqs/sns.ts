import { randomUUID } from 'node:crypto';
import type { Exchange, SimulatedService } from '../service.ts';
import { keyed, numbered, queryError, queryReply, type Xml } from './query-protocol.ts';
import type { Caller } from './queues.ts';
import { invalidParameter, Refusal } from './refusal.ts';
import { formOf, readBody } from './request.ts';
import type { PublishedMessage, Subscription, Topic, Topics } from './topics.ts';

const NAMESPACE = 'http://sns.amazonaws.com/doc/2010-03-31/';
/** Topics and subscriptions a page (SNS API reference, ListTopics). */
const PAGE = 100;
/** Bytes of a message (SNS quotas). */
const LONGEST_MESSAGE = 262_144;

interface SnsCall {
  readonly topics: Topics;
  readonly caller: Caller;
  readonly form: URLSearchParams;
  /** The message's id. */
  publish(topic: Topic, message: PublishedMessage): string;
}

type SnsOperation = (call: SnsCall) => Xml | undefined;

/** SNS over HTTP: the query protocol, which current clients speak too. */
export function snsService(topics: Topics, publish: SnsCall['publish']): SimulatedService {
  return {
    name: 'sns',
    async handle(exchange: Exchange) {
      const form = formOf(exchange, await readBody(exchange));
      const { requestId, caller } = exchange;
      const headers = { 'content-type': 'text/xml', 'x-amzn-requestid': requestId };
      const operation = form.get('Action') ?? '';
      try {
        const perform = Object.hasOwn(SNS_OPERATIONS, operation) ? SNS_OPERATIONS[operation] : undefined;
        if (!perform) throw new Refusal('InvalidAction', `The action ${operation} is not valid for this web service.`);
        const result = perform({ topics, caller, form, publish });
        return { status: 200, headers, body: queryReply(NAMESPACE, operation, requestId, result) };
      } catch (error) {
        if (!(error instanceof Refusal)) throw error;
        const { code, message, status } = error;
        return { status, headers, body: queryError(NAMESPACE, requestId, { code, message, fault: 'Sender' }) };
      }
    },
  };
}

const SNS_OPERATIONS: Readonly<Record<string, SnsOperation>> = {
  CreateTopic({ topics, caller, form }) {
    const attributes = keyed(form, 'Attributes.entry', 'key', 'value') ?? {};
    const tags = keyed(form, 'Tags.member', 'Key', 'Value') ?? {};
    return { TopicArn: topics.create(caller, form.get('Name') ?? '', attributes, tags).arn };
  },

  DeleteTopic(call) {
    const arn = required(call.form, 'TopicArn');
    if (call.topics.get(arn)) topicOf(call, 'DeleteTopic');
    call.topics.delete(arn);
    return undefined;
  },

  ListTopics({ topics, caller, form }) {
    const { page, next } = paged(topics.of(caller), ({ arn }) => arn, form);
    return { Topics: { member: page.map(({ arn }) => ({ TopicArn: arn })) }, NextToken: next };
  },

  GetTopicAttributes(call) {
    const topic = topicOf(call, 'GetTopicAttributes');
    const all = {
      TopicArn: topic.arn,
      Owner: topic.owner,
      SubscriptionsConfirmed: String(topic.subscriptions.size),
      SubscriptionsPending: '0',
      SubscriptionsDeleted: '0',
      ...Object.fromEntries(topic.attributes),
    };
    return { Attributes: entries(all) };
  },

  SetTopicAttributes(call) {
    topicOf(call, 'SetTopicAttributes').set(
      required(call.form, 'AttributeName'),
      call.form.get('AttributeValue') ?? '',
    );
    return undefined;
  },

  Subscribe(call) {
    const { caller, form } = call;
    const topic = topicOf(call, 'Subscribe');
    if (required(form, 'Protocol') !== 'sqs') throw invalidParameter('Protocol Reason: the simulator knows sqs only');
    const endpoint = required(form, 'Endpoint');
    if (!/^arn:aws:sqs:[a-z0-9-]+:\d{12}:[A-Za-z0-9_-]{1,80}$/.test(endpoint))
      throw invalidParameter('SQS endpoint ARN');
    const attributes = keyed(form, 'Attributes.entry', 'key', 'value') ?? {};
    const raw = Object.entries(attributes).some(([name, value]) => rawDelivery(name, value));
    const existing = [...topic.subscriptions.values()].find((each) => each.endpoint === endpoint);
    if (existing) {
      if ('RawMessageDelivery' in attributes && existing.raw !== raw) {
        throw invalidParameter('Attributes Reason: Subscription already exists with different attributes');
      }
      return { SubscriptionArn: existing.arn };
    }
    const arn = `${topic.arn}:${randomUUID()}`;
    topic.subscriptions.set(arn, { arn, topicArn: topic.arn, owner: caller.accountId, endpoint, raw });
    return { SubscriptionArn: arn };
  },

  Unsubscribe({ topics, form }) {
    const arn = required(form, 'SubscriptionArn');
    if (!/^arn:aws:sns:[^:]+:\d{12}:[^:]+:[0-9a-f-]{36}$/.test(arn)) {
      throw invalidParameter('SubscriptionArn Reason: An ARN must have at least 6 elements');
    }
    topics.get(topicArnOf(arn))?.subscriptions.delete(arn);
    return undefined;
  },

  ListSubscriptions({ topics, caller, form }) {
    const own = topics
      .subscriptions()
      .filter(({ owner, topicArn }) => owner === caller.accountId && topicArn.split(':')[3] === caller.region);
    return listed(own, form);
  },

  ListSubscriptionsByTopic(call) {
    return listed([...topicOf(call, 'ListSubscriptionsByTopic').subscriptions.values()], call.form);
  },

  GetSubscriptionAttributes({ topics, form }) {
    const subscription = subscriptionOf(topics, form);
    return {
      Attributes: entries({
        SubscriptionArn: subscription.arn,
        TopicArn: subscription.topicArn,
        Owner: subscription.owner,
        Protocol: 'sqs',
        Endpoint: subscription.endpoint,
        ConfirmationWasAuthenticated: 'true',
        PendingConfirmation: 'false',
        RawMessageDelivery: String(subscription.raw),
      }),
    };
  },

  SetSubscriptionAttributes({ topics, form }) {
    const subscription = subscriptionOf(topics, form);
    subscription.raw = rawDelivery(required(form, 'AttributeName'), form.get('AttributeValue') ?? '');
    return undefined;
  },

  Publish(call) {
    const message = call.form.get('Message') ?? '';
    const subject = call.form.get('Subject') ?? undefined;
    if (message === '') throw invalidParameter('Empty message');
    if (Buffer.byteLength(message) > LONGEST_MESSAGE) throw invalidParameter('Message too long');
    if (subject !== undefined && !/^[!-~][ -~]{0,99}$/.test(subject)) throw invalidParameter('Subject');
    if (numbered(call.form, 'MessageAttributes.entry').length > 0) {
      throw invalidParameter('MessageAttributes Reason: the simulator knows none');
    }
    const topic = topicOf(call, 'Publish');
    return { MessageId: call.publish(topic, { message, ...(subject !== undefined && { subject }) }) };
  },

  ListTagsForResource(call) {
    const { tags } = topicOf(call, 'ListTagsForResource', 'ResourceArn');
    return { Tags: { member: [...tags].map(([Key, Value]) => ({ Key, Value })) } };
  },

  TagResource(call) {
    const { tags } = topicOf(call, 'TagResource', 'ResourceArn');
    for (const [key, value] of Object.entries(keyed(call.form, 'Tags.member', 'Key', 'Value') ?? {}))
      tags.set(key, value);
    return {};
  },

  UntagResource(call) {
    const { tags } = topicOf(call, 'UntagResource', 'ResourceArn');
    for (const member of numbered(call.form, 'TagKeys.member')) tags.delete(member.get('') ?? '');
    return {};
  },
};

function required(form: URLSearchParams, name: string): string {
  const value = form.get(name);
  if (!value) throw invalidParameter(`${name} Reason: no value for required parameter`);
  return value;
}

/** The topic that a call names, where the caller may do `action` on it. @throws {Refusal} */
function topicOf({ topics, caller, form }: SnsCall, action: string, parameter = 'TopicArn'): Topic {
  const topic = topics.find(required(form, parameter), caller.region);
  if (topic.allows({ accountId: caller.accountId }, action, {})) return topic;
  const text = `User: arn:aws:iam::${caller.accountId}:root is not authorized to perform: SNS:${action} on resource: ${topic.arn}`;
  throw new Refusal('AuthorizationError', text, { status: 403 });
}

function subscriptionOf(topics: Topics, form: URLSearchParams): Subscription {
  const arn = required(form, 'SubscriptionArn');
  const subscription = topics.get(topicArnOf(arn))?.subscriptions.get(arn);
  if (!subscription) throw new Refusal('NotFound', 'Subscription does not exist', { status: 404 });
  return subscription;
}

function topicArnOf(subscriptionArn: string): string {
  return subscriptionArn.split(':').slice(0, 6).join(':');
}

/** The value of RawMessageDelivery, the one attribute of a subscription that the simulator knows. @throws {Refusal} */
function rawDelivery(name: string, value: string): boolean {
  if (name !== 'RawMessageDelivery')
    throw invalidParameter('AttributeName Reason: the simulator knows RawMessageDelivery only');
  if (!/^(true|false)$/i.test(value)) {
    throw invalidParameter('Attributes Reason: RawMessageDelivery: Invalid value. Must be true or false.');
  }
  return value.toLowerCase() === 'true';
}

function listed(subscriptions: readonly Subscription[], form: URLSearchParams): Xml {
  const { page, next } = paged(subscriptions, ({ arn }) => arn, form);
  const member = page.map(({ arn, owner, endpoint, topicArn }) => ({
    SubscriptionArn: arn,
    Owner: owner,
    Protocol: 'sqs',
    Endpoint: endpoint,
    TopicArn: topicArn,
  }));
  return { Subscriptions: { member }, NextToken: next };
}

function paged<T>(
  all: readonly T[],
  arnOf: (each: T) => string,
  form: URLSearchParams,
): { page: readonly T[]; next: string | undefined } {
  const after = Buffer.from(form.get('NextToken') ?? '', 'base64').toString();
  const rest = all.filter((each) => arnOf(each) > after).sort((a, b) => (arnOf(a) < arnOf(b) ? -1 : 1));
  const page = rest.slice(0, PAGE);
  const last = page.at(-1);
  return { page, next: rest.length > PAGE && last ? Buffer.from(arnOf(last)).toString('base64') : undefined };
}

function entries(map: Readonly<Record<string, string>>): Xml {
  return { entry: Object.entries(map).map(([key, value]) => ({ key, value })) };
}
