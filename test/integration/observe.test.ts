import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { expect, it, onTestFinished } from 'vitest';
import { cloudwatchClient, snsClient, sqsClient } from '../../src/aws/clients.ts';
import { cloudwatchMetrics } from '../../src/aws/cloudwatch-metrics.ts';
import { snsMessages } from '../../src/aws/sns-messages.ts';
import { sqsNotifications } from '../../src/aws/sqs-notifications.ts';
import { ServiceError } from '../../src/domain/service-error.ts';
import { DAY, HOUR, MINUTE } from '../../src/lib/duration.ts';
import type { Log } from '../../src/lib/log.ts';
import { countedBucket, countedVault } from '../../src/observe/counted-calls.ts';
import { deliver, topicTarget, urlTarget } from '../../src/observe/deliver.ts';
import type { Notice } from '../../src/observe/notices.ts';
import { observe } from '../../src/observe/observe.ts';
import type { Bucket, Vault } from '../../src/ports.ts';
import { openStateFile } from '../../src/state/state-file.ts';
import { statusOf } from '../../src/steps/status.ts';
import { setup } from '../support/simulated-aws.ts';
import { plan, stateFile } from '../support/state.ts';

const never = new AbortController().signal;
const notice = {
  type: 'completion',
  text: 'all is copied',
  at: '2026-11-22T00:00:00Z',
  transfer: {},
} as unknown as Notice;

/** A log that keeps its lines. */
function keptLog() {
  const lines: { level: string; message: string; fields: Record<string, unknown> }[] = [];
  const at = (level: string) => (fields: object, message: string) =>
    void lines.push({ level, message, fields: fields as Record<string, unknown> });
  const log: Log = { debug: at('debug'), info: at('info'), warn: at('warn'), error: at('error') };
  return { log, lines };
}

