import { ServiceError, type ServiceFailure } from '../../../src/domain/service-error.ts';
import type { Channel, Notifications, ReceivedMessage } from '../../../src/ports.ts';
import { Failures } from './failures.ts';

const ACCOUNT = '111122223333';

interface FakeQueue {
  readonly messages: Map<string, { readonly body: string; inFlight: boolean }>;
  readonly waiting: Set<() => void>;
}

/** Topics and queues in memory. A message that was received stays away until `reappear`. */
export class FakeNotifications implements Notifications {
  /** Queues that a topic's messages go to, by its ARN. */
  readonly topics = new Map<string, Set<string>>();
  /** Errors for the next calls, by the port's method. */
  readonly failures = new Failures();
  readonly #queues = new Map<string, FakeQueue>();
  #receipts = 0;

  /** A topic or a queue of the user's own. */
  addTopic(name: string): string {
    const arn = `arn:aws:sns:eu-west-1:${ACCOUNT}:${name}`;
    if (!this.topics.has(arn)) this.topics.set(arn, new Set());
    return arn;
  }

  addQueue(name: string): string {
    const url = `https://sqs.eu-west-1.amazonaws.com/${ACCOUNT}/${name}`;
    if (!this.#queues.has(url)) this.#queues.set(url, { messages: new Map(), waiting: new Set() });
    return url;
  }

  /** Sends to all queues of the topic. */
  publish(topicArn: string, message: string): void {
    for (const url of this.topics.get(topicArn) ?? []) {
      const { messages, waiting } = this.#queue(url);
      this.#receipts += 1;
      messages.set(`receipt-${this.#receipts}`, { body: message, inFlight: false });
      for (const wake of waiting) wake();
    }
  }

  /** Ends every visibility time-out. */
  reappear(): void {
    for (const { messages } of this.#queues.values()) for (const message of messages.values()) message.inFlight = false;
  }

  /** Messages that nobody has deleted yet. */
  pending(queueUrl: string): number {
    return this.#queue(queueUrl).messages.size;
  }

  async find(name: string, signal: AbortSignal): Promise<{ topicArn: string; queueUrl: string } | undefined> {
    this.failures.check('find', signal);
    const queueUrl = `https://sqs.eu-west-1.amazonaws.com/${ACCOUNT}/${name}`;
    return this.#queues.has(queueUrl) ? { queueUrl, topicArn: `arn:aws:sns:eu-west-1:${ACCOUNT}:${name}` } : undefined;
  }

  async open(
    { name, topicArn, queueUrl }: Parameters<Notifications['open']>[0],
    signal: AbortSignal,
  ): Promise<Channel> {
    this.failures.check('open', signal);
    const topic = topicArn ?? this.addTopic(name);
    const queue = queueUrl ?? this.addQueue(name);
    this.#queue(queue);
    const subscribed = this.topics.get(topic) ?? fail('topic_not_found');
    subscribed.add(queue);
    const made = { topic: topicArn === undefined, queue: queueUrl === undefined };
    const isOurs = made.topic || made.queue;
    return {
      topicArn: topic,
      queueUrl: queue,
      made: { ...made, ...(isOurs && { subscriptionArn: `${topic}:${queue}` }) },
    };
  }

  async receive({ queueUrl }: Channel, waitSeconds: number, signal: AbortSignal): Promise<readonly ReceivedMessage[]> {
    this.failures.check('receive', signal);
    const queue = this.#queue(queueUrl);
    const visible = (): [string, { readonly body: string; inFlight: boolean }][] =>
      [...queue.messages].filter(([, { inFlight }]) => !inFlight).slice(0, 10);
    if (visible().length === 0 && waitSeconds > 0) await waitFor(queue, waitSeconds * 1000, signal);
    return visible().map(([receipt, message]) => {
      message.inFlight = true;
      return { body: message.body, receipt };
    });
  }

  async acknowledge({ queueUrl }: Channel, receipts: readonly string[], signal: AbortSignal): Promise<void> {
    this.failures.check('acknowledge', signal);
    for (const receipt of receipts) this.#queue(queueUrl).messages.delete(receipt);
  }

  async remove({ topicArn, queueUrl, made }: Channel, signal: AbortSignal): Promise<void> {
    this.failures.check('remove', signal);
    if (made.subscriptionArn !== undefined) this.topics.get(topicArn)?.delete(queueUrl);
    if (made.topic) this.topics.delete(topicArn);
    if (made.queue) this.#queues.delete(queueUrl);
  }

  #queue(url: string): FakeQueue {
    return this.#queues.get(url) ?? fail('queue_not_found');
  }
}

async function waitFor({ waiting }: FakeQueue, ms: number, signal: AbortSignal): Promise<void> {
  await new Promise<void>((resolve) => {
    const done = (): void => {
      clearTimeout(timer);
      waiting.delete(done);
      signal.removeEventListener('abort', done);
      resolve();
    };
    const timer = setTimeout(done, ms);
    waiting.add(done);
    signal.addEventListener('abort', done, { once: true });
  });
  signal.throwIfAborted();
}

function fail(code: ServiceFailure): never {
  throw new ServiceError(code, code, { operation: 'fake' });
}
