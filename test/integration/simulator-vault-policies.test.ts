import {
  AbortVaultLockCommand,
  CompleteVaultLockCommand,
  DeleteArchiveCommand,
  DeleteVaultAccessPolicyCommand,
  DeleteVaultCommand,
  DescribeVaultCommand,
  GetVaultAccessPolicyCommand,
  GetVaultLockCommand,
  InitiateVaultLockCommand,
  SetVaultAccessPolicyCommand,
} from '@aws-sdk/client-glacier';
import { describe, expect, it } from 'vitest';
import { DAY, HOUR } from '../../src/lib/duration.ts';
import { ARN, refusal, refusalText, setup, VAULT, zeros } from '../support/simulated-glacier.ts';

function policy(action: string, more: object = {}): { Policy: string } {
  const statement = { Effect: 'Deny', Principal: '*', Action: action, Resource: ARN, ...more };
  return { Policy: JSON.stringify({ Version: '2012-10-17', Statement: [statement] }) };
}

describe('deleting archives', () => {
  it('deletes one, and again without an error, also when no inventory names it any more', async () => {
    const { glacier, ids, simulator, vault } = await setup(zeros(1, 2));
    const remove = () => glacier.send(new DeleteArchiveCommand({ ...VAULT, archiveId: ids[0] }));

    await remove();
    await remove();
    expect(vault.archive(ids[0] ?? '')?.deletedAt).toBeDefined();
    simulator.advance(2 * DAY);

    expect((await remove()).$metadata.httpStatusCode).toBe(204);
    expect((await glacier.send(new DescribeVaultCommand(VAULT))).NumberOfArchives).toBe(1);
  });

  it('tells an unknown archive, one of another vault and an unknown vault apart', async () => {
    const { glacier } = await setup(zeros(1), {
      vaults: [
        { name: 'photos', archives: zeros(1) },
        { name: 'other', archives: [{ content: { kind: 'zeros', size: 1 }, id: 'elsewhere' }] },
      ],
    });
    const remove = (archiveId: string, vaultName = 'photos') =>
      refusalText(glacier.send(new DeleteArchiveCommand({ accountId: '-', vaultName, archiveId })));

    expect(await remove('nowhere')).toEqual([
      404,
      'ResourceNotFoundException',
      'The archive ID was not found: nowhere',
    ]);
    expect(await remove('elsewhere')).toEqual([400, 'InvalidParameterValueException', `Invalid vault name: ${ARN}`]);
    expect(await remove('nowhere', 'none')).toEqual([404, 'ResourceNotFoundException', expect.stringMatching('Vault')]);
  });

  it('lets a job that is under way fail, and one that has completed be read', async () => {
    const { glacier, ids, simulator, archiveJob, describe: describeJob, output } = await setup(zeros(3, 5));
    const early = await archiveJob(ids[0] ?? '');
    simulator.advance(12 * HOUR);
    const late = await archiveJob(ids[1] ?? '');
    for (const archiveId of ids) await glacier.send(new DeleteArchiveCommand({ ...VAULT, archiveId }));
    simulator.advance(12 * HOUR);

    expect((await describeJob(late)).StatusCode).toBe('Failed');
    expect((await output(early)).status).toBe(200);
  });
});

describe('deleting a vault', () => {
  it('is refused until an inventory has found it empty, then done, then done already', async () => {
    const { glacier, ids, simulator } = await setup(zeros(1));
    const remove = () => glacier.send(new DeleteVaultCommand(VAULT));
    const refused = [400, 'InvalidParameterValueException', `Vault not empty or recently written to: ${ARN}`];

    expect(await refusalText(remove())).toEqual(refused);
    await glacier.send(new DeleteArchiveCommand({ ...VAULT, archiveId: ids[0] }));
    expect(await refusalText(remove())).toEqual(refused);
    simulator.advance(2 * DAY);
    await remove();

    expect((await remove()).$metadata.httpStatusCode).toBe(204);
    expect(await refusal(glacier.send(new DescribeVaultCommand(VAULT)))).toEqual([404, 'ResourceNotFoundException']);
  });

  it('is refused for one that was written to since its last inventory', async () => {
    const { glacier, vault } = await setup();
    vault.takeInventory();
    vault.add({ content: { kind: 'zeros', size: 1 } });

    expect(await refusal(glacier.send(new DeleteVaultCommand(VAULT)))).toEqual([400, 'InvalidParameterValueException']);
  });
});

