import type { SimulatedService, SimulatedWorld } from '../service.ts';
import { Queues } from './queues.ts';
import { snsService } from './sns.ts';
import { sqsService } from './sqs.ts';
import { type DroppedMessage, deliver, type PublishedMessage, type Topic, Topics } from './topics.ts';

export interface Messaging {
  readonly sns: SimulatedService;
  readonly sqs: SimulatedService;
  /** What has been dropped in silence, in order. */
  readonly dropped: readonly DroppedMessage[];
  topicExists(topicArn: string): boolean;
  /** What happens when a service publishes: `denied` is silence too, at AWS. */
  publish(
    topicArn: string,
    message: string,
    from: { readonly service: 'glacier'; readonly accountId: string },
  ): 'delivered' | 'denied' | 'no_topic';
}

/** SNS and SQS, which share the queues. */
export function createMessaging(world: SimulatedWorld): Messaging {
  const queues = new Queues(world);
  const topics = new Topics();
  const dropped: DroppedMessage[] = [];
  const drop = (each: DroppedMessage): void => void dropped.push(each);
  const publish = (topic: Topic, message: PublishedMessage): string => deliver({ world, queues, drop }, topic, message);
  return {
    sns: snsService(topics, publish),
    sqs: sqsService(queues),
    dropped,
    topicExists: (topicArn) => topics.get(topicArn) !== undefined,
    publish(topicArn, message, { service, accountId }) {
      const topic = topics.get(topicArn);
      if (!topic) return 'no_topic';
      const refuse = (reason: DroppedMessage['reason']): 'denied' => {
        drop({ topicArn, message, reason });
        return 'denied';
      };
      const context = { 'aws:SourceAccount': accountId, 'aws:SourceOwner': accountId };
      if (!topic.allows({ service: `${service}.amazonaws.com` }, 'Publish', context)) return refuse('topic_policy');
      if (topic.attributes.has('KmsMasterKeyId')) return refuse('topic_encrypted');
      publish(topic, { message });
      return 'delivered';
    },
  };
}
