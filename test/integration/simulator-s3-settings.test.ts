import {
  CreateMultipartUploadCommand,
  DeleteBucketLifecycleCommand,
  GetBucketEncryptionCommand,
  GetBucketLifecycleConfigurationCommand,
  GetBucketVersioningCommand,
  GetObjectLockConfigurationCommand,
  HeadObjectCommand,
  type LifecycleRule,
  PutBucketLifecycleConfigurationCommand,
  PutObjectCommand,
} from '@aws-sdk/client-s3';
import { expect, it } from 'vitest';
import { refusalOf, setupS3 } from '../support/s3-setup.ts';

const bucket = { Bucket: 'bucket' };

it('tells whether a bucket keeps versions', async () => {
  await using plain = await setupS3();
  await using versioned = await setupS3({ versioning: true });

  expect((await plain.client.send(new GetBucketVersioningCommand(bucket))).Status).toBeUndefined();
  expect((await versioned.client.send(new GetBucketVersioningCommand(bucket))).Status).toBe('Enabled');
});

it('tells an object lock, and that there is none', async () => {
  await using setup = await setupS3();
  setup.s3.addBucket('locked', { objectLock: { mode: 'COMPLIANCE', days: 30 } });
  const get = (Bucket: string) => setup.client.send(new GetObjectLockConfigurationCommand({ Bucket }));

  expect(await refusalOf(get('bucket'))).toMatchObject({ status: 404, code: 'ObjectLockConfigurationNotFoundError' });
  expect((await get('locked')).ObjectLockConfiguration).toEqual({
    ObjectLockEnabled: 'Enabled',
    Rule: { DefaultRetention: { Mode: 'COMPLIANCE', Days: 30 } },
  });
});

it("encrypts with the bucket's own key what names none", async () => {
  await using setup = await setupS3();
  const kmsKeyId = 'arn:aws:kms:eu-central-1:111122223333:key/mine';
  setup.s3.addBucket('sealed', { encryption: { algorithm: 'aws:kms', kmsKeyId } });
  const { client } = setup;
  const object = { Bucket: 'sealed', Key: 'key' };
  const rule = async (Bucket: string) =>
    (await client.send(new GetBucketEncryptionCommand({ Bucket }))).ServerSideEncryptionConfiguration?.Rules?.[0]
      ?.ApplyServerSideEncryptionByDefault;

  expect(await rule('bucket')).toEqual({ SSEAlgorithm: 'AES256' });
  expect(await rule('sealed')).toEqual({ SSEAlgorithm: 'aws:kms', KMSMasterKeyID: kmsKeyId });
  await client.send(new PutObjectCommand({ ...object, Body: 'text' }));
  expect(await client.send(new HeadObjectCommand(object))).toMatchObject({ SSEKMSKeyId: kmsKeyId });
  const upload = await client.send(new CreateMultipartUploadCommand({ ...object, ServerSideEncryption: 'AES256' }));
  expect(upload.ServerSideEncryption).toBe('AES256');
});

it('keeps lifecycle rules as they were put, names those without an id, and deletes them twice', async () => {
  await using setup = await setupS3();
  const { client } = setup;
  const get = () => client.send(new GetBucketLifecycleConfigurationCommand(bucket));
  const rules: LifecycleRule[] = [
    {
      ID: 'old',
      Status: 'Enabled',
      Filter: {
        And: {
          Prefix: 'a/',
          Tags: [
            { Key: 'k', Value: 'v' },
            { Key: 'l', Value: '<&>' },
          ],
        },
      },
      Transitions: [
        { Days: 30, StorageClass: 'GLACIER' },
        { Days: 90, StorageClass: 'DEEP_ARCHIVE' },
      ],
      Expiration: { Days: 400 },
    },
    { Status: 'Disabled', Filter: { Prefix: '' }, AbortIncompleteMultipartUpload: { DaysAfterInitiation: 7 } },
  ];

  expect(await refusalOf(get())).toMatchObject({ status: 404, code: 'NoSuchLifecycleConfiguration' });
  await client.send(
    new PutBucketLifecycleConfigurationCommand({
      ...bucket,
      LifecycleConfiguration: { Rules: rules },
      TransitionDefaultMinimumObjectSize: 'varies_by_storage_class',
    }),
  );
  const { Rules: got, TransitionDefaultMinimumObjectSize: minimum } = await get();
  expect(got).toEqual([rules[0], { ...rules[1], ID: expect.stringMatching(/./) }]);
  expect(minimum).toBe('varies_by_storage_class');
  await client.send(new DeleteBucketLifecycleCommand(bucket));
  await client.send(new DeleteBucketLifecycleCommand(bucket));
  expect(await refusalOf(get())).toMatchObject({ status: 404 });
});

it.each<[string, Partial<LifecycleRule>[], string]>([
  ['no rules', [], 'MalformedXML'],
  ['two rules of one id', [{ ID: 'a' }, { ID: 'a' }], 'InvalidArgument'],
  ['a rule that does nothing', [{ Expiration: undefined }], 'InvalidRequest'],
  ['a rule without a filter', [{ Filter: undefined }], 'MalformedXML'],
  ['an unknown status', [{ Status: 'On' as 'Enabled' }], 'MalformedXML'],
  ['an abortion after no days', [{ AbortIncompleteMultipartUpload: { DaysAfterInitiation: 0 } }], 'InvalidArgument'],
  [
    'an abortion by tag',
    [
      {
        Filter: { Tag: { Key: 'k', Value: 'v' } },
        AbortIncompleteMultipartUpload: { DaysAfterInitiation: 1 },
      },
    ],
    'InvalidRequest',
  ],
])('refuses %s', async (_, rules, code) => {
  await using setup = await setupS3();
  const Rules = rules.map(
    (rule): LifecycleRule => ({
      Status: 'Enabled',
      Filter: { Prefix: '' },
      Expiration: { Days: 1 },
      ...rule,
    }),
  );

  const put = new PutBucketLifecycleConfigurationCommand({ ...bucket, LifecycleConfiguration: { Rules } });

  expect(await refusalOf(setup.client.send(put))).toMatchObject({ status: 400, code });
});
