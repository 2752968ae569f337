import { expect, it } from 'vitest';
import { HOUR } from '../../src/lib/duration.ts';
import { MiB } from '../../src/lib/size.ts';
import { archivesOf, BUCKET, expectEnded, FEW, nameOf, scene, VAULT } from './scene.ts';

const INTERNAL = {
  kind: 'error',
  status: 500,
  code: 'InternalError',
  message: 'We encountered an internal error.',
} as const;
const THROTTLED = { kind: 'error', status: 400, code: 'ThrottlingException', message: 'Rate exceeded' } as const;
const UNAVAILABLE = { kind: 'error', status: 500, code: 'ServiceUnavailableException', message: 'Try again.' } as const;

it('gives up on an archive whose job always fails, copies the others, and exits with 3', async () => {
  const { fault, transfer, archives, expectCopied } = await scene();
  const [, unlucky] = archives();
  fault({ operation: 'InitiateJob', match: { archiveId: unlucky?.id ?? '' }, fault: { kind: 'fail-job' } });

  const ended = await transfer();

  expectEnded(ended, 3);
  expect(ended.stdout).toContain('job_failed: 1');
  await expectCopied({ except: [unlucky?.id ?? ''] });
});

it('fails each archive by its own rule, with its own code, after its own number of calls', async () => {
  const { simulator, fault, transfer, archives, expectCopied } = await scene({
    vault: { archives: archivesOf([100, 200, 300, 400, 500]) },
  });
  const refusal = (status: number, code: string, message: string) =>
    ({ kind: 'error', status, code, message }) as const;
  const rules = [
    ['job_failed', 5, { kind: 'fail-job' }],
    ['archive_not_found', 1, refusal(404, 'ResourceNotFoundException', 'The archive ID was not found: x')],
    ['insufficient_capacity', 8, refusal(503, 'InsufficientCapacityException', 'There is insufficient capacity')],
    ['invalid_request', 1, refusal(400, 'InvalidParameterValueException', 'Invalid')],
  ] as const;
  const ids = archives().map(({ id }) => id);
  for (const [i, [, , what]] of rules.entries()) {
    fault({ operation: 'InitiateJob', match: { archiveId: ids[i] ?? '' }, fault: what });
  }

  const ended = await transfer();

  expectEnded(ended, 3);
  const asked = simulator.calls.filter(({ operation }) => operation === 'InitiateJob');
  for (const [i, [code, calls]] of rules.entries()) {
    expect(ended.stdout).toContain(`${code}: 1`);
    expect(asked.filter(({ detail }) => detail.archiveId === ids[i])).toHaveLength(calls);
  }
  // each try for capacity later than the last: it is given an hour or two
  const times = asked.filter(({ detail }) => detail.archiveId === ids[2]).map(({ at }) => at);
  expect((times.at(-1) ?? 0) - (times[0] ?? 0)).toBeGreaterThan(HOUR);
  await expectCopied({ except: ids.slice(0, 4) });
});

it('asks again for an archive whose job failed once', async () => {
  const { fault, transfer, calls, expectCopied } = await scene();
  fault({ operation: 'InitiateJob', after: 2, times: 1, fault: { kind: 'fail-job', message: 'Internal error' } });

  expectEnded(await transfer(), 0);

  await expectCopied();
  expect(calls('InitiateJob')).toBe(FEW.length + 1);
});

it('counts an archive that was deleted from the vault as failed, and copies the others', async () => {
  const { simulator, transfer, archives, expectCopied } = await scene();
  const [gone] = archives();
  simulator.glacier
    .region('us-east-1')
    .vault(VAULT)
    ?.delete(gone?.id ?? '');

  const ended = await transfer();

  expectEnded(ended, 3);
  await expectCopied({ except: [gone?.id ?? ''] });
});

it('never completes wrong bytes: an archive whose bytes are always damaged fails, the others are copied', async () => {
  const { fault, transfer, archives, expectCopied, simulator } = await scene();
  const damaged = [archives()[2]?.id ?? '', archives()[5]?.id ?? ''];
  for (const archiveId of damaged) {
    fault({ operation: 'GetJobOutput', match: { archiveId }, fault: { kind: 'flip-byte', offset: 100 } });
  }

  const ended = await transfer();

  expectEnded(ended, 3);
  expect(ended.stdout).toContain('tree_hash_mismatch: 2');
  await expectCopied({ except: damaged });
  expect(simulator.s3.uploads(BUCKET)).toEqual([]);
});

it('fails an archive of which the inventory says something else than the vault', async () => {
  const { transfer, archives, expectCopied } = await scene({
    vault: {
      archives: [1000, 2000].map((size, i) => ({
        description: nameOf(i),
        content: { kind: 'seeded', seed: `archive ${i}`, size },
        ...(i === 1 && { listedAs: { SHA256TreeHash: 'a'.repeat(64) } }),
      })),
    },
  });

  const ended = await transfer();

  expectEnded(ended, 3);
  expect(ended.stdout).toContain('vault_disagrees: 1');
  await expectCopied({ except: [archives()[1]?.id ?? ''] });
});

