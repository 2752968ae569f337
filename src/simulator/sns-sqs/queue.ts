import { randomUUID } from 'node:crypto';
import { QueueAttributes } from './queue-attributes.ts';
import { invalidParameterValue, invalidReceiptHandle, sqsRefusal } from './refusal.ts';

/** The longest that a message may stay invisible, from its receipt on (SQS quotas): 12 hours. */
const LONGEST_INVISIBLE_MS = 12 * 60 * 60 * 1000;

/** A message attribute as the JSON protocol writes it. */
export interface MessageAttribute {
  readonly DataType: string;
  readonly StringValue?: string;
  /** Base64. */
  readonly BinaryValue?: string;
}

export interface SentMessage {
  readonly body: string;
  readonly senderId: string;
  readonly attributes?: Readonly<Record<string, MessageAttribute>>;
  readonly delayMs?: number;
}

export interface QueueMessage {
  readonly id: string;
  readonly body: string;
  readonly senderId: string;
  readonly attributes: Readonly<Record<string, MessageAttribute>>;
  /** Simulated time. */
  readonly sentAt: number;
  receiveCount: number;
  /** Simulated time of its first receipt. */
  firstReceivedAt: number;
  /** Real time, by performance.now(). */
  visibleAt: number;
  /** Real time of its last receipt. */
  receivedAt: number;
  /** The receipt handle of the last receipt: an older one deletes nothing. */
  receipt: string | undefined;
}

export interface QueueSurroundings {
  /** Simulated time: messages' dates and retention. */
  now(): number;
  /** The queue that a redrive policy names. */
  find(arn: string): Queue | undefined;
}

/** A standard queue. Time-outs and waits run in real time, retention in simulated time. */
export class Queue {
  readonly name: string;
  readonly accountId: string;
  readonly region: string;
  readonly arn: string;
  readonly attributes: QueueAttributes;
  readonly tags = new Map<string, string>();
  readonly createdAt: number;
  modifiedAt: number;
  /** Simulated time of the last purge. */
  purgedAt = Number.NEGATIVE_INFINITY;
  readonly #id = randomUUID();
  readonly #surroundings: QueueSurroundings;
  readonly #messages = new Map<string, QueueMessage>();
  readonly #waiting = new Set<() => void>();
  #closed = false;

  constructor(
    { name, accountId, region }: { readonly name: string; readonly accountId: string; readonly region: string },
    attributes: Readonly<Record<string, string>>,
    surroundings: QueueSurroundings,
  ) {
    this.name = name;
    this.accountId = accountId;
    this.region = region;
    this.arn = `arn:aws:sqs:${region}:${accountId}:${name}`;
    this.attributes = new QueueAttributes(attributes);
    this.#surroundings = surroundings;
    this.createdAt = surroundings.now();
    this.modifiedAt = this.createdAt;
  }

