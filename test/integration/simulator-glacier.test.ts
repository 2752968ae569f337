import {
  CreateVaultCommand,
  DescribeVaultCommand,
  GetDataRetrievalPolicyCommand,
  GlacierClient,
  type JobParameters,
  ListVaultsCommand,
  SetDataRetrievalPolicyCommand,
} from '@aws-sdk/client-glacier';
import { describe, expect, it } from 'vitest';
import { HOUR, MINUTE } from '../../src/lib/duration.ts';
import { MiB } from '../../src/lib/size.ts';
import { refusal, refusalText, setup, VAULT, zeros } from '../support/simulated-glacier.ts';

describe('vaults', () => {
  it('are made, described and listed, ten a page', async () => {
    const { glacier } = await setup();
    for (let i = 0; i < 11; i += 1) {
      await glacier.send(new CreateVaultCommand({ accountId: '-', vaultName: `vault-${i}` }));
    }
    const first = await glacier.send(new ListVaultsCommand({ accountId: '-' }));
    const rest = await glacier.send(new ListVaultsCommand({ accountId: '-', marker: first.Marker }));
    expect([first.VaultList?.length, rest.VaultList?.length, rest.Marker]).toEqual([10, 2, undefined]);
    const made = await glacier.send(new DescribeVaultCommand({ accountId: '123456789012', vaultName: 'vault-0' }));
    expect(made).toMatchObject({
      VaultName: 'vault-0',
      VaultARN: 'arn:aws:glacier:us-east-1:123456789012:vaults/vault-0',
    });
  });

  it('count archives with their overhead, as of the last inventory', async () => {
    const { glacier, vault } = await setup(zeros(10, 20));
    vault.add({ content: { kind: 'zeros', size: 30 } });
    const described = await glacier.send(new DescribeVaultCommand(VAULT));
    expect([described.NumberOfArchives, described.SizeInBytes]).toEqual([2, 30 + 2 * 32 * 1024]);
    expect(described.LastInventoryDate).toMatch(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ$/);
  });

  it('have no numbers and no inventory until the first inventory is made, a day after', async () => {
    const { glacier, simulator, inventoryJob } = await setup([], {
      vaults: [{ name: 'photos', archives: zeros(1), inventoried: false }],
    });
    const before = await glacier.send(new DescribeVaultCommand(VAULT));
    expect([before.LastInventoryDate, before.NumberOfArchives, before.SizeInBytes]).toEqual([
      undefined,
      undefined,
      undefined,
    ]);
    expect(await refusal(inventoryJob())).toMatchObject([404, 'ResourceNotFoundException']);
    simulator.advance(25 * HOUR);
    expect(await glacier.send(new DescribeVaultCommand(VAULT))).toMatchObject({ NumberOfArchives: 1 });
    await inventoryJob();
  });

  it('are not found in another Region, nor by a wrong name', async () => {
    const { config } = await setup();
    const elsewhere = new GlacierClient({ ...config, region: 'eu-west-1' });
    expect(await refusalText(elsewhere.send(new DescribeVaultCommand(VAULT)))).toEqual([
      404,
      'ResourceNotFoundException',
      'Vault not found for ARN: arn:aws:glacier:eu-west-1:123456789012:vaults/photos',
    ]);
    expect(await refusal(elsewhere.send(new DescribeVaultCommand({ accountId: '-', vaultName: 'a b' })))).toMatchObject(
      [400, 'InvalidParameterValueException'],
    );
  });

  it('of another account are not this one’s to see', async () => {
    const { glacier } = await setup();
    expect(
      await refusal(glacier.send(new DescribeVaultCommand({ accountId: '999999999999', vaultName: 'photos' }))),
    ).toMatchObject([403, 'AccessDeniedException']);
  });
});

