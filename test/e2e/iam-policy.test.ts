import { expect, it } from 'vitest';
import { evaluate, parseIdentityPolicy } from '../../src/domain/access-policy.ts';
import type { PolicyDocument } from '../../src/domain/iam-policy.ts';
import { DAY } from '../../src/lib/duration.ts';
import { permissionsOf } from '../../src/simulator/permissions.ts';
import { ACCOUNT, operate, PLACE, restrict } from '../support/operate.ts';
import { temporaryFolder } from '../support/program.ts';

type Scene = Awaited<ReturnType<typeof operate>>;

const SCOPE = { accountId: ACCOUNT, region: 'us-east-1' };

/** What the calls since the last `restrict` needed: each action once. */
function needed({ simulator }: Scene): ReadonlySet<string> {
  return new Set(simulator.calls.flatMap((call) => permissionsOf(call, SCOPE)).map(({ action }) => action));
}

/** What the policy allows and no call has needed. */
function unused(policy: string, scene: Scene): readonly string[] {
  const used = needed(scene);
  const { Statement } = JSON.parse(policy) as PolicyDocument;
  return Statement.flatMap(({ Action }) => Action).filter((action) => !used.has(action));
}

async function policyFor(scene: Scene, ...args: readonly string[]): Promise<string> {
  const { code, stdout, stderr } = await scene.program(['iam-policy', ...PLACE, ...args]);
  expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
  return stdout;
}

/** The lost reply makes the program look for its upload; the archive is copied all the same. */
function mishaps({ simulator }: Scene): void {
  simulator.faults.add({ operation: 'CreateMultipartUpload', times: 1, fault: { kind: 'lost-response' } });
}

it('allows a whole transfer all that it does, and nothing else is in it that it does not need', async () => {
  const scene = await operate();
  const policy = await policyFor(scene, '--prefix', 'here/');
  restrict(scene, policy);
  mishaps(scene);

  const { code, stderr } = await scene.program(['transfer', ...PLACE, '--prefix', 'here/', '--yes']);
  // without its state, the program looks at what is in the bucket
  const again = await scene.program(['transfer', ...PLACE, '--prefix', 'here/', '--yes'], {
    XDG_STATE_HOME: temporaryFolder(),
  });

  expect(code, stderr).toBe(0);
  expect(again.code, again.stderr).toBe(0);
  expect(scene.simulator.calls.filter(({ status }) => status === 403)).toEqual([]);
  const parsed = parseIdentityPolicy(policy) ?? [];
  const refused = scene.simulator.calls
    .flatMap((call) => permissionsOf(call, SCOPE))
    .filter((one) => evaluate(parsed, { principal: { accountId: ACCOUNT }, context: {}, ...one }) !== 'allow');
  expect(refused).toEqual([]);
  // a run that takes up an upload of an earlier one asks which parts have arrived
  expect(unused(policy, scene).filter((action) => action !== 's3:ListMultipartUploadParts')).toEqual([]);
});

it('lets a transfer that was interrupted look for what has arrived', async () => {
  const scene = await operate();
  restrict(scene, await policyFor(scene));
  scene.simulator.faults.add({
    operation: 'UploadPart',
    match: { partNumber: 2 },
    times: 1,
    fault: { kind: 'error', status: 403, code: 'AccessDenied', message: 'for once' },
  });

  const first = await scene.program(['transfer', ...PLACE, '--yes']);
  const second = await scene.program(['transfer', ...PLACE, '--yes']);

  expect([first.code, second.code]).toEqual([1, 0]);
  expect(needed(scene)).toContain('s3:ListMultipartUploadParts');
});

it('keeps to the prefix: what lies beside it cannot be written', async () => {
  const scene = await operate();
  restrict(scene, await policyFor(scene, '--prefix', 'here/'));

  const { code, stderr } = await scene.program(['transfer', ...PLACE, '--prefix', 'there/', '--yes']);

  expect(code).toBe(1);
  expect(stderr).toContain('no permission for s3:');
});

