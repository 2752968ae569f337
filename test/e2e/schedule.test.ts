import { setTimeout as delay } from 'node:timers/promises';
import { describe, expect, it } from 'vitest';
import { DAY, HOUR } from '../../src/lib/duration.ts';
import { KiB, MiB } from '../../src/lib/size.ts';
import { USUAL_DELAYS } from '../../src/simulator/glacier/jobs.ts';
import type { SimulatorOptions } from '../../src/simulator/simulator.ts';
import type { TransferStatus } from '../../src/steps/status.ts';
import { run } from '../support/program.ts';
import { archivesOf, expectEnded, inRealSeconds, nameOf, type Scene, scene, VAULT } from './scene.ts';

/** Four days pass in a minute, and half a minute is what the machine may be late by before an output is lost. */
const SPEED = 6000;
const THROTTLED = { kind: 'error', status: 400, code: 'ThrottlingException', message: 'Rate exceeded' } as const;
const LONG = 240_000;

/** A vault of so many small archives, and the rate at which the line takes `length` for it. Jobs take what they do at AWS. */
async function lineOf(count: number, length: number, glacier: SimulatorOptions['glacier'] = {}) {
  const size = 256 * KiB;
  const built = await scene({
    speed: SPEED,
    vault: { archives: archivesOf(Array.from({ length: count }, (_, i) => size - i)) },
    glacier: { delays: USUAL_DELAYS, ...glacier },
  });
  const rate = Math.round((count * size * 1000) / length);
  const args = ['--bwlimit', String(rate), '--concurrency', '4', '--reconcile-every', '3h'];
  return { ...built, args };
}

/** Undefined before the run has begun. */
async function statusOf({ stateDir, simulator }: Scene): Promise<TransferStatus | undefined> {
  const { stdout, stderr } = await run(['status', '--state-dir', stateDir, '--json'], { env: simulator.environment });
  expect(stderr).toBe('');
  return (JSON.parse(stdout) as { transfers: TransferStatus[] }).transfers[0];
}

/** The first status for which `wanted` holds; a run that ends before rejects by the timeout of the test. */
async function statusWhen(of: Scene, wanted: (status: TransferStatus) => boolean): Promise<TransferStatus> {
  for (;;) {
    const status = await statusOf(of);
    if (status && wanted(status)) return status;
    await delay(500);
  }
}

/** The first status for people that matches. */
async function textWhen({ stateDir, simulator }: Scene, wanted: RegExp): Promise<string> {
  for (;;) {
    const { stdout } = await run(['status', '--state-dir', stateDir], { env: simulator.environment });
    if (wanted.test(stdout)) return stdout;
    await delay(500);
  }
}

/** Jobs that DescribeJob was called for: the inventory's, while the run waits for it. */
function described({ simulator }: Scene): number {
  return new Set(
    simulator.calls.filter(({ operation }) => operation === 'DescribeJob').map(({ detail }) => detail.jobId),
  ).size;
}

/** Reads of outputs that were no longer there. */
function lostReads({ simulator }: Scene): number {
  return simulator.calls.filter(({ operation, status }) => operation === 'GetJobOutput' && status === 404).length;
}

