import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { setTimeout as delay } from 'node:timers/promises';
import { SNSClient } from '@aws-sdk/client-sns';
import { SQSClient } from '@aws-sdk/client-sqs';
import { expect, it, onTestFinished } from 'vitest';
import { sqsNotifications } from '../../src/aws/sqs-notifications.ts';
import { run } from '../support/program.ts';
import { archivesOf, BUCKET, expectEnded, FEW, scene, VAULT } from './scene.ts';

/** Notes what is posted, and answers with `status`, or never. */
async function webhook(status?: number) {
  const notices: { type: string; text: string; transfer: { vault: string; archives: Record<string, unknown> } }[] = [];
  const server = createServer((request, reply) => {
    let body = '';
    request.on('data', (piece: Buffer) => {
      body += piece.toString();
    });
    request.on('end', () => {
      notices.push(JSON.parse(body));
      if (status !== undefined) reply.writeHead(status).end();
    });
  });
  await new Promise<void>((resolve) => void server.listen(0, '127.0.0.1', resolve));
  onTestFinished(() => {
    server.closeAllConnections();
    server.close();
  });
  return { url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/`, notices };
}

/** An SNS topic with a queue behind it, from which what was published is read. */
async function topic(endpoint: string) {
  const config = {
    endpoint,
    region: 'us-east-1',
    credentials: { accessKeyId: 'simulator', secretAccessKey: 'simulator' },
  };
  const sns = new SNSClient(config);
  const sqs = new SQSClient(config);
  onTestFinished(() => {
    sns.destroy();
    sqs.destroy();
  });
  const never = new AbortController().signal;
  const notifications = sqsNotifications({ sns, sqs });
  const channel = await notifications.open({ name: 'told' }, never);
  const published = async () => {
    const messages = await notifications.receive(channel, 1, never);
    return messages
      .map(({ body }) => JSON.parse((JSON.parse(body) as { Message: string }).Message) as { at: string })
      .toSorted((a, b) => (a.at < b.at ? -1 : 1));
  };
  return { topicArn: channel.topicArn, published };
}

it('tells a URL and a topic of the first failure and of the completion, once each, however often it is run', async () => {
  const at = await scene();
  at.lose(2);
  const { url, notices } = await webhook(200);
  const { topicArn, published } = await topic(at.simulator.url);
  const args = ['--notify-url', url, '--notify-topic', topicArn];
  expectEnded(await at.transfer(args), 3);
  expectEnded(await at.transfer(args), 3);
  expect(notices.map(({ type }) => type)).toEqual(['first_failure', 'completion']);
  expect(await published()).toEqual(notices);
  expect(notices[1]).toMatchObject({
    text: expect.stringContaining('1 failed'),
    transfer: { vault: VAULT, archives: { verified: { count: FEW.length - 1 }, failed: { count: 1 } } },
  });
});

it('is not held up by one that never answers', async () => {
  const at = await scene();
  at.lose(0);
  const { url, notices } = await webhook();
  const running = at.begin(['--notify-url', url, '--json']);
  // everything else is copied while the first notice waits for its answer
  await running.until(/(?:"state":"verified".*){5}/s);
  expect(running.output().stderr).not.toContain('a notice was not taken');
  const ended = await running.ended;
  expectEnded(ended, 3);
  expect(ended.stderr).toContain('a notice was not taken');
  expect(notices.length).toBeGreaterThan(0);
  await at.expectCopied({ except: [at.archives()[0]?.id ?? ''] });
});

it('serves metrics while it runs, and puts them into CloudWatch in the end', async () => {
  const at = await scene({ speed: 2000 });
  const running = at.begin(['--metrics-listen', '127.0.0.1:0', '--cloudwatch', 'tests/glacier2s3']);
  await running.until(/url=http\S+\/metrics/);
  const url = /url=(http\S+\/metrics)/.exec(running.output().stderr)?.[1] ?? '';
  const seen: string[] = [];
  while (running.child.exitCode === null && !seen.at(-1)?.includes('glacier2s3_copied_bytes_total{')) {
    seen.push(
      await fetch(url).then(
        (reply) => reply.text(),
        () => '',
      ),
    );
    await delay(20);
  }
  const ended = await running.ended;
  expectEnded(ended, 0);
  expect(seen.some((text) => text.includes('glacier2s3_archives{state="verified"'))).toBe(true);

  const { data } = at.simulator.cloudWatch;
  const of = (name: string, state?: string) =>
    data.filter((one) => one.name === name && (state === undefined || one.dimensions.State === state));
  expect(new Set(data.map(({ namespace }) => namespace))).toEqual(new Set(['tests/glacier2s3']));
  expect(of('Archives', 'verified').at(-1)).toMatchObject({
    value: FEW.length,
    dimensions: { Vault: VAULT, Bucket: BUCKET, State: 'verified' },
  });
  const bytes = FEW.reduce((sum, size) => sum + size, 0);
  expect(of('CopiedBytes').reduce((sum, { value }) => sum + value, 0)).toBe(bytes);
});

it('puts nothing into CloudWatch, listens on nothing and tells nobody unless it is asked to', async () => {
  const at = await scene({ vault: { archives: archivesOf([1]) } });
  const ended = await at.transfer();
  expectEnded(ended, 0);
  expect(at.simulator.cloudWatch.data).toEqual([]);
  expect(ended.stderr).not.toMatch(/http:|notice|dashboard/);
});

it('goes on where CloudWatch refuses the metrics', async () => {
  const at = await scene({ vault: { archives: archivesOf([1]) } });
  at.fault({ operation: 'PutMetricData', fault: { kind: 'error', status: 403, code: 'AccessDenied', message: 'no' } });
  const ended = await at.transfer(['--cloudwatch', 'tests']);
  expectEnded(ended, 0);
  expect(ended.stderr).toContain('CloudWatch has not taken the metrics');
});

it.each([
  ['a dashboard for other machines', ['dashboard', '--listen', '0.0.0.0:8080'], /could be reached by other machines/],
  [
    'metrics for other machines',
    ['transfer', '--metrics-listen', '0.0.0.0:9423', '--vault', VAULT, '--bucket', BUCKET],
    /could be reached by other machines/,
  ],
  ['half a transfer', ['dashboard', '--vault', VAULT], /name both --vault and --bucket/],
  ['a topic that is none', ['transfer', '--notify-topic', 'me', '--vault', VAULT, '--bucket', BUCKET], /ARN of an SNS/],
  [
    'a namespace of AWS',
    ['transfer', '--cloudwatch', 'AWS/S3', '--vault', VAULT, '--bucket', BUCKET],
    /a namespace has/,
  ],
])('refuses %s', async (_, args, message) => {
  const ended = await run(args);
  expectEnded(ended, 2);
  expect(ended.stderr).toMatch(message);
});