it('adds what tags, a KMS key and Standard retrievals need', async () => {
  const key = `arn:aws:kms:us-east-1:${ACCOUNT}:key/mine`;
  const scene = await operate();
  scene.simulator.s3.addBucket('sealed', { encryption: { algorithm: 'aws:kms', kmsKeyId: key } });
  const place = ['--vault', 'photos', '--bucket', 'sealed'];
  const more = ['--tier', 'Standard', '--tag', 'from=glacier'];
  const transfer = () => scene.program(['transfer', ...place, ...more, '--yes']);
  const { stdout: policy } = await scene.program(['iam-policy', ...place, ...more, '--kms-key', key]);
  const { stdout: tooLittle } = await scene.program(['iam-policy', ...place, ...more]);
  restrict(scene, tooLittle);

  expect((await transfer()).code).toBe(1);
  restrict(scene, policy);
  expect((await transfer()).code).toBe(0);

  const added = ['glacier:GetDataRetrievalPolicy', 's3:PutObjectTagging', 'kms:GenerateDataKey', 'kms:Decrypt'];
  expect([...needed(scene)]).toEqual(expect.arrayContaining(added));
});

it('allows only to listen to a topic and a queue that are there', async () => {
  const scene = await operate();
  const { stdout } = await scene.program(['setup', ...PLACE, '--json']);
  const { topicArn = '', queueUrl = '' } = JSON.parse(stdout) as Record<string, string>;
  const channel = ['--topic-arn', topicArn, '--queue-url', queueUrl];
  const policy = await policyFor(scene, ...channel);
  restrict(scene, policy);

  const { code } = await scene.program(['transfer', ...PLACE, ...channel, '--yes']);

  expect(code).toBe(0);
  const messaging = (JSON.parse(policy) as PolicyDocument).Statement.flatMap(({ Action }) => Action).filter((action) =>
    /^s[nq]s:/.test(action),
  );
  expect(messaging).toEqual(['sns:Subscribe', 'sqs:DeleteMessage', 'sqs:GetQueueAttributes', 'sqs:ReceiveMessage']);
  expect(unused(policy, scene).filter((action) => /^s[nq]s:/.test(action))).toEqual([]);
});

it('lets a queue of its own be unsubscribed from a topic that stays', async () => {
  const scene = await operate();
  const { stdout } = await scene.program(['setup', ...PLACE, '--json']);
  const { topicArn = '' } = JSON.parse(stdout) as Record<string, string>;
  const policy = await policyFor(scene, '--topic-arn', topicArn);
  restrict(scene, policy);

  const { code } = await scene.program(['transfer', ...PLACE, '--topic-arn', topicArn, '--yes']);

  expect(code).toBe(0);
  expect(needed(scene)).toContain('sns:Unsubscribe');
  expect(unused(policy, scene).filter((action) => /^s[nq]s:/.test(action))).toEqual([]);
});

it('leaves topic and queue out where notifications are not used', async () => {
  const scene = await operate();
  const policy = await policyFor(scene, '--no-notifications');
  restrict(scene, policy);

  const { code } = await scene.program(['transfer', ...PLACE, '--no-notifications', '--yes']);

  expect(code).toBe(0);
  expect(policy).not.toMatch(/sns|sqs/);
});

it('allows metrics in one namespace', async () => {
  const scene = await operate();
  const policies = [await policyFor(scene), await policyFor(scene, '--for', 'metrics', '--cloudwatch', 'Moves')];
  const Statement = policies.flatMap((policy) => (JSON.parse(policy) as PolicyDocument).Statement);
  restrict(scene, JSON.stringify({ Version: '2012-10-17', Statement }));

  await scene.program(['transfer', ...PLACE, '--yes', '--cloudwatch', 'Other']);
  expect(scene.simulator.cloudWatch.data).toEqual([]);
  await scene.program(['transfer', ...PLACE, '--prefix', 'again/', '--yes', '--cloudwatch', 'Moves']);

  expect(scene.simulator.cloudWatch.data.length).toBeGreaterThan(0);
  expect(needed(scene)).toContain('cloudwatch:PutMetricData');
});

