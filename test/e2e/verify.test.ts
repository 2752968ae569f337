import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { start, temporaryFolder } from '../support/program.ts';
import { BUCKET, expectEnded, FEW, nameOf, reasonOf, type Scene, scene, VAULT } from './scene.ts';

/** A scene in which the vault has been copied, and `verify` on it. */
async function copied(options: Parameters<typeof scene>[0] = {}, args: readonly string[] = []) {
  const made = await scene(options);
  expectEnded(await made.transfer(args), 0);
  made.simulator.clearCalls();
  const verify = (...more: readonly string[]) => verifyOf(made, more).ended;
  return { ...made, verify };
}

function verifyOf({ simulator, stateDir }: Scene, args: readonly string[]) {
  const command = ['verify', '--vault', VAULT, '--bucket', BUCKET, '--state-dir', stateDir, ...args];
  return start(command, { env: simulator.environment });
}

/** What is in the bucket, under the key, changed. */
async function rewrite({ simulator }: Scene, key: string, change: { bytes?: Buffer; metadata?: object; as?: string }) {
  const object = simulator.s3.objects(BUCKET).find((one) => one.key === key)!;
  const headers = Object.entries(change.metadata ?? object.metadata).map(([name, value]) => [
    `x-amz-meta-${name}`,
    value,
  ]);
  await simulator.s3.putBytes(BUCKET, key, change.bytes ?? (await simulator.s3.bytes(BUCKET, key)), {
    ...Object.fromEntries(headers),
    'x-amz-storage-class': change.as ?? object.storageClass,
  });
}

it('finds every object to be what was copied, changes nothing, and says so line by line', async () => {
  const { verify, changes, calls } = await copied();
  const file = join(temporaryFolder(), 'combined');

  const ended = await verify('--combined', file);

  expectEnded(ended, 0);
  expect(readFileSync(file, 'utf8').trimEnd().split('\n').sort()).toEqual(FEW.map((_, i) => `= ${nameOf(i)}`));
  expect(calls('HeadObject')).toBe(FEW.length);
  expect(calls('GetObject')).toBe(0);
  expect(changes()).toEqual([]);
});

it('tells what is missing, what is only in the bucket, what differs and what could not be looked at', async () => {
  const made = await copied();
  const { verify, simulator, fault } = made;
  await simulator.s3.remove(BUCKET, nameOf(0));
  await rewrite(made, nameOf(1), { bytes: Buffer.alloc(FEW[1]!) });
  await rewrite(made, nameOf(2), { metadata: {} });
  await rewrite(made, nameOf(3), { as: 'STANDARD' });
  await simulator.s3.putBytes(BUCKET, 'somebody/else.txt', Buffer.from('hello'));
  fault({
    operation: 'HeadObject',
    match: { key: nameOf(4) },
    fault: { kind: 'error', status: 403, code: 'AccessDenied', message: 'Access Denied' },
  });

  const combined = await verify('--combined', '-');
  const told = await verify();
  const json = await verify('--json', '--one-way');

  expectEnded(combined, 3);
  const lines = [
    ...['- a000.bin', '* a001.bin', '* a002.bin', '* a003.bin', '! a004.bin', '= a005.bin'],
    '+ somebody/else.txt',
  ];
  expect(combined.stdout.trimEnd().split('\n')).toEqual(lines);
  expect(told.stdout).toContain('- a000.bin: there is no such object\n');
  expect(told.stdout).toMatch(/\* a001.bin: CRC64NVME \S+, not CRC32 \S+; ETag /);
  expect(told.stdout).toContain('* a002.bin: ');
  expect(told.stdout).toContain('its metadata names no archive');
  expect(told.stdout).toContain('storage class STANDARD, not DEEP_ARCHIVE');
  expect(told.stdout).toContain('! a004.bin: no permission for');
  expectEnded(json, 3);
  expect(JSON.parse(json.stdout)).toMatchObject({ match: 1, missing: 1, extra: 0, differ: 3, errors: 1 });
});

it('reads the objects back and finds a byte that has changed, even where all that S3 says is right', async () => {
  const { verify, fault, calls } = await copied({}, ['--storage-class', 'STANDARD']);

  const good = await verify('--deep');
  fault({ operation: 'GetObject', match: { key: nameOf(5) }, fault: { kind: 'flip-byte', offset: 7 } });
  const bad = await verify('--deep');

  expectEnded(good, 0);
  expect(good.stdout).toContain('6 were read back, and their tree hashes are right');
  expect(calls('GetObject')).toBe(12);
  expectEnded(bad, 3);
  expect(bad.stdout).toMatch(/\* a005.bin: its tree hash is [0-9a-f]{64}, not [0-9a-f]{64}/);
});

it('says which objects it could not read back: those of an archive class', async () => {
  const { verify } = await copied();

  const ended = await verify('--deep');

  expectEnded(ended, 0);
  expect(ended.stdout).toContain('0 were read back');
  expect(ended.stdout).toContain('6 were not read: their storage class has to be restored first');
});

it('goes on reading behind what has arrived where connections break', async () => {
  const { verify, fault } = await copied({}, ['--storage-class', 'STANDARD']);
  fault({ operation: 'GetObject', every: 2, fault: { kind: 'cut', afterBytes: 600 } });

  const ended = await verify('--deep');

  expectEnded(ended, 0);
  expect(ended.stdout).toContain('6 were read back, and their tree hashes are right');
});

it('looks at no more objects than the sample has', async () => {
  const { verify, calls } = await copied();

  const ended = await verify('--sample', '2');

  expectEnded(ended, 0);
  expect(calls('HeadObject')).toBe(2);
  expect(ended.stdout).toContain('2 objects looked at');
});

it('goes on where it was killed: no object is looked at twice', async () => {
  const made = await copied({ speed: 5000 });
  const slow = verifyOf(made, ['--request-rate', '0.0004', '--concurrency', '1']);
  await expect.poll(() => made.calls('HeadObject'), { timeout: 20_000 }).toBeGreaterThan(2);
  slow.kill('SIGKILL');
  await slow.ended;
  const before = made.calls('HeadObject');

  const ended = await made.verify();

  expectEnded(ended, 0);
  expect(ended.stdout).toContain('6 objects looked at');
  // the one that was under way is looked at again
  expect(made.calls('HeadObject') - before).toBeLessThanOrEqual(FEW.length - before + 2);
  expect(made.calls('HeadObject') - before).toBeLessThan(FEW.length);
});

it('waits and goes on where S3 is busy, and gives up where nothing may be looked at', async () => {
  const { verify, fault, simulator } = await copied();
  fault({
    operation: 'HeadObject',
    probability: 0.4,
    seed: 1,
    fault: { kind: 'error', status: 503, code: 'SlowDown', message: 'Please reduce your request rate.' },
  });
  const busy = await verify();
  simulator.faults.clear();
  fault({
    operation: 'ListObjectsV2',
    fault: { kind: 'error', status: 403, code: 'AccessDenied', message: 'Access Denied' },
  });
  const denied = await verify();

  expectEnded(busy, 0);
  expectEnded(denied, 1);
  expect(reasonOf(denied)).toContain('s3:ListBucket');
});
