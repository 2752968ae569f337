import { cloudwatchClient, glacierClient, s3Client, snsClient, sqsClient, stsClient } from './aws/clients.ts';
import { cloudwatchMetrics } from './aws/cloudwatch-metrics.ts';
import { glacierVault } from './aws/glacier-vault.ts';
import { s3Bucket } from './aws/s3-bucket.ts';
import { snsMessages } from './aws/sns-messages.ts';
import { sqsNotifications } from './aws/sqs-notifications.ts';
import { stsIdentity } from './aws/sts-identity.ts';
import { MINUTE } from './lib/duration.ts';
import { messageOf, UsageError } from './lib/errors.ts';
import type { Bucket, Identity, Messages, MetricSink, Notifications, Vault } from './ports.ts';
import type { DataPlane, DataPlaneLimits } from './transfer/data-plane.ts';
import { createPool, type PoolOptions } from './transfer/pool.ts';
import type { Connections } from './worker.ts';

/** What a thread of the data plane runs: beside this file, compiled or not. */
const WORKER = new URL(import.meta.url.endsWith('.ts') ? './worker.ts' : './worker.js', import.meta.url);
/** A body that sends nothing for so long is cut. */
const STALL_MS = MINUTE;

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
  /** Threads that copy parts from the vault to the bucket. The caller closes it. */
  dataPlane(
    destination: Destination,
    limits: DataPlaneLimits,
    listeners: Pick<PoolOptions, 'onBytes' | 'onDeath'>,
  ): DataPlane;
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
  const s3Options = (destination: Destination) => ({
    region: destination.region ?? found,
    profile: destination.profile ?? profile,
    endpointUrl: destination.endpointUrl ?? endpointUrl,
    concurrency,
  });
  return {
    region: found,
    vault: glacierVault({ client: glacier, vaultName: source.vault, accountId: source.accountId }),
    notifications: sqsNotifications({ sns: snsClient(options), sqs: sqsClient(options) }),
    identity: stsIdentity({ client: stsClient(options) }),
    bucket: (destination) =>
      s3Bucket({
        client: s3Client(s3Options(destination)),
        bucket: destination.bucket,
        expectedBucketOwner: destination.expectedBucketOwner,
      }),
    dataPlane: (destination, limits, listeners) => {
      // a thread's connections: no more than its share of the parts in flight
      const share = { concurrency: Math.ceil(limits.concurrency / limits.threads) };
      const { bucket, expectedBucketOwner } = destination;
      const connections: Connections = {
        source: { ...options, ...share, region: found, vaultName: source.vault, accountId: source.accountId },
        destination: { ...s3Options(destination), ...share, bucket, expectedBucketOwner },
      };
      return createPool({ ...limits, ...listeners, entry: WORKER, connections, stallAfterMs: STALL_MS });
    },
    messages: (topicArn) =>
      snsMessages({ client: snsClient({ ...options, region: topicArn.split(':')[3] ?? region }) }),
    metrics: () => cloudwatchMetrics({ client: cloudwatchClient(options) }),
  };
}

async function regionOf(configured: () => Promise<string>): Promise<string> {
  try {
    return await configured();
  } catch (error) {
    // the SDK has no type of error for it: the message alone tells it from a Region that is missing
    const [, misspelt] = /region="(.*)" is not a valid/s.exec(messageOf(error)) ?? [];
    const message =
      misspelt === undefined
        ? 'no Region is set: say --region, set AWS_REGION, or put one into the profile'
        : `${JSON.stringify(misspelt)} is not the name of a Region, such as us-east-1: check --region, AWS_REGION and the profile`;
    throw new UsageError(message, { cause: error });
  }
}
