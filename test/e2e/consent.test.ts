import { spawnSync } from 'node:child_process';
import { expect, it } from 'vitest';
import { type Ended, program, type Running, type Start, start } from '../support/program.ts';
import { archivesOf, BUCKET, expectEnded, type Scene, scene, VAULT } from './scene.ts';

/** util-linux's `script` gives a program a terminal. */
const hasTerminals = process.platform === 'linux' && spawnSync('script', ['--version']).status === 0;

/** `transfer` at a terminal. */
function begin(at: Scene, input: Pick<Start, 'stdin' | 'open'>, ...args: readonly string[]): Running {
  const { node, bin } = program();
  const command = [node, bin, 'transfer', '--vault', VAULT, '--bucket', BUCKET, '--state-dir', at.stateDir, ...args];
  return start([command.join(' '), '/dev/null'], {
    node: 'script',
    bin: '-qec',
    env: { ...at.simulator.environment, SHELL: '/bin/sh', TERM: 'xterm' },
    ...input,
  });
}

/** `transfer` with somebody at the terminal who types `answer`. */
function atTerminal(at: Scene, answer: string, ...args: readonly string[]): Promise<Ended> {
  return begin(at, { stdin: answer }, ...args).ended;
}

it.skipIf(!hasTerminals)('shows the plan on a terminal and asks: nothing is asked for but with a yes', async () => {
  const at = await scene({ vault: { archives: archivesOf([1000, 2000]) } });

  const refused = await atTerminal(at, 'n\n');

  expectEnded(refused, 1);
  expect(refused.stdout).toContain('2 archives');
  expect(refused.stdout).toMatch(/Ask for these archives and copy them, for about \$0\.\d+\? \[y\/N\]/);
  expect(refused.stdout).toContain('nothing was asked for');
  expect(at.calls('InitiateJob')).toBe(0);

  const agreed = await atTerminal(at, 'y\n');

  expectEnded(agreed, 0);
  await at.expectCopied();
  const again = await atTerminal(at, '');
  expectEnded(again, 0);
  expect(again.stdout).not.toContain('[y/N]');
});

it.skipIf(!hasTerminals)('asks nobody with --yes', async () => {
  const at = await scene({ vault: { archives: archivesOf([1000]) } });

  const ended = await atTerminal(at, '', '--yes');

  expectEnded(ended, 0);
  expect(ended.stdout).not.toContain('[y/N]');
  await at.expectCopied();
});

it.skipIf(!hasTerminals).each([
  ['Ctrl-C', '\x03', 130, 'stopped'],
  ['Ctrl-D', '\x04', 1, 'nothing was asked for'],
])('takes %s at the question for a no, and says so without a stack', async (_, key, code, said) => {
  const at = await scene({ vault: { archives: archivesOf([1000]) } });
  const running = begin(at, { open: true });
  await running.until(/\[y\/N\]/);

  running.child.stdin?.write(key);

  const ended = await running.ended;
  expectEnded(ended, code);
  expect(ended.stdout).toContain(said);
  expect(ended.stdout).not.toMatch(/this is a bug|\n\s+at /);
  expect(at.calls('InitiateJob')).toBe(0);
});
