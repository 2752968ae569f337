import { DescribeVaultCommand } from '@aws-sdk/client-glacier';
import { IAMClient, SimulatePrincipalPolicyCommand } from '@aws-sdk/client-iam';
import { CreateMultipartUploadCommand, HeadBucketCommand, PutObjectCommand } from '@aws-sdk/client-s3';
import { expect, it, onTestFinished } from 'vitest';
import { KEY, refusal, setup as setupAws } from '../support/simulated-aws.ts';

const USER = 'arn:aws:iam::123456789012:user/simulator';
const allow = (Action: string | string[], Resource = '*') => ({ Effect: 'Allow', Action, Resource });

async function setup(...statements: object[]) {
  const aws = await setupAws();
  const policy = JSON.stringify({ Version: '2012-10-17', Statement: statements });
  aws.simulator.credentials.set({ ...KEY, policy });
  const iam = new IAMClient(aws.config);
  onTestFinished(() => iam.destroy());
  const simulate = async (ActionNames: string[], ResourceArns?: string[]) => {
    const command = new SimulatePrincipalPolicyCommand({ PolicySourceArn: USER, ActionNames, ResourceArns });
    return (await iam.send(command)).EvaluationResults?.map(({ EvalDecision }) => EvalDecision);
  };
  return { ...aws, iam, simulate };
}

it('lets a key do what its policy allows, on what it allows, and nothing else', async () => {
  const { glacier, s3 } = await setup(
    allow('s3:ListBucket', 'arn:aws:s3:::bucket'),
    allow('s3:PutObject', 'arn:aws:s3:::bucket/here/*'),
  );
  const put = (Key: string, more: object = {}) =>
    s3.send(new PutObjectCommand({ Bucket: 'bucket', Key, Body: 'text', ...more }));

  await s3.send(new HeadBucketCommand({ Bucket: 'bucket' }));
  await put('here/a');

  expect(await refusal(put('there/a'))).toEqual([403, 'AccessDenied']);
  expect(await refusal(put('here/a', { Tagging: 'a=b' }))).toEqual([403, 'AccessDenied']);
  expect(await refusal(glacier.send(new DescribeVaultCommand({ accountId: '-', vaultName: 'photos' })))).toEqual([
    403,
    'AccessDeniedException',
  ]);
});

it("asks for the key's permission where S3 encrypts with it", async () => {
  const { s3, simulator } = await setup(allow('s3:PutObject'));
  const create = new CreateMultipartUploadCommand({
    Bucket: 'bucket',
    Key: 'key',
    ServerSideEncryption: 'aws:kms',
    SSEKMSKeyId: 'arn:aws:kms:us-east-1:123456789012:key/mine',
  });

  expect(await refusal(s3.send(create))).toEqual([403, 'AccessDenied']);
  const key = 'arn:aws:kms:us-east-1:123456789012:key/mine';
  const policy = JSON.stringify({ Statement: [allow('s3:PutObject'), allow('kms:GenerateDataKey', key)] });
  simulator.credentials.set({ ...KEY, policy });

  expect((await s3.send(create)).UploadId).toBeDefined();
});

it('tells what a policy decides, to who may ask', async () => {
  const { simulate } = await setup(allow(['iam:SimulatePrincipalPolicy', 's3:PutObject', 's3:GetObject']), {
    ...allow('s3:GetObject', 'arn:aws:s3:::secret/*'),
    Effect: 'Deny',
  });

  expect(await simulate(['s3:PutObject', 's3:GetObject', 'glacier:InitiateJob'], ['arn:aws:s3:::secret/a'])).toEqual([
    'allowed',
    'explicitDeny',
    'implicitDeny',
  ]);
});

it('does not tell who may not ask, and knows nobody else', async () => {
  const closed = await setup(allow('s3:*'));
  const open = await setup(allow('iam:*'));
  const other = new SimulatePrincipalPolicyCommand({
    PolicySourceArn: 'arn:aws:iam::123456789012:user/other',
    ActionNames: ['s3:GetObject'],
  });

  expect(await refusal(closed.simulate(['s3:GetObject']))).toEqual([403, 'AccessDenied']);
  expect(await refusal(open.iam.send(other))).toEqual([404, 'NoSuchEntityException']);
});

it('does not take a policy that it does not understand', async () => {
  const { simulator } = await setup();

  expect(() => simulator.credentials.set({ ...KEY, policy: '{"Statement":{"NotAction":"s3:*"}}' })).toThrow('policy');
});
