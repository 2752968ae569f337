import { partitionOf } from './partition.ts';

/** What somebody may be allowed to do: `transfer` copies, `metrics` tells CloudWatch, the others are named as their commands. */
export const POLICY_TASKS = ['transfer', 'purge', 'metrics', 'doctor', 'setup'] as const;
export type PolicyTask = (typeof POLICY_TASKS)[number];

/** What a policy is for: it allows nothing that is not named or implied here. */
export interface PolicySubject {
  readonly region: string;
  /** Twelve digits: whose the topic, the queue and the key are. */
  readonly accountId: string;
  /** Whose the vault is, if it is another account's. */
  readonly vaultAccountId?: string;
  readonly vault: string;
  readonly bucket: string;
  readonly prefix: string;
  /** ARN, or the key's id in the account and Region of the vault. */
  readonly kmsKey: string | undefined;
  /** Those of the user; where both are absent, the ones that are made. */
  readonly topicArn: string | undefined;
  readonly queueUrl: string | undefined;
  /** Whether notifications are used at all. */
  readonly notifications: boolean;
  /** Whether objects get tags. */
  readonly tags: boolean;
  readonly tier: 'Bulk' | 'Standard' | 'Expedited';
  /** CloudWatch's. */
  readonly namespace: string;
  readonly notifyTopicArn: string | undefined;
  /** Where the state file is backed up. */
  readonly stateBackup: { readonly bucket: string; readonly prefix: string } | undefined;
}

export interface PolicyStatement {
  readonly Sid: string;
  readonly Effect: 'Allow';
  readonly Action: readonly string[];
  readonly Resource: string;
  readonly Condition?: Readonly<Record<string, Readonly<Record<string, string>>>>;
}

export interface PolicyDocument {
  readonly Version: '2012-10-17';
  readonly Statement: readonly PolicyStatement[];
}

/** The least that the task needs. */
export function leastPolicy(task: PolicyTask, subject: PolicySubject): PolicyDocument {
  return { Version: '2012-10-17', Statement: STATEMENTS[task](subject).filter(({ Action }) => Action.length > 0) };
}

const STATEMENTS: Readonly<Record<PolicyTask, (subject: PolicySubject) => readonly PolicyStatement[]>> = {
  transfer: (subject) => [
    allow('Vault', vaultArn(subject), [
      'glacier:DescribeJob',
      'glacier:DescribeVault',
      'glacier:GetJobOutput',
      'glacier:InitiateJob',
      'glacier:ListJobs',
    ]),
    // the policy holds for Standard retrievals only, and is no vault's
    allow('RetrievalPolicy', '*', subject.tier === 'Standard' ? ['glacier:GetDataRetrievalPolicy'] : []),
    ...writing(subject),
    ...(subject.notifications ? hearing(subject) : []),
    ...backingUp(subject),
    ...(subject.notifyTopicArn === undefined ? [] : [allow('Messages', subject.notifyTopicArn, ['sns:Publish'])]),
  ],

  purge: (subject) => [
    allow('Vault', vaultArn(subject), [
      'glacier:DeleteArchive',
      'glacier:DeleteVault',
      'glacier:DescribeVault',
      'glacier:GetVaultLock',
    ]),
    // to list what is there; and without it S3 says "forbidden" of an object that is not
    allow('Bucket', bucketArn(subject), ['s3:ListBucket']),
    allow('Objects', objectsArn(subject), ['s3:GetObject']),
    ...key(subject, ['kms:Decrypt']),
  ],

  metrics: (subject) => [
    {
      ...allow('Metrics', '*', ['cloudwatch:PutMetricData']),
      Condition: { StringEquals: { 'cloudwatch:namespace': subject.namespace } },
    },
  ],

  doctor: (subject) => [
    allow('Vault', vaultArn(subject), [
      'glacier:DescribeJob',
      'glacier:DescribeVault',
      'glacier:GetJobOutput',
      'glacier:GetVaultAccessPolicy',
      'glacier:GetVaultLock',
      'glacier:GetVaultNotifications',
      'glacier:InitiateJob',
      'glacier:ListJobs',
    ]),
    allow('RetrievalPolicy', '*', ['glacier:GetDataRetrievalPolicy']),
    ...writing(subject),
    allow('BucketSettings', bucketArn(subject), [
      's3:GetBucketObjectLockConfiguration',
      's3:GetBucketVersioning',
      's3:GetEncryptionConfiguration',
      's3:GetLifecycleConfiguration',
    ]),
    ...(subject.notifications ? [...hearing(subject), ...trying(subject)] : []),
  ],

  setup: (subject) => [
    allow('Topic', topicArn(subject), [
      'sns:CreateTopic',
      'sns:DeleteTopic',
      'sns:SetTopicAttributes',
      'sns:Subscribe',
    ]),
    allow('Queues', queueArn(subject), [
      'sqs:CreateQueue',
      'sqs:DeleteQueue',
      'sqs:GetQueueAttributes',
      'sqs:GetQueueUrl',
      'sqs:SetQueueAttributes',
    ]),
    allow('Lifecycle', bucketArn(subject), ['s3:GetLifecycleConfiguration', 's3:PutLifecycleConfiguration']),
    allow('Dashboards', `arn:${partition(subject)}:cloudwatch::${subject.accountId}:dashboard/*`, [
      'cloudwatch:DeleteDashboards',
      'cloudwatch:PutDashboard',
    ]),
  ],
};