describe('a vault that takes four days', () => {
  it('is copied without an output expiring, and status says what it waits for', { timeout: LONG }, async () => {
    const count = 160;
    const it = await lineOf(count, 4 * DAY);
    const begunAt = it.simulator.now();
    const running = it.begin(it.args);
    const isHeld = ({ hold, archives, nextExpiry }: TransferStatus) =>
      /what this line/.test(hold?.text ?? '') && archives.verified.count > 20 && nextExpiry !== null;
    const status = await statusWhen(it, isHeld);
    const text = await textWhen(it, /next output expires .* UTC[\s\S]*nothing is being requested/);
    expectEnded(await running.ended, 0);

    expect(status.hold?.text).toMatch(/ outstanding: what this line can fetch in 20h$/);
    expect(status.etaSeconds).toBeGreaterThan(0);
    expect(status.paces).toMatchObject({ requestsHalved: 0, readsHalved: 0 });
    expect(status.paces?.requestsPerSecond).toBeGreaterThan(0);
    expect(status.paces?.readsPerSecond).toBeGreaterThan(0);
    expect(text).toMatch(/ left\n/);
    expect(text).toMatch(/at most \d+ requests\/s, \d+ reads\/s/);
    await it.expectCopied();
    // each was asked for once: none had expired
    expect(it.calls('InitiateJob')).toBe(count);
    expect(lostReads(it)).toBe(0);
    expect(it.simulator.now() - begunAt).toBeGreaterThan(4 * DAY);
  });

  it('is copied over a kill and a day off, and what is lost is found by pages of ListJobs alone', {
    timeout: LONG,
  }, async () => {
    const count = 160;
    // an output lives for a day at least: what the program begins to read in its last minutes is still there, although a thread that
    // starts takes an hour of this clock
    const life = DAY + 4 * HOUR;
    const it = await lineOf(count, 4 * DAY, { outputLifetimeMs: life });
    const first = it.begin(it.args);
    await statusWhen(it, ({ archives }) => archives.verified.count > 50);
    first.kill('SIGKILL');
    await first.ended;
    it.simulator.advance(life + 2 * HOUR);
    const asked = it.calls('InitiateJob');
    it.simulator.clearCalls();
    expectEnded(await it.transfer(it.args), 0);

    await it.expectCopied();
    // what was outstanding at the kill, at most a window of 20 h of four days, may have to be asked for again
    expect(asked + it.calls('InitiateJob')).toBeLessThanOrEqual(count + Math.ceil((count * 20) / 96) + 2);
    expect(described(it)).toBe(0);
    expect(lostReads(it)).toBe(0);
  });
});

it('goes on with an archive of many parts after days off: by a new job, with the parts and the upload that it had', async () => {
  const it = await scene({ vault: { archives: archivesOf([48 * MiB, 40 * MiB, 1000]) } });
  const first = it.begin(['--bwlimit', inRealSeconds(20 * MiB), '--concurrency', '2']);
  while (it.calls('UploadPart') < 2) await delay(20);
  first.kill('SIGTERM');
  expectEnded(await first.ended, 143);
  const copied = it.simulator.s3.objects('copies').length;
  const asked = it.calls('InitiateJob');
  it.simulator.advance(3 * DAY);
  expectEnded(await it.transfer(), 0);

  await it.expectCopied();
  expect(it.calls('InitiateJob')).toBe(asked + 3 - copied);
  expect(it.calls('CreateMultipartUpload')).toBe(2);
  expect(it.calls('UploadPart')).toBe(6 + 5);
  expect(lostReads(it)).toBe(0);
  expect(described(it)).toBeLessThanOrEqual(1);
});

/**
 * An archive every nine minutes, each read within six hours after its job is done: hours before anything would be asked for again,
 * so that a machine that is busy for a second, which is more than an hour and a half of this clock, is not taken for a line that is.
 */
const QUARTER = DAY / 4;

describe('what goes wrong on the way', () => {
  it('throttling storms lower both rates, apart from each other, and cost no second request', {
    timeout: LONG,
  }, async () => {
    const count = 40;
    const it = await lineOf(count, QUARTER);
    it.fault({ operation: 'InitiateJob', after: 4, times: 12, fault: THROTTLED });
    it.fault({ operation: 'GetJobOutput', after: 5, times: 4, fault: THROTTLED });
    expectEnded(await it.transfer(it.args), 0);
    const paces = (await statusOf(it))?.paces;

    await it.expectCopied();
    expect(it.calls('InitiateJob')).toBe(count + 12);
    // calls that were in flight together halve a rate once
    expect(paces?.requestsHalved).toBeGreaterThanOrEqual(2);
    expect(paces?.readsHalved).toBeGreaterThanOrEqual(1);
    expect(paces?.requestsHalved).not.toBe(paces?.readsHalved);
    expect(lostReads(it)).toBe(0);
  });

  it('half of the notifications are lost: nothing is late, nothing is asked for twice', { timeout: LONG }, async () => {
    const count = 40;
    const it = await lineOf(count, QUARTER);
    it.fault({ operation: 'JobNotification', every: 2, fault: { kind: 'drop-notification' } });
    expectEnded(await it.transfer(it.args), 0);

    await it.expectCopied();
    expect(it.calls('InitiateJob')).toBe(count);
    expect(described(it)).toBeLessThanOrEqual(1);
    expect(lostReads(it)).toBe(0);
  });

  it('every second job fails once: each of these is asked for once more', { timeout: LONG }, async () => {
    const count = 40;
    const it = await lineOf(count, QUARTER);
    const failing = it.archives().filter((_, i) => i % 2 === 1);
    for (const { id } of failing) {
      it.fault({ operation: 'InitiateJob', match: { archiveId: id }, times: 1, fault: { kind: 'fail-job' } });
    }
    expectEnded(await it.transfer(it.args), 0);

    await it.expectCopied();
    expect(it.calls('InitiateJob')).toBe(count + failing.length);
    expect(lostReads(it)).toBe(0);
  });
});

