import {
  DescribeJobCommand,
  GetJobOutputCommand,
  type GetJobOutputCommandOutput,
  GlacierClient,
  InitiateJobCommand,
  type JobParameters,
  ListJobsCommand,
} from '@aws-sdk/client-glacier';
import { expect, onTestFinished } from 'vitest';
import type { ArchiveSpec, SimulatedVault } from '../../src/simulator/glacier/vault.ts';
import { type SimulatorOptions, startSimulator } from '../../src/simulator/simulator.ts';

export const VAULT = { accountId: '-', vaultName: 'photos' };
export const ARN = 'arn:aws:glacier:us-east-1:123456789012:vaults/photos';

/** A simulator with the vault `photos`, and the SDK to speak to it; it has had no bugs when the test ends. */
export async function setup(archives: readonly ArchiveSpec[] = [], options: SimulatorOptions = {}) {
  const simulator = await startSimulator({ vaults: [{ name: 'photos', archives }], ...options });
  const config = {
    endpoint: simulator.url,
    region: 'us-east-1',
    credentials: { accessKeyId: 'simulator', secretAccessKey: 'simulator' },
    maxAttempts: 1,
  };
  const glacier = new GlacierClient(config);
  onTestFinished(async () => {
    glacier.destroy();
    await simulator.close();
    expect(simulator.bugs).toEqual([]);
  });
  const vault = simulator.glacier.region('us-east-1').vault('photos') as SimulatedVault;
  const start = async (jobParameters: JobParameters): Promise<string> =>
    (await glacier.send(new InitiateJobCommand({ ...VAULT, jobParameters }))).jobId!;
  return {
    simulator,
    config,
    glacier,
    vault,
    ids: [...vault.archives()].map(({ id }) => id as string),
    start,
    archiveJob: (ArchiveId: string, more: JobParameters = {}) =>
      start({ Type: 'archive-retrieval', ArchiveId, Tier: 'Bulk', ...more }),
    inventoryJob: (more: JobParameters = {}) => start({ Type: 'inventory-retrieval', ...more }),
    describe: (jobId: string) => glacier.send(new DescribeJobCommand({ ...VAULT, jobId })),
    output: (jobId: string, range?: string) =>
      glacier.send(new GetJobOutputCommand({ ...VAULT, jobId, ...(range ? { range } : {}) })),
    list: (more: object = {}) => glacier.send(new ListJobsCommand({ ...VAULT, ...more })),
  };
}

export function zeros(...sizes: readonly number[]): readonly ArchiveSpec[] {
  return sizes.map((size) => ({ content: { kind: 'zeros', size } }));
}

/** All of an output. */
export async function bytes(output: GetJobOutputCommandOutput): Promise<Buffer> {
  return Buffer.from(await output.body!.transformToByteArray());
}

/** HTTP status, code and message of a refusal. */
export async function refusalText(call: Promise<unknown>): Promise<readonly [number | undefined, string, string]> {
  const error = await call.then(
    () => expect.unreachable('it was not refused'),
    (reason: Error & { $metadata: { httpStatusCode?: number } }) => reason,
  );
  return [error.$metadata.httpStatusCode, error.name, error.message];
}

export async function refusal(call: Promise<unknown>): Promise<readonly [number | undefined, string]> {
  const [status, code] = await refusalText(call);
  return [status, code];
}
