import { createHash } from 'node:crypto';
import { Readable } from 'node:stream';
import {
  CreateTopicCommand,
  DeleteTopicCommand,
  GetSubscriptionAttributesCommand,
  GetTopicAttributesCommand,
  ListSubscriptionsByTopicCommand,
  PublishCommand,
  SetSubscriptionAttributesCommand,
  SetTopicAttributesCommand,
  SNSClient,
  SubscribeCommand,
  UnsubscribeCommand,
} from '@aws-sdk/client-sns';
import {
  ChangeMessageVisibilityCommand,
  CreateQueueCommand,
  DeleteMessageBatchCommand,
  DeleteMessageCommand,
  DeleteQueueCommand,
  GetQueueUrlCommand,
  ListQueuesCommand,
  ReceiveMessageCommand,
  SendMessageBatchCommand,
  SendMessageCommand,
  SetQueueAttributesCommand,
  SQSClient,
} from '@aws-sdk/client-sqs';
import { afterEach, describe, expect, it } from 'vitest';
import { startSimulator } from '../../src/simulator/simulator.ts';

const ACCOUNT = '111122223333';
const REGION = 'eu-west-1';
const GLACIER = { service: 'glacier', accountId: ACCOUNT } as const;

const opened: { close(): Promise<void> | void }[] = [];

afterEach(async () => {
  for (const each of opened.splice(0)) await each.close();
});

async function setup() {
  const simulator = await startSimulator({ accountId: ACCOUNT, region: REGION });
  const config = {
    endpoint: simulator.url,
    region: REGION,
    credentials: { accessKeyId: 'simulator', secretAccessKey: 'simulator' },
    maxAttempts: 1,
  };
  const sqs = new SQSClient(config);
  const sns = new SNSClient(config);
  opened.push({ close: () => sqs.destroy() }, { close: () => sns.destroy() }, simulator);
  /** As older clients ask: past the frame, which is the same for both protocols. */
  const query = async (form: Record<string, string>, rawPath = '/'): Promise<{ status: number; text: string }> => {
    const { status, body } = await simulator.messaging.sqs.handle({
      requestId: 'request-1',
      method: 'POST',
      rawPath,
      query: new URLSearchParams(),
      headers: { host: new URL(simulator.url).host },
      body: Readable.from([Buffer.from(new URLSearchParams(form).toString())]),
      caller: { accountId: ACCOUNT, region: REGION, accessKeyId: 'simulator' },
    });
    return { status, text: String(body) };
  };
  return { simulator, messaging: simulator.messaging, sqs, sns, query, endpoint: simulator.url };
}

type Setup = Awaited<ReturnType<typeof setup>>;

async function makeQueue({ sqs }: Setup, name = 'jobs', Attributes: Record<string, string> = {}): Promise<string> {
  return (await sqs.send(new CreateQueueCommand({ QueueName: name, Attributes }))).QueueUrl!;
}

async function receive(
  { sqs }: Setup,
  QueueUrl: string,
  more: { WaitTimeSeconds?: number; VisibilityTimeout?: number } = {},
) {
  const input = { QueueUrl, MaxNumberOfMessages: 10, MessageSystemAttributeNames: ['All' as const], ...more };
  return (await sqs.send(new ReceiveMessageCommand(input))).Messages ?? [];
}

function letsTopicIn(topicArn: string, queueArn: string): string {
  return JSON.stringify({
    Version: '2012-10-17',
    Statement: [
      {
        Effect: 'Allow',
        Principal: { Service: 'sns.amazonaws.com' },
        Action: 'sqs:SendMessage',
        Resource: queueArn,
        Condition: { ArnEquals: { 'aws:SourceArn': topicArn } },
      },
    ],
  });
}

/** A topic, a queue that lets it in, and the subscription. */
async function makeChannel(simulator: Setup, { raw = false, policy = letsTopicIn } = {}) {
  const { sns, sqs } = simulator;
  const TopicArn = (await sns.send(new CreateTopicCommand({ Name: 'jobs' }))).TopicArn!;
  const QueueUrl = await makeQueue(simulator);
  const Endpoint = `arn:aws:sqs:${REGION}:${ACCOUNT}:jobs`;
  await sqs.send(new SetQueueAttributesCommand({ QueueUrl, Attributes: { Policy: policy(TopicArn, Endpoint) } }));
  const Attributes: Record<string, string> = raw ? { RawMessageDelivery: 'true' } : {};
  const subscribe = new SubscribeCommand({ TopicArn, Protocol: 'sqs', Endpoint, Attributes });
  const SubscriptionArn = (await sns.send(subscribe)).SubscriptionArn!;
  return { TopicArn, QueueUrl, SubscriptionArn, Endpoint };
}

