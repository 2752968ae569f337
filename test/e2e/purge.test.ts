import { readdirSync, readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { DAY, HOUR } from '../../src/lib/duration.ts';
import { start } from '../support/program.ts';
import { archivesOf, BUCKET, expectEnded, FEW, nameOf, reasonOf, scene, VAULT } from './scene.ts';

/** A scene in which the vault has been copied, and the commands that come after. */
async function copied(options: Parameters<typeof scene>[0] = {}) {
  const made = await scene(options);
  expectEnded(await made.transfer(), 0);
  made.simulator.clearCalls();
  const begin = (name: string, args: readonly string[] = []) => {
    const command = [name, '--vault', VAULT, '--bucket', BUCKET, '--state-dir', made.stateDir, ...args];
    return start(command, { env: made.simulator.environment });
  };
  const after = (name: string, args: readonly string[] = []) => begin(name, args).ended;
  const purge = (...args: readonly string[]) => after('purge', ['--confirm', VAULT, '--request-rate', '1000', ...args]);
  const names = made.archives().map(({ description }) => description);
  /** Archives that were deleted: they stay listed until the next inventory, and may be gone by now. */
  const deleted = () => {
    const left = made.archives().filter(({ deletedAt }) => deletedAt === undefined);
    return names.filter((name) => !left.some(({ description }) => description === name));
  };
  const audit = () => {
    const name = readdirSync(made.stateDir).find((file) => file.endsWith('.purge.jsonl'));
    if (name === undefined) return [];
    const path = join(made.stateDir, name);
    expect(statSync(path).mode & 0o777).toBe(0o600);
    const lines = readFileSync(path, 'utf8').trimEnd().split('\n');
    return lines.map((line) => JSON.parse(line) as { event: string; key: string; archiveId: string });
  };
  return { ...made, begin, after, purge, deleted, audit };
}

const NAMES = FEW.map((_, i) => nameOf(i));

it('deletes nothing that verify has not proven', async () => {
  const { purge, deleted, calls } = await copied();

  const ended = await purge();

  expectEnded(ended, 3);
  expect(ended.stderr).toContain(
    '6 archives (22 MiB) kept, not proven to be in the bucket as they were copied: run verify',
  );
  expect(deleted()).toEqual([]);
  expect(calls('DeleteArchive')).toBe(0);
});

it('deletes what is proven, writes it down before and after, and leaves the objects alone', async () => {
  const { after, purge, deleted, audit, transfer, calls, simulator, stateDir } = await copied();
  expectEnded(await after('verify'), 0);

  const ended = await purge();

  expectEnded(ended, 0);
  expect(ended.stdout).toContain('6 archives (22 MiB) deleted from the vault');
  expect(deleted()).toEqual(NAMES);
  for (const key of NAMES) {
    expect(
      audit()
        .filter((line) => line.key === key)
        .map(({ event }) => event),
    ).toEqual(['deleting', 'deleted']);
  }
  expect(simulator.s3.objects(BUCKET).map(({ key }) => key)).toEqual(NAMES);

  simulator.clearCalls();
  expectEnded(await purge(), 0);
  expect(calls('DeleteArchive')).toBe(0);
  expectEnded(await transfer(), 0);
  expect(calls('InitiateJob')).toBe(0);
  const report = await after('report', ['--jsonl']);
  const purged = report.stdout
    .trimEnd()
    .split('\n')
    .map((line) => (JSON.parse(line) as { purgedAt?: string }).purgedAt);
  expect(purged.every((at) => at !== undefined && Date.parse(at) > 0)).toBe(true);
  const status = await start(['status', '--json', '--state-dir', stateDir], { env: simulator.environment }).ended;
  expect(JSON.parse(status.stdout).transfers[0].purged).toMatchObject({ count: 6 });
});

it.each([
  ['is gone', 'remove', 'there is no such object'],
  ['was overwritten', 'overwrite', 'ETag'],
] as const)('keeps the archive of an object that %s after it was proven', async (_, mishap, detail) => {
  const { after, purge, deleted, audit, simulator } = await copied();
  expectEnded(await after('verify'), 0);
  if (mishap === 'remove') await simulator.s3.remove(BUCKET, nameOf(2));
  else await simulator.s3.putBytes(BUCKET, nameOf(2), Buffer.alloc(FEW[2]!));

  const ended = await purge();

  expectEnded(ended, 3);
  expect(deleted()).toEqual(NAMES.filter((name) => name !== nameOf(2)));
  expect(ended.stdout).toContain('1 archive kept: the object is no longer what was proven');
  expect(ended.stderr).toContain(detail);
  expect(
    audit()
      .filter(({ key }) => key === nameOf(2))
      .map(({ event }) => event),
  ).toEqual(['deleting', 'kept']);
});

it('asks for a new proof once the old one is too old', async () => {
  const { after, purge, deleted, simulator } = await copied();
  expectEnded(await after('verify'), 0);
  simulator.advance(2 * DAY);

  const old = await purge();
  const accepted = await purge('--proof-age', '10d');

  expectEnded(old, 3);
  expect(old.stderr).toContain('kept, proven longer than 1d ago: run verify');
  expectEnded(accepted, 0);
  expect(deleted()).toEqual(NAMES);
});

it('keeps archives below 90 days and says what they would cost, until the fee is accepted', async () => {
  const archives = archivesOf([1000, 2000]).map((archive, i) => ({
    ...archive,
    createdAt: i === 0 ? archive.createdAt : Date.now() - 30 * DAY,
  }));
  const { after, purge, deleted } = await copied({ vault: { archives } });
  expectEnded(await after('verify'), 0);

  const kept = await purge();
  const paid = await purge('--accept-early-delete-fee');

  expectEnded(kept, 3);
  expect(kept.stderr).toContain('1 archive (1.95 KiB) kept, younger than 90 days');
  expect(kept.stderr).toMatch(/early-delete fee for 1 archive below 90 days: .+ if they were deleted today/);
  expectEnded(paid, 0);
  expect(paid.stderr).toMatch(/early-delete fee for 1 archive below 90 days: .+, accepted/);
  expect(deleted()).toEqual(NAMES.slice(0, 2));
});

it('deletes nothing from a vault whose lock forbids it', async () => {
  const { after, purge, deleted, calls, simulator } = await copied();
  const vault = simulator.glacier.region('us-east-1').vault(VAULT)!;
  const statement = { Effect: 'Deny', Principal: '*', Action: 'glacier:DeleteArchive', Resource: vault.arn };
  const condition = { NumericLessThan: { 'glacier:ArchiveAgeInDays': '36500' } };
  const id = vault.policies.initiateLock(
    JSON.stringify({ Version: '2012-10-17', Statement: [{ ...statement, Condition: condition }] }),
  );
  vault.policies.completeLock(id);
  expectEnded(await after('verify'), 0);

  const ended = await purge();

  expectEnded(ended, 3);
  expect(ended.stderr).toContain('kept, held by the vault lock');
  expect(deleted()).toEqual([]);
  expect(calls('DeleteArchive')).toBe(0);
});

it('does not begin unless the name of the vault is given, and stops where it is another', async () => {
  const { after, deleted } = await copied();
  expectEnded(await after('verify'), 0);

  const unasked = await after('purge');
  const wrong = await after('purge', ['--confirm', 'phots']);
  const dry = await after('purge', ['--dry-run', '--json']);

  expectEnded(unasked, 2);
  expect(reasonOf(unasked)).toContain('--confirm photos');
  expectEnded(wrong, 1);
  expect(reasonOf(wrong)).toContain('"phots" is not the name of the vault');
  expectEnded(dry, 0);
  expect(JSON.parse(dry.stdout)).toMatchObject({ dryRun: true, planned: { count: 6 }, purged: null });
  expect(deleted()).toEqual([]);
});

it('deletes no more than --limit allows, and the rest another time', async () => {
  const { after, purge, deleted } = await copied();
  expectEnded(await after('verify'), 0);

  expectEnded(await purge('--limit', '2'), 0);
  expect(deleted()).toEqual(NAMES.slice(0, 2));
  expectEnded(await purge(), 0);
  expect(deleted()).toEqual(NAMES);
});

it('gets through throttling, resets and lost answers, and knows in the end what it has deleted', async () => {
  const { after, purge, deleted, audit, fault } = await copied();
  expectEnded(await after('verify'), 0);
  const THROTTLED = { kind: 'error', status: 400, code: 'ThrottlingException', message: 'Rate exceeded' } as const;
  fault({ operation: 'DeleteArchive', probability: 0.3, seed: 1, fault: THROTTLED });
  fault({ operation: 'DeleteArchive', times: 2, fault: { kind: 'lost-response' } });
  fault({ operation: 'HeadObject', times: 2, fault: { kind: 'reset' } });

  const ended = await purge();

  expectEnded(ended, 0);
  expect(deleted()).toEqual(NAMES);
  expect(audit().filter(({ event }) => event === 'deleted')).toHaveLength(6);
});

it('goes on where it was killed', async () => {
  const { after, begin, purge, deleted, audit, calls } = await copied({ speed: 5000 });
  expectEnded(await after('verify'), 0);
  const running = begin('purge', ['--confirm', VAULT, '--request-rate', '0.0005']);
  await expect.poll(() => calls('DeleteArchive'), { timeout: 20_000 }).toBeGreaterThan(1);
  running.kill('SIGKILL');
  await running.ended;

  const ended = await purge('--proof-age', '9d');

  expectEnded(ended, 0);
  expect(deleted()).toEqual(NAMES);
  expect(
    new Set(
      audit()
        .filter(({ event }) => event === 'deleted')
        .map(({ key }) => key),
    ),
  ).toEqual(new Set(NAMES));
  expect(calls('DeleteArchive')).toBeLessThanOrEqual(FEW.length + 1);
});

it('deletes the vault once its inventory is empty, and says until then when that can be', async () => {
  const { after, purge, simulator } = await copied({ speed: 2000 });
  simulator.glacier.region('us-east-1').vault(VAULT)?.takeInventory();
  const full = await after('delete-vault');
  expectEnded(full, 75);
  expect(full.stdout).toContain('has 6 archives');
  expect(full.stdout).toContain('6 archives that the state file knows of were not deleted: purge comes first');
  expectEnded(await after('verify'), 0);
  expectEnded(await purge(), 0);

  const early = await after('delete-vault');
  simulator.advance(2 * DAY + HOUR);
  const late = await after('delete-vault');
  const again = await after('delete-vault');

  expectEnded(early, 75);
  expect(early.stdout).toMatch(/the next inventory can be expected about \d{4}-\d\d-\d\dT/);
  expect(early.stdout).not.toContain('purge comes first');
  expectEnded(late, 0);
  expect(late.stdout).toContain('the vault photos is deleted');
  expect(simulator.glacier.region('us-east-1').vault(VAULT)).toBeUndefined();
  expectEnded(again, 0);
});
