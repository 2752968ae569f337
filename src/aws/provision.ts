import { type CloudWatchClient, DeleteDashboardsCommand, PutDashboardCommand } from '@aws-sdk/client-cloudwatch';
import type { ChannelNames, Provision } from '../ports-operate.ts';
import {
  deleteQueue,
  deleteTopic,
  ensureQueue,
  ensureTopic,
  findQueue,
  queueArnOf,
  setQueue,
  subscribe,
} from './channel-parts.ts';
import { call } from './errors.ts';
import type { SqsNotificationsOptions } from './sqs-notifications.ts';

/** A message that has been received so often without being deleted is one that no run can take in. */
const MOST_RECEIPTS = 20;

/** What is made once for all runs, and stays until it is removed. */
export function provision({
  sns,
  sqs,
  cloudwatch,
}: SqsNotificationsOptions & { readonly cloudwatch: CloudWatchClient }): Provision {
  return {
    async makeChannel(names, signal) {
      const deadLettersUrl = await ensureQueue(sqs, names.deadLetters, signal);
      const deadLetterTargetArn = await queueArnOf(sqs, deadLettersUrl, signal);
      const topicArn = await ensureTopic(sns, names.topic, signal);
      const queueUrl = await ensureQueue(sqs, names.queue, signal);
      const queueArn = await queueArnOf(sqs, queueUrl, signal);
      const redrive = JSON.stringify({ deadLetterTargetArn, maxReceiveCount: MOST_RECEIPTS });
      await setQueue(sqs, { url: queueUrl, arn: queueArn, topicArn, redrive }, signal);
      await subscribe(sns, { topicArn, queueArn }, signal);
      return { topicArn, queueUrl, deadLettersUrl };
    },

    async removeChannel({ topic, queue, deadLetters }: ChannelNames, topicArn, signal) {
      const removed: string[] = [];
      // the queue that names the dead-letter queue goes before it
      for (const name of [queue, deadLetters]) {
        const url = await findQueue(sqs, name, signal);
        if (url === undefined) continue;
        await deleteQueue(sqs, url, signal);
        removed.push(name);
      }
      // SNS does not say whether there was one
      await deleteTopic(sns, topicArn, signal);
      return removed.length > 0 ? [topic, ...removed] : [];
    },

    async putDashboard(name, body, signal) {
      const command = new PutDashboardCommand({ DashboardName: name, DashboardBody: JSON.stringify(body) });
      const context = { service: 'cloudwatch', operation: 'PutDashboard', subject: `dashboard ${name}` } as const;
      await call(context, signal, () => cloudwatch.send(command, { abortSignal: signal }));
    },

    async removeDashboard(name, signal) {
      const command = new DeleteDashboardsCommand({ DashboardNames: [name] });
      const context = { service: 'cloudwatch', operation: 'DeleteDashboards', subject: `dashboard ${name}` } as const;
      return call(context, signal, () =>
        cloudwatch.send(command, { abortSignal: signal }).then(
          () => true,
          (error: unknown) => {
            if (error instanceof Error && /^(ResourceNotFound|DashboardNotFoundError)/.test(error.name)) return false;
            throw error;
          },
        ),
      );
    },
  };
}
