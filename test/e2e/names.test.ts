import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import Database from 'better-sqlite3';
import { expect, it } from 'vitest';
import { demoVault } from '../../src/simulator/demo-vault.ts';
import { type Ended, run, temporaryFolder } from '../support/program.ts';
import { archivesOf, BUCKET, expectEnded, reasonOf, type Scene, scene, VAULT } from './scene.ts';

const ofTransfer = ['--vault', VAULT, '--bucket', BUCKET];

function command(at: Scene, name: string, ...args: readonly string[]): Promise<Ended> {
  return run([name, ...ofTransfer, '--state-dir', at.stateDir, ...args], { env: at.simulator.environment });
}

function fileOf(name: string, content: string): string {
  const path = join(temporaryFolder(), name);
  writeFileSync(path, content);
  return path;
}

interface Named {
  readonly archive_id: string;
  readonly description: string;
  readonly format: string;
  readonly key: string;
  readonly changes: readonly string[];
}

async function names(at: Scene, ...args: readonly string[]): Promise<readonly Named[]> {
  const ended = await command(at, 'names', '--format', 'jsonl', ...args);
  expectEnded(ended, 0);
  return ended.stdout
    .trimEnd()
    .split('\n')
    .map((line) => JSON.parse(line));
}

const keysOf = (named: readonly Named[]) => named.map(({ archive_id, key }) => [archive_id, key]);
const objectsOf = (at: Scene) => at.simulator.s3.objects(BUCKET).map(({ key }) => key);
const idOf = (at: Scene, i: number) => String(at.archives()[i]?.id);

/** Three small archives, `a000.bin` to `a002.bin`. */
const three = () => scene({ vault: { archives: archivesOf([10, 20, 30]) } });

it('prints names that come out the same when they are fed back, in every format, without the prefix', async () => {
  const at = await scene({ vault: { archives: demoVault({ count: 120, largest: 1000 }).archives ?? [] } });
  const prefix = ['--prefix', 'from/vault'];
  expectEnded(await command(at, 'plan', ...prefix), 0);

  const first = await names(at, ...prefix);

  expect(first).toHaveLength(120);
  expect(new Set(first.map(({ key }) => key)).size).toBe(120);
  expect(first.filter(({ changes }) => changes.includes('duplicate')).length).toBeGreaterThan(0);
  expect(first.filter(({ changes }) => changes.includes('cut')).length).toBeGreaterThan(0);
  const csv = await command(at, 'names', '--format', 'csv', ...prefix);
  for (const file of [
    fileOf('names.csv', csv.stdout),
    fileOf('names.jsonl', `${first.map((line) => JSON.stringify(line)).join('\n')}\n`),
  ]) {
    const again = await names(at, ...prefix, '--names', file);
    expect(keysOf(again)).toEqual(keysOf(first));
    expect(again.every(({ format, changes }) => format === 'override' && changes.length === 0)).toBe(true);
    expect(again.map(({ description }) => description)).toEqual(first.map(({ description }) => description));
  }

  expectEnded(await at.transfer(prefix), 0);
  expect(objectsOf(at).toSorted()).toEqual(first.map(({ key }) => `from/vault/${key}`).toSorted());
});

it('takes the columns of AWS, and writes the objects under the names of the file', async () => {
  const at = await three();
  const file = fileOf(
    'aws.csv',
    `GlacierArchiveID,FileName\n${idOf(at, 0)},new/first.bin\n${idOf(at, 2)},"with, comma.bin"\n`,
  );

  expectEnded(await at.transfer(['--names', file]), 0);

  expect(objectsOf(at)).toEqual(['a001.bin', 'new/first.bin', 'with, comma.bin']);
  await at.expectCopied();
});

it('refuses a file with wrong lines by their numbers, before anything is asked for, and keeps the names it has', async () => {
  const at = await three();
  const good = fileOf('good.jsonl', `{"archive_id":"${idOf(at, 0)}","key":"good.bin"}\n`);
  expectEnded(await command(at, 'plan', '--names', good), 0);
  const bad = fileOf(
    'bad.csv',
    [
      'archive_id,key',
      `${idOf(at, 0)},x`,
      `${idOf(at, 1)},`,
      `${'u'.repeat(138)},unknown.bin`,
      `${idOf(at, 0)},again.bin`,
      'no id!,y',
    ].join('\n'),
  );
  at.simulator.clearCalls();

  const ended = await at.transfer(['--names', bad]);

  expectEnded(ended, 2);
  expect(reasonOf(ended)).toContain('bad.csv: 4 lines are wrong, line 3: its key is empty');
  for (const [line, problem] of [
    [3, 'its key is empty'],
    [4, 'the inventory has no archive uuu'],
    [5, `the archive ${idOf(at, 0)} stands in line 2 too`],
    [6, '"no id!" is not an archive id'],
  ] as const) {
    expect(ended.stderr).toMatch(new RegExp(`line=${line}, problem=${problem}`));
  }
  expect(at.changes()).toEqual([]);
  expect((await names(at))[0]).toMatchObject({ key: 'good.bin', format: 'override' });
});

