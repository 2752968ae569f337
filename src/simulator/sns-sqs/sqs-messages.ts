import { createHash } from 'node:crypto';
import type { MessageAttribute, Queue, QueueMessage } from './queue.ts';
import { invalidParameterValue, Refusal, sqsRefusal } from './refusal.ts';
import { queueOf, type SqsCall, type SqsOperation } from './sqs-call.ts';
import { type JsonObject, SqsInput } from './sqs-input.ts';

/** Entries of one batch (SQS quotas). */
const MOST_ENTRIES = 10;
const SYSTEM_ATTRIBUTES = ['SenderId', 'SentTimestamp', 'ApproximateReceiveCount', 'ApproximateFirstReceiveTimestamp'];
/** Known to SQS, but never set on a standard queue's untraced messages. */
const UNSET_ATTRIBUTES = [
  'All',
  'AWSTraceHeader',
  'DeadLetterQueueSourceArn',
  'MessageDeduplicationId',
  'MessageGroupId',
  'SequenceNumber',
];

/** What is done with messages: one at a time or as a batch. */
export const MESSAGE_OPERATIONS: Readonly<Record<string, SqsOperation>> = {
  SendMessage: (call) => send(queueOf(call, 'SendMessage'), call.input, call),
  SendMessageBatch(call) {
    const queue = queueOf(call, 'SendMessage');
    return batch(call, (entry) => send(queue, entry, call));
  },

  async ReceiveMessage(call) {
    const queue = queueOf(call, 'ReceiveMessage');
    const { input } = call;
    const most = input.optionalNumber('MaxNumberOfMessages', 1, 10) ?? 1;
    const wait = input.optionalNumber('WaitTimeSeconds', 0, 20);
    const invisible = input.optionalNumber('VisibilityTimeout', 0, 43_200);
    const wanted = [...input.texts('AttributeNames'), ...input.texts('MessageSystemAttributeNames')];
    const unknown = wanted.find((name) => !SYSTEM_ATTRIBUTES.includes(name) && !UNSET_ATTRIBUTES.includes(name));
    if (unknown !== undefined) throw new Refusal('InvalidAttributeName', `Unknown Attribute ${unknown}.`);
    const messages = await queue.receive(
      most,
      (wait ?? queue.attributes.number('ReceiveMessageWaitTimeSeconds')) * 1000,
      (invisible ?? queue.attributes.number('VisibilityTimeout')) * 1000,
    );
    if (messages.length === 0) return {};
    const attributeNames = input.texts('MessageAttributeNames');
    return { Messages: messages.map((message) => received(message, wanted, attributeNames)) };
  },

  DeleteMessage(call) {
    queueOf(call, 'DeleteMessage').delete(call.input.text('ReceiptHandle'));
    return undefined;
  },
  DeleteMessageBatch(call) {
    const queue = queueOf(call, 'DeleteMessage');
    return batch(call, (entry) => {
      queue.delete(entry.text('ReceiptHandle'));
      return {};
    });
  },

  ChangeMessageVisibility(call) {
    changeVisibility(queueOf(call, 'ChangeMessageVisibility'), call.input);
    return undefined;
  },
  ChangeMessageVisibilityBatch(call) {
    const queue = queueOf(call, 'ChangeMessageVisibility');
    return batch(call, (entry) => {
      changeVisibility(queue, entry);
      return {};
    });
  },
};

function changeVisibility(queue: Queue, input: SqsInput): void {
  queue.changeVisibility(input.text('ReceiptHandle'), input.number('VisibilityTimeout', 0, 43_200) * 1000);
}

function send(queue: Queue, input: SqsInput, { caller }: SqsCall): JsonObject {
  const body = input.text('MessageBody');
  const most = queue.attributes.number('MaximumMessageSize');
  if (Buffer.byteLength(body) > most) {
    throw invalidParameterValue(
      `One or more parameters are invalid. Reason: Message must be shorter than ${most} bytes.`,
    );
  }
  if (!/^[\t\n\r\x20-\uD7FF\uE000-\uFFFD\u{10000}-\u{10FFFF}]*$/u.test(body)) {
    throw new Refusal(
      'InvalidMessageContents',
      'Invalid characters found. Valid unicode characters are #x9 | #xA | #xD | #x20 to #xD7FF | #xE000 to #xFFFD | #x10000 to #x10FFFF',
    );
  }
  const attributes = input.messageAttributes();
  const delay = input.optionalNumber('DelaySeconds', 0, 900);
  const id = queue.send({
    body,
    senderId: caller.accountId,
    attributes,
    ...(delay !== undefined && { delayMs: delay * 1000 }),
  });
  return { MessageId: id, MD5OfMessageBody: md5(body), ...digestOf(attributes) };
}

