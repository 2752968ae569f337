import { execFileSync } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { MiB } from '../../src/lib/size.ts';
import { run, temporaryFolder } from '../support/program.ts';
import { archivesOf, BUCKET, expectEnded, FEW, inRealSeconds, reasonOf, scene, VAULT } from './scene.ts';

const KEY = { accessKeyId: 'simulator', secretAccessKey: 'simulator' };

it.each([
  ['a vault that is not there', ['--vault', 'fotos'], /vault "fotos" in us-east-1 was not found: check the name/],
  [
    'a vault of another Region',
    ['--region', 'eu-west-1', '--allow-cross-region', '--dest-region', 'us-east-1'],
    /was not found.*--region/,
  ],
  [
    'a bucket that is not there',
    ['--bucket', 'no-such-bucket'],
    /bucket "no-such-bucket" does not exist: check the name/,
  ],
  ['a bucket of another owner', ['--expected-bucket-owner', '999999999999'], /no permission .* on bucket "copies"/],
  [
    'an inventory file that is not there',
    ['--inventory', '/no/such/inventory.json'],
    /the inventory \/no\/such\/inventory.json can't be read/,
  ],
])('says of %s in one line what is wrong, and nothing is lost', async (_, args, reason) => {
  const { transfer, expectCopied } = await scene();

  const ended = await transfer(args);

  expectEnded(ended, 1);
  expect(reasonOf(ended)).toMatch(reason);
  expectEnded(await transfer(), 0);
  await expectCopied();
});

it.each([
  [
    'no credentials',
    { AWS_ACCESS_KEY_ID: undefined, AWS_SECRET_ACCESS_KEY: undefined, AWS_EC2_METADATA_DISABLED: 'true' },
    /no AWS credentials were found/,
  ],
  ['an unknown key', { AWS_ACCESS_KEY_ID: 'AKIAUNKNOWN' }, /AWS does not accept the credentials|no permission/],
  ['a wrong secret', { AWS_SECRET_ACCESS_KEY: 'wrong' }, /AWS does not accept the credentials|no permission/],
  [
    'a profile that is not there',
    { AWS_ACCESS_KEY_ID: undefined, AWS_SECRET_ACCESS_KEY: undefined, AWS_PROFILE: 'nobody' },
    /no AWS credentials were found.*AWS_PROFILE/,
  ],
])('says with %s what to do', async (_, env, reason) => {
  const { transfer, expectCopied } = await scene();

  const ended = await transfer([], { env: { HOME: temporaryFolder(), ...env } });

  expectEnded(ended, 1);
  expect(reasonOf(ended)).toMatch(reason);
  expectEnded(await transfer(), 0);
  await expectCopied();
});

it('ends with one line when the credentials expire in the middle, and goes on with new ones', async () => {
  const { simulator, begin, transfer, expectCopied, calls } = await scene({
    speed: 3600,
    vault: { archives: archivesOf([...FEW, 40 * MiB]) },
  });
  const running = begin(['--bwlimit', inRealSeconds(20 * MiB)]);
  while (calls('UploadPart') < 2) await new Promise((resolve) => setTimeout(resolve, 20));

  simulator.credentials.set({ ...KEY, expired: true });
  const ended = await running.ended;

  expectEnded(ended, 1);
  expect(reasonOf(ended)).toMatch(/credentials have expired.*sign in again/);
  simulator.credentials.set(KEY);
  expectEnded(await transfer(), 0);
  await expectCopied();
  expect(calls('InitiateJob')).toBe(FEW.length + 1);
});

it('refuses a bucket in another Region, unless that is wanted', async () => {
  const { simulator, transfer } = await scene();
  simulator.s3.addBucket('far-away', { region: 'eu-west-1' });
  const args = ['--bucket', 'far-away'];

  const refused = await transfer(args);
  expectEnded(refused, 1);
  expect(reasonOf(refused)).toMatch(/is in eu-west-1, the vault in us-east-1.*--allow-cross-region/);
  expect(simulator.counts()['glacier:InitiateJob']).toBeUndefined();

  expectEnded(await transfer([...args, '--allow-cross-region', '--dest-region', 'eu-west-1']), 0);
  expect(simulator.s3.objects('far-away')).toHaveLength(FEW.length);
});

