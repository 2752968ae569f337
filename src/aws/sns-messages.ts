import { PublishCommand, type SNSClient } from '@aws-sdk/client-sns';
import type { Messages } from '../ports.ts';
import { call } from './errors.ts';

/** Publishes to SNS topics. */
export function snsMessages({ client }: { readonly client: SNSClient }): Messages {
  return {
    async publish(topicArn, { subject, text }, signal) {
      // SNS takes printable ASCII as a subject
      const Subject = subject.replaceAll(/[^\x20-\x7e]/g, '?');
      const command = new PublishCommand({ TopicArn: topicArn, Subject, Message: text });
      const context = { service: 'sns', operation: 'Publish', subject: `topic ${topicArn}` } as const;
      await call(context, signal, () => client.send(command, { abortSignal: signal }));
    },
  };
}