describe('the simulated SQS', () => {
  it('gives the same queue again for the same attributes and refuses others', async () => {
    const simulator = await setup();
    const url = await makeQueue(simulator, 'jobs', { VisibilityTimeout: '60' });

    expect(url).toBe(`${simulator.endpoint}/${ACCOUNT}/jobs`);
    expect(await makeQueue(simulator, 'jobs', { VisibilityTimeout: '60' })).toBe(url);
    await expect(makeQueue(simulator, 'jobs', { VisibilityTimeout: '61' })).rejects.toMatchObject({
      name: 'QueueNameExists',
      Code: 'QueueAlreadyExists',
    });
    expect((await simulator.sqs.send(new GetQueueUrlCommand({ QueueName: 'jobs' }))).QueueUrl).toBe(url);
    expect((await simulator.sqs.send(new ListQueuesCommand({ QueueNamePrefix: 'jo' }))).QueueUrls).toEqual([url]);
  });

  it('does not know a queue of another name, and a deleted one rests for a minute', async () => {
    const simulator = await setup();
    const url = await makeQueue(simulator);

    await simulator.sqs.send(new DeleteQueueCommand({ QueueUrl: url }));

    await expect(receive(simulator, url)).rejects.toMatchObject({
      name: 'QueueDoesNotExist',
      Code: 'AWS.SimpleQueueService.NonExistentQueue',
    });
    await expect(makeQueue(simulator)).rejects.toMatchObject({ name: 'QueueDeletedRecently' });
    simulator.simulator.advance(60_000);
    expect(await makeQueue(simulator)).toBe(url);
  });

  it('refuses attributes that SQS refuses', async () => {
    const simulator = await setup();
    const refused = (attributes: Record<string, string>) => makeQueue(simulator, 'other', attributes);

    await expect(refused({ VisibilityTimeout: '43201' })).rejects.toMatchObject({ name: 'InvalidAttributeValue' });
    await expect(refused({ MessageRetentionPeriod: '59' })).rejects.toMatchObject({ name: 'InvalidAttributeValue' });
    await expect(refused({ Colour: 'red' })).rejects.toMatchObject({ name: 'InvalidAttributeName' });
    await expect(refused({ Policy: '{"Statement":[{}]}' })).rejects.toMatchObject({ name: 'InvalidAttributeValue' });
    await expect(
      refused({ RedrivePolicy: JSON.stringify({ deadLetterTargetArn: 'arn:aws:sqs:x', maxReceiveCount: 3 }) }),
    ).rejects.toMatchObject({ Code: 'InvalidParameterValue', message: expect.stringContaining('does not exist') });
    await expect(makeQueue(simulator, 'not a name')).rejects.toMatchObject({ Code: 'InvalidParameterValue' });
  });

  it('hides a received message until its time-out ends, and counts its receipts', async () => {
    const simulator = await setup();
    const url = await makeQueue(simulator);
    await simulator.sqs.send(new SendMessageCommand({ QueueUrl: url, MessageBody: 'héllo' }));

    const [first] = await receive(simulator, url, { VisibilityTimeout: 1 });
    const hidden = await receive(simulator, url);
    const [again] = await receive(simulator, url, { WaitTimeSeconds: 5 });

    expect(first).toMatchObject({ Body: 'héllo', MD5OfBody: createHash('md5').update('héllo').digest('hex') });
    expect(first?.Attributes).toMatchObject({
      ApproximateReceiveCount: '1',
      SentTimestamp: expect.stringMatching(/^\d{13}$/),
    });
    expect(hidden).toEqual([]);
    expect(again).toMatchObject({ MessageId: first?.MessageId, Attributes: { ApproximateReceiveCount: '2' } });
  });

  it('ends a long poll as soon as a message comes', async () => {
    const simulator = await setup();
    const url = await makeQueue(simulator);

    const waiting = receive(simulator, url, { WaitTimeSeconds: 20 });
    await simulator.sqs.send(new SendMessageCommand({ QueueUrl: url, MessageBody: 'x' }));

    expect(await waiting).toHaveLength(1);
  });

  it('deletes by the newest receipt only, and takes a repeated deletion', async () => {
    const simulator = await setup();
    const { sqs } = simulator;
    const QueueUrl = await makeQueue(simulator);
    await sqs.send(new SendMessageCommand({ QueueUrl, MessageBody: 'x' }));
    const [old] = await receive(simulator, QueueUrl, { VisibilityTimeout: 0 });
    const [fresh] = await receive(simulator, QueueUrl, { VisibilityTimeout: 0 });

    await sqs.send(new DeleteMessageCommand({ QueueUrl, ReceiptHandle: old?.ReceiptHandle }));
    const [still] = await receive(simulator, QueueUrl, { VisibilityTimeout: 0 });
    await sqs.send(new DeleteMessageCommand({ QueueUrl, ReceiptHandle: still?.ReceiptHandle }));
    await sqs.send(new DeleteMessageCommand({ QueueUrl, ReceiptHandle: still?.ReceiptHandle }));

    expect(still?.MessageId).toBe(fresh?.MessageId);
    expect(await receive(simulator, QueueUrl)).toEqual([]);
    await expect(sqs.send(new DeleteMessageCommand({ QueueUrl, ReceiptHandle: 'x' }))).rejects.toMatchObject({
      name: 'ReceiptHandleIsInvalid',
    });
  });

  it('does a batch entry by entry and refuses a batch that is none', async () => {
    const simulator = await setup();
    const { sqs } = simulator;
    const QueueUrl = await makeQueue(simulator);
    const entries = (count: number) => Array.from({ length: count }, (_, i) => ({ Id: `m${i}`, MessageBody: `${i}` }));
    await sqs.send(new SendMessageBatchCommand({ QueueUrl, Entries: entries(10) }));
    const messages = await receive(simulator, QueueUrl);
    const remove = (Entries: { Id: string; ReceiptHandle: string | undefined }[]) =>
      sqs.send(new DeleteMessageBatchCommand({ QueueUrl, Entries }));

    const result = await remove([
      { Id: 'good', ReceiptHandle: messages[0]?.ReceiptHandle },
      { Id: 'bad', ReceiptHandle: 'nothing' },
    ]);

    expect(messages).toHaveLength(10);
    expect(result.Successful).toEqual([{ Id: 'good' }]);
    expect(result.Failed).toMatchObject([{ Id: 'bad', SenderFault: true, Code: 'ReceiptHandleIsInvalid' }]);
    await expect(remove([])).rejects.toMatchObject({ name: 'EmptyBatchRequest' });
    await expect(sqs.send(new SendMessageBatchCommand({ QueueUrl, Entries: entries(11) }))).rejects.toMatchObject({
      name: 'TooManyEntriesInBatchRequest',
    });
    await expect(
      remove([
        { Id: 'a', ReceiptHandle: 'x' },
        { Id: 'a', ReceiptHandle: 'y' },
      ]),
    ).rejects.toMatchObject({ name: 'BatchEntryIdsNotDistinct' });
  });

  it('moves a message that was received too often to the dead letters', async () => {
    const simulator = await setup();
    const dead = await makeQueue(simulator, 'dead');
    const RedrivePolicy = JSON.stringify({
      deadLetterTargetArn: `arn:aws:sqs:${REGION}:${ACCOUNT}:dead`,
      maxReceiveCount: '2',
    });
    const url = await makeQueue(simulator, 'jobs', { RedrivePolicy });
    await simulator.sqs.send(new SendMessageCommand({ QueueUrl: url, MessageBody: 'x' }));

    const receipts = [];
    for (let i = 0; i < 3; i += 1) receipts.push((await receive(simulator, url, { VisibilityTimeout: 0 })).length);

    expect(receipts).toEqual([1, 1, 0]);
    expect(await receive(simulator, dead)).toMatchObject([{ Body: 'x' }]);
  });

  it('forgets messages older than the retention period', async () => {
    const simulator = await setup();
    const url = await makeQueue(simulator, 'jobs', { MessageRetentionPeriod: '3600' });
    await simulator.sqs.send(new SendMessageCommand({ QueueUrl: url, MessageBody: 'x' }));

    simulator.simulator.advance(3_600_001);

    expect(await receive(simulator, url)).toEqual([]);
  });

  it('changes the visibility of what is in flight and of nothing else', async () => {
    const simulator = await setup();
    const { sqs } = simulator;
    const QueueUrl = await makeQueue(simulator);
    await sqs.send(new SendMessageCommand({ QueueUrl, MessageBody: 'x' }));
    const [message] = await receive(simulator, QueueUrl);
    const change = (VisibilityTimeout: number) =>
      sqs.send(
        new ChangeMessageVisibilityCommand({ QueueUrl, ReceiptHandle: message?.ReceiptHandle, VisibilityTimeout }),
      );

    await expect(change(43_201)).rejects.toMatchObject({ Code: 'InvalidParameterValue' });
    await change(0);
    await expect(change(10)).rejects.toMatchObject({ name: 'MessageNotInflight' });

    expect(await receive(simulator, QueueUrl)).toHaveLength(1);
  });

  it('speaks the older query protocol too', async () => {
    const simulator = await setup();
    const { query, endpoint } = simulator;
    const made = await query({
      Action: 'CreateQueue',
      QueueName: 'jobs',
      'Attribute.1.Name': 'VisibilityTimeout',
      'Attribute.1.Value': '7',
    });
    const path = `/${ACCOUNT}/jobs`;
    await query({ Action: 'SendMessage', MessageBody: 'a < b' }, path);
    const received = await query({ Action: 'ReceiveMessage', 'AttributeName.1': 'All' }, path);
    const receipt = /<ReceiptHandle>(.*)<\/ReceiptHandle>/.exec(received.text)?.[1] ?? '';
    const form = {
      'DeleteMessageBatchRequestEntry.1.Id': 'a',
      'DeleteMessageBatchRequestEntry.1.ReceiptHandle': receipt,
    };
    const deleted = await query({ Action: 'DeleteMessageBatch', ...form }, path);
    const attributes = await query({ Action: 'GetQueueAttributes', 'AttributeName.1': 'VisibilityTimeout' }, path);
    const empty = await query({ Action: 'ReceiveMessage' }, path);
    const missing = await query({ Action: 'GetQueueUrl', QueueName: 'none' });
    const unknown = await query({ Action: 'FlyAway' });

    expect(made.text).toContain(`<CreateQueueResult><QueueUrl>${endpoint}${path}</QueueUrl></CreateQueueResult>`);
    expect(received.text).toContain('<Body>a &lt; b</Body>');
    expect(received.text).toContain('<Attribute><Name>ApproximateReceiveCount</Name><Value>1</Value></Attribute>');
    expect(deleted.text).toContain('<DeleteMessageBatchResultEntry><Id>a</Id></DeleteMessageBatchResultEntry>');
    expect(attributes.text).toContain('<Attribute><Name>VisibilityTimeout</Name><Value>7</Value></Attribute>');
    // older clients look for the result even where there is nothing in it
    expect(empty.text).toContain('<ReceiveMessageResult></ReceiveMessageResult>');
    expect(missing).toMatchObject({ status: 400 });
    expect(missing.text).toContain('<Code>AWS.SimpleQueueService.NonExistentQueue</Code>');
    expect(unknown.text).toContain('<Code>InvalidAction</Code>');
  });
});

