import { expect, it } from 'vitest';
import { expectEnded, reasonOf, scene } from './scene.ts';

const KEY = { accessKeyId: 'simulator', secretAccessKey: 'simulator' };

it.each([
  'glacier:DescribeVault',
  'glacier:ListJobs',
  'glacier:InitiateJob',
  'glacier:GetJobOutput',
  's3:HeadBucket',
  's3:ListObjectsV2',
  's3:PutObject',
  's3:CreateMultipartUpload',
  's3:CompleteMultipartUpload',
  'sns:CreateTopic',
  'sns:Subscribe',
  'sqs:CreateQueue',
  'sqs:ReceiveMessage',
  'sqs:DeleteMessageBatch',
])('names the permission that is missing for %s, and goes on once it is given', async (operation) => {
  const { simulator, transfer, expectCopied } = await scene();
  simulator.credentials.set({ ...KEY, denied: [operation] });

  const ended = await transfer();

  expectEnded(ended, 1);
  expect(reasonOf(ended)).toMatch(/no permission for (glacier|s3|sns|sqs):\w+ on .*IAM policy/);
  simulator.credentials.set(KEY);
  // SQS: a queue's name can't be used again for a minute
  simulator.advance(2 * 60_000);
  expectEnded(await transfer(), 0);
  await expectCopied();
});

it('copies all where it may not remove its topic, and says what to remove by hand', async () => {
  const { simulator, transfer, expectCopied } = await scene();
  simulator.credentials.set({ ...KEY, denied: ['sns:DeleteTopic', 'sns:Unsubscribe'] });

  const ended = await transfer();

  expectEnded(ended, 0);
  expect(ended.stderr).toMatch(/remove these by hand.*arn:aws:sns/);
  await expectCopied();
});
