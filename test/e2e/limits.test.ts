import { readFile } from 'node:fs/promises';
import { setTimeout } from 'node:timers/promises';
import { expect, it } from 'vitest';
import { HOUR } from '../../src/lib/duration.ts';
import { KiB, MiB } from '../../src/lib/size.ts';
import type { Running } from '../support/program.ts';
import { archivesOf, BUCKET, expectEnded, FEW, inRealSeconds, scene, VAULT } from './scene.ts';

const slow = {
  Inventory: [3 * HOUR, 3 * HOUR],
  Bulk: [5 * HOUR, 6 * HOUR],
  Standard: [3 * HOUR, 3 * HOUR],
  Expedited: [HOUR, HOUR],
} as const;

it('goes through a vault under a cron of its own: 75 while work is pending, 0 once it is done', async () => {
  const { simulator, transfer, expectCopied, calls } = await scene({ speed: 1, glacier: { delays: slow } });

  const codes: (number | null)[] = [];
  for (let i = 0; i < 6; i += 1) {
    const ended = await transfer(['--once']);
    codes.push(ended.code);
    if (ended.code !== 75) break;
    expect(ended.stdout).toContain('run the same command again');
    simulator.advance(6 * HOUR);
  }

  expect(codes).toEqual([75, 75, 0]);
  await expectCopied();
  expect(calls('InitiateJob')).toBe(FEW.length);
});

it('goes through a newer inventory in the same way', async () => {
  const { simulator, transfer, expectCopied } = await scene({ speed: 1, glacier: { delays: slow } });
  expectEnded(await transfer(['--once']), 75);
  simulator.advance(6 * HOUR);
  expectEnded(await transfer(['--once']), 75);
  simulator.advance(6 * HOUR);
  expectEnded(await transfer(['--once']), 0);
  const vault = simulator.glacier.region('us-east-1').vault(VAULT);
  vault?.add({ description: 'new', content: { kind: 'seeded', seed: 'new', size: 5000 } });
  simulator.advance(24 * HOUR);
  vault?.takeInventory();

  const codes: (number | null)[] = [];
  for (let i = 0; i < 3; i += 1) {
    codes.push((await transfer(['--once', ...(i < 2 ? ['--refresh-inventory'] : [])])).code);
    simulator.advance(6 * HOUR);
  }

  expect(codes).toEqual([75, 75, 0]);
  await expectCopied();
});

it('does the same without notifications', async () => {
  const { simulator, transfer, expectCopied, calls } = await scene({ speed: 1, glacier: { delays: slow } });
  const args = ['--once', '--no-notifications'];

  expectEnded(await transfer(args), 75);
  simulator.advance(6 * HOUR);
  expectEnded(await transfer(args), 75);
  simulator.advance(6 * HOUR);
  expectEnded(await transfer(args), 0);

  await expectCopied();
  expect(calls('InitiateJob')).toBe(FEW.length);
  expect(Object.keys(simulator.counts()).filter((name) => /^s[nq]s:/.test(name))).toEqual([]);
});

it('copies no more than --max-transfer in a run, and exits with 8 until all is copied', async () => {
  const { simulator, transfer, expectCopied, calls } = await scene({
    vault: { archives: archivesOf([MiB, MiB, MiB, MiB, MiB]) },
  });
  const args = ['--max-transfer', '2MiB'];

  const first = await transfer(args);
  expectEnded(first, 8);
  expect(simulator.s3.objects(BUCKET)).toHaveLength(2);
  expectEnded(await transfer([...args, '--once']), 75);
  simulator.advance(3 * HOUR);
  expectEnded(await transfer([...args, '--once']), 8);
  expect(simulator.s3.objects(BUCKET)).toHaveLength(4);
  expectEnded(await transfer(args), 0);

  await expectCopied();
  expect(calls('InitiateJob')).toBe(5);
});

it('ends with one line where an archive is larger than what may be asked for in a day', async () => {
  const { transfer, simulator } = await scene({ vault: { archives: archivesOf([MiB, 5 * MiB]) } });

  const ended = await transfer(['--max-bytes-per-day', '2MiB']);

  expectEnded(ended, 1);
  expect(ended.stderr).toMatch(/glacier2s3: nothing more can be asked for: /);
  expect(simulator.s3.objects(BUCKET)).toHaveLength(1);
});

it.each([
  ['while it waits for the inventory', ['--max-duration', '30m']],
  ['while it waits for jobs', ['--max-duration', '90m']],
])('ends after --max-duration, %s, with 10, and goes on with the next run', async (_, args) => {
  const { transfer, expectCopied, calls } = await scene({ glacier: { delays: { ...slow, Inventory: [HOUR, HOUR] } } });

  const ended = await transfer(args);
  expectEnded(ended, 10);
  expectEnded(await transfer(), 0);

  await expectCopied();
  expect(calls('InitiateJob')).toBe(FEW.length);
});