it('allows to back the state up, where it is backed up, and nowhere else', async () => {
  const scene = await operate({ buckets: ['bucket', 'backups'] });
  const backup = ['--state-backup', 's3://backups/here'];
  const transfer = (...more: string[]) => scene.program(['transfer', ...PLACE, '--yes', ...more]);
  restrict(scene, await policyFor(scene, '--no-notifications', ...backup));

  const beside = await transfer('--no-notifications', '--state-backup', 's3://backups/there');
  expect([beside.code, scene.simulator.s3.objects('backups').length]).toEqual([0, 0]);
  const within = await transfer('--no-notifications', '--prefix', '', ...backup);

  expect(within.code).toBe(0);
  expect(scene.simulator.s3.objects('backups').map(({ key }) => key)).toEqual([
    expect.stringMatching(/^here\/photos--bucket--\w+\.sqlite$/),
  ]);
});

it('allows to verify, to purge and to delete the vault, all of it needed, and to write nothing', async () => {
  const scene = await operate();
  await scene.program(['transfer', ...PLACE, '--storage-class', 'STANDARD', '--yes']);
  const policy = await policyFor(scene, '--for', 'purge');
  restrict(scene, policy);
  const codes: (number | null)[] = [];
  const command = async (...args: string[]) => codes.push((await scene.program([...args, ...PLACE])).code);

  await command('verify', '--deep');
  await command('purge', '--confirm', 'photos', '--accept-early-delete-fee');
  await command('delete-vault');
  scene.simulator.advance(3 * DAY);
  await command('delete-vault');

  expect(codes).toEqual([0, 0, 75, 0]);
  expect(unused(policy, scene)).toEqual([]);
  expect((await scene.program(['transfer', ...PLACE, '--prefix', 'more/', '--yes'])).code).toBe(1);
});

it('allows doctor and setup what they do, all of it needed', async () => {
  const scene = await operate();
  const doctor = await policyFor(scene, '--for', 'doctor');
  const setup = await policyFor(scene, '--for', 'setup');
  const all = [...PLACE, '--lifecycle', '--cloudwatch-dashboard', 'mine'];

  restrict(scene, setup);
  expect((await scene.program(['setup', ...all])).code).toBe(0);
  restrict(scene, doctor);
  // one time with what setup has made, one time without
  const withSetUp = await scene.program(['doctor', ...PLACE]);
  const without = await scene.program(['doctor', ...PLACE, '--prefix', 'other/']);
  expect([withSetUp.stdout, without.stdout].join('')).toMatch(/0 problems, 0 warnings.*0 problems, 0 warnings/s);
  // messages of others are given back, of which there were none
  expect(unused(doctor, scene).filter((action) => action !== 'sqs:ChangeMessageVisibility')).toEqual([]);
  restrict(scene, setup);
  await scene.program(['setup', ...all]);
  expect((await scene.program(['teardown', ...all])).code).toBe(0);

  expect(unused(setup, scene).filter((action) => action !== 'sqs:CreateQueue')).toEqual([]);
});

it('names the resources of the partition, and takes a prefix at its word', async () => {
  const scene = await operate();
  const { stdout } = await scene.program(
    ['iam-policy', ...PLACE, '--prefix', 'odd*?$/', '--account-id', '999988887777', '--kms-key', 'mine'],
    { AWS_REGION: 'cn-north-1', AWS_SECRET_ACCESS_KEY: 'wrong' },
  );

  const { Statement } = JSON.parse(stdout) as PolicyDocument;
  expect(Statement.map(({ Resource }) => Resource)).toEqual([
    'arn:aws-cn:glacier:cn-north-1:999988887777:vaults/photos',
    'arn:aws-cn:s3:::bucket',
    `arn:aws-cn:s3:::bucket/odd\${*}\${?}\${$}/*`,
    'arn:aws-cn:kms:cn-north-1:999988887777:key/mine',
    'arn:aws-cn:sns:cn-north-1:999988887777:glacier2s3-*',
    'arn:aws-cn:sqs:cn-north-1:999988887777:glacier2s3-*',
  ]);
  expect(parseIdentityPolicy(stdout)).toBeDefined();
});
