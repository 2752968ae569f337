import {
  InitiateVaultLockCommand,
  SetDataRetrievalPolicyCommand,
  SetVaultAccessPolicyCommand,
} from '@aws-sdk/client-glacier';
import { PutBucketLifecycleConfigurationCommand } from '@aws-sdk/client-s3';
import { CreateTopicCommand, ListTopicsCommand, SetTopicAttributesCommand } from '@aws-sdk/client-sns';
import { CreateQueueCommand, ListQueuesCommand } from '@aws-sdk/client-sqs';
import { expect, it } from 'vitest';
import type { NamedFinding } from '../../src/steps/doctor/doctor.ts';
import { ACCOUNT, operate, PLACE, restrict, VAULT_ARN } from '../support/operate.ts';

type Scene = Awaited<ReturnType<typeof operate>>;

/** Runs `doctor --json`: its exit code, and what it says of each check. */
async function examine({ program }: Scene, args: readonly string[] = [], env: Record<string, string> = {}) {
  const { code, stdout, stderr } = await program(['doctor', ...PLACE, '--json', ...args], env);
  expect(stderr).toBe('');
  const { ok, checks } = JSON.parse(stdout) as { ok: boolean; checks: NamedFinding[] };
  expect(code).toBe(ok ? 0 : 1);
  const byName = Object.fromEntries(checks.map((check) => [check.check, check]));
  return { code, checks, of: (name: string) => [byName[name]?.status, byName[name]?.message] as const };
}

function denying(action: string, more: object = {}): { Policy: string } {
  const statement = { Effect: 'Deny', Principal: '*', Action: action, Resource: VAULT_ARN, ...more };
  return { Policy: JSON.stringify({ Version: '2012-10-17', Statement: [statement] }) };
}

it('finds nothing wrong where nothing is, one line a check, and leaves nothing behind', async () => {
  const scene = await operate();
  await scene.program(['setup', ...PLACE, '--lifecycle']);
  await scene.program(['teardown', ...PLACE]);

  const { code, stdout, stderr } = await scene.program(['doctor', ...PLACE]);

  expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
  const lines = stdout.trimEnd().split('\n');
  expect(lines.at(-1)).toBe('21 checks: 0 problems, 0 warnings');
  expect(lines.slice(0, -2).every((line) => line.startsWith('ok       '))).toBe(true);
  expect(stdout).toContain('vault                  in us-east-1, 3 archives');
  expect((await scene.sns.send(new ListTopicsCommand({}))).Topics).toEqual([]);
  expect((await scene.sqs.send(new ListQueuesCommand({}))).QueueUrls).toBeUndefined();
  expect(scene.simulator.s3.uploads('bucket')).toEqual([]);
  expect(scene.simulator.s3.objects('bucket')).toEqual([]);
  expect([...(scene.simulator.glacier.region('us-east-1').jobs('photos')?.from(0) ?? [])]).toEqual([]);
});

it('says by JSON what it says in lines', async () => {
  const { code, checks } = await examine(await operate());

  expect(code).toBe(0);
  expect(checks).toHaveLength(21);
  expect(checks.find(({ check }) => check === 'lifecycle')).toEqual({
    check: 'lifecycle',
    status: 'warning',
    message: expect.stringContaining('no rule gives up unfinished uploads'),
    fix: expect.stringContaining('setup --lifecycle'),
  });
});

