import { execFileSync } from 'node:child_process';
import { existsSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import Database from 'better-sqlite3';
import { expect, it, onTestFinished } from 'vitest';
import { MiB } from '../../src/lib/size.ts';
import { temporaryFolder } from '../support/program.ts';
import { archivesOf, expectEnded, FEW, nameOf, reasonOf, scene } from './scene.ts';

function stateFileOf(stateDir: string): string {
  return join(stateDir, readdirSync(stateDir).find((name) => name.endsWith('.sqlite')) ?? '');
}

it.each([
  [
    'is no SQLite file',
    (path: string) => writeFileSync(path, 'not a database, but long enough to be one '.repeat(50)),
    /damaged/,
  ],
  [
    'is of a newer version',
    (path: string) => {
      const db = new Database(path);
      db.pragma('user_version = 999');
      db.close();
    },
    /written by a newer glacier2s3/,
  ],
  [
    'is of another program',
    (path: string) => {
      const db = new Database(path);
      db.pragma('application_id = 1');
      db.close();
    },
    /of another program/,
  ],
])('says of a state file that %s what it is, and asks for nothing', async (_, spoil, reason) => {
  const { stateDir, simulator, transfer } = await scene();
  expectEnded(await transfer(['--once']), 75);
  simulator.clearCalls();
  spoil(stateFileOf(stateDir));

  const ended = await transfer();

  expectEnded(ended, 1);
  expect(reasonOf(ended)).toMatch(reason);
  expect(simulator.calls.filter(({ service }) => service === 'glacier')).toEqual([]);
});

it('finds what is copied in the bucket where the state file is lost: nothing is asked for twice', async () => {
  const { stateDir, transfer, calls, expectCopied } = await scene();
  expectEnded(await transfer(), 0);
  writeFileSync(stateFileOf(stateDir), 'damaged '.repeat(1000));
  expectEnded(await transfer(), 1);
  const other = temporaryFolder();

  const ended = await transfer(['--state-dir', other]);

  expectEnded(ended, 0);
  await expectCopied();
  expect(calls('InitiateJob')).toBe(FEW.length);
});

it('says of a state folder that is a file what it is', async () => {
  const { transfer, simulator } = await scene();
  const folder = temporaryFolder();
  writeFileSync(join(folder, 'file'), '');

  const ended = await transfer(['--state-dir', join(folder, 'file')]);

  expectEnded(ended, 1);
  expect(reasonOf(ended)).toMatch(/can't be read or written.*--state-dir/);
  expect(simulator.calls).toEqual([]);
});

/** A file system of its own, so small that a transfer fills it; undefined where this machine lets none be made. */
function smallDisk(): string | undefined {
  const folder = temporaryFolder();
  try {
    execFileSync('mount', ['-t', 'tmpfs', '-o', 'size=600k', 'tmpfs', folder], { stdio: 'ignore' });
  } catch {
    return undefined;
  }
  onTestFinished(() => void execFileSync('umount', ['-l', folder]));
  return folder;
}

it('ends with one line where the disk is full, and goes on once there is room', async (context) => {
  const folder = smallDisk();
  if (folder === undefined) return context.skip('this machine lets no file system be made');
  const { transfer, expectCopied, archives } = await scene({
    vault: {
      archives: Array.from({ length: 300 }, (_, i) => ({
        description: `${nameOf(i)} ${'with a long description '.repeat(20)}`,
        content: { kind: 'seeded', seed: `${i}`, size: 10 },
      })),
    },
  });
  const args = ['--state-dir', folder];

  const ended = await transfer(args);

  expectEnded(ended, 1);
  expect(reasonOf(ended)).toMatch(/the disk of .* is full: free some space/);
  execFileSync('mount', ['-o', 'remount,size=64m', folder]);
  expectEnded(await transfer(args), 0);
  await expectCopied();
  expect(archives()).toHaveLength(300);
});

it('asks for no archive twice where the disk is full in the middle of asking', async (context) => {
  const folder = smallDisk();
  if (folder === undefined) return context.skip('this machine lets no file system be made');
  const { begin, transfer, expectCopied, calls } = await scene({
    speed: 3600,
    vault: { archives: archivesOf(Array.from({ length: 40 }, (_, i) => i + 1)) },
  });
  const args = ['--state-dir', folder, '--request-rate', '10'];
  const running = begin(args);
  while (calls('InitiateJob') < 3) await new Promise((resolve) => setTimeout(resolve, 5));
  try {
    writeFileSync(join(folder, 'filler'), Buffer.alloc(MiB));
  } catch {
    // until it was full
  }

  const ended = await running.ended;

  execFileSync('mount', ['-o', 'remount,size=64m', folder]);
  expect([0, 1]).toContain(ended.code);
  expect(ended.stderr).not.toMatch(/this is a bug|\n\s+at /);
  expectEnded(await transfer(args), 0);
  await expectCopied();
  expect(calls('InitiateJob')).toBe(40);
  expect(readFileSync(join(folder, 'filler')).length).toBeGreaterThan(0);
});

it.runIf(existsSync('/dev/full')).each([
  ['a line', []],
  ['a line of JSON', ['--json']],
])('says once, in %s, that the log file has no room, and copies all the same', async (_, args) => {
  const { transfer, expectCopied } = await scene();

  const ended = await transfer(['--log-file', '/dev/full', ...args]);

  expectEnded(ended, 0);
  expect(ended.stderr.match(/the log file can't be written/g)).toHaveLength(1);
  expect(ended.stderr).toContain('ENOSPC');
  await expectCopied();
});