it('says which Region a bucket is in before anything is asked for, where another one is allowed', async () => {
  const { simulator, transfer } = await scene();
  simulator.s3.addBucket('far-away', { region: 'eu-west-1' });

  const ended = await transfer(['--bucket', 'far-away', '--allow-cross-region']);

  expectEnded(ended, 1);
  expect(reasonOf(ended)).toMatch(/the bucket far-away is in eu-west-1: say --dest-region eu-west-1/);
  expect(simulator.counts()['glacier:InitiateJob']).toBeUndefined();
});

it('leaves nothing of a first try in a wrong Region in the way of the transfer', async () => {
  const { simulator, stateDir, transfer } = await scene();
  const command = (...args: string[]) =>
    run([...args, '--vault', VAULT, '--bucket', BUCKET, '--state-dir', stateDir], { env: simulator.environment });
  const wrong = ['eu-west-1', 'us-west-2', 'ap-south-1', 'sa-east-1'];
  for (const AWS_REGION of wrong) expectEnded(await transfer([], { env: { AWS_REGION } }), 1);
  expectEnded(await transfer(), 0);

  expectEnded(await command('report'), 0);
  expectEnded(await command('retry'), 0);
  const { transfers } = JSON.parse((await command('status', '--json')).stdout);
  expect(transfers[0]).toMatchObject({ region: 'us-east-1', phase: 'complete' });
  expect(transfers).toHaveLength(1 + wrong.length);
});

it('says of a topic and of a queue that are not there which option names them', async () => {
  const { simulator, transfer, expectCopied } = await scene();
  const topic = 'arn:aws:sns:us-east-1:123456789012:none';

  const noTopic = await transfer(['--topic-arn', topic]);
  const noQueue = await transfer(['--topic-arn', topic, '--queue-url', `${simulator.url}/123456789012/none`]);

  expectEnded(noTopic, 1);
  expect(reasonOf(noTopic)).toMatch(/does not exist: check --topic-arn/);
  expectEnded(noQueue, 1);
  expect(reasonOf(noQueue)).toMatch(/does not exist: check --queue-url/);
  expectEnded(await transfer(), 0);
  await expectCopied();
});

it('says of an account without vaults that it has none', async () => {
  const { transfer } = await scene({ glacier: { closed: true } });

  const ended = await transfer();

  expectEnded(ended, 1);
  expect(reasonOf(ended)).toMatch(/this account has no Glacier vaults/);
});

it('says of a vault without an inventory when to come back', async () => {
  const { transfer } = await scene({ vault: { inventoried: false } });

  const ended = await transfer();

  expectEnded(ended, 1);
  expect(reasonOf(ended)).toMatch(/the vault photos has no inventory yet.*tomorrow/);
});

