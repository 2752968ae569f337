import { s3Client } from '../../src/aws/clients.ts';
import { objectReader } from '../../src/aws/object-reader.ts';
import { s3Bucket } from '../../src/aws/s3-bucket.ts';
import { startSimulator } from '../../src/simulator/simulator.ts';
import { FakeBucket } from '../support/fakes/bucket.ts';
import { FakeClock } from '../support/fakes/clock.ts';
import { withSimulatorKeys } from '../support/simulator-keys.ts';
import { describeReaderContract } from './reader-contract.ts';

describeReaderContract('the fake', async () => {
  const clock = new FakeClock();
  const bucket = new FakeBucket(clock);
  const missing = new FakeBucket(clock);
  missing.exists = false;
  return { bucket, reader: bucket, missing, close: async () => undefined };
});

describeReaderContract('S3 over HTTP against the simulator', async () => {
  const simulator = await startSimulator({ buckets: ['bucket'] });
  const restore = withSimulatorKeys();
  const client = s3Client({ region: simulator.region, endpointUrl: simulator.url, concurrency: 1 });
  return {
    bucket: s3Bucket({ client, bucket: 'bucket' }),
    reader: objectReader({ client, bucket: 'bucket' }),
    missing: objectReader({ client, bucket: 'missing' }),
    async close() {
      restore();
      client.destroy();
      await simulator.close();
    },
  };
});
