import type { Call } from './call-log.ts';

/** What a policy must allow for a call. */
export interface Permission {
  /** As policies write it: `s3:PutObject`. */
  readonly action: string;
  /** ARN; `*` where AWS knows no resource for the action. */
  readonly resource: string;
  /** Condition keys that come with the call. */
  readonly context?: Readonly<Record<string, string>>;
}

interface Scope {
  readonly accountId: string;
  readonly region: string;
}

type AskedCall = Pick<Call, 'service' | 'operation' | 'detail'>;

/** The S3 actions that have another name than the operation (S3 user guide, required permissions for API operations). */
const S3_ACTIONS: Readonly<Record<string, string>> = {
  HeadBucket: 'ListBucket',
  ListObjectsV2: 'ListBucket',
  ListMultipartUploads: 'ListBucketMultipartUploads',
  GetObjectLockConfiguration: 'GetBucketObjectLockConfiguration',
  GetBucketEncryption: 'GetEncryptionConfiguration',
  GetBucketLifecycleConfiguration: 'GetLifecycleConfiguration',
  PutBucketLifecycleConfiguration: 'PutLifecycleConfiguration',
  DeleteBucketLifecycle: 'PutLifecycleConfiguration',
  HeadObject: 'GetObject',
  CreateMultipartUpload: 'PutObject',
  UploadPart: 'PutObject',
  CompleteMultipartUpload: 'PutObject',
  ListParts: 'ListMultipartUploadParts',
};

/** What S3 does with a KMS key in the caller's name (S3 user guide, multipart upload and permissions). */
const KMS_ACTIONS: Readonly<Record<string, readonly string[]>> = {
  PutObject: ['GenerateDataKey'],
  CreateMultipartUpload: ['GenerateDataKey'],
  UploadPart: ['GenerateDataKey', 'Decrypt'],
  CompleteMultipartUpload: ['Decrypt'],
  GetObject: ['Decrypt'],
  HeadObject: ['Decrypt'],
};

/** Calls that AWS knows no resource for (service authorization reference): only `*` allows them. */
const WITHOUT_RESOURCE =
  /^(glacier:(ListVaults|[GS]etDataRetrievalPolicy)|sns:(Unsubscribe|ListTopics|ListSubscriptions|[GS]etSubscriptionAttributes)|sqs:ListQueues|cloudwatch:(PutMetricData|GetMetricData|ListDashboards))$/;

/** What a policy must allow for this call, all of it; nothing where no permission is needed. */
export function permissionsOf(call: AskedCall, scope: Scope): readonly Permission[] {
  switch (call.service) {
    case 's3':
      return ofS3(call);
    case 'glacier':
      // what Glacier tells the topic is no call of anybody's
      if (call.operation === 'JobNotification') return [];
      return [one('glacier', call.operation, vaultArn(call.detail, scope))];
    case 'sns':
      return [one('sns', call.operation, topicArn(call.detail, scope))];
    case 'sqs':
      return [one('sqs', call.operation.replace(/Batch$/, ''), queueArn(call.detail, scope))];
    case 'monitoring':
      return ofCloudWatch(call, scope);
    case 'iam':
      return [one('iam', call.operation, String(call.detail.policySourceArn ?? '*'))];
    // GetCallerIdentity: anybody may ask who they are
    default:
      return [];
  }
}

function one(service: string, operation: string, resource: string): Permission {
  const action = `${service}:${operation}`;
  return { action, resource: WITHOUT_RESOURCE.test(action) ? '*' : resource };
}

function ofS3({ operation, detail }: AskedCall): readonly Permission[] {
  const { bucket, key, kmsKeyId, tagged } = detail;
  const resource = `arn:aws:s3:::${String(bucket)}${key === undefined ? '' : `/${String(key)}`}`;
  const needed = [one('s3', S3_ACTIONS[operation] ?? operation, resource)];
  if (operation === 'GetObjectAttributes') needed.push(one('s3', 'GetObject', resource));
  if (tagged === true) needed.push(one('s3', 'PutObjectTagging', resource));
  if (typeof kmsKeyId === 'string') {
    needed.push(...(KMS_ACTIONS[operation] ?? []).map((action) => one('kms', action, kmsKeyId)));
  }
  return needed;
}

function ofCloudWatch({ operation, detail }: AskedCall, { accountId }: Scope): readonly Permission[] {
  if (operation === 'PutMetricData') {
    return [{ ...one('cloudwatch', operation, '*'), context: { 'cloudwatch:namespace': String(detail.namespace) } }];
  }
  const names = [detail.dashboardNames ?? detail.dashboardName ?? ''].flat();
  return names.map((name) =>
    one('cloudwatch', operation, `arn:aws:cloudwatch::${accountId}:dashboard/${String(name)}`),
  );
}

function vaultArn({ vault }: AskedCall['detail'], { accountId, region }: Scope): string {
  return `arn:aws:glacier:${region}:${accountId}:vaults/${String(vault)}`;
}

function topicArn({ topicArn: arn, name, resourceArn }: AskedCall['detail'], { accountId, region }: Scope): string {
  return String(arn ?? resourceArn ?? `arn:aws:sns:${region}:${accountId}:${String(name)}`);
}

function queueArn({ queueUrl, queueName }: AskedCall['detail'], { accountId, region }: Scope): string {
  const [owner, name] = queueUrl === undefined ? [accountId, queueName] : String(queueUrl).split('/').slice(-2);
  return `arn:aws:sqs:${region}:${String(owner)}:${String(name)}`;
}
