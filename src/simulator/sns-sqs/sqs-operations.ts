import type { Queue } from './queue.ts';
import { READ_ONLY_ATTRIBUTES, SETTABLE_ATTRIBUTES } from './queue-attributes.ts';
import { queueDoesNotExist, Refusal, sqsRefusal } from './refusal.ts';
import { queueOf, type SqsOperation } from './sqs-call.ts';
import { MESSAGE_OPERATIONS } from './sqs-messages.ts';

/** Tags a queue can have. */
const MOST_TAGS = 50;
/** At most one purge a minute. */
const PURGE_REST_MS = 60_000;

export const SQS_OPERATIONS: Readonly<Record<string, SqsOperation>> = {
  ...MESSAGE_OPERATIONS,

  CreateQueue({ queues, caller, origin, input }) {
    const queue = queues.create(caller, input.text('QueueName'), input.map('Attributes'));
    const tags = { ...input.map('Tags'), ...input.map('tags') };
    setTags(queue, tags);
    return { QueueUrl: urlOf(queue, origin) };
  },

  GetQueueUrl({ queues, caller, origin, input }) {
    const accountId = input.optionalText('QueueOwnerAWSAccountId') ?? caller.accountId;
    const url = `${origin}/${accountId}/${input.text('QueueName')}`;
    try {
      return { QueueUrl: urlOf(queues.byUrl(url, caller, 'GetQueueUrl'), origin) };
    } catch (error) {
      throw error instanceof Refusal && error.code === 'InvalidAddress' ? queueDoesNotExist() : error;
    }
  },

  ListQueues({ queues, caller, origin, input }) {
    const prefix = input.optionalText('QueueNamePrefix') ?? '';
    const most = input.optionalNumber('MaxResults', 1, 1000) ?? 1000;
    const after = input.optionalText('NextToken') ?? '';
    const names = queues.of(caller).filter(({ name }) => name.startsWith(prefix) && name > after);
    names.sort((a, b) => (a.name < b.name ? -1 : 1));
    const page = names.slice(0, most);
    return {
      ...(page.length > 0 && { QueueUrls: page.map((queue) => urlOf(queue, origin)) }),
      ...(names.length > most && { NextToken: page.at(-1)?.name }),
    };
  },

  GetQueueAttributes(call) {
    const queue = queueOf(call, 'GetQueueAttributes');
    const wanted = call.input.texts('AttributeNames');
    const known: readonly string[] = [...READ_ONLY_ATTRIBUTES, ...SETTABLE_ATTRIBUTES];
    const unknown = wanted.find((name) => name !== 'All' && !known.includes(name));
    if (unknown !== undefined) throw new Refusal('InvalidAttributeName', `Unknown Attribute ${unknown}.`);
    const all = attributesOf(queue);
    const chosen = Object.entries(all).filter(([name]) => wanted.includes('All') || wanted.includes(name));
    return chosen.length > 0 ? { Attributes: Object.fromEntries(chosen) } : {};
  },

  SetQueueAttributes(call) {
    call.queues.set(queueOf(call, 'SetQueueAttributes'), call.input.map('Attributes'));
    return undefined;
  },

  DeleteQueue(call) {
    call.queues.delete(queueOf(call, 'DeleteQueue'));
    return undefined;
  },

  PurgeQueue(call) {
    const queue = queueOf(call, 'PurgeQueue');
    if (call.queues.now() - queue.purgedAt < PURGE_REST_MS) {
      throw sqsRefusal(
        'PurgeQueueInProgress',
        `Only one PurgeQueue operation on ${queue.name} is allowed every 60 seconds.`,
        403,
      );
    }
    queue.purge();
    return undefined;
  },

  ListQueueTags(call) {
    const { tags } = queueOf(call, 'ListQueueTags');
    return tags.size > 0 ? { Tags: Object.fromEntries(tags) } : {};
  },

  TagQueue(call) {
    setTags(queueOf(call, 'TagQueue'), call.input.map('Tags'));
    return undefined;
  },

  UntagQueue(call) {
    const { tags } = queueOf(call, 'UntagQueue');
    for (const key of call.input.texts('TagKeys')) tags.delete(key);
    return undefined;
  },
};

function urlOf(queue: Queue, origin: string): string {
  return `${origin}/${queue.accountId}/${queue.name}`;
}

function setTags({ tags }: Queue, added: Readonly<Record<string, string>>): void {
  if (new Set([...tags.keys(), ...Object.keys(added)]).size > MOST_TAGS) {
    throw new Refusal('InvalidParameterValue', `Too many tags added: at most ${MOST_TAGS}.`, {
      shape: 'InvalidParameterValueException',
    });
  }
  for (const [key, value] of Object.entries(added)) tags.set(key, value);
}

function attributesOf(queue: Queue): Record<string, string> {
  const { visible, inFlight, delayed } = queue.counts();
  return {
    QueueArn: queue.arn,
    ApproximateNumberOfMessages: String(visible),
    ApproximateNumberOfMessagesNotVisible: String(inFlight),
    ApproximateNumberOfMessagesDelayed: String(delayed),
    CreatedTimestamp: seconds(queue.createdAt),
    LastModifiedTimestamp: seconds(queue.modifiedAt),
    ...Object.fromEntries(queue.attributes.entries()),
  };
}

function seconds(ms: number): string {
  return String(Math.floor(ms / 1000));
}
