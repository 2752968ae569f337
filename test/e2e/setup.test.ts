import {
  GetBucketLifecycleConfigurationCommand,
  type LifecycleRule,
  PutBucketLifecycleConfigurationCommand,
} from '@aws-sdk/client-s3';
import { ListTopicsCommand } from '@aws-sdk/client-sns';
import { GetQueueAttributesCommand, GetQueueUrlCommand, ListQueuesCommand } from '@aws-sdk/client-sqs';
import { expect, it } from 'vitest';
import { METRICS } from '../../src/domain/metrics.ts';
import { HOUR } from '../../src/lib/duration.ts';
import { operate, PLACE } from '../support/operate.ts';
import { start } from '../support/program.ts';

type Scene = Awaited<ReturnType<typeof operate>>;

async function there({ sns, sqs }: Scene) {
  const { Topics = [] } = await sns.send(new ListTopicsCommand({}));
  const { QueueUrls = [] } = await sqs.send(new ListQueuesCommand({}));
  return { topics: Topics.map(({ TopicArn }) => TopicArn), queues: QueueUrls };
}

async function rules({ s3 }: Scene): Promise<unknown> {
  return s3.send(new GetBucketLifecycleConfigurationCommand({ Bucket: 'bucket' })).then(
    ({ Rules, TransitionDefaultMinimumObjectSize }) => ({ Rules, TransitionDefaultMinimumObjectSize }),
    ({ name }: Error) => name,
  );
}

it('makes topic, queue and dead-letter queue, twice the same, and a transfer uses and leaves them', async () => {
  const scene = await operate();
  const setup = () => scene.program(['setup', ...PLACE, '--json']);

  const first = await setup();
  const second = await setup();
  expect([first.code, second.code]).toEqual([0, 0]);
  expect(second.stdout).toBe(first.stdout);
  const made = JSON.parse(first.stdout) as Record<'topicArn' | 'queueUrl' | 'deadLettersUrl', string>;
  scene.simulator.clearCalls();
  const transfer = await scene.program(['transfer', ...PLACE, '--yes']);

  expect(transfer.code).toBe(0);
  expect(transfer.stderr).toContain('by the queue that setup has made');
  const counts = scene.simulator.counts();
  expect(counts['sqs:CreateQueue']).toBeUndefined();
  expect(counts['sns:CreateTopic']).toBeUndefined();
  expect(counts['sqs:DeleteMessageBatch']).toBeGreaterThan(0);
  expect(scene.simulator.messaging.dropped).toEqual([]);
  expect(await there(scene)).toEqual({ topics: [made.topicArn], queues: [made.queueUrl, made.deadLettersUrl].sort() });
});

it('sends what nobody can take in to the dead-letter queue', async () => {
  const scene = await operate();
  const { stdout } = await scene.program(['setup', ...PLACE, '--json']);
  const { queueUrl: QueueUrl, deadLettersUrl } = JSON.parse(stdout) as Record<string, string>;

  const { Attributes } = await scene.sqs.send(
    new GetQueueAttributesCommand({ QueueUrl, AttributeNames: ['RedrivePolicy', 'MessageRetentionPeriod'] }),
  );

  const target = JSON.parse(Attributes?.RedrivePolicy ?? '{}') as Record<string, unknown>;
  expect(String(target.deadLetterTargetArn).split(':').at(-1)).toBe(deadLettersUrl?.split('/').at(-1));
  expect(Attributes?.MessageRetentionPeriod).toBe('1209600');
});

it('tells the set-ups of several transfers apart, and takes none for another', async () => {
  const scene = await operate();
  for (const more of [[], ['--prefix', 'a/'], ['--prefix', 'b/']]) await scene.program(['setup', ...PLACE, ...more]);

  expect((await there(scene)).topics).toHaveLength(3);
  await scene.program(['teardown', ...PLACE, '--prefix', 'a/']);
  expect((await there(scene)).queues).toHaveLength(4);
  await scene.program(['transfer', ...PLACE, '--prefix', 'c/', '--yes']);

  expect((await there(scene)).topics).toHaveLength(2);
});

it('removes what it has made and nothing else, twice, and can make it again at once', async () => {
  const scene = await operate();
  const own = { Bucket: 'bucket' };
  const theirs: LifecycleRule = {
    ID: 'theirs',
    Status: 'Enabled',
    Filter: { Prefix: 'logs/' },
    Expiration: { Days: 9 },
    NoncurrentVersionExpiration: { NoncurrentDays: 3 },
  };
  const put = new PutBucketLifecycleConfigurationCommand({
    ...own,
    LifecycleConfiguration: { Rules: [theirs] },
    TransitionDefaultMinimumObjectSize: 'varies_by_storage_class',
  });
  await scene.s3.send(put);
  const before = await rules(scene);
  const all = [...PLACE, '--lifecycle', '--cloudwatch-dashboard', 'mine'];

  await scene.program(['setup', ...all]);
  await scene.program(['setup', ...all]);
  expect(await rules(scene)).toMatchObject({
    Rules: [
      theirs,
      {
        ID: 'glacier2s3-unfinished-uploads',
        Filter: { Prefix: '' },
        AbortIncompleteMultipartUpload: { DaysAfterInitiation: 30 },
      },
    ],
    TransitionDefaultMinimumObjectSize: 'varies_by_storage_class',
  });
  const down = await scene.program(['teardown', ...all]);
  const again = await scene.program(['teardown', ...all]);
  expect(down.stdout).toMatch(
    /^removed glacier2s3-setup-photos-\w{8}, .*-dead, glacier2s3-unfinished-uploads, mine\n$/,
  );
  expect(again).toMatchObject({ code: 0, stdout: 'there was nothing to remove\n' });
  expect(await there(scene)).toEqual({ topics: [], queues: [] });
  expect(await rules(scene)).toEqual(before);
  expect(scene.simulator.cloudWatch.dashboards.size).toBe(0);

  expect((await scene.program(['setup', ...PLACE])).code).toBe(0);
});