/** A server that answers as it is told, one answer after the other, the last one for ever. */
async function webhook(...answers: readonly ((request: IncomingMessage, reply: ServerResponse) => void)[]) {
  const bodies: string[] = [];
  const server = createServer((request, reply) => {
    let body = '';
    request.on('data', (piece: Buffer) => {
      body += piece.toString();
    });
    request.on('end', () => {
      bodies.push(body);
      answers[Math.min(bodies.length, answers.length) - 1]?.(request, reply);
    });
  });
  await new Promise<void>((resolve) => void server.listen(0, '127.0.0.1', resolve));
  onTestFinished(() => {
    server.closeAllConnections();
    server.close();
  });
  return { url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/secret-path?key=1`, bodies };
}

const status =
  (code: number, headers = {}) =>
  (_: IncomingMessage, reply: ServerResponse) =>
    void reply.writeHead(code, headers).end();

it('posts a notice as JSON', async () => {
  const { url, bodies } = await webhook(status(204));
  const { log, lines } = keptLog();
  expect(await deliver(urlTarget(url), notice, { log, signal: never })).toBe(true);
  expect(bodies.map((body) => JSON.parse(body))).toEqual([notice]);
  expect(lines).toEqual([]);
});

it('tries a notice that is not taken three times, and logs it without the secret of its address', async () => {
  const { url, bodies } = await webhook(status(500), status(302, { location: 'http://127.0.0.1:1/' }), status(404));
  const { log, lines } = keptLog();
  expect(await deliver(urlTarget(url), notice, { log, signal: never, pauses: [1, 1] })).toBe(false);
  expect(bodies).toHaveLength(3);
  expect(lines.map(({ level, fields }) => [level, fields.tries])).toEqual([
    ['warn', 1],
    ['warn', 2],
    ['warn', 3],
  ]);
  expect(JSON.stringify(lines)).not.toContain('secret-path');
});

it('gives up a notice to one that never answers once the run is over', async () => {
  const { url, bodies } = await webhook(() => undefined);
  const over = new AbortController();
  const { log, lines } = keptLog();
  const delivered = deliver(urlTarget(url), notice, { log, signal: over.signal });
  await expect.poll(() => bodies.length).toBe(1);
  over.abort();
  expect(await delivered).toBe(false);
  expect(lines.at(-1)?.fields.error).toBe('the run has ended');
});

it('publishes a notice to an SNS topic', async () => {
  const { config } = await setup();
  const options = { region: 'us-east-1', endpointUrl: config.endpoint, concurrency: 1 };
  process.env.AWS_ACCESS_KEY_ID ??= 'simulator';
  process.env.AWS_SECRET_ACCESS_KEY ??= 'simulator';
  const sns = snsClient(options);
  const sqs = sqsClient(options);
  onTestFinished(() => {
    sns.destroy();
    sqs.destroy();
  });
  const notifications = sqsNotifications({ sns, sqs });
  const channel = await notifications.open({ name: 'told' }, never);
  const { log } = keptLog();
  const target = topicTarget(snsMessages({ client: sns }), channel.topicArn);
  const long = { ...notice, text: `${'ü'.repeat(90)}${'x'.repeat(90)}` };
  expect(await deliver(target, long, { log, signal: never })).toBe(true);
  const [message] = await notifications.receive(channel, 1, never);
  const envelope = JSON.parse(message?.body ?? '{}') as { Message: string };
  expect(JSON.parse(envelope.Message)).toEqual(long);
  const missing = snsMessages({ client: sns }).publish(
    'arn:aws:sns:us-east-1:123456789012:none',
    { subject: 'a', text: 'b' },
    never,
  );
  await expect(missing).rejects.toMatchObject({ code: 'topic_not_found' });
});

it('puts metrics into CloudWatch, more than one call carries', async () => {
  const { simulator, config } = await setup();
  const client = cloudwatchClient({ region: 'us-east-1', endpointUrl: config.endpoint, concurrency: 1 });
  onTestFinished(() => client.destroy());
  const data = Array.from({ length: 1001 }, (_, value) => ({
    name: 'Archives',
    unit: 'Count' as const,
    value,
    dimensions: { Vault: 'photos', State: `s${value}` },
  }));
  await cloudwatchMetrics({ client }).put('glacier2s3', data, never);
  expect(simulator.cloudWatch.data).toHaveLength(1001);
  expect(simulator.cloudWatch.data[7]).toMatchObject({
    namespace: 'glacier2s3',
    name: 'Archives',
    value: 7,
    unit: 'Count',
    dimensions: { Vault: 'photos', State: 's7' },
  });
});

it('counts the calls that go through a port, and those that were throttled', async () => {
  const state = stateFile();
  const throttled = new ServiceError('throttled', 'slow down', { operation: 'InitiateJob' });
  let calls = 0;
  const vault = {
    requestArchive: async () => {
      calls += 1;
      if (calls === 2) throw throttled;
      return 'job';
    },
    async *jobs() {
      yield* [1, 2, 3];
    },
  } as unknown as Vault;
  const counted = countedVault(vault, state.counters);
  const request = {} as Parameters<Vault['requestArchive']>[0];
  await counted.requestArchive(request);
  await expect(counted.requestArchive(request)).rejects.toBe(throttled);
  const jobs: unknown[] = [];
  for await (const job of counted.jobs({}, never)) jobs.push(job);
  expect(jobs).toEqual([1, 2, 3]);
  await countedBucket({ head: async () => undefined } as unknown as Bucket, state.counters).head('k' as never, never);
  const counts = {
    calls: { InitiateJob: 2, ListJobs: 1, HeadObject: 1 },
    throttles: { InitiateJob: 1 },
    copiedBytes: 0,
  };
  expect(state.counters.read()).toEqual(counts);
  state.transaction(() => state.counters.flush());
  expect(state.counters.read()).toEqual(counts);
  const reader = openStateFile(state.path, { readonly: true });
  onTestFinished(() => reader.close());
  expect(reader.counters.read()).toEqual(counts);
});

/** A run that is observed, at a time that is set by hand. */
async function observed(audience: Partial<Parameters<typeof observe>[1]> = {}) {
  const state = stateFile();
  plan(state, 3);
  state.transaction(() => state.facts.set('inventory', { source: 'job', loadedAt: 1 }));
  let now = Date.UTC(2026, 0, 1);
  const { log, lines } = keptLog();
  const clock = { now: () => now, sleep: () => Promise.resolve() };
  const run = { state, clock, log, status: () => statusOf(state, { now, running: true }) };
  const observation = await observe(run, {
    notifyUrl: undefined,
    topic: undefined,
    standstillAfter: DAY,
    metricsListen: undefined,
    cloudwatch: undefined,
    ...audience,
  });
  const pass = (ms: number): void => {
    now += ms;
  };
  return { state, observation, lines, pass };
}

it('keeps a sample a minute, the counts and the end of the log in the state file', async () => {
  const { state, observation, pass, lines } = await observed();
  observation.log.debug({}, 'not worth keeping');
  observation.log.error({ code: 'not_proven', text: 'x'.repeat(9999) }, 'an archive failed');
  state.counters.copied(7);
  pass(MINUTE);
  await expect.poll(() => state.history.samples().length, { timeout: 5000 }).toBe(2);
  await observation.end();
  expect(state.history.samples()[1]).toMatchObject({ copiedBytes: 7, archives: { planned: { count: 3 } } });
  const [line, ...more] = state.logTail.last(10);
  expect(line).toMatchObject({ level: 'error', message: 'an archive failed', fields: { code: 'not_proven' } });
  expect(String(line?.fields.text).length).toBeLessThan(600);
  expect(more).toEqual([]);
  expect(lines.map(({ message }) => message)).toEqual(['not worth keeping', 'an archive failed']);
});

it('keeps of the log no more than its end', () => {
  const state = stateFile();
  const line = (n: number) => ({ at: n, level: 'info' as const, message: `line ${n}`, fields: {} });
  for (let n = 0; n < 1000; n += 150) {
    state.transaction(() => state.logTail.add(Array.from({ length: 150 }, (_, i) => line(n + i))));
  }
  const kept = state.logTail.last(10_000).map(({ at }) => at);
  expect(kept).toEqual(Array.from({ length: 200 }, (_, i) => 1049 - i));
});

it('thins the history as it grows', async () => {
  const { state, observation, pass } = await observed();
  const start = Date.UTC(2026, 0, 1);
  state.transaction(() => {
    const first = state.history.last();
    for (let minute = 1; minute < 20 * 24 * 60 && first; minute += 1) {
      state.history.add({ ...first, at: start + minute * MINUTE });
    }
  });
  pass(20 * DAY);
  await observation.end();
  const kept = state.history.samples().length;
  expect(kept).toBeLessThan(1300);
  expect(kept).toBeGreaterThan(1000);
});

it('tells once of a first failure, of a standstill and of the completion, and remembers it for the next run', async () => {
  const { url, bodies } = await webhook(status(200));
  const { state, observation, pass } = await observed({ notifyUrl: url });
  const told = () => bodies.map((body) => (JSON.parse(body) as Notice).type);
  state.transaction(() => state.archives.advance(1, [{ type: 'failed', reason: 'not_proven' }]));
  await expect.poll(told, { timeout: 5000 }).toEqual(['first_failure']);
  for (let hour = 0; hour < 25; hour += 1) {
    pass(HOUR);
    await new Promise((resolve) => setTimeout(resolve, 30));
  }
  pass(HOUR);
  await expect.poll(told, { timeout: 5000 }).toEqual(['first_failure', 'standstill']);
  const proof = { etag: 'e', verifiedAt: 1 };
  state.transaction(() => {
    for (const id of [2, 3]) state.archives.advance(id, [{ type: 'found' }], { proof });
  });
  await observation.end();
  expect(told()).toEqual(['first_failure', 'standstill', 'completion']);
  expect(state.facts.get('notices')?.told).toMatchObject({ completion: true, firstFailure: true });
});

it('leaves to the next run what nobody has taken', async () => {
  const { url } = await webhook(status(500));
  const { state, observation } = await observed({ notifyUrl: url });
  state.transaction(() => state.archives.advance(1, [{ type: 'failed', reason: 'not_proven' }]));
  await observation.end();
  expect(state.facts.get('notices')?.told.firstFailure).toBe(false);
}, 30_000);