it('asks again for an archive whose output expires in the middle, keeps its upload, and sends no part twice', async () => {
  const { simulator, fault, begin, calls, expectCopied, archives } = await scene({
    vault: { archives: [{ description: 'large', content: { kind: 'seeded', seed: 'large', size: 40 * MiB } }] },
  });
  const [archive] = archives();
  // two parts arrive, the others are gone
  fault({
    operation: 'GetJobOutput',
    match: { archiveId: archive?.id ?? '' },
    after: 2,
    times: 1,
    fault: {
      kind: 'error',
      status: 404,
      code: 'ResourceNotFoundException',
      message: 'The job ID was not found: expired',
    },
  });
  const running = begin(['--concurrency', '1']);

  // what Glacier has forgotten it lists no more
  const { ended } = running;
  const poll = setInterval(() => {
    if (simulator.faults.list()[0]?.hits) {
      clearInterval(poll);
      const jobs = simulator.glacier.region('us-east-1').jobs(VAULT);
      for (const job of [...(jobs?.from(0) ?? [])]) jobs?.expireNow(job);
    }
  }, 1);

  expectEnded(await ended, 0);
  await expectCopied();
  expect(calls('InitiateJob')).toBe(2);
  expect(calls('CreateMultipartUpload')).toBe(1);
  expect(calls('UploadPart')).toBe(5);
});

it('waits out an S3 that is away for long, and fails no archive for it', async () => {
  const { simulator, fault, begin, expectCopied } = await scene({ speed: 20_000 });
  fault({ service: 's3', operation: 'HeadBucket', after: 1, fault: INTERNAL });
  for (const operation of ['PutObject', 'CreateMultipartUpload', 'UploadPart']) fault({ operation, fault: INTERNAL });
  const running = begin();
  await running.until(/a part failed|a call failed/);
  const before = simulator.now();
  while (simulator.now() - before < 10 * HOUR) await new Promise((resolve) => setTimeout(resolve, 20));

  simulator.faults.clear();

  expectEnded(await running.ended, 0);
  await expectCopied();
});

it('goes on copying while ListJobs is away for long', async () => {
  const { fault, transfer, expectCopied } = await scene();
  fault({ operation: 'ListJobs', after: 2, fault: UNAVAILABLE });

  expectEnded(await transfer(['--reconcile-every', '1m']), 0);

  await expectCopied();
});

it('gets through a ListJobs of many pages although every other call is throttled', async () => {
  const { simulator, fault, transfer, calls, expectCopied } = await scene({
    vault: {
      archives: Array.from({ length: 240 }, (_, i) => ({
        description: nameOf(i),
        content: { kind: 'seeded', seed: `${i}`, size: 10 },
      })),
    },
  });
  expectEnded(await transfer(['--once']), 75);
  simulator.advance(2 * HOUR);
  expectEnded(await transfer(['--once', '--no-notifications']), 75);
  simulator.advance(3 * HOUR);
  simulator.clearCalls();
  fault({ operation: 'ListJobs', after: 1, every: 2, fault: THROTTLED });

  expectEnded(await transfer(['--once', '--no-notifications']), 0);

  await expectCopied();
  expect(calls('ListJobs')).toBeLessThan(15);
});

it('reads an inventory of which every range breaks off to its end', async () => {
  const { fault, transfer, expectCopied, calls } = await scene({
    vault: {
      archives: Array.from({ length: 60 }, (_, i) => ({
        description: nameOf(i),
        content: { kind: 'seeded', seed: `${i}`, size: 10 },
      })),
    },
  });
  fault({ operation: 'GetJobOutput', times: 6, fault: { kind: 'cut', afterBytes: 3000 } });

  expectEnded(await transfer(), 0);

  await expectCopied();
  expect(calls('GetJobOutput')).toBe(67);
});

it('ends with one line when inventory jobs fail again and again', async () => {
  const { fault, transfer, simulator } = await scene();
  fault({ operation: 'InitiateJob', fault: { kind: 'fail-job' } });

  const ended = await transfer();

  expectEnded(ended, 1);
  expect(ended.stderr).toMatch(/inventory job.*fail/);
  expect(simulator.counts()['glacier:InitiateJob']).toBeLessThan(10);
});

it('cuts a body that stands still, and reads it again', { timeout: 120_000 }, async () => {
  const { fault, transfer, expectCopied } = await scene({ speed: 3600 });
  fault({ operation: 'GetJobOutput', after: 1, times: 1, fault: { kind: 'stall', afterBytes: 100 } });

  expectEnded(await transfer(['--log-level', 'info']), 0);

  await expectCopied();
});
