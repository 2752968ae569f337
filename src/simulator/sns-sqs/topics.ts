import { randomUUID } from 'node:crypto';
import { actionsOf, evaluate, type Policy, type Principal, parsePolicy } from '../../domain/access-policy.ts';
import type { SimulatedWorld } from '../service.ts';
import type { Caller, Queues } from './queues.ts';
import { invalidParameter, Refusal } from './refusal.ts';

export interface Subscription {
  readonly arn: string;
  readonly topicArn: string;
  readonly owner: string;
  /** ARN of the queue. */
  readonly endpoint: string;
  raw: boolean;
}

/** Attributes of a topic that can be set. An encrypted topic hears nothing of Glacier: its key is not Glacier's to use. */
const SETTABLE = ['DisplayName', 'Policy', 'DeliveryPolicy', 'KmsMasterKeyId', 'SignatureVersion', 'TracingConfig'];

export class Topic {
  readonly arn: string;
  readonly owner: string;
  readonly name: string;
  readonly attributes = new Map<string, string>();
  readonly tags = new Map<string, string>();
  readonly subscriptions = new Map<string, Subscription>();
  #policy: Policy = [];

  constructor({ accountId, region }: Caller, name: string) {
    this.arn = `arn:aws:sns:${region}:${accountId}:${name}`;
    this.owner = accountId;
    this.name = name;
    this.set('Policy', JSON.stringify(defaultPolicy(this.arn, accountId)));
    this.set('DisplayName', '');
  }

  /** @throws {Refusal} */
  set(name: string, value: string): void {
    if (!SETTABLE.includes(name)) throw invalidParameter('AttributeName');
    if (name === 'Policy') {
      const policy = parsePolicy(value);
      if (!policy) throw invalidParameter('Policy Error: null');
      if (actionsOf(policy).some((action) => !/^sns:/i.test(action))) {
        throw invalidParameter('Policy statement action out of service scope!');
      }
      this.#policy = policy;
    }
    if (name === 'SignatureVersion' && value !== '1' && value !== '2') throw invalidParameter('SignatureVersion');
    if (value === '' && name === 'KmsMasterKeyId') this.attributes.delete(name);
    else this.attributes.set(name, value);
  }

  /** Whether the policy lets the principal do `action`; its own account may do all that is not denied. */
  allows(principal: Principal, action: string, context: Readonly<Record<string, string>>): boolean {
    const verdict = evaluate(this.#policy, { principal, action: `SNS:${action}`, resource: this.arn, context });
    return (
      verdict === 'allow' || (verdict === 'none' && 'accountId' in principal && principal.accountId === this.owner)
    );
  }
}

/** All topics, of every account and Region. */
export class Topics {
  readonly #topics = new Map<string, Topic>();

  /** @throws {Refusal} where there is none, or it is in another Region than the one that was called. */
  find(arn: string, region: string): Topic {
    if (!/^arn:aws:sns:[a-z0-9-]+:\d{12}:[A-Za-z0-9_-]{1,256}$/.test(arn)) throw invalidParameter('TopicArn');
    if (arn.split(':')[3] !== region) throw invalidParameter('TopicArn');
    const topic = this.#topics.get(arn);
    if (!topic) throw new Refusal('NotFound', 'Topic does not exist', { status: 404 });
    return topic;
  }

  get(arn: string): Topic | undefined {
    return this.#topics.get(arn);
  }

