import { GetJobOutputCommand } from '@aws-sdk/client-glacier';
import { GetObjectCommand, PutObjectCommand } from '@aws-sdk/client-s3';
import { describe, expect, it } from 'vitest';
import { MiB } from '../../src/lib/size.ts';
import { refusal, refusals, setup } from '../support/simulated-aws.ts';

describe('a fault', () => {
  const archive = { id: 'one', content: { kind: 'seeded', seed: 'x', size: 3 * MiB } } as const;

  async function staged() {
    const all = await setup({ vaults: [{ name: 'photos', archives: [archive] }] });
    const jobs = all.simulator.glacier.region('us-east-1').jobs('photos')!;
    const vault = all.simulator.glacier.region('us-east-1').vault('photos')!;
    const job = jobs.start(
      {
        type: 'archive-retrieval',
        archive: vault.archive('one')!,
        tier: 'Bulk',
        range: { start: 0, end: 3 * MiB - 1 },
      },
      {},
    );
    jobs.completeNow(job);
    const get = async () => {
      const input = { accountId: '-', vaultName: 'photos', jobId: job.id };
      return (await all.glacier.send(new GetJobOutputCommand(input))).body!.transformToByteArray();
    };
    return { ...all, get };
  }

  it('of the kind `error` has the shape of its service’s protocol', async () => {
    const { calls, simulator } = await setup();
    simulator.faults.add({ fault: { kind: 'error', status: 500, code: 'InternalFailure', message: 'try again' } });
    expect(await refusals(calls)).toEqual({
      glacier: [500, 'InternalFailure'],
      s3: [500, 'InternalFailure'],
      sqs: [500, 'InternalFailure'],
      sns: [500, 'InternalFailure'],
      sts: [500, 'InternalFailure'],
    });
  });

  it('of the kind `error` may come although the call was done', async () => {
    const { calls, simulator } = await setup();
    simulator.faults.add({ fault: { kind: 'error', status: 503, code: 'SlowDown', message: 'slow down', done: true } });
    expect(await refusal(calls.s3())).toEqual([503, 'SlowDown']);
    expect(simulator.s3.objects('bucket')).toHaveLength(1);
  });

  it('of the kind `reset` leaves the call undone, `lost-response` has it done: both drop the connection', async () => {
    const { calls, simulator } = await setup();
    simulator.faults.add({ times: 1, fault: { kind: 'reset' } });
    await expect(calls.s3()).rejects.toThrow(/ECONNRESET|socket hang up|aborted/);
    expect(simulator.s3.objects('bucket')).toHaveLength(0);
    simulator.faults.add({ times: 1, fault: { kind: 'lost-response' } });
    await expect(calls.s3()).rejects.toThrow(/ECONNRESET|socket hang up|aborted/);
    expect(simulator.s3.objects('bucket')).toHaveLength(1);
    await calls.s3();
  });

  it('of the kind `cut` breaks the body off with an error, `short-body` ends it without one', async () => {
    const { get, simulator } = await staged();
    simulator.faults.add({ times: 1, fault: { kind: 'cut', afterBytes: MiB + 5 } });
    await expect(get()).rejects.toThrow('aborted');
    simulator.faults.add({ times: 1, fault: { kind: 'short-body', afterBytes: MiB + 5 } });
    expect(await get()).toHaveLength(MiB + 5);
    expect(await get()).toHaveLength(3 * MiB);
    expect(simulator.calls.map(({ sent }) => sent)).toEqual([MiB + 5, MiB + 5, 3 * MiB]);
  });

  it('of the kind `flip-byte` damages one byte and no other', async () => {
    const { get, simulator } = await staged();
    const right = Buffer.from(await get());
    simulator.faults.add({ fault: { kind: 'flip-byte', offset: 2 * MiB + 1 } });
    const wrong = Buffer.from(await get());
    expect([...wrong.keys()].filter((i) => wrong[i] !== right[i])).toEqual([2 * MiB + 1]);
  });

  it('of the kind `stall` leaves the body hanging until the client gives up', async () => {
    const { simulator, glacier, get } = await staged();
    simulator.faults.add({ fault: { kind: 'stall', afterBytes: 10 } });
    const output = get();
    const ended = output.then(
      () => 'ended',
      () => 'failed',
    );
    const pause = new Promise((resolve) => {
      setTimeout(resolve, 100, 'hanging');
    });
    expect(await Promise.race([ended, pause])).toBe('hanging');
    glacier.destroy();
    expect(await ended).toBe('failed');
  });

  it('holds for the calls that a rule names', async () => {
    const { s3, simulator } = await setup();
    simulator.faults.add({
      service: 's3',
      operation: 'PutObject',
      match: { key: 'b' },
      fault: { kind: 'error', status: 400, code: 'BadDigest', message: 'no' },
    });
    const put = (Key: string) => s3.send(new PutObjectCommand({ Bucket: 'bucket', Key, Body: 'text' }));
    await put('a');
    expect(await refusal(put('b'))).toEqual([400, 'BadDigest']);
    await s3.send(new GetObjectCommand({ Bucket: 'bucket', Key: 'a' }));
    expect(simulator.faults.list()).toMatchObject([{ seen: 1, hits: 1 }]);
    expect(simulator.calls.map(({ operation, status, faults }) => [operation, status, faults])).toEqual([
      ['PutObject', 200, []],
      ['PutObject', 400, ['error']],
      ['GetObject', 200, []],
    ]);
  });
});