describe('an archive that takes longer than an output lives', () => {
  it('is not asked for again above --max-cost, and goes on with its parts under a higher one', {
    timeout: LONG,
  }, async () => {
    const size = 40 * MiB;
    const it = await scene({
      speed: SPEED,
      vault: { archives: archivesOf([size]) },
      glacier: { delays: USUAL_DELAYS },
    });
    const rate = String(Math.round((size * 1000) / (30 * HOUR)));
    const args = ['--bwlimit', rate, '--concurrency', '1', '--reconcile-every', '3h'];
    const ofPlan = [
      '--vault',
      VAULT,
      '--bucket',
      'copies',
      '--state-dir',
      it.stateDir,
      '--part-size',
      '8MiB',
      '--json',
    ];
    const plan = await run(['plan', ...ofPlan], { env: it.simulator.environment });
    const { once } = JSON.parse(plan.stdout) as { once: { highUsd: number } };
    const ended = await it.transfer([...args, '--max-cost', String(once.highUsd)]);
    expectEnded(ended, 8);
    expect(ended.stdout).toContain('--max-cost was reached');
    expect(it.calls('InitiateJob')).toBe(1);
    const cost = (await statusOf(it))?.cost;
    expect(cost?.spentUsd).toBeLessThanOrEqual(once.highUsd);
    expectEnded(await it.transfer(args), 0);

    await it.expectCopied();
    expect(it.calls('InitiateJob')).toBe(2);
    expect(it.calls('CreateMultipartUpload')).toBe(1);
    expect(it.calls('UploadPart')).toBe(5);
    // both jobs are on the bill
    const request = ((await statusOf(it))?.cost.spentUsd ?? 0) - once.highUsd;
    expect(request).toBeGreaterThan(0);
    expect(request).toBeLessThan(once.highUsd);
  });

  it('is asked for again before that, and keeps its parts and its upload', { timeout: LONG }, async () => {
    const size = 40 * MiB;
    const it = await scene({
      speed: SPEED,
      vault: { archives: archivesOf([size]) },
      glacier: { delays: USUAL_DELAYS },
    });
    const rate = String(Math.round((size * 1000) / (2 * DAY)));
    const running = it.begin(['--bwlimit', rate, '--concurrency', '1', '--reconcile-every', '3h']);
    expectEnded(await running.ended, 0);

    await it.expectCopied();
    const jobs = it.simulator.calls.filter(({ operation, detail }) => operation === 'InitiateJob' && detail.archiveId);
    // two days and the wait for the first job, by outputs of a day each
    expect(jobs.length).toBeGreaterThanOrEqual(2);
    expect(jobs.length).toBeLessThanOrEqual(4);
    const [first, second] = jobs;
    expect((second?.at ?? 0) - (first?.at ?? 0)).toBeLessThan(36 * HOUR);
    expect(it.calls('CreateMultipartUpload')).toBe(1);
    expect(it.calls('UploadPart')).toBe(5);
    expect(lostReads(it)).toBe(0);
    expect(it.simulator.s3.objects('copies').map(({ key }) => key)).toEqual([nameOf(0)]);
  });
});