it.each([
  ['--names', 'names.csv', 'archive_id,key\nno id!,x\n', 2, /names\.csv: 1 line is wrong, line 2/],
  ['--archive-ids-from', 'ids.txt', '# one\nno id!\n', 2, /ids\.txt, line 2: "no id!" is not an archive id/],
  ['--synology-mapping', 'mapping', 'nothing of the kind', 1, /mapping can't be read as a Synology mapping/],
])('says what is wrong with the file of %s before it asks for an inventory', async (flag, name, text, code, reason) => {
  const { transfer, simulator, stateDir } = await scene();
  const folder = temporaryFolder();
  const file = join(folder, name);
  writeFileSync(file, text);
  const plan = (path: string) =>
    run(['plan', '--vault', VAULT, '--bucket', BUCKET, '--state-dir', stateDir, flag, path], {
      env: simulator.environment,
    });

  for (const ended of [await transfer([flag, file]), await plan(file)]) {
    expectEnded(ended, code);
    expect(reasonOf(ended)).toMatch(reason);
  }
  for (const path of [join(folder, 'none'), folder]) {
    for (const ended of [await transfer([flag, path]), await plan(path)]) {
      expectEnded(ended, 1);
      expect(reasonOf(ended)).toContain(path);
    }
  }
  expect(simulator.counts()['glacier:InitiateJob']).toBeUndefined();
});

it.skipIf(process.platform === 'win32').each(['--names', '--archive-ids-from'])(
  'refuses a pipe for the file of %s, which can be read only once',
  async (flag) => {
    const { transfer, calls } = await scene();
    const pipe = join(temporaryFolder(), 'pipe');
    execFileSync('mkfifo', [pipe]);

    for (const args of [[], ['--dry-run'], []]) {
      const ended = await transfer([flag, pipe, ...args]);
      expectEnded(ended, 1);
      expect(reasonOf(ended)).toContain('write it to a file first');
      expectEnded(await transfer(['--dry-run']), 0);
    }
    expect(calls('InitiateJob')).toBe(0);
  },
);

it('has nothing to do for an empty vault', async () => {
  const { transfer, calls, simulator } = await scene({ vault: { archives: [] } });

  expectEnded(await transfer(), 0);

  expect(calls('InitiateJob')).toBe(0);
  expect(simulator.counts()['sqs:CreateQueue']).toBeUndefined();
});

it('ends with one line where the data retrieval policy forbids Standard retrievals, and goes on with Bulk', async () => {
  const { fault, transfer, expectCopied } = await scene();
  const message = 'InitiateJob request denied by current data retrieval policy.';
  fault({
    operation: 'InitiateJob',
    match: { tier: 'Standard' },
    fault: { kind: 'error', status: 400, code: 'PolicyEnforcedException', message },
  });

  const ended = await transfer(['--tier', 'Standard']);

  expectEnded(ended, 1);
  expect(reasonOf(ended)).toMatch(/data retrieval policy forbids this Standard retrieval.*--tier Bulk/);
  expectEnded(await transfer(), 0);
  await expectCopied();
});

it('counts and names inventory rows that make no sense, copies the others, and exits with 3', async () => {
  const { transfer, archives, expectCopied } = await scene({
    vault: {
      archives: Array.from({ length: 6 }, (_, i) => ({
        ...archivesOf([100, 200, 300, 400, 500, 600])[i],
        content: { kind: 'seeded' as const, seed: `${i}`, size: (i + 1) * 100 },
        ...(i === 1 && { listedAs: { Size: 'many' } }),
        ...(i === 4 && { listedAs: { SHA256TreeHash: 'none' } }),
      })),
    },
  });

  const ended = await transfer();

  expectEnded(ended, 3);
  expect(ended.stdout).toContain('inventory_row: 2');
  await expectCopied({ except: [archives()[1]?.id ?? '', archives()[4]?.id ?? ''] });
});

it('copies archives whose ids begin with -', async () => {
  const { transfer, archives, expectCopied } = await scene({
    vault: { archives: archivesOf([10, 20]).map((archive, i) => ({ ...archive, id: `-${'x'.repeat(136)}${i}` })) },
  });

  expectEnded(await transfer(), 0);

  await expectCopied();
  expect(archives()[0]?.id).toMatch(/^-x/);
});

it('takes an inventory of another vault for what it is', async () => {
  const { transfer, simulator } = await scene();
  const path = join(temporaryFolder(), 'inventory.json');
  writeFileSync(
    path,
    JSON.stringify({
      VaultARN: 'arn:aws:glacier:us-east-1:123456789012:vaults/other',
      InventoryDate: '2020-01-01T00:00:00Z',
      ArchiveList: [],
    }),
  );

  const ended = await transfer(['--inventory', path]);

  expectEnded(ended, 1);
  expect(reasonOf(ended)).toMatch(/inventory of the vault other, not of photos/);
  expect(simulator.s3.objects(BUCKET)).toEqual([]);
});
