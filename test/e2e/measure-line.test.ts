import { rmSync } from 'node:fs';
import { setTimeout as delay } from 'node:timers/promises';
import { describe, expect, it } from 'vitest';
import { HOUR } from '../../src/lib/duration.ts';
import { GiB, MiB } from '../../src/lib/size.ts';
import type { TransferStatus } from '../../src/steps/status.ts';
import { type Ended, run } from '../support/program.ts';
import { BUCKET, expectEnded, nameOf, type Scene, scene, VAULT } from './scene.ts';

const SLOW = [5 * HOUR, 6 * HOUR] as const;
const SIZE = 50 * GiB;
const COUNT = 200;
/** A window is what is fetched in 20 h. */
const WINDOW_SECONDS = 20 * 3600;
const CAREFUL = 10 * MiB * WINDOW_SECONDS;
const PREFIX = 'here/';
/** Far below what any machine sends to itself: what is measured is the limit. */
const LIMIT = 50 * MiB;
const ARGS = ['--once', '--prefix', PREFIX, '--bwlimit', String(LIMIT)];

/** A vault of 10 TiB of zeros, of which nothing is ever staged, with its inventory at hand. */
async function vast({ speed = 1 } = {}): Promise<Scene> {
  const archives = Array.from({ length: COUNT }, (_, i) => ({
    description: nameOf(i),
    createdAt: Date.UTC(2015, 0, 1) + i * HOUR,
    content: { kind: 'zeros' as const, size: SIZE + i },
  }));
  const built = await scene({
    speed,
    vault: { archives },
    glacier: { delays: { Inventory: SLOW, Bulk: SLOW, Standard: SLOW, Expedited: SLOW } },
    s3: { discardBodies: true },
  });
  expectEnded(await built.transfer(ARGS), 75);
  built.simulator.advance(6 * HOUR);
  built.simulator.clearCalls();
  return built;
}

/** Calls about the measuring upload, by their operation. */
function measuring({ simulator }: Scene): Readonly<Record<string, number>> {
  const counts: Record<string, number> = {};
  for (const { operation, detail } of simulator.calls) {
    if (!/measurement/.test(`${detail.key} ${detail.prefix}`)) continue;
    counts[operation] = (counts[operation] ?? 0) + 1;
  }
  return counts;
}

function askedBytes({ calls }: Scene): number {
  return calls('InitiateJob') * SIZE;
}

async function statusOf({ stateDir, simulator }: Scene, ...args: string[]): Promise<string> {
  const { stdout } = await run(['status', '--state-dir', stateDir, ...args], { env: simulator.environment });
  return stdout;
}

/** Ends a run in the middle of its measurement. */
async function end(it: Scene, signal: NodeJS.Signals): Promise<Ended> {
  it.fault({ operation: 'UploadPart', after: 1, times: 1, fault: { kind: 'delay', ms: 60_000 } });
  const running = it.begin(ARGS);
  while ((measuring(it).UploadPart ?? 0) < 2) await delay(20);
  running.kill(signal);
  return running.ended;
}

