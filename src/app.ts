import { cloudwatchClient, glacierClient, s3Client, snsClient, sqsClient, stsClient } from './aws/clients.ts';
import { cloudwatchMetrics } from './aws/cloudwatch-metrics.ts';
import { glacierVault } from './aws/glacier-vault.ts';
import { s3Bucket } from './aws/s3-bucket.ts';
import { snsMessages } from './aws/sns-messages.ts';
import { sqsNotifications } from './aws/sqs-notifications.ts';
import { stsIdentity } from './aws/sts-identity.ts';
import { UsageError } from './lib/errors.ts';
import type { Bucket, Identity, Messages, MetricSink, Notifications, Vault } from './ports.ts';

/** Where the archives are, and as whom they are read. */
export interface Source {
  readonly vault: string;
  readonly accountId: string;
  readonly region: string | undefined;
  readonly profile: string | undefined;
  readonly endpointUrl: string | undefined;
}

/** Where the objects go, and as whom they are written; what is absent is as at the source. */
export interface Destination {
  readonly bucket: string;
  readonly region: string | undefined;
  readonly profile: string | undefined;
  readonly endpointUrl: string | undefined;
  readonly expectedBucketOwner: string | undefined;
}

export interface Cloud {
  readonly vault: Vault;
  readonly notifications: Notifications;
  readonly identity: Identity;
  /** The vault's Region. */
  readonly region: string;
  bucket(destination: Destination): Bucket;
  /** For a topic of any Region. */
  messages(topicArn: string): Messages;
  metrics(): MetricSink;
}

/**
 * The composition root: makes what the steps need from outside out of the AWS SDK. Calls nothing yet.
 * @param concurrency parts in flight, for the connections that are kept open.
 * @throws {UsageError} where no Region can be found.
 */
export async function connect(source: Source, concurrency: number): Promise<Cloud> {
  const { region, profile, endpointUrl } = source;
  const options = { region, profile, endpointUrl, concurrency };
  const glacier = glacierClient(options);
  const found = await regionOf(() => glacier.config.region());
  return {
    region: found,
    vault: glacierVault({ client: glacier, vaultName: source.vault, accountId: source.accountId }),
    notifications: sqsNotifications({ sns: snsClient(options), sqs: sqsClient(options) }),
    identity: stsIdentity({ client: stsClient(options) }),
    bucket: (destination) =>
      s3Bucket({
        client: s3Client({
          region: destination.region ?? found,
          profile: destination.profile ?? profile,
          endpointUrl: destination.endpointUrl ?? endpointUrl,
          concurrency,
        }),
        bucket: destination.bucket,
        expectedBucketOwner: destination.expectedBucketOwner,
      }),
    messages: (topicArn) =>
      snsMessages({ client: snsClient({ ...options, region: topicArn.split(':')[3] ?? region }) }),
    metrics: () => cloudwatchMetrics({ client: cloudwatchClient(options) }),
  };
}

async function regionOf(configured: () => Promise<string>): Promise<string> {
  try {
    return await configured();
  } catch (error) {
    throw new UsageError('no Region is set: say --region, set AWS_REGION, or put one into the profile', {
      cause: error,
    });
  }
}
