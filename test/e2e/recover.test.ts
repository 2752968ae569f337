import { mkdirSync, readdirSync, rmSync } from 'node:fs';
import { expect, it } from 'vitest';
import { HOUR, MINUTE } from '../../src/lib/duration.ts';
import { MiB } from '../../src/lib/size.ts';
import { start } from '../support/program.ts';
import { archivesOf, BUCKET, expectEnded, inRealSeconds, reasonOf, type Scene, scene, VAULT } from './scene.ts';

/** Several archives of several parts among small ones, so that a moment in the middle of each is likely to be met. */
const SIZES = [1, 20 * MiB, 1000, 33 * MiB, 2 * MiB, 17 * MiB, 5, 9 * MiB, 3 * MiB, 40 * MiB];
/** An hour in 2.4 s: a job lives for 58 s. */
const SPEED = 1500;

function setting(options: Parameters<typeof scene>[0] = {}) {
  const delays = { Inventory: [HOUR, HOUR], Bulk: [20 * MINUTE, 90 * MINUTE] } as const;
  const all = { Expedited: [HOUR, HOUR], Standard: [HOUR, HOUR], ...delays } as const;
  return scene({ speed: SPEED, vault: { archives: archivesOf(SIZES) }, glacier: { delays: all }, ...options });
}

/** What a machine that is gone has left: nothing. */
function lose({ stateDir }: Scene): void {
  rmSync(stateDir, { recursive: true });
  mkdirSync(stateDir);
}

function recover({ simulator, stateDir }: Scene, args: readonly string[] = []) {
  const command = [
    'recover',
    '--vault',
    VAULT,
    '--bucket',
    BUCKET,
    '--state-dir',
    stateDir,
    '--part-size',
    '8MiB',
    ...args,
  ];
  return start(command, { env: simulator.environment });
}

/** Each archive was asked for once: no InitiateJob for one whose job was still alive. */
function expectAskedOnce({ simulator }: Scene): void {
  const asked = simulator.calls
    .filter(({ operation, detail, status }) => operation === 'InitiateJob' && detail.archiveId && status === 202)
    .map(({ detail }) => String(detail.archiveId));
  expect(asked.length).toBe(new Set(asked).size);
  expect(asked).toHaveLength(SIZES.length);
}

/** How often each key was written as a whole. */
function writes({ simulator }: Scene): Record<string, number> {
  const counts: Record<string, number> = {};
  for (const { operation, detail, status } of simulator.calls) {
    if (!/^(PutObject|CompleteMultipartUpload)$/.test(operation) || status !== 200) continue;
    counts[String(detail.key)] = (counts[String(detail.key)] ?? 0) + 1;
  }
  return counts;
}

/** Moments of a transfer: each the number of calls that the simulator has seen of an operation. */
const MOMENTS: readonly (readonly [string, number])[] = [
  ['InitiateJob', 1],
  ['InitiateJob', 7],
  ['GetJobOutput', 2],
  ['UploadPart', 4],
  ['CompleteMultipartUpload', 1],
  ['PutObject', 5],
];

async function expectFinished(made: Scene): Promise<void> {
  expectEnded(await made.transfer(), 0);
  await made.expectCopied();
  expectAskedOnce(made);
  expect(Object.values(writes(made)).every((times) => times === 1)).toBe(true);
  // the lost run's queue and topic were found again, and removed in the end
  expect(made.simulator.counts()).toMatchObject({ 'sqs:CreateQueue': 1, 'sqs:DeleteQueue': 1 });
}

it.each(MOMENTS)(
  'goes on from nothing but the services when all is lost after %s number %d',
  async (operation, count) => {
    const made = await setting();
    const running = made.begin();
    await expect.poll(() => made.calls(operation), { timeout: 30_000, interval: 5 }).toBeGreaterThanOrEqual(count);
    running.kill('SIGKILL');
    await running.ended;
    lose(made);

    expectEnded(await recover(made).ended, 0);

    await expectFinished(made);
  },
);

it('goes on after one loss upon another, at random moments, of the transfer and of its recovery', async () => {
  const made = await setting();
  const pauses: number[] = [];
  const pause = async () => {
    const ms = Math.round(500 + Math.random() * 3000);
    pauses.push(ms);
    await new Promise((resolve) => setTimeout(resolve, ms));
  };
  const kill = async (running: ReturnType<Scene['begin']>) => {
    await pause();
    running.kill('SIGKILL');
    await running.ended;
  };
  await kill(made.begin());
  lose(made);
  await kill(recover(made));
  lose(made);
  expectEnded(await recover(made).ended, 0);
  await kill(made.begin());
  lose(made);
  await kill(recover(made));
  // one that had come to its end before has made the state whole
  expect([0, 1]).toContain((await recover(made).ended).code);

  await expectFinished(made).catch((error: unknown) => {
    throw new Error(`killed after ${pauses} ms`, { cause: error });
  });
});

