import { GlacierClient, SetVaultNotificationsCommand } from '@aws-sdk/client-glacier';
import { CreateTopicCommand, SNSClient } from '@aws-sdk/client-sns';
import {
  CreateQueueCommand,
  GetQueueAttributesCommand,
  ListQueuesCommand,
  SendMessageCommand,
  SQSClient,
} from '@aws-sdk/client-sqs';
import { expect, it, onTestFinished } from 'vitest';
import { HOUR } from '../../src/lib/duration.ts';
import { expectEnded, FEW, type Scene, scene, VAULT } from './scene.ts';

const KEY = { accessKeyId: 'simulator', secretAccessKey: 'simulator' };

function clients({ simulator }: Scene) {
  const config = { endpoint: simulator.url, region: 'us-east-1', credentials: KEY };
  const all = { sns: new SNSClient(config), sqs: new SQSClient(config), glacier: new GlacierClient(config) };
  onTestFinished(() => {
    for (const client of Object.values(all)) client.destroy();
  });
  return all;
}

it('copies the vault without notifications', async () => {
  const { transfer, expectCopied, calls, simulator } = await scene();

  expectEnded(await transfer(['--no-notifications', '--reconcile-every', '20m']), 0);

  await expectCopied();
  expect(calls('InitiateJob')).toBe(FEW.length);
  expect(Object.keys(simulator.counts()).filter((name) => /^s[nq]s:/.test(name))).toEqual([]);
});

it('loses minutes, not archives, where half of the notifications are lost', async () => {
  const { transfer, expectCopied, calls, fault } = await scene();
  fault({ operation: 'JobNotification', every: 2, fault: { kind: 'drop-notification' } });

  expectEnded(await transfer(), 0);

  await expectCopied();
  expect(calls('InitiateJob')).toBe(FEW.length);
});

it('is not troubled by messages that are doubled, foreign, malformed or of long ago', async () => {
  const world = await scene({
    speed: 1000,
    glacier: {
      delays: { Inventory: [HOUR, HOUR], Bulk: [5 * HOUR, 6 * HOUR], Standard: [HOUR, HOUR], Expedited: [HOUR, HOUR] },
    },
  });
  const { transfer, begin, expectCopied, calls, simulator, archives } = world;
  const { sns, sqs, glacier } = clients(world);
  const { TopicArn: SNSTopic } = await sns.send(new CreateTopicCommand({ Name: 'mine' }));
  await glacier.send(
    new SetVaultNotificationsCommand({
      accountId: '-',
      vaultName: VAULT,
      vaultNotificationConfig: { SNSTopic, Events: ['ArchiveRetrievalCompleted', 'InventoryRetrievalCompleted'] },
    }),
  );
  const running = begin();
  while (calls('InitiateJob') < FEW.length) await new Promise((resolve) => setTimeout(resolve, 10));
  const { QueueUrls = [] } = await sqs.send(new ListQueuesCommand({}));
  expect(QueueUrls).toHaveLength(1);
  const send = (MessageBody: string) => sqs.send(new SendMessageCommand({ QueueUrl: QueueUrls[0], MessageBody }));
  const transferId = /glacier2s3-([0-9a-f]{12})/.exec(QueueUrls[0] ?? '')?.[1];
  const job = {
    Action: 'ArchiveRetrieval',
    ArchiveId: archives()[0]?.id,
    Completed: true,
    CreationDate: new Date(simulator.now() - 80 * HOUR).toISOString(),
    CompletionDate: new Date(simulator.now() - 75 * HOUR).toISOString(),
    JobDescription: `glacier2s3 archive ${transferId}`,
    JobId: 'a-job-of-long-ago',
    StatusCode: 'Succeeded',
    StatusMessage: 'Succeeded',
    VaultARN: `arn:aws:glacier:us-east-1:123456789012:vaults/${VAULT}`,
  };
  await send('not JSON at all');
  await send('{"Type":"Notification"}');
  await send(
    JSON.stringify({ Type: 'Notification', TopicArn: SNSTopic, Message: '{"Records":[{"eventSource":"aws:s3"}]}' }),
  );
  await send(JSON.stringify(job));
  await send(
    JSON.stringify({
      ...job,
      JobId: 'x'.repeat(3000),
      StatusCode: 'Failed',
      CompletionDate: new Date(simulator.now()).toISOString(),
    }),
  );
  await send(JSON.stringify({ ...job, JobId: '../%zz ?', StatusCode: 'Failed' }));
  await send(JSON.stringify({ ...job, VaultARN: 'arn:aws:glacier:us-east-1:123456789012:vaults/another' }));

  expectEnded(await running.ended, 0);
  await expectCopied();
  expect(calls('InitiateJob')).toBe(FEW.length);
  expect(calls('DescribeJob')).toBeLessThan(80);
  expectEnded(await transfer(), 0);
});

it('uses a topic and a queue that are given, and removes neither', async () => {
  const world = await scene();
  const { transfer, expectCopied, simulator } = world;
  const { sns, sqs } = clients(world);
  const { TopicArn = '' } = await sns.send(new CreateTopicCommand({ Name: 'given' }));
  const { QueueUrl = '' } = await sqs.send(new CreateQueueCommand({ QueueName: 'given' }));
  const { Attributes } = await sqs.send(new GetQueueAttributesCommand({ QueueUrl, AttributeNames: ['QueueArn'] }));
  expect(Attributes?.QueueArn).toBeDefined();

  expectEnded(await transfer(['--topic-arn', TopicArn, '--queue-url', QueueUrl]), 0);

  await expectCopied();
  const { QueueUrls } = await sqs.send(new ListQueuesCommand({}));
  expect(QueueUrls).toEqual([QueueUrl]);
  expect(simulator.messaging.topicExists(TopicArn)).toBe(true);
});

it('removes what an earlier run made where the next one is given a topic and a queue', async () => {
  const world = await scene({ speed: 1 });
  const { transfer, simulator } = world;
  const { sns, sqs } = clients(world);
  expectEnded(await transfer(['--once']), 75);
  simulator.advance(2 * HOUR);
  expectEnded(await transfer(['--once']), 75);
  const { TopicArn = '' } = await sns.send(new CreateTopicCommand({ Name: 'given' }));
  const { QueueUrl = '' } = await sqs.send(new CreateQueueCommand({ QueueName: 'given' }));
  simulator.advance(3 * HOUR);

  expectEnded(await transfer(['--once', '--topic-arn', TopicArn, '--queue-url', QueueUrl]), 0);

  const { QueueUrls } = await sqs.send(new ListQueuesCommand({}));
  expect(QueueUrls).toEqual([QueueUrl]);
});

it('goes on by ListJobs where its queue is removed in the middle', async () => {
  const { begin, expectCopied, calls, simulator } = await scene({
    speed: 3000,
    glacier: {
      delays: { Inventory: [HOUR, HOUR], Bulk: [4 * HOUR, 5 * HOUR], Standard: [HOUR, HOUR], Expedited: [HOUR, HOUR] },
    },
  });
  const running = begin();
  while (calls('InitiateJob') < FEW.length) await new Promise((resolve) => setTimeout(resolve, 10));
  simulator.faults.add({
    operation: 'ReceiveMessage',
    fault: { kind: 'error', status: 400, code: 'QueueDoesNotExist', message: 'The specified queue does not exist.' },
  });

  expectEnded(await running.ended, 0);
  await expectCopied();
});
