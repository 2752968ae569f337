import { CreateTopicCommand } from '@aws-sdk/client-sns';
import { CreateQueueCommand, GetQueueAttributesCommand } from '@aws-sdk/client-sqs';
import { snsClient, sqsClient } from '../../src/aws/clients.ts';
import { sqsNotifications } from '../../src/aws/sqs-notifications.ts';
import { startSimulator } from '../../src/simulator/simulator.ts';
import { FakeNotifications } from '../support/fakes/notifications.ts';
import { withSimulatorKeys } from '../support/simulator-keys.ts';
import { describeNotificationsContract } from './notifications-contract.ts';

describeNotificationsContract(
  'the fake',
  async () => {
    const notifications = new FakeNotifications();
    return {
      notifications,
      ownTopic: async (name) => notifications.addTopic(name),
      ownQueue: async (name) => notifications.addQueue(name),
      publish: async (topicArn, message) => notifications.publish(topicArn, message),
      pending: async (queueUrl) => notifications.pending(queueUrl),
      missing: {
        topicArn: 'arn:aws:sns:eu-west-1:111122223333:none',
        queueUrl: 'https://sqs.invalid/111122223333/none',
      },
      close: async () => undefined,
    };
  },
  { policies: false },
);

describeNotificationsContract(
  'SNS and SQS over HTTP against the simulator',
  async () => {
    const simulator = await startSimulator();
    const { accountId, region, messaging } = simulator;
    const restore = withSimulatorKeys();
    const options = { region, endpointUrl: simulator.url, concurrency: 4 };
    const [sns, sqs] = [snsClient(options), sqsClient(options)];
    return {
      notifications: sqsNotifications({ sns, sqs }),
      ownTopic: async (name) => (await sns.send(new CreateTopicCommand({ Name: name }))).TopicArn!,
      ownQueue: async (name) => (await sqs.send(new CreateQueueCommand({ QueueName: name }))).QueueUrl!,
      async publish(topicArn, message, from) {
        const account = from === 'stranger' ? '999988887777' : accountId;
        messaging.publish(topicArn, message, { service: 'glacier', accountId: account });
      },
      async pending(QueueUrl) {
        const { Attributes } = await sqs.send(new GetQueueAttributesCommand({ QueueUrl, AttributeNames: ['All'] }));
        return (
          Number(Attributes?.ApproximateNumberOfMessages) + Number(Attributes?.ApproximateNumberOfMessagesNotVisible)
        );
      },
      missing: {
        topicArn: `arn:aws:sns:${region}:${accountId}:none`,
        queueUrl: `${simulator.url}/${accountId}/none`,
      },
      async close() {
        restore();
        sns.destroy();
        sqs.destroy();
        await simulator.close();
      },
    };
  },
  { policies: true },
);
