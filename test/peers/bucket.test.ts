import { CreateBucketCommand } from '@aws-sdk/client-s3';
import { describe } from 'vitest';
import { s3Client } from '../../src/aws/clients.ts';
import { s3Bucket } from '../../src/aws/s3-bucket.ts';
import { CHECKSUM_ALGORITHMS } from '../../src/domain/checksum.ts';
import { type BucketSubject, describeBucketContract } from '../contract/bucket-contract.ts';
import { withSimulatorKeys } from '../support/simulator-keys.ts';
import type { Peer } from './daemon.ts';
import { hasRadosgw, startRadosgw } from './radosgw.ts';
import { hasVersitygw, startVersitygw } from './versitygw.ts';

/** A new bucket on a server just started, which calls its only Region by that name. */
async function bucketOn(start: () => Promise<Peer>, region: string): Promise<BucketSubject> {
  const peer = await start();
  const restore = withSimulatorKeys();
  const client = s3Client({ region: 'us-east-1', endpointUrl: peer.endpoint, concurrency: 4 });
  await client.send(new CreateBucketCommand({ Bucket: 'target' }));
  return {
    bucket: s3Bucket({ client, bucket: 'target' }),
    missing: s3Bucket({ client, bucket: 'missing' }),
    region,
    async close() {
      restore();
      client.destroy();
      await peer.stop();
    },
  };
}

describe.skipIf(!hasRadosgw)('Ceph', () => {
  describeBucketContract('radosgw', () => bucketOn(startRadosgw, 'default'), {
    checksums: [],
    conditionalPut: true,
    conditionalComplete: false,
    storageClass: 'DEEP_ARCHIVE',
    slashedKeys: true,
    uploadKeys: false,
    exactCompletion: false,
  });
});

describe.skipIf(!hasVersitygw)('Versity', () => {
  describeBucketContract('versitygw', () => bucketOn(startVersitygw, 'us-east-1'), {
    checksums: CHECKSUM_ALGORITHMS,
    conditionalPut: true,
    conditionalComplete: true,
    storageClass: 'STANDARD',
    slashedKeys: false,
    uploadKeys: true,
    exactCompletion: true,
  });
});
