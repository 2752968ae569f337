import { s3Client } from '../../src/aws/clients.ts';
import { s3Bucket } from '../../src/aws/s3-bucket.ts';
import { CHECKSUM_ALGORITHMS } from '../../src/domain/checksum.ts';
import { systemClock } from '../../src/lib/clock.ts';
import { startSimulator } from '../../src/simulator/simulator.ts';
import { FakeBucket } from '../support/fakes/bucket.ts';
import { withSimulatorKeys } from '../support/simulator-keys.ts';
import { describeBucketContract } from './bucket-contract.ts';

const everything = {
  checksums: CHECKSUM_ALGORITHMS,
  conditionalPut: true,
  conditionalComplete: true,
  storageClass: 'DEEP_ARCHIVE',
  slashedKeys: true,
  uploadKeys: true,
  exactCompletion: true,
} as const;

describeBucketContract(
  'the fake',
  async () => {
    const bucket = new FakeBucket(systemClock());
    const missing = new FakeBucket(systemClock());
    missing.exists = false;
    return { bucket, missing, region: bucket.region, close: async () => undefined };
  },
  everything,
);

describeBucketContract(
  'S3 over HTTP against the simulator',
  async () => {
    const simulator = await startSimulator({ region: 'eu-central-1', buckets: ['target'] });
    const restore = withSimulatorKeys();
    const client = s3Client({ region: simulator.region, endpointUrl: simulator.url, concurrency: 4 });
    return {
      bucket: s3Bucket({ client, bucket: 'target', expectedBucketOwner: simulator.accountId }),
      missing: s3Bucket({ client, bucket: 'missing' }),
      region: 'eu-central-1',
      async close() {
        restore();
        client.destroy();
        await simulator.close();
      },
    };
  },
  everything,
);