it('lets one run at a time work on a transfer: the other one exits with 11', async () => {
  const { begin, transfer, expectCopied } = await scene();
  const running = begin();
  await running.until(/the vault is there/);

  const other = await transfer();

  expectEnded(other, 11);
  expect(other.stderr).toMatch(/another run/);
  expectEnded(await running.ended, 0);
  await expectCopied();
});

it.each([
  ['SIGINT', 130],
  ['SIGTERM', 143],
] as const)(
  'ends in order on %s in the middle of copying: what arrived is on record and is not sent again',
  async (signal, code) => {
    const { begin, transfer, expectCopied, simulator, calls } = await scene({
      speed: 3600,
      vault: { archives: archivesOf([48 * MiB, 1000, 40 * MiB]) },
    });
    const running = begin(['--bwlimit', inRealSeconds(20 * MiB), '--concurrency', '2']);
    while (calls('UploadPart') < 2) await setTimeout(20);

    running.kill(signal);
    const ended = await running.ended;

    expectEnded(ended, code);
    expect(ended.stdout).toContain('run the same command again');
    const sent = simulator.s3
      .uploads(BUCKET)
      .flatMap(({ uploadId, parts }) => parts.map(({ partNumber }) => `${uploadId} ${partNumber}`));
    expect(sent.length).toBeGreaterThanOrEqual(2);
    simulator.clearCalls();
    expectEnded(await transfer(), 0);
    await expectCopied();
    const again = simulator.calls
      .filter(({ operation }) => operation === 'UploadPart')
      .map(({ detail }) => `${detail.uploadId} ${detail.partNumber}`);
    expect(again.filter((part) => sent.includes(part))).toEqual([]);
    expect(calls('InitiateJob')).toBe(0);
  },
);

it('ends in order on SIGINT while it waits for the inventory, for jobs, and for nothing to be asked for', async () => {
  const { begin, transfer, expectCopied, calls, simulator } = await scene({ speed: 1000, glacier: { delays: slow } });
  const first = begin();
  await first.until(/asked for; it takes/);
  first.kill('SIGINT');
  expectEnded(await first.ended, 130);

  simulator.advance(3 * HOUR);
  const second = begin();
  while (calls('InitiateJob') < FEW.length) await setTimeout(20);
  second.kill('SIGTERM');
  expectEnded(await second.ended, 143);

  simulator.advance(6 * HOUR);
  expectEnded(await transfer(), 0);
  await expectCopied();
  expect(calls('InitiateJob')).toBe(FEW.length);
});

it('ends at once on a second signal', async () => {
  const { simulator, begin, calls, fault, transfer, expectCopied } = await scene();
  fault({ operation: 'GetJobOutput', after: 1, times: 6, fault: { kind: 'stall', afterBytes: 0 } });
  const running = begin();
  while (calls('GetJobOutput') < 3) await setTimeout(20);

  running.kill('SIGINT');
  await running.until(/another signal ends at once/);
  running.kill('SIGINT');

  expect((await running.ended).code).toBe(130);
  simulator.faults.clear();
  expectEnded(await transfer(), 0);
  await expectCopied();
});

it('prints its status on SIGUSR1 and goes on', async () => {
  const { begin, calls, expectCopied } = await scene();
  const running = begin(['--quiet']);
  while (calls('InitiateJob') === 0) await setTimeout(20);

  running.kill('SIGUSR1');
  await running.until(/ of \d+ archives/);

  expectEnded(await running.ended, 0);
  await expectCopied();
});

// Linux alone tells the most that a process has had
it.runIf(process.platform === 'linux')('holds no more than --memory for parts, and copies all the same', async () => {
  const { begin, expectCopied } = await scene({ vault: { archives: archivesOf(Array(8).fill(48 * MiB)) } });

  const running = begin(['--memory', '64MiB', '--concurrency', '8', '--part-size', '64MiB']);
  const peak = peakOf(running);

  expectEnded(await running.ended, 0);
  // the program beside takes 140 MiB as measured, and 490 MiB where the archives are held whole
  expect(await peak).toBeGreaterThan(64 * MiB);
  expect(await peak).toBeLessThan((64 + 190) * MiB);
  await expectCopied();
});

/** The most memory, in bytes, that it has held at once; its last moments, in which it copies nothing, may be missed. */
async function peakOf({ child: { pid }, ended }: Running): Promise<number> {
  let peak = 0;
  let runs = true;
  void ended.then(() => (runs = false));
  while (runs) {
    const status = await readFile(`/proc/${pid}/status`, 'utf8').catch(() => '');
    peak = Math.max(peak, Number(/^VmHWM:\s+(\d+) kB$/m.exec(status)?.[1] ?? 0) * KiB);
    await setTimeout(20);
  }
  return peak;
}