describe('InitiateJob', () => {
  it.each<[string, JobParameters, string]>([
    ['an unknown type', { Type: 'select' }, 'InvalidParameterValueException'],
    ['no type', {}, 'MissingParameterValueException'],
    ['no archive', { Type: 'archive-retrieval' }, 'MissingParameterValueException'],
    [
      'an unknown tier',
      { Type: 'archive-retrieval', ArchiveId: 'first', Tier: 'bulk' },
      'InvalidParameterValueException',
    ],
    [
      'an archive for an inventory',
      { Type: 'inventory-retrieval', ArchiveId: 'first' },
      'InvalidParameterValueException',
    ],
    [
      'a range for an inventory',
      { Type: 'inventory-retrieval', RetrievalByteRange: '0-1' },
      'InvalidParameterValueException',
    ],
    [
      'a format for an archive',
      { Type: 'archive-retrieval', ArchiveId: 'first', Format: 'CSV' },
      'InvalidParameterValueException',
    ],
    ['an unknown format', { Type: 'inventory-retrieval', Format: 'XML' }, 'InvalidParameterValueException'],
    [
      'a limit of none',
      { Type: 'inventory-retrieval', InventoryRetrievalParameters: { Limit: '0' } },
      'InvalidParameterValueException',
    ],
    [
      'a day for a date',
      { Type: 'inventory-retrieval', InventoryRetrievalParameters: { StartDate: '2013-03-20' } },
      'InvalidParameterValueException',
    ],
    [
      'a strange marker',
      { Type: 'inventory-retrieval', InventoryRetrievalParameters: { Marker: 'x' } },
      'InvalidParameterValueException',
    ],
    [
      'a long description',
      { Type: 'inventory-retrieval', Description: 'a'.repeat(1025) },
      'InvalidParameterValueException',
    ],
    [
      'a description in Japanese',
      { Type: 'inventory-retrieval', Description: '写真' },
      'InvalidParameterValueException',
    ],
    [
      'a topic that is not there',
      { Type: 'inventory-retrieval', SNSTopic: 'arn:aws:sns:us-east-1:123456789012:no' },
      'InvalidParameterValueException',
    ],
  ])('refuses %s', async (_, parameters, code) => {
    const { start } = await setup([{ id: 'first', content: { kind: 'zeros', size: 10 } }]);
    expect(await refusal(start(parameters))).toMatchObject([400, code]);
  });

  it.each(['1-1048575', '0-1048574', '0-2621440', '2097152-1048575', '-1048575', 'bytes=0-1048575'])(
    'refuses the range %s of an archive of 2.5 MiB',
    async (RetrievalByteRange) => {
      const { archiveJob, ids } = await setup(zeros(2.5 * MiB));
      expect(await refusal(archiveJob(ids[0]!, { RetrievalByteRange }))).toMatchObject([
        400,
        'InvalidParameterValueException',
      ]);
    },
  );

  it('takes a description of 1,024 printable characters and gives it back', async () => {
    const { inventoryJob, describe } = await setup();
    const Description = 'a ~'.repeat(341).padEnd(1024, '!');
    expect(await describe(await inventoryJob({ Description }))).toMatchObject({ JobDescription: Description });
  });

  it('tells an archive of another vault from one that is nowhere', async () => {
    const { archiveJob } = await setup([], {
      vaults: [
        { name: 'photos' },
        { name: 'other', archives: [{ id: 'theirs', content: { kind: 'zeros', size: 1 } }] },
      ],
    });
    expect(await refusalText(archiveJob('theirs'))).toEqual([
      400,
      'InvalidParameterValueException',
      'Invalid vault name',
    ]);
    expect(await refusal(archiveJob('nobody'))).toMatchObject([404, 'ResourceNotFoundException']);
  });

  it('makes a job for each call', async () => {
    const { archiveJob, list, ids } = await setup(zeros(1));
    expect(await archiveJob(ids[0]!)).not.toBe(await archiveJob(ids[0]!));
    expect((await list()).JobList).toHaveLength(2);
  });

  it('refuses Expedited without capacity, and everything of an account without vaults', async () => {
    const { archiveJob, list, ids, simulator } = await setup(zeros(1));
    simulator.glacier.settings.noExpeditedCapacity = true;
    expect(await refusal(archiveJob(ids[0]!, { Tier: 'Expedited' }))).toMatchObject([
      503,
      'InsufficientCapacityException',
    ]);
    await archiveJob(ids[0]!, { Tier: 'Standard' });
    simulator.glacier.settings.closed = true;
    expect(await refusal(list())).toMatchObject([400, 'NoLongerSupportedException']);
  });

  it('holds Standard retrievals, and no others, to the data retrieval policy', async () => {
    const { glacier, archiveJob, ids, simulator } = await setup(zeros(600, 600));
    const policy = (Rules: object[]) =>
      glacier.send(new SetDataRetrievalPolicyCommand({ accountId: '-', Policy: { Rules } }));
    expect((await glacier.send(new GetDataRetrievalPolicyCommand({ accountId: '-' }))).Policy?.Rules).toMatchObject([
      { Strategy: 'None' },
    ]);
    await policy([{ Strategy: 'BytesPerHour', BytesPerHour: 1000 }]);
    await archiveJob(ids[0]!, { Tier: 'Standard' });
    expect(await refusalText(archiveJob(ids[1]!, { Tier: 'Standard' }))).toEqual([
      400,
      'PolicyEnforcedException',
      'InitiateJob request denied by current data retrieval policy.',
    ]);
    await archiveJob(ids[1]!, { Tier: 'Bulk' });
    simulator.advance(HOUR + MINUTE);
    await archiveJob(ids[1]!, { Tier: 'Standard' });
    expect(await refusal(policy([{ Strategy: 'BytesPerHour' }]))).toEqual([400, 'InvalidParameterValueException']);
    expect(await refusal(policy([{ Strategy: 'None', BytesPerHour: 5 }]))).toEqual([
      400,
      'InvalidParameterValueException',
    ]);
  });

  it('is throttled with HTTP 400 once it is called too often, by simulated time', async () => {
    const { archiveJob, ids, simulator } = await setup(zeros(1), {
      glacier: { rates: { InitiateJob: 1 / 3600, seconds: 'simulated' } },
    });
    await archiveJob(ids[0]!);
    expect(await refusalText(archiveJob(ids[0]!))).toEqual([400, 'ThrottlingException', 'Rate exceeded']);
    simulator.advance(HOUR);
    await archiveJob(ids[0]!);
  });
});
