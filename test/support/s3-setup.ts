import { S3Client } from '@aws-sdk/client-s3';
import { createS3, type S3Options } from '../../src/simulator/s3/s3.ts';
import { serve } from './s3-server.ts';

export const ACCOUNT = '111122223333';
export const REGION = 'eu-central-1';
/** What the simulated clock says first: 2026-01-02T03:04:05Z. */
export const NOW = Date.UTC(2026, 0, 2, 3, 4, 5);

/** The simulated S3 with one bucket, `bucket`, and the SDK's client for it. */
export async function setupS3(options: S3Options & { readonly versioning?: boolean } = {}) {
  const time = { now: NOW };
  const s3 = createS3({ now: () => time.now, accountId: ACCOUNT, region: REGION }, options);
  s3.addBucket('bucket', { versioning: options.versioning ?? false });
  const server = await serve(s3, ACCOUNT);
  const clients: S3Client[] = [];
  const clientFor = (region: string) => {
    const client = new S3Client({
      region,
      endpoint: server.endpoint,
      forcePathStyle: true,
      maxAttempts: 1,
      credentials: { accessKeyId: 'AKIDEXAMPLE', secretAccessKey: 'secret' },
    });
    clients.push(client);
    return client;
  };
  return {
    s3,
    time,
    client: clientFor(REGION),
    clientFor,
    exchanges: server.exchanges,
    async [Symbol.asyncDispose]() {
      for (const client of clients) client.destroy();
      await server[Symbol.asyncDispose]();
      await s3.close();
    },
  };
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
