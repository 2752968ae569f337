import {
  DeleteVaultNotificationsCommand,
  GetVaultNotificationsCommand,
  SetVaultNotificationsCommand,
} from '@aws-sdk/client-glacier';
import { CreateTopicCommand, SetTopicAttributesCommand, SNSClient, SubscribeCommand } from '@aws-sdk/client-sns';
import {
  CreateQueueCommand,
  GetQueueAttributesCommand,
  ReceiveMessageCommand,
  SetQueueAttributesCommand,
  SQSClient,
} from '@aws-sdk/client-sqs';
import { describe, expect, it } from 'vitest';
import { treeHash } from '../../src/domain/tree-hash.ts';
import { HOUR, MINUTE } from '../../src/lib/duration.ts';
import { ARN, refusal, setup, VAULT } from '../support/simulated-glacier.ts';

describe('notifications', () => {
  async function heard() {
    const all = await setup([{ content: { kind: 'zeros', size: 7 } }]);
    const sns = new SNSClient(all.config);
    const sqs = new SQSClient(all.config);
    const { TopicArn } = await sns.send(new CreateTopicCommand({ Name: 'glacier' }));
    const { QueueUrl } = await sqs.send(new CreateQueueCommand({ QueueName: 'glacier' }));
    const { Attributes } = await sqs.send(new GetQueueAttributesCommand({ QueueUrl, AttributeNames: ['QueueArn'] }));
    const Policy = JSON.stringify({
      Version: '2012-10-17',
      Statement: [
        {
          Effect: 'Allow',
          Principal: { Service: 'sns.amazonaws.com' },
          Action: 'sqs:SendMessage',
          Resource: Attributes!.QueueArn,
          Condition: { ArnEquals: { 'aws:SourceArn': TopicArn } },
        },
      ],
    });
    await sqs.send(new SetQueueAttributesCommand({ QueueUrl, Attributes: { Policy } }));
    await sns.send(
      new SubscribeCommand({
        TopicArn,
        Protocol: 'sqs',
        Endpoint: Attributes!.QueueArn,
        Attributes: { RawMessageDelivery: 'true' },
      }),
    );
    const receive = async (): Promise<Record<string, unknown>[]> => {
      const { Messages = [] } = await sqs.send(
        new ReceiveMessageCommand({ QueueUrl, MaxNumberOfMessages: 10, WaitTimeSeconds: 1 }),
      );
      return Messages.map(({ Body }) => JSON.parse(Body!));
    };
    return { ...all, sns, topicArn: TopicArn!, receive };
  }

  it('of an archive are the job as it is then, with null for what does not apply', async () => {
    const { archiveJob, ids, topicArn, simulator, receive } = await heard();
    const JobId = await archiveJob(ids[0]!, { SNSTopic: topicArn, Description: 'mine' });
    simulator.advance(12 * HOUR + MINUTE);
    const hash = treeHash(Buffer.alloc(7));
    expect(await receive()).toEqual([
      {
        Action: 'ArchiveRetrieval',
        ArchiveId: ids[0],
        ArchiveSHA256TreeHash: hash,
        ArchiveSizeInBytes: 7,
        Completed: true,
        CompletionDate: expect.stringMatching(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/),
        CreationDate: expect.stringMatching(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/),
        InventoryRetrievalParameters: null,
        InventorySizeInBytes: null,
        JobDescription: 'mine',
        JobId,
        RetrievalByteRange: '0-6',
        SHA256TreeHash: hash,
        SNSTopic: topicArn,
        StatusCode: 'Succeeded',
        StatusMessage: 'Succeeded',
        Tier: 'Bulk',
        VaultARN: ARN,
      },
    ]);
  });

  it('of an inventory have no tier and no hash', async () => {
    const { inventoryJob, topicArn, simulator, receive } = await heard();
    await inventoryJob({ SNSTopic: topicArn, Format: 'CSV' });
    simulator.advance(5 * HOUR + MINUTE);
    const [message] = await receive();
    expect(message).toMatchObject({
      Action: 'InventoryRetrieval',
      ArchiveId: null,
      InventoryRetrievalParameters: { EndDate: null, Format: 'CSV', Limit: null, Marker: null, StartDate: null },
      SHA256TreeHash: null,
      Tier: null,
    });
    expect(message).not.toHaveProperty('NextInventoryRetrievalMarker');
  });

  it('come twice where both the vault and the job name a topic, and for failed jobs too', async () => {
    const { glacier, archiveJob, ids, topicArn, simulator, receive } = await heard();
    const vaultNotificationConfig = { SNSTopic: topicArn, Events: ['ArchiveRetrievalCompleted'] };
    await glacier.send(new SetVaultNotificationsCommand({ ...VAULT, vaultNotificationConfig }));
    expect((await glacier.send(new GetVaultNotificationsCommand(VAULT))).vaultNotificationConfig).toEqual(
      vaultNotificationConfig,
    );
    simulator.faults.add({ operation: 'InitiateJob', fault: { kind: 'fail-job' } });
    await archiveJob(ids[0]!, { SNSTopic: topicArn });
    simulator.advance(12 * HOUR + MINUTE);
    expect(await receive()).toMatchObject([{ StatusCode: 'Failed' }, { StatusCode: 'Failed' }]);
    await glacier.send(new DeleteVaultNotificationsCommand(VAULT));
    expect(await refusal(glacier.send(new GetVaultNotificationsCommand(VAULT)))).toMatchObject([
      404,
      'ResourceNotFoundException',
    ]);
  });

  it('of a vault come for the events that it names only', async () => {
    const { glacier, archiveJob, inventoryJob, ids, topicArn, simulator, receive } = await heard();
    const vaultNotificationConfig = { SNSTopic: topicArn, Events: ['InventoryRetrievalCompleted'] };
    await glacier.send(new SetVaultNotificationsCommand({ ...VAULT, vaultNotificationConfig }));
    await archiveJob(ids[0]!);
    await inventoryJob();
    simulator.advance(12 * HOUR + MINUTE);
    expect(await receive()).toMatchObject([{ Action: 'InventoryRetrieval' }]);
  });

  it('can be lost or doubled by a rule', async () => {
    const { archiveJob, ids, topicArn, simulator, receive } = await heard();
    simulator.faults.add({ operation: 'JobNotification', times: 1, fault: { kind: 'drop-notification' } });
    await archiveJob(ids[0]!, { SNSTopic: topicArn });
    simulator.advance(12 * HOUR + MINUTE);
    expect(await receive()).toEqual([]);
    simulator.faults.add({ operation: 'JobNotification', fault: { kind: 'double-notification' } });
    await archiveJob(ids[0]!, { SNSTopic: topicArn });
    simulator.advance(12 * HOUR + MINUTE);
    expect(await receive()).toHaveLength(2);
  });

  it('are silence where the topic’s policy lets Glacier not in', async () => {
    const { archiveJob, ids, topicArn, simulator, receive, sns } = await heard();
    const Policy = {
      Statement: [{ Effect: 'Allow', Principal: { AWS: '123456789012' }, Action: 'SNS:Publish', Resource: topicArn }],
    };
    await sns.send(
      new SetTopicAttributesCommand({
        TopicArn: topicArn,
        AttributeName: 'Policy',
        AttributeValue: JSON.stringify(Policy),
      }),
    );
    await archiveJob(ids[0]!, { SNSTopic: topicArn });
    simulator.advance(12 * HOUR + MINUTE);
    expect(await receive()).toEqual([]);
    expect(simulator.calls.find(({ operation }) => operation === 'JobNotification')?.detail).toMatchObject({
      results: ['denied'],
    });
  });
});
