import { GlacierClient } from '@aws-sdk/client-glacier';
import { S3Client } from '@aws-sdk/client-s3';
import { SNSClient } from '@aws-sdk/client-sns';
import { SQSClient } from '@aws-sdk/client-sqs';
import { expect, onTestFinished } from 'vitest';
import { type SimulatorOptions, startSimulator } from '../../src/simulator/simulator.ts';
import { type Ended, run, temporaryFolder } from './program.ts';
import { KEY } from './simulated-aws.ts';

export const ACCOUNT = '123456789012';
export const PLACE = ['--vault', 'photos', '--bucket', 'bucket'];
export const VAULT_ARN = `arn:aws:glacier:us-east-1:${ACCOUNT}:vaults/photos`;

/** A simulator with the vault `photos` and a bucket, the program for it, and the SDK to look at what has come of it. */
export async function operate(options: SimulatorOptions = {}) {
  const archives = [5, 3_000_000, 40_000_000].map((size) => ({ content: { kind: 'zeros', size } as const }));
  const simulator = await startSimulator({
    speed: 36_000,
    buckets: ['bucket'],
    vaults: [{ name: 'photos', archives }],
    ...options,
  });
  const config = { endpoint: simulator.url, region: 'us-east-1', credentials: KEY };
  const clients = {
    glacier: new GlacierClient(config),
    s3: new S3Client({ ...config, forcePathStyle: true }),
    sns: new SNSClient(config),
    sqs: new SQSClient(config),
  };
  onTestFinished(async () => {
    for (const client of Object.values(clients)) client.destroy();
    await simulator.close();
    expect(simulator.bugs).toEqual([]);
  });
  const stateDir = temporaryFolder();
  const program = (args: readonly string[], env: Record<string, string> = {}): Promise<Ended> =>
    run(args, { env: { XDG_STATE_HOME: stateDir, ...simulator.environment, ...env } });
  return { simulator, ...clients, stateDir, program };
}

/** Only what the statements allow may be done from now on. */
export function restrict(
  { simulator }: { simulator: Awaited<ReturnType<typeof startSimulator>> },
  policy: string,
): void {
  simulator.credentials.set({ ...KEY, policy });
  simulator.clearCalls();
}
