import { mkdirSync, readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { HOUR, MINUTE } from '../../src/lib/duration.ts';
import type { SimulatorOptions } from '../../src/simulator/simulator.ts';
import { type Ended, run, start, temporaryFolder } from '../support/program.ts';
import { archivesOf, BUCKET, expectEnded, FEW, nameOf, reasonOf, type Scene, scene, VAULT } from './scene.ts';

/** Runs a command other than `transfer` against the scene. */
function command(at: Scene, ...args: readonly string[]): Promise<Ended> {
  return run([...args, '--state-dir', at.stateDir], { env: at.simulator.environment });
}

const ofTransfer = ['--vault', VAULT, '--bucket', BUCKET];
const TOPIC = 'arn:aws:sns:us-east-1:123456789012:jobs';
const QUEUE = 'arn:aws:sqs:us-east-1:123456789012:jobs';

function vaultOf(at: Scene) {
  const vault = at.simulator.glacier.region('us-east-1').vault(VAULT);
  if (!vault) throw new Error('the scene has no vault');
  return vault;
}

function inventoryJobs(at: Scene): number {
  return at.simulator.calls.filter(
    ({ operation, detail }) => operation === 'InitiateJob' && detail.archiveId === undefined,
  ).length;
}

async function manifest(at: Scene): Promise<Record<string, unknown>[]> {
  const { stdout } = await command(at, 'report', ...ofTransfer, '--jsonl');
  return stdout
    .trimEnd()
    .split('\n')
    .map((line) => JSON.parse(line));
}

/** The inventory is soon there, the archives are not: what a transfer waits for can be looked at. */
const WAITING: SimulatorOptions = {
  speed: 600,
  glacier: {
    delays: {
      Inventory: [MINUTE, MINUTE],
      Expedited: [HOUR, HOUR],
      Bulk: [6 * HOUR, 6 * HOUR],
      Standard: [6 * HOUR, 6 * HOUR],
    },
  },
};

/** A transfer that leaves the archive `a002.bin` failed, because Glacier says that it is not there. */
async function withFailure(): Promise<Scene> {
  const at = await scene();
  const rule = at.lose(2);
  expectEnded(await at.transfer(), 3);
  at.simulator.faults.clear(rule);
  return at;
}

it.each([
  ['no vault', ['transfer', '--bucket', BUCKET], /--vault/],
  ['an impossible vault', ['transfer', '--vault', 'a b', '--bucket', BUCKET], /a vault name has/],
  ['an unknown command', ['transfr'], /unknown command 'transfr'.*transfer/],
  ['an unknown option', ['status', '--jsn'], /unknown option '--jsn'.*--json/],
  ['a word too many', ['status', 'now'], /too many arguments/],
  ['memory for less than its threads', ['plan', ...ofTransfer, '--memory', '1MiB'], /--memory 1 MiB is too little/],
  [
    'memory for fewer than its threads',
    ['transfer', ...ofTransfer, '--memory', '256MiB', '--threads', '16'],
    /--memory 256 MiB is too little for 16 threads: give 512MiB, or say --threads 8$/,
  ],
  [
    'more memory than there is',
    ['transfer', ...ofTransfer, '--memory', '1P', '--threads', '1'],
    /--memory 1 PiB is more/,
  ],
  ['a KMS key without KMS', ['transfer', ...ofTransfer, '--sse-kms-key-id', 'k'], /needs --sse aws:kms/],
  ['a queue without its topic', ['transfer', ...ofTransfer, '--queue-url', 'http://q'], /needs --topic-arn/],
  [
    'a topic nobody reads',
    ['transfer', ...ofTransfer, '--no-notifications', '--topic-arn', TOPIC],
    /--no-notifications/,
  ],
  ['a topic that is no ARN', ['transfer', ...ofTransfer, '--topic-arn', 'x'], /--topic-arn.*arn:aws:sns:REGION/],
  ['a topic of doctor that is a queue', ['doctor', ...ofTransfer, '--topic-arn', QUEUE], /--topic-arn.*arn:aws:sns:/],
  [
    'a queue that is no URL',
    ['transfer', ...ofTransfer, '--topic-arn', TOPIC, '--queue-url', QUEUE],
    /--queue-url.*https:\/\//,
  ],
  ['two forms of a report', ['report', ...ofTransfer, '--json', '--csv'], /--json and --csv rule each other out/],
  ['no object to write to', ['report', ...ofTransfer, '--output', 's3://bucket'], /s3:\/\/bucket\/key/],
  ['an endpoint that is no address', ['plan', ...ofTransfer, '--endpoint-url', 'localhost'], /http:\/\//],
  ['a misspelt Region', ['plan', ...ofTransfer, '--region', 'us east 1'], /"us east 1" is not the name of a Region/],
  ['no file to import', ['inventory', 'import', '--vault', VAULT], /missing required argument 'file'/],
])('refuses %s in one line, with exit code 2', async (_, args, message) => {
  const ended = await run(args);

  expectEnded(ended, 2);
  expect(reasonOf(ended)).toMatch(message);
  expect(ended).toMatchObject({ stdout: '', stderr: expect.stringMatching(/^[^\n]+\n$/) });
});

it.each(['transfer', 'plan', 'status', 'report', 'retry', 'inventory get', 'inventory import', 'inventory export'])(
  'explains %s with --help',
  async (name) => {
    const ended = await run([...name.split(' '), '--help']);

    expectEnded(ended, 0);
    expect(ended.stdout).toContain(`Usage: glacier2s3 ${name} [options]`);
    expect(ended.stderr).toBe('');
  },
);

it('takes options from the environment, and a flag before them', async () => {
  const at = await scene();
  const env = {
    ...at.simulator.environment,
    GLACIER2S3_STATE_DIR: at.stateDir,
    GLACIER2S3_VAULT: VAULT,
    GLACIER2S3_BUCKET: BUCKET,
    GLACIER2S3_STORAGE_CLASS: 'STANDARD_IA',
    GLACIER2S3_TAG: 'from=variable,second=one',
    GLACIER2S3_NO_NOTIFICATIONS: '1',
    GLACIER2S3_DRY_RUN: 'false',
    GLACIER2S3_YES: 'yes',
    GLACIER2S3_PART_SIZE: '8MiB',
  };

  expectEnded(await run(['transfer', '--storage-class', 'STANDARD'], { env }), 0);

  await at.expectCopied({ storageClass: 'STANDARD' });
  expect(at.simulator.s3.objects(BUCKET)[0]?.tags).toEqual({ from: 'variable', second: 'one' });
  expect(at.calls('CreateTopic')).toBe(0);
  const ended = await run(['status'], { env: { ...env, GLACIER2S3_JSON: 'perhaps' } });
  expectEnded(ended, 2);
  expect(reasonOf(ended)).toContain('GLACIER2S3_JSON is "perhaps"');
});

it('says what is wrong with a variable that is set to nothing where a file is named', async () => {
  const ended = await run(['plan', ...ofTransfer], { env: { GLACIER2S3_NAMES: '' } });

  expect(ended.code).toBe(2);
  expect(reasonOf(ended)).toMatch(/GLACIER2S3_NAMES.*an empty name is no file/);
});

it('prints the plan of a dry run and changes nothing', async () => {
  const at = await scene();

  const ended = await at.transfer(['--dry-run']);

  expectEnded(ended, 0);
  expect(ended.stdout).toContain(`${FEW.length} archives`);
  const json = await command(at, 'plan', ...ofTransfer, '--json');
  expectEnded(json, 0);
  expect(JSON.parse(json.stdout)).toMatchObject({ archives: { archives: FEW.length } });
  expect(at.changes()).toEqual(['glacier:InitiateJob']);
  expect(at.calls('InitiateJob')).toBe(0);
});

it('tells with SIGUSR1 how a transfer stands', async () => {
  const at = await scene(WAITING);
  const running = at.begin();
  await running.until(/waiting/);

  running.kill('SIGUSR1');

  await running.until(
    new RegExp(`waiting, 0 of ${FEW.length} archives.*requested[^]*waiting, 0 of ${FEW.length} archives`),
  );
  running.kill('SIGTERM');
  expectEnded(await running.ended, 143);
});

it('shows each transfer of the state directory, those that run and those that cannot be read', async () => {
  const at = await scene(WAITING);
  const running = at.begin();
  await running.until(/waiting/);
  writeFileSync(join(at.stateDir, 'damaged.sqlite'), 'this is no database, and long enough to be looked at as one');

  const ended = await command(at, 'status', '--json');

  expectEnded(ended, 0);
  const bytes = FEW.reduce((sum, size) => sum + size);
  const survey = JSON.parse(ended.stdout);
  expect(survey.transfers).toMatchObject([
    {
      ...{ vault: VAULT, bucket: BUCKET, prefix: '', region: 'us-east-1', storageClass: 'DEEP_ARCHIVE', tier: 'Bulk' },
      phase: 'waiting',
      running: { pid: running.child.pid, since: expect.stringMatching(/^\d{4}-/) },
      archives: {
        total: { count: FEW.length, bytes },
        requested: { count: FEW.length, bytes },
        planned: { count: 0, bytes: 0 },
        failed: { count: 0, bytes: 0 },
      },
      failures: [],
      nextExpiry: null,
      cost: { spentUsd: expect.any(Number), plannedUsd: expect.any(Number) },
    },
  ]);
  expect(survey.unreadable).toMatchObject([{ stateFile: join(at.stateDir, 'damaged.sqlite') }]);
  expect((await command(at, 'status', '--vault', 'another')).stdout).not.toContain(BUCKET);
  const text = (await command(at, 'status')).stdout;
  expect(text).toContain(`${VAULT} to ${BUCKET}: waiting\n`);
  expect(text).toContain(`requested ${FEW.length}`);
  expect(text).toMatch(/^can't be read: .*damaged\.sqlite/m);
  running.kill('SIGTERM');
  await running.ended;
});

it('fails to show a status only where nothing can be read', async () => {
  const folder = temporaryFolder();
  expectEnded(await run(['status', '--state-dir', join(folder, 'absent')]), 0);
  mkdirSync(join(folder, 'there'));
  writeFileSync(join(folder, 'there', 'x.sqlite'), 'this is no database, and long enough to be looked at as one');

  expectEnded(await run(['status', '--state-dir', join(folder, 'there')]), 1);
});

it('looks again and again with --watch, until it is stopped', async () => {
  const watching = start(['status', '--watch', '--json', '--state-dir', temporaryFolder()]);

  await watching.until(/"transfers":\[\].*\n.*"transfers":\[\]/);
  watching.kill('SIGINT');

  expect(await watching.ended).toMatchObject({ code: 130, stderr: '' });
});

it('accounts for every row of the inventory', async () => {
  const [good, bad, flagged] = archivesOf([1000, 2000, 3000]);
  const description =
    '<m><v>4</v><p>YSwgImIiLnR4dA==</p><lm>20120821T170824Z</lm><ce>1:1:4340ebcf79712dc5:54687</ce></m>';
  const archives = [good ?? [], { ...bad, listedAs: { Size: 'many' } }, { ...flagged, description }].flat();
  const at = await scene({ vault: { archives: archives as NonNullable<typeof good>[] } });
  expectEnded(await at.transfer(), 3);

  const summary = JSON.parse((await command(at, 'report', ...ofTransfer, '--json')).stdout);
  const lines = await manifest(at);

  expect(summary.archives.total.count).toBe(3);
  expect(summary.failures).toEqual([{ code: 'inventory_row', count: 1 }]);
  expect(summary.flagged).toEqual([{ original: 'compressed and encrypted', count: 1, bytes: 3000 }]);
  expect(lines).toHaveLength(3);
  expect(lines[1]).toMatchObject({
    description,
    size: 3000,
    state: 'verified',
    key: 'a, "b".txt',
    checksum: { algorithm: 'CRC32', type: 'FULL_OBJECT', value: expect.any(String) },
    requests: 1,
    format: 'fastglacier',
    flags: ['compressed', 'encrypted'],
  });
  expect(lines[2]).toMatchObject({ inventoryRow: 2, state: 'failed', reason: 'inventory_row' });
  const text = (await command(at, 'report', ...ofTransfer)).stdout;
  expect(text).toMatch(/copied and verified +2 /);
  expect(text).toMatch(/inventory_row +1$/m);
  expect(text).toMatch(/all of the inventory +3 /);
});

it('writes the manifest to a file that only its owner can read, and to the bucket', async () => {
  const at = await scene();
  expectEnded(await at.transfer(), 0);
  const folder = temporaryFolder();
  const file = join(folder, 'manifest.csv');

  expectEnded(await command(at, 'report', ...ofTransfer, '--output', file), 0);
  expectEnded(await command(at, 'report', ...ofTransfer, '--output', `s3://${BUCKET}/reports/manifest.csv`), 0);

  const csv = readFileSync(file, 'utf8');
  expect(csv.split('\n')[0]).toMatch(/^archive_id,description,created_at,size,tree_hash,state,reason,/);
  expect(csv.trimEnd().split('\n')).toHaveLength(FEW.length + 1);
  expect(statSync(file).mode & 0o777).toBe(0o600);
  expect(readdirSync(folder)).toEqual(['manifest.csv']);
  const stored = await at.simulator.s3.bytes(BUCKET, 'reports/manifest.csv');
  expect(Buffer.from(stored).toString()).toBe(csv);
  expect(readdirSync(at.stateDir).filter((name) => !name.includes('.sqlite'))).toEqual([]);
  const nowhere = await command(at, 'report', ...ofTransfer, '--output', join(folder, 'absent', 'manifest.csv'));
  expectEnded(nowhere, 1);
  expect(reasonOf(nowhere)).toContain("can't be written");
});

it('says which transfers there are not', async () => {
  for (const args of [['report'], ['retry']]) {
    const ended = await run([...args, ...ofTransfer, '--state-dir', temporaryFolder()]);

    expectEnded(ended, 1);
    expect(reasonOf(ended)).toContain(`there is nothing about ${VAULT} to ${BUCKET}`);
  }
});

it('puts failed archives back, and the next transfer copies them', async () => {
  const at = await withFailure();

  const unknown = await command(at, 'retry', ...ofTransfer, '--code', 'bad_luck');
  expectEnded(unknown, 1);
  expect(reasonOf(unknown)).toContain('there are archive_not_found (1)');
  const retried = await command(at, 'retry', ...ofTransfer, '--code', 'archive_not_found');
  expectEnded(retried, 0);
  expect(retried.stdout).toContain('1 archive put back');

  expectEnded(await at.transfer(), 0);
  await at.expectCopied();
  expect(at.calls('InitiateJob')).toBe(FEW.length + 1);
  expect((await command(at, 'retry', ...ofTransfer)).stdout).toContain('no archive has failed');
});

it('gives an archive whose jobs failed all its jobs again when it is retried', async () => {
  const at = await scene();
  const archiveId = at.archives()[0]?.id ?? '';
  const rule = at.simulator.faults.add({
    operation: 'InitiateJob',
    match: { archiveId },
    fault: { kind: 'fail-job' },
  });
  expectEnded(await at.transfer(), 3);
  const first = at.calls('InitiateJob');

  await command(at, 'retry', ...ofTransfer);
  expectEnded(await at.transfer(), 3);

  expect(at.calls('InitiateJob') - first).toBe(first - (FEW.length - 1));
  at.simulator.faults.clear(rule);
  await command(at, 'retry', ...ofTransfer);
  expectEnded(await at.transfer(), 0);
  await at.expectCopied();
});

it('retries nothing of a transfer that is running', async () => {
  const at = await scene(WAITING);
  const running = at.begin();
  await running.until(/waiting/);

  const ended = await command(at, 'retry', ...ofTransfer);

  expectEnded(ended, 11);
  expect(reasonOf(ended)).toContain('another run');
  running.kill('SIGTERM');
  await running.ended;
});

it('takes the inventory by one job, under cron or not, and a transfer uses it', async () => {
  const at = await scene({ speed: 600 });

  expectEnded(await command(at, 'inventory', 'get', '--vault', VAULT, '--once'), 75);
  at.simulator.advance(2 * HOUR);
  expectEnded(await command(at, 'inventory', 'get', '--vault', VAULT, '--once'), 0);
  expectEnded(await command(at, 'inventory', 'get', '--vault', VAULT), 0);
  expect((await command(at, 'status')).stdout).toMatch(
    new RegExp(`${VAULT} in us-east-1: inventory, ${FEW.length} archives`),
  );
  const planned = await command(at, 'plan', ...ofTransfer);

  expectEnded(planned, 0);
  expect(planned.stdout).toContain(`${FEW.length} archives`);
  expect(planned.stderr).toContain('the inventory that was taken before is used');
  expect(inventoryJobs(at)).toBe(1);
});

it.each(['json', 'csv'] as const)('writes an inventory out as %s so that it can be read in again', async (format) => {
  const archives = ['plain', 'a,b', 'a "quoted" one', 'C:\\dir\\', 'over\\"', '', 'Überraschung'].map(
    (description, i) => ({
      ...archivesOf([i + 1])[0],
      description,
    }),
  );
  const at = await scene({ vault: { archives: archives as ReturnType<typeof archivesOf> } });
  expectEnded(await command(at, 'inventory', 'get', '--vault', VAULT), 0);
  const file = join(temporaryFolder(), `inventory.${format}`);
  expectEnded(await command(at, 'inventory', 'export', '--vault', VAULT, '--format', format, '--output', file), 0);

  const elsewhere = { ...at, stateDir: temporaryFolder() };
  expectEnded(await command(elsewhere, 'inventory', 'import', file, '--vault', VAULT), 0);

  const again = await command(elsewhere, 'inventory', 'export', '--vault', VAULT, '--format', format);
  expect(again.stdout).toBe(readFileSync(file, 'utf8'));
  expectEnded(await at.begin(['--state-dir', elsewhere.stateDir]).ended, 0);
  const described = (await manifest(elsewhere)).map(({ description }) => description);
  expect(described.sort()).toEqual(archives.map(({ description }) => description).sort());
  expect(inventoryJobs(at)).toBe(1);
});

it('keeps the inventory that it has when another one cannot be read in', async () => {
  const at = await scene();
  expectEnded(await command(at, 'inventory', 'get', '--vault', VAULT), 0);
  const before = (await command(at, 'inventory', 'export', '--vault', VAULT)).stdout;
  const file = join(temporaryFolder(), 'inventory.json');
  writeFileSync(file, before.slice(0, -20));

  const ended = await command(at, 'inventory', 'import', file, '--vault', VAULT);

  expectEnded(ended, 1);
  expect(reasonOf(ended)).toContain('not a whole vault inventory');
  expect((await command(at, 'inventory', 'export', '--vault', VAULT)).stdout).toBe(before);
  const missing = await command(at, 'inventory', 'export', '--vault', 'another');
  expectEnded(missing, 1);
});

it('takes in a newer inventory: what is new is copied, what is gone is said, what was copied stays', async () => {
  const at = await scene({ vault: { archives: archivesOf([100, 200, 300]) } });
  const [copied, unasked] = at.archives();
  expectEnded(await at.transfer(['--max-transfer', '100']), 8);
  const vault = vaultOf(at);
  vault.add({ description: 'new.bin', content: { kind: 'zeros', size: 400 } });
  vault.delete(copied?.id ?? '');
  vault.delete(unasked?.id ?? '');
  at.simulator.advance(MINUTE);
  vault.takeInventory();

  expectEnded(await at.transfer(['--refresh-inventory']), 3);

  const lines = await manifest(at);
  expect(lines.map(({ description, state, reason }) => [description, state, reason])).toEqual([
    [nameOf(0), 'verified', undefined],
    [nameOf(1), 'failed', 'gone'],
    [nameOf(2), 'verified', undefined],
    ['new.bin', 'verified', undefined],
  ]);
  expect(inventoryJobs(at)).toBe(2);
  expectEnded(await at.transfer(['--refresh-inventory']), 3);
  expect(inventoryJobs(at)).toBe(2);
});

it('says that a file of --inventory is not used where there is an inventory, and takes it in with --refresh-inventory', async () => {
  const at = await scene({ vault: { archives: archivesOf([100, 200]) } });
  const newer = join(temporaryFolder(), 'newer.json');
  const older = join(temporaryFolder(), 'older.json');
  const inventory = async (path: string) => {
    expectEnded(await command(at, 'inventory', 'get', '--vault', VAULT, '--refresh-inventory'), 0);
    expectEnded(await command(at, 'inventory', 'export', '--vault', VAULT, '--output', path), 0);
  };
  await inventory(older);
  const vault = vaultOf(at);
  vault.add({ description: 'new.bin', content: { kind: 'zeros', size: 400 } });
  at.simulator.advance(MINUTE);
  vault.takeInventory();
  await inventory(newer);
  expectEnded(await at.transfer(['--inventory', older]), 0);
  const again = await at.transfer(['--inventory', older]);
  expect(again.stderr).not.toContain('--refresh-inventory');

  for (const ended of [
    await at.transfer(['--inventory', newer]),
    await command(at, 'plan', ...ofTransfer, '--inventory', newer),
    await command(at, 'names', ...ofTransfer, '--inventory', newer),
  ]) {
    expectEnded(ended, 0);
    expect(ended.stderr).toMatch(/warning the inventory at hand is used: --refresh-inventory/);
  }
  const asked = await command(at, 'names', ...ofTransfer, '--refresh-inventory');
  expectEnded(asked, 2);
  expect(reasonOf(asked)).toContain('plan --refresh-inventory');
  const named = await command(at, 'names', ...ofTransfer, '--inventory', newer, '--refresh-inventory');
  expect(named.stdout).toContain('new.bin');
  expectEnded(await at.transfer(), 0);
  await at.expectCopied();
});

it('shows a plan as a plan: nothing is requested by it', async () => {
  const at = await scene({ speed: 600 });
  for (let times = 0; times < 2; times += 1) {
    const ended = await command(at, 'plan', ...ofTransfer);
    expectEnded(ended, 0);
    expect(ended.stderr).not.toContain('requesting');
  }
});
