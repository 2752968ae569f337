import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { describe, expect, it, onTestFinished } from 'vitest';
import { isLocked, LockedError, lockTransfer } from '../../src/state/lock.ts';
import { openStateFile } from '../../src/state/state-file.ts';
import { temporaryFolder } from '../support/program.ts';
import { stateFile } from '../support/state.ts';

const source = (path: string) => JSON.stringify(new URL(`../../src/${path}`, import.meta.url).href);

/** Lists archives one after another, for ever; prints each number whose write was promised. */
const WRITER = `
  import { openStateFile } from ${source('state/state-file.ts')};
  const state = openStateFile(process.argv[1]);
  for (let n = Number(process.argv[2]); ; n += 1) {
    const written = state.write(() => {
      state.archives.insert({
        archiveId: 'archive-' + n, description: 'x'.repeat(500), createdAt: n, size: n, treeHash: 'ab'.repeat(32),
      });
      state.facts.set('plannedAt', n);
    });
    written.then(() => process.stdout.write(n + '\\n'));
    if (n % 7 === 0) await written;
  }`;

/** Holds the lock until it is killed. */
const HOLDER = `
  import { lockTransfer } from ${source('state/lock.ts')};
  try {
    lockTransfer(process.argv[1]);
    console.log('held');
    setInterval(() => {}, 1000);
  } catch (error) {
    console.log(error.code, error.exitCode, error.message.includes('\\n'));
    process.exit(error.exitCode);
  }`;

/** A process of its own, killed at the end of the test. */
function start(code: string, ...args: string[]) {
  const child = spawn(process.execPath, ['--input-type=module', '--no-warnings', '-e', code, ...args], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  onTestFinished(() => void child.kill('SIGKILL'));
  const lines = createInterface({ input: child.stdout });
  const closed = once(child, 'close');
  return {
    lines,
    async kill() {
      child.kill('SIGKILL');
      await closed;
    },
    ended: async () => (await closed)[0] as number | null,
  };
}

describe('a process that is killed while it writes', () => {
  it('leaves a whole file, with all that it had promised', async () => {
    const path = join(temporaryFolder(), 'state.sqlite');
    let promised = 0;
    for (const lives of [1, 40, 150, 400]) {
      const writer = start(WRITER, path, String(promised + 1));
      let seen = 0;
      for await (const line of writer.lines) {
        promised = Math.max(promised, Number(line));
        seen += 1;
        if (seen === lives) void writer.kill();
      }
      await writer.ended();
      const state = openStateFile(path);
      const ids = [...state.archives.all()].map(({ archiveId }) => archiveId);
      expect(ids.length).toBeGreaterThanOrEqual(promised);
      expect(ids).toEqual(ids.map((_, i) => `archive-${i + 1}`));
      const { count, bytes } = state.totals.byState().listed;
      expect({ count, bytes }).toEqual({ count: ids.length, bytes: (ids.length * (ids.length + 1)) / 2 });
      expect(state.facts.get('plannedAt')).toBe(ids.length);
      state.close();
      promised = ids.length;
    }
  });
});

describe('the lock of a transfer', () => {
  it('is refused to a second process, which ends with 11, and freed when the first is killed', async () => {
    const path = join(temporaryFolder(), 'state.sqlite');
    expect(isLocked(path)).toBe(false);
    const first = start(HOLDER, path);
    expect((await once(first.lines, 'line'))[0]).toBe('held');

    expect(isLocked(path)).toBe(true);
    const second = start(HOLDER, path);
    expect((await once(second.lines, 'line'))[0]).toBe('locked 11 false');
    expect(await second.ended()).toBe(11);
    expect(() => lockTransfer(path)).toThrow(LockedError);

    await first.kill();
    expect(isLocked(path)).toBe(false);
    lockTransfer(path).release();
  });

  it('is not disturbed by those who look at it', async () => {
    const path = join(temporaryFolder(), 'state.sqlite');
    const lock = lockTransfer(path);
    for (let i = 0; i < 20; i += 1) expect(isLocked(path)).toBe(true);
    expect(() => lockTransfer(path)).toThrow(LockedError);
    lock.release();
    expect(isLocked(path)).toBe(false);
    const again = lockTransfer(path);
    expect(isLocked(path)).toBe(true);
    again.release();
  });

  it('holds no one back from reading the state', () => {
    const state = stateFile();
    const lock = lockTransfer(state.path);
    const reader = openStateFile(state.path, { readonly: true });

    expect(reader.totals.byState().listed.count).toBe(0);
    reader.close();
    lock.release();
  });

  it('that can not be made says so', () => {
    expect(() => lockTransfer(join(temporaryFolder(), 'nowhere', 'state.sqlite'))).toThrow(/can't be read or written/);
  });
});
