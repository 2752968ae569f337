import { type Cloud, connect } from '../app.ts';
import { connectOperations, type Operations } from '../app-operate.ts';
import type { Bucket } from '../ports.ts';

/** The flags of the commands around a transfer that say where vault and bucket are. */
export interface PlaceFlags {
  readonly vault: string;
  readonly bucket: string;
  readonly prefix: string;
  readonly accountId: string;
  readonly region?: string;
  readonly profile?: string;
  readonly endpointUrl?: string;
  readonly destRegion?: string;
  readonly destProfile?: string;
  readonly destEndpointUrl?: string;
  readonly expectedBucketOwner?: string;
}

/** What these commands work with. Calls nothing yet. */
export async function openPlace(
  flags: PlaceFlags,
): Promise<{ readonly cloud: Cloud; readonly bucket: Bucket; readonly operations: Operations }> {
  const { vault, accountId, region, profile, endpointUrl } = flags;
  const source = { vault, accountId, region, profile, endpointUrl };
  const destination = {
    bucket: flags.bucket,
    region: flags.destRegion,
    profile: flags.destProfile,
    endpointUrl: flags.destEndpointUrl,
    expectedBucketOwner: flags.expectedBucketOwner,
  };
  const cloud = await connect(source, 1);
  const operations = connectOperations({ ...source, region: cloud.region }, destination);
  return { cloud, bucket: cloud.bucket(destination), operations };
}
