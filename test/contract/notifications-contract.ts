import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { parseNotification } from '../../src/domain/notification.ts';
import type { Channel, Notifications } from '../../src/ports.ts';
import { FakeClock } from '../support/fakes/clock.ts';
import { FakeVault, jobJson } from '../support/fakes/vault.ts';

export interface NotificationsSubject {
  readonly notifications: Notifications;
  /** A topic and a queue of the user's own, made for this. */
  ownTopic(name: string): Promise<string>;
  ownQueue(name: string): Promise<string>;
  /** Tells the topic of a completed job, as Glacier does for the account, or for another one. */
  publish(topicArn: string, message: string, from?: 'stranger'): Promise<void>;
  /** Messages of the queue that nobody has deleted. */
  pending(queueUrl: string): Promise<number>;
  readonly missing: { readonly topicArn: string; readonly queueUrl: string };
  close(): Promise<void>;
}

export interface NotificationsCapabilities {
  /** Whether the access policies of topic and queue are enforced. */
  readonly policies: boolean;
}

/** What every Notifications must do. */
export function describeNotificationsContract(
  name: string,
  makeSubject: () => Promise<NotificationsSubject>,
  { policies }: NotificationsCapabilities,
): void {
  describe(`${name} as notifications`, () => {
    let subject: NotificationsSubject;
    const { signal } = new AbortController();
    beforeAll(async () => {
      subject = await makeSubject();
    });
    afterAll(() => subject.close());

    const newName = (): string => `glacier2s3-${randomUUID()}`;
    const open = (wanted: Partial<Parameters<Notifications['open']>[0]> = {}): Promise<Channel> =>
      subject.notifications.open({ name: newName(), ...wanted }, signal);
    const receive = (channel: Channel, waitSeconds = 5) => subject.notifications.receive(channel, waitSeconds, signal);

    it('hears of a job that a topic of its own is told of', async () => {
      const vault = new FakeVault(new FakeClock());
      const { archiveId } = vault.add(Buffer.from('x'), { description: 'é "quoted" <&>' });
      const jobId = await vault.requestArchive({ archiveId, tier: 'Bulk', description: 'run 1' });
      const job = await vault.job(jobId, signal);
      const channel = await open();

      await subject.publish(channel.topicArn, JSON.stringify(jobJson(job)));
      const [message] = await receive(channel);

      expect(channel.made).toMatchObject({ topic: true, queue: true, subscriptionArn: expect.any(String) });
      expect(parseNotification(message?.body ?? '')).toEqual(job);
    });

    it('finds a queue by its name, with the topic of the same name, and says where there is none', async () => {
      const wanted = newName();
      const channel = await open({ name: wanted });

      expect(await subject.notifications.find(wanted, signal)).toEqual({
        topicArn: channel.topicArn,
        queueUrl: channel.queueUrl,
      });
      expect(await subject.notifications.find(newName(), signal)).toBeUndefined();
    });

    it('finds what it has made when it is opened again', async () => {
      const wanted = newName();
      const first = await open({ name: wanted });
      await subject.publish(first.topicArn, '"kept"');

      const second = await open({ name: wanted });

      expect(second).toEqual(first);
      expect(await receive(second)).toHaveLength(1);
    });

    it('gives at most ten messages at once, and each once while it is being seen to', async () => {
      const channel = await open();
      for (let i = 0; i < 13; i += 1) await subject.publish(channel.topicArn, `"${i}"`);

      const batches = [await receive(channel), await receive(channel), await receive(channel, 0)];

      expect(batches.map(({ length }) => length)).toEqual([10, 3, 0]);
      expect(new Set(batches.flat().map(({ receipt }) => receipt)).size).toBe(13);
    });

    it('keeps a message until it is acknowledged, which may be said twice', async () => {
      const channel = await open();
      await subject.publish(channel.topicArn, '"a"');
      await subject.publish(channel.topicArn, '"b"');
      const messages = [...(await receive(channel)), ...(await receive(channel, 0))];
      const [first, second] = messages.map(({ receipt }) => receipt);

      expect(await subject.pending(channel.queueUrl)).toBe(2);
      await subject.notifications.acknowledge(channel, [first!], signal);
      expect(await subject.pending(channel.queueUrl)).toBe(1);
      await subject.notifications.acknowledge(channel, [first!, second!], signal);
      await subject.notifications.acknowledge(channel, [], signal);

      expect(await subject.pending(channel.queueUrl)).toBe(0);
    });

    it('stops waiting as soon as a message comes, or the signal aborts', async () => {
      const channel = await open();
      const waiting = receive(channel, 20);
      await subject.publish(channel.topicArn, '"x"');
      const controller = new AbortController();
      const reason = new Error('enough');

      expect(await waiting).toHaveLength(1);
      const aborted = expect(subject.notifications.receive(channel, 20, controller.signal)).rejects.toBe(reason);
      setTimeout(() => controller.abort(reason), 50);
      await aborted;
    });

    it('uses a topic and a queue that are given, and leaves them where they are', async () => {
      const topicArn = await subject.ownTopic(newName());
      const queueUrl = await subject.ownQueue(newName());
      const both = await open({ topicArn, queueUrl });
      const topicOnly = await open({ topicArn });

      expect(both).toEqual({ topicArn, queueUrl, made: { topic: false, queue: false } });
      expect(topicOnly).toMatchObject({
        topicArn,
        made: { topic: false, queue: true, subscriptionArn: expect.any(String) },
      });
      await subject.publish(topicArn, '"x"');
      expect(await receive(topicOnly)).toHaveLength(1);
      await subject.notifications.remove(topicOnly, signal);
      await subject.notifications.remove(both, signal);

      expect(await subject.pending(queueUrl)).toBeGreaterThanOrEqual(0);
      expect(await open({ topicArn, queueUrl })).toEqual(both);
    });

    it('removes what it made, once and again', async () => {
      const channel = await open();

      await subject.notifications.remove(channel, signal);
      await subject.notifications.remove(channel, signal);

      await expect(receive(channel, 0)).rejects.toMatchObject({ code: 'queue_not_found', scope: 'run' });
    });

    it('tells that a given topic or queue is not there', async () => {
      const { topicArn, queueUrl } = subject.missing;

      await expect(open({ topicArn })).rejects.toMatchObject({ code: 'topic_not_found' });
      await expect(open({ queueUrl })).rejects.toMatchObject({ code: 'queue_not_found' });
    });

    it.runIf(policies)('hears nothing of what Glacier does for others', async () => {
      const channel = await open();

      await subject.publish(channel.topicArn, '"x"', 'stranger');

      expect(await receive(channel, 0)).toEqual([]);
      expect(await subject.pending(channel.queueUrl)).toBe(0);
    });
  });
}