function writing(subject: PolicySubject): readonly PolicyStatement[] {
  return [
    allow('Bucket', bucketArn(subject), ['s3:ListBucket', 's3:ListBucketMultipartUploads']),
    allow('Objects', objectsArn(subject), [
      's3:AbortMultipartUpload',
      // HeadObject, which is never allowed by itself
      's3:GetObject',
      's3:ListMultipartUploadParts',
      's3:PutObject',
      ...(subject.tags ? ['s3:PutObjectTagging'] : []),
    ]),
    ...key(subject, ['kms:Decrypt', 'kms:GenerateDataKey']),
  ];
}

function key(subject: PolicySubject, actions: readonly string[]): readonly PolicyStatement[] {
  const { kmsKey, region, accountId } = subject;
  if (kmsKey === undefined) return [];
  const arn = kmsKey.startsWith('arn:') ? kmsKey : `arn:${partition(subject)}:kms:${region}:${accountId}:key/${kmsKey}`;
  return [allow('Key', arn, actions)];
}

/** The state file goes up in parts once it is large; `recover` reads it back. */
function backingUp(subject: PolicySubject): readonly PolicyStatement[] {
  const { stateBackup } = subject;
  if (!stateBackup) return [];
  const arn = objectsArn({ ...subject, ...stateBackup });
  return [allow('StateBackup', arn, ['s3:AbortMultipartUpload', 's3:GetObject', 's3:PutObject'])];
}

function hearing(subject: PolicySubject): readonly PolicyStatement[] {
  const ownTopic = subject.topicArn === undefined;
  const ownQueue = subject.queueUrl === undefined;
  return [
    allow('Topic', topicArn(subject), [
      ...(ownTopic ? ['sns:CreateTopic', 'sns:DeleteTopic', 'sns:SetTopicAttributes'] : []),
      'sns:Subscribe',
    ]),
    allow('Queue', queueArn(subject), [
      ...(ownQueue ? ['sqs:CreateQueue'] : []),
      'sqs:DeleteMessage',
      ...(ownQueue ? ['sqs:DeleteQueue'] : []),
      'sqs:GetQueueAttributes',
      ...(ownQueue ? ['sqs:GetQueueUrl'] : []),
      'sqs:ReceiveMessage',
      ...(ownQueue ? ['sqs:SetQueueAttributes'] : []),
    ]),
    // to a topic that stays, the subscription has to be ended; AWS knows no resource for that (service authorization reference)
    allow('Subscription', '*', ownQueue && !ownTopic ? ['sns:Unsubscribe'] : []),
  ];
}

/** What `doctor` needs beyond a transfer to send a message through. */
function trying(subject: PolicySubject): readonly PolicyStatement[] {
  return [
    allow('TopicTrial', topicArn(subject), ['sns:GetTopicAttributes', 'sns:Publish']),
    allow('QueueTrial', queueArn(subject), ['sqs:ChangeMessageVisibility']),
  ];
}

function allow(Sid: string, Resource: string, Action: readonly string[]): PolicyStatement {
  return { Sid, Effect: 'Allow', Action, Resource };
}

function vaultArn(subject: PolicySubject): string {
  const owner = subject.vaultAccountId ?? subject.accountId;
  return `arn:${partition(subject)}:glacier:${subject.region}:${owner}:vaults/${subject.vault}`;
}

function bucketArn(subject: Pick<PolicySubject, 'region' | 'bucket'>): string {
  return `arn:${partition(subject)}:s3:::${subject.bucket}`;
}

function objectsArn(subject: Pick<PolicySubject, 'region' | 'bucket' | 'prefix'>): string {
  return `${bucketArn(subject)}/${literally(subject.prefix)}*`;
}

function topicArn(subject: PolicySubject): string {
  return subject.topicArn ?? `arn:${partition(subject)}:sns:${subject.region}:${subject.accountId}:glacier2s3-*`;
}

function queueArn(subject: PolicySubject): string {
  const [owner, name] = subject.queueUrl?.split('/').slice(-2) ?? [subject.accountId, 'glacier2s3-*'];
  return `arn:${partition(subject)}:sqs:${subject.region}:${owner}:${name}`;
}

function partition({ region }: Pick<PolicySubject, 'region'>): string {
  return partitionOf(region);
}

/** A text in which policies would see wildcards and variables, said so that they see none (IAM user guide, policy variables). */
function literally(text: string): string {
  return text.replace(/[*?$]/g, (sign) => `\${${sign}}`);
}
