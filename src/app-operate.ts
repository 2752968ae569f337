import type { Destination, Source } from './app.ts';
import { accountInspection } from './aws/account-inspection.ts';
import { bucketInspection } from './aws/bucket-inspection.ts';
import { channelInspection } from './aws/channel-inspection.ts';
import {
  cloudwatchClient,
  glacierClient,
  iamClient,
  s3Client,
  snsClient,
  sqsClient,
  stsClient,
} from './aws/clients.ts';
import { provision } from './aws/provision.ts';
import { vaultInspection } from './aws/vault-inspection.ts';
import type {
  AccountInspection,
  BucketInspection,
  ChannelInspection,
  Provision,
  VaultInspection,
} from './ports-operate.ts';

export interface Operations {
  readonly account: AccountInspection;
  readonly vaultSettings: VaultInspection;
  readonly bucketSettings: BucketInspection;
  readonly channels: ChannelInspection;
  readonly provision: Provision;
}

/** Calls at once: these commands make few. */
const CONCURRENCY = 4;

/** What `doctor`, `setup` and `teardown` need beyond a transfer. Calls nothing yet. */
export function connectOperations(source: Source & { readonly region: string }, destination: Destination): Operations {
  const { vault: vaultName, accountId, ...where } = source;
  const options = { ...where, concurrency: CONCURRENCY };
  const messaging = { sns: snsClient(options), sqs: sqsClient(options) };
  return {
    account: accountInspection({ sts: stsClient(options), iam: iamClient(options) }),
    vaultSettings: vaultInspection({ client: glacierClient(options), vaultName, accountId }),
    bucketSettings: bucketInspection({
      client: s3Client({
        region: destination.region ?? source.region,
        profile: destination.profile ?? source.profile,
        endpointUrl: destination.endpointUrl ?? source.endpointUrl,
        concurrency: CONCURRENCY,
      }),
      bucket: destination.bucket,
      expectedBucketOwner: destination.expectedBucketOwner,
    }),
    channels: channelInspection(messaging),
    provision: provision({ ...messaging, cloudwatch: cloudwatchClient(options) }),
  };
}