function received(message: QueueMessage, wanted: readonly string[], attributeNames: readonly string[]): JsonObject {
  const all: Record<string, string> = {
    SenderId: message.senderId,
    SentTimestamp: String(message.sentAt),
    ApproximateReceiveCount: String(message.receiveCount),
    ApproximateFirstReceiveTimestamp: String(message.firstReceivedAt),
  };
  const system = Object.entries(all).filter(([name]) => wanted.includes('All') || wanted.includes(name));
  const isWanted = (name: string): boolean =>
    attributeNames.some(
      (each) =>
        each === 'All' || each === '.*' || each === name || (each.endsWith('.*') && name.startsWith(each.slice(0, -1))),
    );
  const custom = Object.fromEntries(Object.entries(message.attributes).filter(([name]) => isWanted(name)));
  return {
    MessageId: message.id,
    ReceiptHandle: message.receipt,
    MD5OfBody: md5(message.body),
    Body: message.body,
    ...(system.length > 0 && { Attributes: Object.fromEntries(system) }),
    ...(Object.keys(custom).length > 0 && { MessageAttributes: custom, ...digestOf(custom) }),
  };
}

/** Does each entry by itself: what one is refused for does not touch the others. @throws {Refusal} for the batch. */
function batch({ input }: SqsCall, one: (entry: SqsInput) => JsonObject): JsonObject {
  const entries = input.objects('Entries').map((json) => new SqsInput(json));
  if (entries.length === 0) {
    throw sqsRefusal('EmptyBatchRequest', 'There should be at least one entry in the request.');
  }
  if (entries.length > MOST_ENTRIES) {
    throw sqsRefusal(
      'TooManyEntriesInBatchRequest',
      `Maximum number of entries per request are ${MOST_ENTRIES}. You have sent ${entries.length}.`,
    );
  }
  const ids = entries.map((entry) => entry.text('Id'));
  if (ids.some((id) => !/^[A-Za-z0-9_-]{1,80}$/.test(id))) {
    throw sqsRefusal(
      'InvalidBatchEntryId',
      'A batch entry id can only contain alphanumeric characters, hyphens and underscores. It can be at most 80 letters long.',
    );
  }
  const repeated = ids.find((id, i) => ids.indexOf(id) < i);
  if (repeated !== undefined) throw sqsRefusal('BatchEntryIdsNotDistinct', `Id ${repeated} repeated.`);
  const successful: JsonObject[] = [];
  const failed: JsonObject[] = [];
  for (const [i, entry] of entries.entries()) {
    try {
      successful.push({ Id: ids[i], ...one(entry) });
    } catch (error) {
      if (!(error instanceof Refusal)) throw error;
      failed.push({ Id: ids[i], SenderFault: true, Code: error.code, Message: error.message });
    }
  }
  return { ...(successful.length > 0 && { Successful: successful }), ...(failed.length > 0 && { Failed: failed }) };
}

function md5(text: string): string {
  return createHash('md5').update(text).digest('hex');
}

/** MD5OfMessageAttributes (SQS developer guide, calculating the MD5 message digest for message attributes). */
function digestOf(attributes: Readonly<Record<string, MessageAttribute>>): JsonObject {
  const names = Object.keys(attributes).sort();
  if (names.length === 0) return {};
  const hash = createHash('md5');
  const add = (bytes: Buffer): void => {
    const length = Buffer.alloc(4);
    length.writeUInt32BE(bytes.length);
    hash.update(length).update(bytes);
  };
  for (const name of names) {
    const { DataType = '', StringValue, BinaryValue } = attributes[name] ?? {};
    add(Buffer.from(name));
    add(Buffer.from(DataType));
    hash.update(Buffer.from([BinaryValue === undefined ? 1 : 2]));
    add(BinaryValue === undefined ? Buffer.from(StringValue ?? '') : Buffer.from(BinaryValue, 'base64'));
  }
  return { MD5OfMessageAttributes: hash.digest('hex') };
}