describe('a vault access policy', () => {
  it('is set, got and deleted, twice without an error', async () => {
    const { glacier } = await setup();
    const get = () => glacier.send(new GetVaultAccessPolicyCommand(VAULT));
    const remove = () => glacier.send(new DeleteVaultAccessPolicyCommand(VAULT));

    expect(await refusal(get())).toEqual([404, 'ResourceNotFoundException']);
    await glacier.send(new SetVaultAccessPolicyCommand({ ...VAULT, policy: policy('glacier:DeleteArchive') }));
    expect((await get()).policy).toEqual(policy('glacier:DeleteArchive'));
    await remove();
    await remove();
    expect(await refusal(get())).toEqual([404, 'ResourceNotFoundException']);
  });

  it('is obeyed where it denies, and refused where it is none', async () => {
    const { glacier, inventoryJob } = await setup();
    const set = (wanted: { Policy: string }) =>
      glacier.send(new SetVaultAccessPolicyCommand({ ...VAULT, policy: wanted }));

    expect(await refusal(set({ Policy: '{}' }))).toEqual([400, 'InvalidParameterValueException']);
    expect(await refusal(set(policy('s3:GetObject')))).toEqual([400, 'InvalidParameterValueException']);
    await set(policy('glacier:InitiateJob'));

    expect(await refusal(inventoryJob())).toEqual([403, 'AccessDeniedException']);
  });
});

describe('a vault lock', () => {
  const initiate = () => new InitiateVaultLockCommand({ ...VAULT, policy: policy('glacier:DeleteArchive') });
  const get = () => new GetVaultLockCommand(VAULT);

  it('is tried for a day and forgotten where nobody completes it', async () => {
    const { glacier, simulator } = await setup();

    const { lockId } = await glacier.send(initiate());
    expect(await glacier.send(get())).toMatchObject({ ...policy('glacier:DeleteArchive'), State: 'InProgress' });
    expect(await refusal(glacier.send(initiate()))).toEqual([403, 'AccessDeniedException']);
    simulator.advance(DAY);

    expect(await refusal(glacier.send(get()))).toEqual([404, 'ResourceNotFoundException']);
    expect(await refusal(glacier.send(new CompleteVaultLockCommand({ ...VAULT, lockId })))).toEqual([
      404,
      'ResourceNotFoundException',
    ]);
  });

  it('is there for good once it is completed, by its own id only', async () => {
    const { glacier, simulator } = await setup();
    const { lockId } = await glacier.send(initiate());
    const complete = (id: string | undefined) => glacier.send(new CompleteVaultLockCommand({ ...VAULT, lockId: id }));
    const abort = () => glacier.send(new AbortVaultLockCommand(VAULT));

    expect(await refusal(complete('another'))).toEqual([404, 'ResourceNotFoundException']);
    await complete(lockId);
    await complete(lockId);
    simulator.advance(2 * DAY);

    expect((await glacier.send(get())).State).toBe('Locked');
    expect((await glacier.send(get())).ExpirationDate).toBeUndefined();
    expect(await refusal(complete('another'))).toEqual([400, 'InvalidParameterValueException']);
    expect(await refusal(abort())).toEqual([403, 'AccessDeniedException']);
  });

  it('that is under way is aborted, twice without an error', async () => {
    const { glacier } = await setup();
    await glacier.send(initiate());
    await glacier.send(new AbortVaultLockCommand(VAULT));
    await glacier.send(new AbortVaultLockCommand(VAULT));

    expect(await refusal(glacier.send(get()))).toEqual([404, 'ResourceNotFoundException']);
  });

  it('keeps archives that are younger than it says, and lets the older ones go', async () => {
    const { glacier, ids, simulator } = await setup(
      [400, 10].map((days) => ({ content: { kind: 'zeros', size: 1 }, createdAt: Date.now() - days * DAY }) as const),
    );
    const young = { Condition: { NumericLessThan: { 'glacier:ArchiveAgeInDays': '365' } } };
    await glacier.send(new InitiateVaultLockCommand({ ...VAULT, policy: policy('glacier:DeleteArchive', young) }));
    const remove = (archiveId: string | undefined) => glacier.send(new DeleteArchiveCommand({ ...VAULT, archiveId }));

    await remove(ids[0]);
    expect(await refusal(remove(ids[1]))).toEqual([403, 'AccessDeniedException']);
    await glacier.send(new AbortVaultLockCommand(VAULT));
    await remove(ids[1]);

    expect(simulator.counts()['glacier:DeleteArchive']).toBe(3);
  });
});