  /** The new message's id. */
  send({ body, senderId, attributes = {}, delayMs }: SentMessage): string {
    const id = randomUUID();
    const delay = delayMs ?? this.attributes.number('DelaySeconds') * 1000;
    this.#messages.set(id, {
      id,
      body,
      senderId,
      attributes,
      sentAt: this.#surroundings.now(),
      receiveCount: 0,
      firstReceivedAt: 0,
      visibleAt: performance.now() + delay,
      receivedAt: 0,
      receipt: undefined,
    });
    this.#wake();
    return id;
  }

  /** Up to `most` visible messages; waits up to `waitMs` for the first. Empty at once when the queue is deleted. */
  async receive(most: number, waitMs: number, invisibleMs: number): Promise<readonly QueueMessage[]> {
    const deadline = performance.now() + waitMs;
    for (;;) {
      const taken = this.#take(most, invisibleMs);
      const left = deadline - performance.now();
      if (taken.length > 0 || left <= 0 || this.#closed) return taken;
      await this.#change(Math.min(left, this.#nextVisibleIn()));
    }
  }

  /** Deletes by the newest receipt; an older one, or one of a message that is gone, deletes nothing. */
  delete(receipt: string): void {
    const message = this.#messageOf(receipt);
    if (message?.receipt === receipt) this.#messages.delete(message.id);
  }

  /** Counts anew from now. @throws {Refusal} */
  changeVisibility(receipt: string, invisibleMs: number): void {
    const message = this.#messageOf(receipt);
    const now = performance.now();
    if (!message || message.visibleAt <= now) {
      throw sqsRefusal('MessageNotInflight', 'The specified message is not in flight.');
    }
    if (now + invisibleMs - message.receivedAt > LONGEST_INVISIBLE_MS) {
      throw invalidParameterValue(
        `Value ${invisibleMs / 1000} for parameter VisibilityTimeout is invalid. Reason: Total VisibilityTimeout for the message is beyond the limit [43200 seconds].`,
      );
    }
    message.visibleAt = now + invisibleMs;
    this.#wake();
  }

  purge(): void {
    this.#messages.clear();
    this.purgedAt = this.#surroundings.now();
  }

  /** Ends the long polls that are waiting: the queue is deleted. */
  close(): void {
    this.#closed = true;
    this.#wake();
  }

  counts(): { readonly visible: number; readonly inFlight: number; readonly delayed: number } {
    this.#expire();
    const now = performance.now();
    const hidden = [...this.#messages.values()].filter(({ visibleAt }) => visibleAt > now);
    const inFlight = hidden.filter(({ receiveCount }) => receiveCount > 0).length;
    return { visible: this.#messages.size - hidden.length, inFlight, delayed: hidden.length - inFlight };
  }

  #take(most: number, invisibleMs: number): readonly QueueMessage[] {
    this.#expire();
    const now = performance.now();
    const taken: QueueMessage[] = [];
    for (const message of this.#messages.values()) {
      if (taken.length === most) break;
      if (message.visibleAt > now || this.#moveToDeadLetters(message)) continue;
      message.receiveCount += 1;
      if (message.receiveCount === 1) message.firstReceivedAt = this.#surroundings.now();
      message.receivedAt = now;
      message.visibleAt = now + invisibleMs;
      message.receipt = Buffer.from(`${this.#id} ${message.id} ${message.receiveCount}`).toString('base64');
      taken.push(message);
    }
    return taken.map((message) => ({ ...message }));
  }

  #moveToDeadLetters(message: QueueMessage): boolean {
    const { redrive } = this.attributes;
    if (!redrive || message.receiveCount < redrive.maxReceiveCount) return false;
    const target = this.#surroundings.find(redrive.targetArn);
    if (!target) return false;
    this.#messages.delete(message.id);
    target.#messages.set(message.id, { ...message, receipt: undefined, visibleAt: performance.now() });
    target.#wake();
    return true;
  }

  #expire(): void {
    const oldest = this.#surroundings.now() - this.attributes.number('MessageRetentionPeriod') * 1000;
    for (const { id, sentAt } of this.#messages.values()) if (sentAt < oldest) this.#messages.delete(id);
  }

  /** @throws {Refusal} for what is no receipt of this queue. */
  #messageOf(receipt: string): QueueMessage | undefined {
    const [queueId, messageId, count] = Buffer.from(receipt, 'base64').toString().split(' ');
    if (queueId !== this.#id || messageId === undefined || !count) throw invalidReceiptHandle(receipt);
    return this.#messages.get(messageId);
  }

  #nextVisibleIn(): number {
    let next = Number.POSITIVE_INFINITY;
    for (const { visibleAt } of this.#messages.values()) next = Math.min(next, visibleAt);
    return Math.max(0, next - performance.now());
  }

  #change(withinMs: number): Promise<void> {
    return new Promise((resolve) => {
      const done = (): void => {
        clearTimeout(timer);
        this.#waiting.delete(done);
        resolve();
      };
      const timer = setTimeout(done, Math.ceil(withinMs));
      timer.unref();
      this.#waiting.add(done);
    });
  }

  #wake(): void {
    for (const done of this.#waiting) done();
  }
}