it.each<[string, string, RegExp, (scene: Scene) => Promise<unknown>, string[]?]>([
  ['a vault that is not there', 'vault', /was not found/, async () => {}, ['--vault', 'none']],
  ['a bucket that is not there', 'bucket', /does not exist/, async () => {}, ['--bucket', 'none']],
  [
    'a vault without an inventory',
    'vault',
    /no inventory yet/,
    async ({ simulator }) => simulator.glacier.region('us-east-1').createVault('new'),
    ['--vault', 'new'],
  ],
  [
    'an access policy that denies requests',
    'vault access policy',
    /denies InitiateJob/,
    ({ glacier }) =>
      glacier.send(
        new SetVaultAccessPolicyCommand({
          accountId: '-',
          vaultName: 'photos',
          policy: denying('glacier:InitiateJob'),
        }),
      ),
  ],
  [
    'a lock that denies reading',
    'vault lock',
    /the lock, which is being tried for a day, denies GetJobOutput/,
    ({ glacier }) =>
      glacier.send(
        new InitiateVaultLockCommand({ accountId: '-', vaultName: 'photos', policy: denying('glacier:Get*Output') }),
      ),
  ],
  [
    'a bucket in another Region',
    'bucket',
    /is in eu-west-1, the vault in us-east-1/,
    async ({ simulator }) => simulator.s3.addBucket('afar', { region: 'eu-west-1' }),
    ['--bucket', 'afar', '--dest-region', 'eu-west-1'],
  ],
  [
    'a key that is switched off',
    'writing',
    /is disabled/,
    async ({ simulator }) =>
      simulator.faults.add({
        operation: 'CreateMultipartUpload',
        fault: { kind: 'error', status: 400, code: 'KMS.DisabledException', message: 'the key is disabled.' },
      }),
  ],
  [
    'a topic that is encrypted',
    'topic policy',
    /is encrypted/,
    ({ sns }) => sns.send(new CreateTopicCommand({ Name: 'mine', Attributes: { KmsMasterKeyId: 'alias/mine' } })),
    ['--topic-arn', `arn:aws:sns:us-east-1:${ACCOUNT}:mine`],
  ],
  [
    'a topic that Glacier may not publish to',
    'topic policy',
    /does not let Glacier publish/,
    async ({ sns }) => {
      const { TopicArn } = await sns.send(new CreateTopicCommand({ Name: 'mine' }));
      const statement = { Effect: 'Allow', Principal: { AWS: ACCOUNT }, Action: 'SNS:*', Resource: TopicArn };
      const AttributeValue = JSON.stringify({ Version: '2012-10-17', Statement: [statement] });
      await sns.send(new SetTopicAttributesCommand({ TopicArn, AttributeName: 'Policy', AttributeValue }));
    },
    ['--topic-arn', `arn:aws:sns:us-east-1:${ACCOUNT}:mine`],
  ],
  ['a state directory that is none', 'state directory', /no directory/, async () => {}, ['--state-dir', '/dev/null/x']],
])('finds %s', async (_, check, message, arrange, args = []) => {
  const scene = await operate();
  await arrange(scene);

  const { code, of } = await examine(scene, args);

  expect([code, ...of(check)]).toEqual([1, 'problem', expect.stringMatching(message)]);
});

it.each<[string, string, RegExp, (scene: Scene) => Promise<unknown>, string[]?]>([
  [
    'another Region that is wanted',
    'bucket',
    /paid for/,
    async ({ simulator }) => simulator.s3.addBucket('afar', { region: 'eu-west-1' }),
    ['--bucket', 'afar', '--dest-region', 'eu-west-1', '--allow-cross-region'],
  ],
  [
    'a data retrieval policy for Standard retrievals',
    'data retrieval policy',
    /limited to 1 GiB an hour/,
    ({ glacier }) =>
      glacier.send(
        new SetDataRetrievalPolicyCommand({
          accountId: '-',
          Policy: { Rules: [{ Strategy: 'BytesPerHour', BytesPerHour: 2 ** 30 }] },
        }),
      ),
    ['--tier', 'Standard'],
  ],
  [
    'an object lock',
    'object lock',
    /locked for 30 days \(COMPLIANCE\)/,
    async ({ simulator }) => simulator.s3.addBucket('locked', { objectLock: { mode: 'COMPLIANCE', days: 30 } }),
    ['--bucket', 'locked'],
  ],
  [
    'a rule that deletes what is copied',
    'lifecycle',
    /"gone" deletes objects after 10 days/,
    ({ s3 }) => s3.send(lifecycle({ ID: 'gone', Expiration: { Days: 10 } })),
    ['--prefix', 'photos/'],
  ],
  [
    'a rule that gives uploads up too soon',
    'lifecycle',
    /after 1 days/,
    ({ s3 }) => s3.send(lifecycle({ ID: 'soon', AbortIncompleteMultipartUpload: { DaysAfterInitiation: 1 } })),
  ],
])('warns of %s', async (_, check, message, arrange, args = []) => {
  const scene = await operate();
  await arrange(scene);

  const { code, of } = await examine(scene, args);

  expect([code, ...of(check)]).toEqual([0, 'warning', expect.stringMatching(message)]);
});

