import { CreateTopicCommand, PublishCommand } from '@aws-sdk/client-sns';
import { CreateQueueCommand, GetQueueAttributesCommand } from '@aws-sdk/client-sqs';
import { describe } from 'vitest';
import { snsClient, sqsClient } from '../../src/aws/clients.ts';
import { sqsNotifications } from '../../src/aws/sqs-notifications.ts';
import { describeNotificationsContract, type NotificationsSubject } from '../contract/notifications-contract.ts';
import { withSimulatorKeys } from '../support/simulator-keys.ts';
import { hasMoto, startMoto } from './moto.ts';

async function topicsAndQueues(): Promise<NotificationsSubject> {
  const moto = await startMoto();
  const restore = withSimulatorKeys();
  const options = { region: 'us-east-1', endpointUrl: moto.endpoint, concurrency: 4 };
  const [sns, sqs] = [snsClient(options), sqsClient(options)];
  return {
    notifications: sqsNotifications({ sns, sqs }),
    ownTopic: async (name) => (await sns.send(new CreateTopicCommand({ Name: name }))).TopicArn!,
    ownQueue: async (name) => (await sqs.send(new CreateQueueCommand({ QueueName: name }))).QueueUrl!,
    async publish(TopicArn, Message) {
      await sns.send(new PublishCommand({ TopicArn, Message }));
    },
    async pending(QueueUrl) {
      const { Attributes } = await sqs.send(new GetQueueAttributesCommand({ QueueUrl, AttributeNames: ['All'] }));
      return (
        Number(Attributes?.ApproximateNumberOfMessages) + Number(Attributes?.ApproximateNumberOfMessagesNotVisible)
      );
    },
    missing: {
      topicArn: 'arn:aws:sns:us-east-1:123456789012:none',
      queueUrl: `${moto.endpoint}/123456789012/none`,
    },
    async close() {
      restore();
      sns.destroy();
      sqs.destroy();
      await moto.stop();
    },
  };
}

describe.skipIf(!hasMoto)('moto', () => {
  describeNotificationsContract('moto’s SNS and SQS', topicsAndQueues, { policies: false });
});
