import {
  type CompletedPart,
  CompleteMultipartUploadCommand,
  type CompleteMultipartUploadCommandInput,
  CreateMultipartUploadCommand,
  type CreateMultipartUploadCommandInput,
  S3Client,
  UploadPartCommand,
  type UploadPartCommandInput,
} from '@aws-sdk/client-s3';
import type { S3Options } from '../../src/simulator/s3/s3.ts';
import { startSimulator } from '../../src/simulator/simulator.ts';

export const ACCOUNT = '111122223333';
export const REGION = 'eu-central-1';

/** The simulator with one bucket, `bucket`, and the SDK's client for it. */
export async function setupS3({
  versioning = false,
  ...s3Options
}: S3Options & { readonly versioning?: boolean } = {}) {
  const simulator = await startSimulator({ accountId: ACCOUNT, region: REGION, s3: s3Options });
  simulator.s3.addBucket('bucket', { versioning });
  const clients: S3Client[] = [];
  const clientFor = (region: string, more: { readonly requestChecksumCalculation?: 'WHEN_REQUIRED' } = {}) => {
    const client = new S3Client({
      region,
      endpoint: simulator.url,
      forcePathStyle: true,
      maxAttempts: 1,
      credentials: { accessKeyId: 'simulator', secretAccessKey: 'simulator' },
      // a stream can't be sent twice, and the SDK says so on stderr
      logger: { debug() {}, info() {}, warn() {}, error() {} },
      ...more,
    });
    clients.push(client);
    return client;
  };
  return {
    simulator,
    s3: simulator.s3,
    client: clientFor(REGION),
    clientFor,
    async [Symbol.asyncDispose]() {
      for (const client of clients) client.destroy();
      await simulator.close();
      if (simulator.bugs.length > 0) throw new AggregateError(simulator.bugs, 'the simulator has bugs');
    },
  };
}

/** As `setupS3`, with one multipart upload begun. */
export async function setupUpload(
  create: Partial<CreateMultipartUploadCommandInput> = { ChecksumAlgorithm: 'CRC32', ChecksumType: 'FULL_OBJECT' },
  options: S3Options = {},
) {
  const setup = await setupS3(options);
  const { client } = setup;
  const where = { Bucket: 'bucket', Key: 'key' };
  const created = await client.send(new CreateMultipartUploadCommand({ ...where, ...create }));
  const upload = { ...where, UploadId: created.UploadId };
  const part = async (PartNumber: number, Body: Buffer, more: Partial<UploadPartCommandInput> = {}) => {
    const answer = await client.send(new UploadPartCommand({ ...upload, PartNumber, Body, ...more }));
    const { ETag, ChecksumCRC32, ChecksumCRC32C, ChecksumCRC64NVME, ChecksumSHA256 } = answer;
    return { PartNumber, ETag, ChecksumCRC32, ChecksumCRC32C, ChecksumCRC64NVME, ChecksumSHA256 };
  };
  const complete = (Parts: CompletedPart[], more: Partial<CompleteMultipartUploadCommandInput> = {}) =>
    client.send(new CompleteMultipartUploadCommand({ ...upload, MultipartUpload: { Parts }, ...more }));
  return { ...setup, upload, part, complete, created };
}

/** What the SDK makes of a refusal. */
export async function refusalOf(call: Promise<unknown>): Promise<Record<string, unknown>> {
  try {
    await call;
  } catch (error) {
    const { name, message, $metadata, $response, ...fields } = error as Error & {
      readonly $metadata?: { readonly httpStatusCode?: number };
      readonly $response?: { readonly headers: Readonly<Record<string, string>> };
    };
    return { ...fields, code: name, message, status: $metadata?.httpStatusCode, headers: $response?.headers };
  }
  throw new Error('the call was not refused');
}
