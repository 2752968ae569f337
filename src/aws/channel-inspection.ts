import { GetTopicAttributesCommand, PublishCommand } from '@aws-sdk/client-sns';
import { ChangeMessageVisibilityBatchCommand } from '@aws-sdk/client-sqs';
import type { ChannelInspection } from '../ports-operate.ts';
import { call } from './errors.ts';
import type { SqsNotificationsOptions } from './sqs-notifications.ts';

/** The topic and the queue that a transfer hears by, looked at and tried. */
export function channelInspection({ sns, sqs }: SqsNotificationsOptions): ChannelInspection {
  return {
    async topic(topicArn, signal) {
      const context = { service: 'sns', operation: 'GetTopicAttributes', subject: `topic ${topicArn}` } as const;
      const { Attributes = {} } = await call(context, signal, () =>
        sns.send(new GetTopicAttributesCommand({ TopicArn: topicArn }), { abortSignal: signal }),
      );
      return { policy: Attributes.Policy ?? '', isEncrypted: Boolean(Attributes.KmsMasterKeyId) };
    },

    async publish(topicArn, text, signal) {
      const context = { service: 'sns', operation: 'Publish', subject: `topic ${topicArn}` } as const;
      await call(context, signal, () =>
        sns.send(new PublishCommand({ TopicArn: topicArn, Message: text }), { abortSignal: signal }),
      );
    },

    async giveBack(queueUrl, receipts, signal) {
      if (receipts.length === 0) return;
      const operation = 'ChangeMessageVisibilityBatch';
      const context = { service: 'sqs', operation, subject: `queue ${queueUrl}` } as const;
      const Entries = receipts.map((ReceiptHandle, i) => ({ Id: String(i), ReceiptHandle, VisibilityTimeout: 0 }));
      await call(context, signal, () =>
        sqs.send(new ChangeMessageVisibilityBatchCommand({ QueueUrl: queueUrl, Entries }), { abortSignal: signal }),
      );
    },
  };
}
