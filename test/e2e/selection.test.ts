import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { HOUR } from '../../src/lib/duration.ts';
import { run, temporaryFolder } from '../support/program.ts';
import { BUCKET, expectEnded, reasonOf, type Scene, scene, VAULT } from './scene.ts';

const FILES = ['a.jpg', 'a.txt', 'photos/b.jpg', 'photos/c.png', 'photos/private/d.jpg', 'tmp/e.jpg'];
const YEAR = 2010;

/** Each file ten times as large as the one before it, and a year younger. */
function filesOf() {
  return FILES.map((description, i) => ({
    description,
    createdAt: Date.UTC(YEAR + i, 0, 1),
    content: { kind: 'seeded' as const, seed: description, size: 10 ** i },
  }));
}

const vaultOfFiles = () => scene({ vault: { archives: filesOf() } });
const objectsOf = (at: Scene) => at.simulator.s3.objects(BUCKET).map(({ key }) => key);

async function accountOf(at: Scene) {
  const { stdout } = await run(
    ['report', '--vault', VAULT, '--bucket', BUCKET, '--state-dir', at.stateDir, '--json'],
    {},
  );
  return JSON.parse(stdout);
}

it('copies what the globs take, in their order, and says of the rest which filter skipped it', async () => {
  const at = await vaultOfFiles();

  const ended = await at.transfer([
    '--exclude',
    'private/',
    '--include',
    '*.jpg',
    '--exclude',
    'a.*',
    '--prefix',
    'to',
  ]);

  expectEnded(ended, 0);
  expect(objectsOf(at)).toEqual(['to/a.jpg', 'to/photos/b.jpg', 'to/tmp/e.jpg']);
  expect(at.calls('InitiateJob')).toBe(3);
  const account = await accountOf(at);
  expect(account.archives).toMatchObject({ verified: { count: 3 }, skipped: { count: 3 }, total: { count: 6 } });
  expect(account.skips).toEqual(
    expect.arrayContaining([
      { filter: '--exclude private/', count: 1, bytes: 10 ** 4 },
      { filter: '--exclude a.*', count: 1, bytes: 10 },
      { filter: '--include', count: 1, bytes: 10 ** 3 },
    ]),
  );
});

it.each([
  [['--min-size', '100', '--max-size', '1000'], ['photos/b.jpg', 'photos/c.png'], '--min-size 100 B'],
  [
    ['--created-after', '2012-01-01', '--created-before', '2013-01-01'],
    ['photos/b.jpg'],
    '--created-before 2013-01-01',
  ],
  [['--limit', '2'], ['a.jpg', 'a.txt'], '--limit 2'],
  [['--include', 'photos/**', '--limit', '1'], ['photos/b.jpg'], '--include'],
] as const)('leaves out by %s', async (filters, copied, reason) => {
  const at = await vaultOfFiles();

  expectEnded(await at.transfer(filters), 0);

  expect(objectsOf(at)).toEqual(copied);
  const { skips } = await accountOf(at);
  expect(skips.map(({ filter }: { filter: string }) => filter)).toContain(reason);
});

it('takes the ids of a file, and refuses what is none by its line', async () => {
  const at = await vaultOfFiles();
  const file = join(temporaryFolder(), 'ids.txt');
  const ids = at.archives().map(({ id }) => id);
  writeFileSync(file, `# two of them\n${ids[1]}\r\n\n  ${ids[3]}  \n${'x'.repeat(138)}`);

  const ended = await at.transfer(['--archive-ids-from', file]);

  expectEnded(ended, 0);
  expect(objectsOf(at)).toEqual(['a.txt', 'photos/c.png']);
  expect(ended.stderr).toContain('unknown=1');
  writeFileSync(file, `${ids[1]}\nnot an id!\n`);
  const refused = await at.transfer(['--archive-ids-from', file]);
  expectEnded(refused, 2);
  expect(reasonOf(refused)).toContain('line 2');
});

it('moves archives in and out when the filters change, and asks for nothing twice', async () => {
  const at = await vaultOfFiles();
  expectEnded(await at.transfer(['--limit', '1']), 0);
  expect(objectsOf(at)).toEqual(['a.jpg']);
  expectEnded(await at.transfer(['--limit', '1']), 0);

  expectEnded(await at.transfer(['--exclude', '*.jpg']), 0);
  expect(objectsOf(at)).toEqual(['a.jpg', 'a.txt', 'photos/c.png']);
  expect((await accountOf(at)).skips).toEqual([{ filter: '--exclude *.jpg', count: 3, bytes: 110_100 }]);

  expectEnded(await at.transfer(), 0);
  await at.expectCopied();
  expect(at.calls('InitiateJob')).toBe(FILES.length);
  expect((await accountOf(at)).archives).toMatchObject({ verified: { count: 6 }, skipped: { count: 0 } });
});

it('finds in the bucket what was left out when the bucket was first looked at', async () => {
  const at = await vaultOfFiles();
  expectEnded(await at.transfer(), 0);
  const fresh = temporaryFolder();
  expectEnded(await at.transfer(['--state-dir', fresh, '--limit', '1']), 0);

  expectEnded(await at.transfer(['--state-dir', fresh]), 0);

  expect(at.calls('InitiateJob')).toBe(FILES.length);
});

it('leaves to be finished what was asked for before the filters changed', async () => {
  const at = await vaultOfFiles();
  expectEnded(await at.transfer(['--once']), 75);
  // the inventory is there
  at.simulator.advance(5 * HOUR);
  expectEnded(await at.transfer(['--once']), 75);
  expect(at.calls('InitiateJob')).toBe(FILES.length);

  expectEnded(await at.transfer(['--exclude', '*']), 0);

  await at.expectCopied();
});

it('refuses a glob that is none, and dates and sizes that are none', async () => {
  for (const [flag, value, reason] of [
    ['--include', 'a[b', 'has a [ that is not closed'],
    ['--exclude', '***', 'too many stars'],
    ['--created-after', 'yesterday', 'write a date'],
    ['--created-before', '2015-02-30', 'write a date'],
    ['--created-before', '2015-02-30T10:00:00Z', 'write a date'],
    ['--min-size', 'big', 'not a size'],
    ['--limit', '0', 'a whole number from 1'],
  ] as const) {
    const ended = await run(['plan', '--vault', VAULT, '--bucket', BUCKET, flag, value]);
    expectEnded(ended, 2);
    expect(reasonOf(ended)).toContain(reason);
  }
});

it.each([
  [['--min-size', '2k', '--max-size', '1k'], '--min-size is above --max-size'],
  [['--created-after', '2015-01-02', '--created-before', '2015-01-02'], '--created-after is not before'],
])('refuses ranges that nothing is in: %s', async (filters, reason) => {
  const ended = await run(['transfer', '--vault', VAULT, '--bucket', BUCKET, ...filters]);
  expectEnded(ended, 2);
  expect(reasonOf(ended)).toContain(reason);
});