describe('the simulated SNS', () => {
  it('brings a message of Glacier to the queue in the envelope', async () => {
    const simulator = await setup();
    const { TopicArn, QueueUrl } = await makeChannel(simulator);

    const result = simulator.messaging.publish(TopicArn, '{"Action":"ArchiveRetrieval"}', GLACIER);
    const [message] = await receive(simulator, QueueUrl);

    expect(result).toBe('delivered');
    expect(message?.Body).toMatch(/^\{\n {2}"Type" : "Notification",\n/);
    const envelope = JSON.parse(message?.Body ?? '');
    expect(envelope).toMatchObject({
      TopicArn,
      Message: '{"Action":"ArchiveRetrieval"}',
      Timestamp: expect.stringMatching(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/),
      SignatureVersion: '1',
    });
    expect(Object.keys(envelope)).toEqual([
      ...['Type', 'MessageId', 'TopicArn', 'Message', 'Timestamp'],
      ...['SignatureVersion', 'Signature', 'SigningCertURL', 'UnsubscribeURL'],
    ]);
  });

  it('brings the bare message with raw delivery, which can be switched', async () => {
    const simulator = await setup();
    const { TopicArn, QueueUrl, SubscriptionArn } = await makeChannel(simulator, { raw: true });
    const { sns } = simulator;

    await sns.send(new PublishCommand({ TopicArn, Message: 'bare', Subject: 'subject' }));
    const attribute = { AttributeName: 'RawMessageDelivery', AttributeValue: 'false' };
    await sns.send(new SetSubscriptionAttributesCommand({ SubscriptionArn, ...attribute }));
    await sns.send(new PublishCommand({ TopicArn, Message: 'wrapped', Subject: 'subject' }));
    const bodies = (await receive(simulator, QueueUrl)).map(({ Body }) => Body ?? '');

    expect(bodies[0]).toBe('bare');
    expect(JSON.parse(bodies[1] ?? '')).toMatchObject({ Message: 'wrapped', Subject: 'subject' });
    const attributes = await sns.send(new GetSubscriptionAttributesCommand({ SubscriptionArn }));
    expect(attributes.Attributes).toMatchObject({ RawMessageDelivery: 'false', Protocol: 'sqs' });
  });

  it('makes topics and subscriptions once, whatever is asked how often', async () => {
    const simulator = await setup();
    const { sns } = simulator;
    const { TopicArn, SubscriptionArn, Endpoint } = await makeChannel(simulator);

    const again = await makeChannel(simulator);
    const listed = await sns.send(new ListSubscriptionsByTopicCommand({ TopicArn }));

    expect(again).toMatchObject({ TopicArn, SubscriptionArn });
    expect(listed.Subscriptions).toEqual([{ SubscriptionArn, Owner: ACCOUNT, Protocol: 'sqs', Endpoint, TopicArn }]);
    await sns.send(new UnsubscribeCommand({ SubscriptionArn }));
    await sns.send(new UnsubscribeCommand({ SubscriptionArn }));
    await sns.send(new DeleteTopicCommand({ TopicArn }));
    await sns.send(new DeleteTopicCommand({ TopicArn }));
    await expect(sns.send(new GetTopicAttributesCommand({ TopicArn }))).rejects.toMatchObject({
      name: 'NotFoundException',
    });
    expect(simulator.messaging.publish(TopicArn, 'x', GLACIER)).toBe('no_topic');
  });

  it.each([
    ['no policy at all', () => ''],
    ['a policy for another topic', (topic: string, queue: string) => letsTopicIn(`${topic}2`, queue)],
    ['a policy for another queue', (topic: string, queue: string) => letsTopicIn(topic, `${queue}2`)],
  ])('is silent where the queue has %s', async (_, policy) => {
    const simulator = await setup();
    const { TopicArn, QueueUrl } = await makeChannel(simulator, { policy });

    expect(simulator.messaging.publish(TopicArn, 'x', GLACIER)).toBe('delivered');

    expect(await receive(simulator, QueueUrl)).toEqual([]);
    expect(simulator.messaging.dropped).toEqual([{ topicArn: TopicArn, message: 'x', reason: 'queue_policy' }]);
  });

  it('lets Glacier publish by the default policy for the own account only', async () => {
    const simulator = await setup();
    const { TopicArn } = await makeChannel(simulator);

    expect(simulator.messaging.publish(TopicArn, 'x', { ...GLACIER, accountId: '999988887777' })).toBe('denied');
    expect(simulator.messaging.publish(TopicArn, 'x', GLACIER)).toBe('delivered');
  });

  it('hears nothing of Glacier on an encrypted topic', async () => {
    const simulator = await setup();
    const { TopicArn } = await makeChannel(simulator);
    const attribute = { AttributeName: 'KmsMasterKeyId', AttributeValue: 'alias/aws/sns' };

    await simulator.sns.send(new SetTopicAttributesCommand({ TopicArn, ...attribute }));

    expect(simulator.messaging.publish(TopicArn, 'x', GLACIER)).toBe('denied');
    expect(simulator.messaging.dropped).toMatchObject([{ reason: 'topic_encrypted' }]);
  });

  it('refuses what SNS refuses', async () => {
    const simulator = await setup();
    const { sns } = simulator;
    const { TopicArn, Endpoint } = await makeChannel(simulator);
    const setPolicy = (statement: object) =>
      sns.send(
        new SetTopicAttributesCommand({
          TopicArn,
          AttributeName: 'Policy',
          AttributeValue: JSON.stringify({
            Statement: [{ Effect: 'Allow', Principal: '*', Resource: '*', ...statement }],
          }),
        }),
      );

    await expect(sns.send(new PublishCommand({ TopicArn, Message: '' }))).rejects.toMatchObject({
      name: 'InvalidParameterException',
      message: 'Invalid parameter: Empty message',
    });
    await expect(sns.send(new CreateTopicCommand({ Name: 'no spaces' }))).rejects.toMatchObject({
      message: 'Invalid parameter: Topic Name',
    });
    await expect(setPolicy({ Action: 'sqs:SendMessage' })).rejects.toMatchObject({
      message: 'Invalid parameter: Policy statement action out of service scope!',
    });
    await expect(setPolicy({ Action: 'sns:Publish', Condition: { Guess: { a: 'b' } } })).rejects.toMatchObject({
      name: 'InvalidParameterException',
    });
    const subscribe = new SubscribeCommand({
      TopicArn,
      Protocol: 'sqs',
      Endpoint,
      Attributes: { RawMessageDelivery: 'true' },
    });
    await expect(sns.send(subscribe)).rejects.toMatchObject({ name: 'InvalidParameterException' });
    await expect(sns.send(new PublishCommand({ TopicArn: `${TopicArn}x`, Message: 'x' }))).rejects.toMatchObject({
      name: 'NotFoundException',
    });
  });
});
