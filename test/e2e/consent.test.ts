import { spawnSync } from 'node:child_process';
import { expect, it } from 'vitest';
import { type Ended, program, start } from '../support/program.ts';
import { archivesOf, BUCKET, expectEnded, type Scene, scene, VAULT } from './scene.ts';

/** util-linux's `script` gives a program a terminal. */
const hasTerminals = process.platform === 'linux' && spawnSync('script', ['--version']).status === 0;

/** `transfer` with somebody at the terminal who types `answer`. */
function atTerminal(at: Scene, answer: string, ...args: readonly string[]): Promise<Ended> {
  const { node, bin } = program();
  const command = [node, bin, 'transfer', '--vault', VAULT, '--bucket', BUCKET, '--state-dir', at.stateDir, ...args];
  return start([command.join(' '), '/dev/null'], {
    node: 'script',
    bin: '-qec',
    stdin: answer,
    env: { ...at.simulator.environment, SHELL: '/bin/sh', TERM: 'xterm' },
  }).ended;
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