describe('a vault of many TiB', { timeout: 120_000 }, () => {
  it('is asked for as the measured line can fetch it, with the permissions that iam-policy prints, and measured once', async () => {
    const it = await vast();
    const of = ['--vault', VAULT, '--bucket', BUCKET, '--prefix', PREFIX];
    const { stdout: policy } = await run(['iam-policy', ...of], { env: it.simulator.environment });
    it.simulator.credentials.set({ accessKeyId: 'simulator', secretAccessKey: 'simulator', policy });

    expectEnded(await it.transfer([...ARGS, '--dry-run']), 0);
    expect(measuring(it)).toEqual({});
    const ended = await it.transfer(ARGS);

    expectEnded(ended, 75);
    expect(ended.stderr).toMatch(/info line measured by an upload to the bucket \(up=\d+(\.\d+)? MiB\/s/);
    const parts = measuring(it).UploadPart ?? 0;
    expect(measuring(it)).toEqual({ CreateMultipartUpload: 1, UploadPart: parts, AbortMultipartUpload: 1 });
    // five seconds of it
    expect(parts * 8 * MiB).toBeLessThan(6 * LIMIT);
    expect(it.simulator.s3.uploads(BUCKET)).toEqual([]);
    const [status] = (JSON.parse(await statusOf(it, '--json')) as { transfers: TransferStatus[] }).transfers;
    const upload = status?.lineUpload?.bytesPerSecond ?? 0;
    expect(upload).toBeLessThan(LIMIT * 1.2);
    expect(askedBytes(it)).toBeGreaterThan(CAREFUL);
    expect(askedBytes(it)).toBeLessThan(upload * WINDOW_SECONDS);
    expect(await statusOf(it)).toMatch(/line measured: \S+ MiB\/s up; \S+ MiB\/s counted on until copies tell/);
    const first = it.simulator.calls.find(({ detail }) => detail.archiveId);
    const last = it.simulator.calls.findLast(({ detail }) => /measurement/.test(String(detail.key)));
    expect(last?.id).toBeLessThan(first?.id ?? 0);

    it.simulator.clearCalls();
    expectEnded(await it.transfer(ARGS), 75);

    expect(measuring(it)).toEqual({});
    expect(it.calls('InitiateJob')).toBe(0);
  });

  it('is asked for with care where the measuring upload is refused, and no more is said than that', async () => {
    const it = await vast();
    const refused = { kind: 'error', status: 403, code: 'AccessDenied', message: 'not here' } as const;
    it.fault({ operation: 'CreateMultipartUpload', fault: refused });

    const ended = await it.transfer(ARGS);

    expectEnded(ended, 75);
    expect(ended.stderr.match(/ warning .*/g)).toEqual([
      expect.stringMatching(/the line could not be measured: the first requests are careful \(code=access_denied/),
    ]);
    expect(askedBytes(it)).toBeGreaterThan(CAREFUL / 2);
    expect(askedBytes(it)).toBeLessThanOrEqual(CAREFUL);
  });

  it('leaves nothing of a measurement that is killed: the next run ends it, and measures', async () => {
    const it = await vast();
    await end(it, 'SIGKILL');
    expect(it.simulator.s3.uploads(BUCKET)).toHaveLength(1);
    it.simulator.clearCalls();

    expectEnded(await it.transfer(ARGS), 75);

    expect(measuring(it)).toMatchObject({
      ...{ ListMultipartUploads: 1, CreateMultipartUpload: 1, AbortMultipartUpload: 2 },
    });
    expect(it.simulator.s3.uploads(BUCKET)).toEqual([]);
    expect(askedBytes(it)).toBeGreaterThan(CAREFUL);
  });

  it('leaves nothing of a measurement that is killed where the state is lost with it, once that is recovered', async () => {
    const it = await vast({ speed: 60 });
    await end(it, 'SIGKILL');
    expect(it.simulator.s3.uploads(BUCKET)).toHaveLength(1);
    rmSync(it.stateDir, { recursive: true });

    const of = ['--vault', VAULT, '--bucket', BUCKET, '--prefix', PREFIX, '--state-dir', it.stateDir];
    expectEnded(await run(['recover', ...of], { env: it.simulator.environment }), 0);

    expect(it.simulator.s3.uploads(BUCKET)).toEqual([]);
  });

  it('is left alone by a measurement that is interrupted: it ends at once, and asks for nothing', async () => {
    const it = await vast();

    expectEnded(await end(it, 'SIGINT'), 130);

    expect(measuring(it)).toMatchObject({ AbortMultipartUpload: 1 });
    expect(it.simulator.s3.uploads(BUCKET)).toEqual([]);
    expect(it.calls('InitiateJob')).toBe(0);
  });
});

it('a small vault is copied without a measurement', async () => {
  const it = await scene();

  expectEnded(await it.transfer(), 0);

  await it.expectCopied();
  expect(measuring(it)).toEqual({});
});