  of({ accountId, region }: Caller): readonly Topic[] {
    return [...this.#topics.values()].filter(({ arn, owner }) => owner === accountId && arn.split(':')[3] === region);
  }

  /** The new topic, or the one that is there with the same attributes and tags. @throws {Refusal} */
  create(
    caller: Caller,
    name: string,
    attributes: Readonly<Record<string, string>>,
    tags: Readonly<Record<string, string>>,
  ): Topic {
    if (!/^[A-Za-z0-9_-]{1,256}$/.test(name)) throw invalidParameter('Topic Name');
    const wanted = new Topic(caller, name);
    for (const [key, value] of Object.entries(attributes)) wanted.set(key, value);
    const existing = this.#topics.get(wanted.arn);
    if (!existing) {
      for (const [key, value] of Object.entries(tags)) wanted.tags.set(key, value);
      this.#topics.set(wanted.arn, wanted);
      return wanted;
    }
    if (Object.keys(attributes).some((key) => wanted.attributes.get(key) !== existing.attributes.get(key))) {
      throw invalidParameter('Attributes Reason: Topic already exists with different attributes');
    }
    if (Object.keys(tags).length > 0 && !sameTags(tags, existing.tags)) {
      throw invalidParameter('Tags Reason: Topic already exists with different tags');
    }
    return existing;
  }

  delete(arn: string): void {
    this.#topics.delete(arn);
  }

  subscriptions(): readonly Subscription[] {
    return [...this.#topics.values()].flatMap(({ subscriptions }) => [...subscriptions.values()]);
  }
}

/** Who queues see as the sender of SNS's messages: a user of AWS's own. */
const SNS_SENDER = 'AIDAISNSSIMULATED0000';

export interface PublishedMessage {
  readonly message: string;
  readonly subject?: string;
}

/** Why a message did not arrive. AWS is silent about it all. */
export interface DroppedMessage {
  readonly topicArn: string;
  readonly message: string;
  readonly reason: 'topic_policy' | 'topic_encrypted' | 'no_queue' | 'queue_policy' | 'queue_encrypted';
}

/** Brings a topic's message to the queues that subscribe to it and let it in; the others are counted in `dropped`. */
export function deliver(
  {
    world,
    queues,
    drop,
  }: {
    readonly world: SimulatedWorld;
    readonly queues: Queues;
    drop(dropped: DroppedMessage): void;
  },
  topic: Topic,
  { message, subject }: PublishedMessage,
): string {
  const messageId = randomUUID();
  const context = { 'aws:SourceArn': topic.arn, 'aws:SourceAccount': topic.owner };
  for (const subscription of topic.subscriptions.values()) {
    const refuse = (reason: DroppedMessage['reason']): void => drop({ topicArn: topic.arn, message, reason });
    const queue = queues.find(subscription.endpoint);
    if (!queue) refuse('no_queue');
    else if (!queues.allows(queue, { service: 'sns.amazonaws.com' }, 'SendMessage', context)) refuse('queue_policy');
    else if (queue.attributes.encryptedByKms) refuse('queue_encrypted');
    else {
      const body = subscription.raw ? message : envelope(topic, subscription, messageId, world.now(), message, subject);
      queue.send({ body, senderId: SNS_SENDER });
    }
  }
  return messageId;
}

/** As the SNS developer guide shows it, "parsing Amazon SNS message formats", spaces before the colons included. */
function envelope(
  topic: Topic,
  subscription: Subscription,
  messageId: string,
  now: number,
  message: string,
  subject: string | undefined,
): string {
  const region = topic.arn.split(':')[3];
  const fields: readonly (readonly [string, string])[] = [
    ['Type', 'Notification'],
    ['MessageId', messageId],
    ['TopicArn', topic.arn],
    ...(subject === undefined ? [] : [['Subject', subject] as const]),
    ['Message', message],
    ['Timestamp', new Date(now).toISOString()],
    ['SignatureVersion', topic.attributes.get('SignatureVersion') ?? '1'],
    ['Signature', Buffer.from(`simulated:${messageId}`).toString('base64')],
    ['SigningCertURL', `https://sns.${region}.amazonaws.com/SimpleNotificationService-simulated.pem`],
    ['UnsubscribeURL', `https://sns.${region}.amazonaws.com/?Action=Unsubscribe&SubscriptionArn=${subscription.arn}`],
  ];
  return `{\n${fields.map(([name, value]) => `  ${JSON.stringify(name)} : ${JSON.stringify(value)}`).join(',\n')}\n}`;
}

/** What AWS gives a topic that is made without a policy: everybody, on behalf of the owner. */
function defaultPolicy(arn: string, accountId: string): object {
  const actions = ['GetTopicAttributes', 'SetTopicAttributes', 'AddPermission', 'RemovePermission', 'DeleteTopic'];
  return {
    Version: '2008-10-17',
    Id: '__default_policy_ID',
    Statement: [
      {
        Sid: '__default_statement_ID',
        Effect: 'Allow',
        Principal: { AWS: '*' },
        Action: [...actions, 'Subscribe', 'ListSubscriptionsByTopic', 'Publish'].map((action) => `SNS:${action}`),
        Resource: arn,
        Condition: { StringEquals: { 'AWS:SourceOwner': accountId } },
      },
    ],
  };
}

function sameTags(tags: Readonly<Record<string, string>>, existing: ReadonlyMap<string, string>): boolean {
  const names = Object.keys(tags);
  return names.length === existing.size && names.every((name) => existing.get(name) === tags[name]);
}
