import type { SimulatedService, SimulatedWorld } from '../service.ts';
import { Queues } from './queues.ts';
import { snsService } from './sns.ts';
import { sqsService } from './sqs.ts';
import { type Deliveries, type DroppedMessage, deliver, type Topic, Topics } from './topics.ts';

export interface MessagingOptions {
  /** How many times a message is delivered that every policy lets through. Once, if not given. */
  readonly deliveries?: Deliveries;
  /**
   * The condition keys that Glacier sends with its messages. AWS's documents name the first, AWS's own migration
   * tool relies on the second: a policy that holds for each of them alone is safe. Both, if not given.
   */
  readonly glacierKeys?: readonly ('aws:SourceAccount' | 'aws:SourceOwner')[];
}

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
export function createMessaging(world: SimulatedWorld, options: MessagingOptions = {}): Messaging {
  const { deliveries = () => 1, glacierKeys = ['aws:SourceAccount', 'aws:SourceOwner'] } = options;
  const queues = new Queues(world);
  const topics = new Topics();
  const dropped: DroppedMessage[] = [];
  const surroundings = { world, queues, deliveries, drop: (each: DroppedMessage) => void dropped.push(each) };
  const publish = (topic: Topic, message: { readonly message: string; readonly subject?: string }): string =>
    deliver(surroundings, topic, message);
  return {
    sns: snsService(topics, publish),
    sqs: sqsService(queues),
    dropped,
    topicExists: (topicArn) => topics.get(topicArn) !== undefined,
    publish(topicArn, message, { service, accountId }) {
      const topic = topics.get(topicArn);
      if (!topic) return 'no_topic';
      const context = Object.fromEntries(glacierKeys.map((key) => [key, accountId]));
      const refuse = (reason: DroppedMessage['reason']): 'denied' => {
        dropped.push({ topicArn, message, reason });
        return 'denied';
      };
      if (!topic.allows({ service: `${service}.amazonaws.com` }, 'Publish', context)) return refuse('topic_policy');
      if (topic.attributes.has('KmsMasterKeyId')) return refuse('topic_encrypted');
      publish(topic, { message });
      return 'delivered';
    },
  };
}
