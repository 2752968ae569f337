import { spawnSync } from 'node:child_process';
import { closeSync, cpSync, existsSync, mkdirSync, openSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { program, start, temporaryFolder } from '../support/program.ts';

/** The program's bin over another main: its contract is all that the bin knows. */
function startWith(main: string) {
  const folder = temporaryFolder();
  mkdirSync(join(folder, 'bin'));
  mkdirSync(join(folder, 'dist/cli'), { recursive: true });
  cpSync(program().bin, join(folder, 'bin/glacier2s3.js'));
  writeFileSync(join(folder, 'package.json'), '{"type":"module"}');
  writeFileSync(join(folder, 'dist/cli/main.js'), main);
  return start(['some', '-x'], { bin: join(folder, 'bin/glacier2s3.js') });
}

const waiting = `
  export async function main(argv, { stop, onStatusSignal }) {
    setInterval(() => {}, 1000);
    onStatusSignal(() => console.log('status'));
    stop.addEventListener('abort', () => console.log('stopping for', stop.reason));
    console.log('started');
    await new Promise(() => {});
  }`;

const stopping = `
  export async function main(argv, { stop }) {
    const alive = setInterval(() => {}, 1000);
    console.log('started');
    await new Promise((resolve) => stop.addEventListener('abort', resolve));
    clearInterval(alive);
    console.log('stopped by', stop.reason);
    return stop.reason === 'SIGINT' ? 130 : 143;
  }`;

it('hands the arguments on and exits with the code that main returns', async () => {
  const ended = await startWith('export const main = async (argv) => { console.log(argv.join()); return 75; }').ended;

  expect(ended).toEqual({ code: 75, signal: null, stdout: 'some,-x\n', stderr: '' });
});

it.each([
  ['SIGINT', 130],
  ['SIGTERM', 143],
] as const)('lets main stop in order on the first %s, and exits with its code', async (signal, code) => {
  const running = startWith(stopping);
  await running.until(/started/);

  running.kill(signal);

  expect(await running.ended).toEqual({ code, signal: null, stdout: `started\nstopped by ${signal}\n`, stderr: '' });
});

it.each([
  ['SIGINT', 130],
  ['SIGTERM', 143],
] as const)('ends at once on a second signal, %s, with the code of that', async (signal, code) => {
  const running = startWith(waiting);
  await running.until(/started/);
  running.kill('SIGINT');
  await running.until(/stopping for SIGINT/);

  running.kill(signal);

  expect(await running.ended).toMatchObject({ code, signal: null, stderr: '' });
});

it('asks for the status on SIGUSR1, as often as it comes, and opens no debugger', async () => {
  const running = startWith(waiting);
  await running.until(/started/);

  running.kill('SIGUSR1');
  await running.until(/status\n/);
  running.kill('SIGUSR1');
  await running.until(/status\nstatus\n/);
  running.kill('SIGINT');
  await running.until(/stopping/);
  running.kill('SIGINT');

  expect((await running.ended).stderr).toBe('');
});

it('survives a SIGUSR1 that comes while it is still loading', async () => {
  const running = startWith(`
    const alive = setInterval(() => {}, 1000);
    process.kill(process.pid, 'SIGUSR1');
    await new Promise((resolve) => process.once('SIGUSR1', resolve));
    clearInterval(alive);
    export const main = async () => { console.log('done'); return 0; };`);

  expect(await running.ended).toEqual({ code: 0, signal: null, stdout: 'done\n', stderr: '' });
});

it('ends quietly when whoever reads its output has gone', async () => {
  const running = startWith(`
    export async function main() {
      console.log('started');
      for (;;) {
        console.log('more');
        await new Promise((resolve) => setTimeout(resolve, 5));
      }
    }`);
  await running.until(/started/);

  running.child.stdout?.destroy();

  expect(await running.ended).toMatchObject({ code: 141, signal: null, stderr: '' });
});

it.runIf(existsSync('/dev/full'))('says in one line that its output can not be written', async () => {
  const { bin, node } = program();
  const full = openSync('/dev/full', 'w');
  const ended = spawnSync(node, [bin, 'status', '--json', '--state-dir', temporaryFolder()], {
    stdio: ['ignore', full, 'pipe'],
    encoding: 'utf8',
  });
  closeSync(full);

  expect(ended.status).toBe(1);
  expect(ended.stderr).toMatch(/^glacier2s3: stdout can't be written \(ENOSPC.*\)\n$/);
});

it.runIf(existsSync('/dev/full'))('goes on when stderr can not be written', async () => {
  const { bin, node } = program();
  const full = openSync('/dev/full', 'w');
  const ended = spawnSync(node, [bin, 'transfr'], { stdio: ['ignore', 'pipe', full] });
  closeSync(full);

  expect(ended.status).toBe(2);
});

it('keeps the stack of a bug', async () => {
  const ended = await startWith("export const main = async () => { throw new TypeError('a bug'); };").ended;

  expect(ended.code).toBe(1);
  expect(ended.stderr).toMatch(/TypeError: a bug\n\s+at main/);
});