it('goes on from its backup, with the parts that the backup knows of', async () => {
  const made = await setting();
  made.simulator.s3.addBucket('backups');
  const backup = ['--state-backup', 's3://backups/state'];
  const first = made.begin(['--once', ...backup]);
  expectEnded(await first.ended, 75);
  expect(made.simulator.s3.objects('backups').map(({ key }) => key)).toEqual([
    `state/${readdirSync(made.stateDir).find((name) => name.endsWith('.sqlite'))}`,
  ]);
  const second = made.begin(backup);
  await expect.poll(() => made.calls('UploadPart'), { timeout: 30_000, interval: 5 }).toBeGreaterThanOrEqual(4);
  second.kill('SIGKILL');
  await second.ended;
  lose(made);
  const inventories = made.simulator.calls.filter(({ detail }) => detail.type === 'inventory-retrieval').length;

  const recovered = await recover(made, backup).ended;
  const ended = await made.transfer(backup);

  expectEnded(recovered, 0);
  expect(recovered.stdout).toContain('from its backup');
  expectEnded(ended, 0);
  await made.expectCopied();
  expectAskedOnce(made);
  expect(made.simulator.calls.filter(({ detail }) => detail.type === 'inventory-retrieval')).toHaveLength(inventories);
});

it('keeps the parts of an upload that stand in the backup, and sends only the others', async () => {
  const archives = archivesOf([200 * MiB]);
  const made = await scene({ speed: SPEED, vault: { archives }, s3: { discardBodies: false } });
  made.simulator.s3.addBucket('backups');
  const backup = ['--state-backup', 's3://backups'];
  const first = made.begin([...backup, '--concurrency', '2', '--bwlimit', inRealSeconds(40 * MiB, SPEED)]);
  await expect.poll(() => made.calls('UploadPart'), { timeout: 30_000, interval: 5 }).toBeGreaterThanOrEqual(6);
  first.kill('SIGTERM');
  expect((await first.ended).code).toBe(143);
  const sent = made.calls('UploadPart');
  expect(sent).toBeLessThan(25);
  lose(made);

  expectEnded(await recover(made, backup).ended, 0);
  expectEnded(await made.transfer(), 0);

  await made.expectCopied();
  expect(made.calls('UploadPart')).toBe(25);
  expect(made.calls('InitiateJob')).toBe(1);
  expect(made.calls('CreateMultipartUpload')).toBe(1);
});

it('finds copies by what they say of themselves, under whatever key they are', async () => {
  const made = await setting();
  expectEnded(await made.transfer(), 0);
  const { simulator } = made;
  const [object] = simulator.s3.objects(BUCKET);
  const headers = Object.entries(object!.metadata).map(([name, value]) => [`x-amz-meta-${name}`, value]);
  await simulator.s3.putBytes(BUCKET, 'another/name.bin', await simulator.s3.bytes(BUCKET, object!.key), {
    ...Object.fromEntries(headers),
    'x-amz-storage-class': 'DEEP_ARCHIVE',
  });
  await simulator.s3.remove(BUCKET, object!.key);
  lose(made);
  simulator.clearCalls();

  const recovered = await recover(made).ended;
  const ended = await made.transfer();

  expectEnded(recovered, 0);
  expect(recovered.stdout).toContain('10 archives copied, 0 asked for, 0 still to be asked for');
  expectEnded(ended, 0);
  expect(made.calls('InitiateJob')).toBe(0);
  expect(writes(made)).toEqual({});
});

it('does not touch a state that is there', async () => {
  const made = await setting();
  expectEnded(await made.transfer(['--once']), 75);

  const ended = await recover(made).ended;

  expectEnded(ended, 1);
  expect(reasonOf(ended)).toContain('run transfer to go on');
});

it('waits for no inventory with --once, and goes on with it the next time', async () => {
  const made = await setting();

  expectEnded(await recover(made, ['--once']).ended, 75);
  expectEnded(await recover(made).ended, 0);
  expectEnded(await made.transfer(), 0);

  expectAskedOnce(made);
  expect(made.simulator.calls.filter(({ detail }) => detail.type === 'inventory-retrieval')).toHaveLength(1);
});

it('copies on where backups fail, and says so', async () => {
  const made = await setting({
    faults: [
      {
        operation: 'PutObject',
        match: { bucket: 'backups' },
        fault: { kind: 'error', status: 403, code: 'AccessDenied', message: 'Access Denied' },
      },
    ],
  });
  made.simulator.s3.addBucket('backups');

  const ended = await made.transfer(['--state-backup', 's3://backups/x']);

  expectEnded(ended, 0);
  await made.expectCopied();
  expect(ended.stderr).toContain('the state file could not be backed up');
  expect(made.simulator.s3.objects('backups')).toEqual([]);
});