it('finds what is wrong with a file by itself before it asks for an inventory', async () => {
  const at = await three();

  const ended = await at.transfer(['--names', fileOf('bad.csv', 'some,thing\n1,2\n')]);

  expectEnded(ended, 2);
  expect(reasonOf(ended)).toContain('the first line must be a header');
  expect(at.changes()).toEqual([]);
  expectEnded(await at.transfer(['--names', '/nowhere/names.csv']), 1);
});

it('gives new names to what is not copied yet, and leaves what is where it is', async () => {
  const at = await three();
  expectEnded(await at.transfer(['--limit', '1']), 0);
  const file = fileOf(
    'names.csv',
    `archive_id,key\n${[0, 1, 2].map((i) => `${idOf(at, i)},renamed/${i}`).join('\n')}\n`,
  );

  const preview = await names(at, '--names', file);

  const byId = new Map(preview.map((named) => [named.archive_id, named]));
  expect(byId.get(idOf(at, 0))).toMatchObject({ key: 'a000.bin', changes: ['kept'] });
  expect(byId.get(idOf(at, 1))).toMatchObject({ key: 'renamed/1', changes: [] });
  expectEnded(await at.transfer(), 0);
  expect(objectsOf(at)).toEqual(['a000.bin', 'renamed/1', 'renamed/2']);
  await at.expectCopied();
});

it("reads the paths of Synology's mapping database, which overrides go before", async () => {
  const at = await three();
  const path = join(temporaryFolder(), 'mapping.sqlite');
  const db = new Database(path);
  db.exec('CREATE TABLE file_info_tb (key TEXT, shareName TEXT, basePath TEXT, archiveID TEXT, fileSize INTEGER)');
  const insert = db.prepare('INSERT INTO file_info_tb VALUES (?, ?, ?, ?, ?)');
  insert.run('1', 'photo', 'summer/one.jpg', idOf(at, 0), 10);
  insert.run('2', 'photo', 'summer/two.jpg', idOf(at, 1), 20);
  insert.run('3', 'photo', 'copy of two.jpg', idOf(at, 1), 20);
  insert.run('4', 'photo', 'not there.jpg', 'elsewhere', 20);
  db.close();
  const before = readFileSync(path);
  const file = fileOf('names.csv', `archive_id,key\n${idOf(at, 0)},mine.jpg\n`);
  expectEnded(await command(at, 'plan'), 0);

  const named = await names(at, '--synology-mapping', path, '--names', file);

  expect(new Map(named.map(({ archive_id, format, key }) => [archive_id, `${format} ${key}`]))).toEqual(
    new Map([
      [idOf(at, 0), 'override mine.jpg'],
      [idOf(at, 1), 'synology photo/summer/two.jpg'],
      [idOf(at, 2), 'text a002.bin'],
    ]),
  );
  expect(readFileSync(path)).toEqual(before);
  const ended = await command(at, 'names', '--synology-mapping', fileOf('no.sqlite', 'nothing of the kind'));
  expectEnded(ended, 1);
  expect(reasonOf(ended)).toContain('Synology mapping database');
});

it('counts the names of each kind with --summary', async () => {
  const at = await scene({ vault: { archives: demoVault({ count: 100, largest: 1000 }).archives ?? [] } });
  expectEnded(await command(at, 'plan'), 0);
  const all = await names(at);
  const countOf = (change: string) => all.filter(({ changes }) => changes.includes(change)).length;

  const ended = await command(at, 'names', '--summary', '--json');

  const summary = JSON.parse(ended.stdout);
  expect(summary).toMatchObject({
    archives: 100,
    unnamed: countOf('unnamed'),
    collided: countOf('duplicate'),
    cut: countOf('cut'),
  });
  expect(summary.formats.mt2).toBe(all.filter(({ format }) => format === 'mt2').length);
  expect(Object.values(summary.formats as Record<string, number>).reduce((sum, n) => sum + n, 0)).toBe(100);
  expect(summary.encrypted).toBeGreaterThan(0);
  const text = await command(at, 'names', '--summary');
  expect(text.stdout).toMatch(new RegExp(`unnamed.* ${summary.unnamed}\n`));
});

it('shows names as a table while a transfer runs, and asks AWS for nothing', async () => {
  const at = await scene({ speed: 600, vault: { archives: archivesOf([10, 20, 30]) } });
  const running = at.begin();
  await running.until(/waiting/);
  at.simulator.clearCalls();

  const ended = await run(['names', ...ofTransfer, '--state-dir', at.stateDir], { env: { AWS_REGION: 'us-east-1' } });

  expectEnded(ended, 0);
  const [head, first] = ended.stdout.split('\n');
  expect(head).toMatch(/^key +format +changed by +description +archive id$/);
  expect(first).toMatch(/^a00\d\.bin +text +a00\d\.bin +\S{138}$/);
  expectEnded(await run(['names', '--vault', 'other', '--bucket', BUCKET], { env: { AWS_REGION: 'us-east-1' } }), 1);
});
