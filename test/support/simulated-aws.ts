import { GlacierClient, ListVaultsCommand } from '@aws-sdk/client-glacier';
import { PutObjectCommand, S3Client } from '@aws-sdk/client-s3';
import { ListTopicsCommand, SNSClient } from '@aws-sdk/client-sns';
import { ListQueuesCommand, SQSClient } from '@aws-sdk/client-sqs';
import { GetCallerIdentityCommand, STSClient } from '@aws-sdk/client-sts';
import { expect, onTestFinished } from 'vitest';
import { type SimulatorOptions, startSimulator } from '../../src/simulator/simulator.ts';

export const KEY = { accessKeyId: 'simulator', secretAccessKey: 'simulator' };

interface AccessKey {
  readonly accessKeyId: string;
  readonly secretAccessKey: string;
  readonly sessionToken?: string;
}

/** What the control API answers, as far as tests look at it. */
interface Answer {
  readonly clock: string;
  readonly now: number;
  readonly id: number;
  readonly vaultArn: string;
  readonly archiveIds: readonly string[];
  readonly vaults: readonly unknown[];
}

/** A simulator with a bucket, and an SDK client for each service. It has had no bugs when the test ends. */
export async function setup(
  options: SimulatorOptions = {},
  client: { readonly credentials?: AccessKey; readonly systemClockOffset?: number } = {},
) {
  const simulator = await startSimulator({ buckets: ['bucket'], ...options });
  const config = { endpoint: simulator.url, region: 'us-east-1', credentials: KEY, maxAttempts: 1, ...client };
  const glacier = new GlacierClient(config);
  const s3 = new S3Client({ ...config, forcePathStyle: true });
  const sqs = new SQSClient(config);
  const sns = new SNSClient(config);
  const sts = new STSClient(config);
  onTestFinished(async () => {
    for (const each of [glacier, s3, sqs, sns, sts]) each.destroy();
    await simulator.close();
    expect(simulator.bugs).toEqual([]);
  });
  const control = async <T = Answer>(
    method: string,
    path: string,
    body?: object,
  ): Promise<{ readonly status: number; readonly json: T }> => {
    const reply = await fetch(`${simulator.url}/_simulator/${path}`, {
      method,
      ...(body ? { body: JSON.stringify(body) } : {}),
    });
    return { status: reply.status, json: (await reply.json()) as T };
  };
  /** One call to each service: all that can go wrong before a service is reached goes wrong for each of them. */
  const calls = {
    glacier: () => glacier.send(new ListVaultsCommand({ accountId: '-' })),
    s3: () => s3.send(new PutObjectCommand({ Bucket: 'bucket', Key: 'a key/with ümlaut & more+(1)', Body: 'text' })),
    sqs: () => sqs.send(new ListQueuesCommand({})),
    sns: () => sns.send(new ListTopicsCommand({})),
    sts: () => sts.send(new GetCallerIdentityCommand({})),
  };
  return { simulator, config, glacier, s3, calls, control };
}

export async function refusal(call: Promise<unknown>): Promise<readonly [number | undefined, string]> {
  const error = await call.then(
    () => expect.unreachable('it was not refused'),
    (reason: Error & { $metadata?: { httpStatusCode?: number } }) => reason,
  );
  return [error.$metadata?.httpStatusCode, error.name];
}

export async function refusals(calls: Record<string, () => Promise<unknown>>): Promise<Record<string, unknown>> {
  const results: Record<string, unknown> = {};
  for (const [service, call] of Object.entries(calls)) results[service] = await refusal(call());
  return results;
}