it('leaves a bucket without rules as it was', async () => {
  const scene = await operate();

  await scene.program(['setup', ...PLACE, '--lifecycle']);
  await scene.program(['teardown', ...PLACE, '--lifecycle']);

  expect(await rules(scene)).toBe('NoSuchLifecycleConfiguration');
});

it('removes the rest of what is half gone', async () => {
  const scene = await operate();
  const { stdout } = await scene.program(['setup', ...PLACE, '--json']);
  const { queueUrl = '' } = JSON.parse(stdout) as Record<string, string>;
  await scene.program(['teardown', ...PLACE]);
  await scene.program(['setup', ...PLACE]);
  const arn = (await there(scene)).topics[0];
  scene.simulator.faults.add({
    operation: 'DeleteTopic',
    times: 1,
    fault: { kind: 'error', status: 403, code: 'AuthorizationError', message: 'not now' },
  });

  expect((await scene.program(['teardown', ...PLACE])).code).toBe(1);
  expect(await there(scene)).toEqual({ topics: [arn], queues: [] });
  expect((await scene.program(['teardown', ...PLACE])).code).toBe(0);

  expect(await there(scene)).toEqual({ topics: [], queues: [] });
  await expect(scene.sqs.send(new GetQueueUrlCommand({ QueueName: queueUrl.split('/').at(-1) }))).rejects.toMatchObject(
    { name: 'QueueDoesNotExist' },
  );
});

it('makes a transfer do without where the topic of the set-up is gone', async () => {
  const scene = await operate();
  const { stdout } = await scene.program(['setup', ...PLACE, '--json']);
  const { topicArn = '', queueUrl } = JSON.parse(stdout) as Record<string, string>;
  const { DeleteTopicCommand } = await import('@aws-sdk/client-sns');
  await scene.sns.send(new DeleteTopicCommand({ TopicArn: topicArn }));

  const { code, stderr } = await scene.program(['transfer', ...PLACE, '--yes']);

  expect(code).toBe(0);
  expect(stderr).toContain('what setup has made is not whole');
  expect((await there(scene)).queues).toContain(queueUrl);
});

it('does not take away the queue that a run is listening to', async () => {
  const scene = await operate({ speed: 60 });
  await scene.program(['setup', ...PLACE]);
  const env = { XDG_STATE_HOME: scene.stateDir, ...scene.simulator.environment };
  const running = start(['transfer', ...PLACE, '--yes', '--no-progress'], { env });
  await running.until(/inventory/);

  const { code, stderr } = await scene.program(['teardown', ...PLACE]);

  expect({ code, stderr }).toEqual({ code: 11, stderr: expect.stringContaining('end it first') });
  expect((await there(scene)).queues).toHaveLength(2);
  running.kill('SIGINT');
  await running.ended;
});

it('makes a dashboard of the figures that transfer puts into CloudWatch', async () => {
  const scene = await operate();

  const { code } = await scene.program(['setup', ...PLACE, '--cloudwatch-dashboard', 'mine', '--cloudwatch', 'Moves']);

  expect(code).toBe(0);
  const text = scene.simulator.cloudWatch.dashboards.get('mine')?.body ?? '{}';
  const { widgets } = JSON.parse(text) as { widgets: { properties: { title?: string; metrics?: unknown[][] } }[] };
  const shown = widgets.flatMap(({ properties }) => properties.metrics ?? []).map((metric) => metric.slice(0, -1));
  const place = ['Vault', 'photos', 'Bucket', 'bucket'];
  for (const state of ['requested', 'staged', 'transferring', 'verified', 'failed']) {
    expect(shown).toContainEqual(['Moves', METRICS.archives.cloudwatch, ...place, 'State', state]);
    expect(shown).toContainEqual(['Moves', METRICS.bytes.cloudwatch, ...place, 'State', state]);
  }
  expect(shown).toContainEqual(['Moves', METRICS.copiedBytes.cloudwatch, ...place]);
});

it('shows on the dashboard nothing that a transfer does not put', async () => {
  const scene = await operate();
  await scene.program(['setup', ...PLACE, '--cloudwatch-dashboard', 'mine']);

  const { code } = await scene.program(['transfer', ...PLACE, '--yes', '--cloudwatch', 'glacier2s3']);

  expect(code).toBe(0);
  const { data, dashboards } = scene.simulator.cloudWatch;
  const put = new Set(data.map(({ namespace, name, dimensions }) => JSON.stringify([namespace, name, dimensions])));
  const { widgets } = JSON.parse(dashboards.get('mine')?.body ?? '{}') as {
    widgets: { properties: { metrics?: unknown[][] } }[];
  };
  const shown = widgets
    .flatMap(({ properties }) => properties.metrics ?? [])
    .filter(([name]) => typeof name === 'string');
  const missing = shown
    .map(([namespace, name, ...rest]) => {
      const pairs = rest.filter((each) => typeof each === 'string') as string[];
      const dimensions = Object.fromEntries(
        Array.from({ length: pairs.length / 2 }, (_, i) => [pairs[2 * i], pairs[2 * i + 1]]),
      );
      return JSON.stringify([namespace, name, dimensions]);
    })
    .filter((metric) => !put.has(metric));
  expect(missing).toEqual([]);
  expect(data[0]?.at).toBeGreaterThan(scene.simulator.now() - 48 * HOUR);
});