it('does not mind a lock that only forbids deletion, and says so', async () => {
  const scene = await operate();
  const policy = denying('glacier:DeleteArchive');
  await scene.glacier.send(new InitiateVaultLockCommand({ accountId: '-', vaultName: 'photos', policy }));

  const { code, of } = await examine(scene);

  expect([code, ...of('vault lock')]).toEqual([0, 'ok', expect.stringContaining('forbids to delete')]);
});

it('finds a queue that the topic may not send to', async () => {
  const scene = await operate();
  const { TopicArn = '' } = await scene.sns.send(new CreateTopicCommand({ Name: 'mine' }));
  const { QueueUrl = '' } = await scene.sqs.send(new CreateQueueCommand({ QueueName: 'mine' }));

  const { code, of } = await examine(scene, ['--topic-arn', TopicArn, '--queue-url', QueueUrl]);

  expect([code, ...of('notifications')]).toEqual([1, 'problem', expect.stringContaining('did not come out')]);
  expect((await scene.sqs.send(new ListQueuesCommand({}))).QueueUrls).toEqual([QueueUrl]);
});

it('looks at nothing that needs credentials without them, and says so of each', async () => {
  const scene = await operate();

  const { code, checks, of } = await examine(scene, [], { AWS_SECRET_ACCESS_KEY: 'wrong' });

  expect([code, ...of('credentials')]).toEqual([1, 'problem', expect.stringContaining('does not accept')]);
  expect(of('bucket')).toEqual(['warning', 'not looked at: first see to the credentials']);
  expect(checks.filter(({ status }) => status === 'ok').map(({ check }) => check)).toEqual([
    'node',
    'open files',
    'state directory',
  ]);
});

it('names the permissions that are missing, by IAM and by the trial', async () => {
  const scene = await operate();
  const allow = (Action: string) => ({ Effect: 'Allow', Action, Resource: '*' });
  const actions = ['glacier:*', 'iam:*', 's3:Get*', 's3:List*', 'sns:*', 'sqs:*'];
  restrict(scene, JSON.stringify({ Statement: actions.map(allow) }));

  const { code, of } = await examine(scene);

  expect([code, ...of('iam')]).toEqual([
    1,
    'problem',
    'IAM does not allow s3:AbortMultipartUpload on arn:aws:s3:::bucket/doctor, s3:PutObject on arn:aws:s3:::bucket/doctor',
  ]);
  expect(of('writing')).toEqual(['problem', expect.stringContaining('s3:PutObject')]);
});

it('does with the permissions of a transfer alone, and says what it could not look at', async () => {
  const scene = await operate();
  const { stdout: policy } = await scene.program(['iam-policy', ...PLACE]);
  restrict(scene, policy);

  const { code, checks } = await examine(scene);

  expect(code).toBe(0);
  expect(checks.filter(({ status }) => status === 'warning').map(({ check }) => check)).toEqual([
    'vault access policy',
    'vault lock',
    'vault notifications',
    'data retrieval policy',
    'bucket versioning',
    'object lock',
    'encryption',
    'lifecycle',
    'notifications',
  ]);
  expect(checks.find(({ check }) => check === 'iam')?.message).toContain('may not be asked');
});

it('refuses a queue without its topic', async () => {
  const scene = await operate();

  const { code, stderr } = await scene.program(['doctor', ...PLACE, '--queue-url', 'https://queue']);

  expect({ code, stderr }).toEqual({ code: 2, stderr: expect.stringContaining('--queue-url needs --topic-arn') });
});

function lifecycle(rule: object): PutBucketLifecycleConfigurationCommand {
  const Rules = [{ Status: 'Enabled' as const, Filter: { Prefix: '' }, ...rule }];
  return new PutBucketLifecycleConfigurationCommand({ Bucket: 'bucket', LifecycleConfiguration: { Rules } });
}
