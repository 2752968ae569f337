import { execFileSync } from 'node:child_process';
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { run, temporaryFolder } from '../support/program.ts';

/** What bash offers at the end of `line`, in a folder with a file, a folder, and one of each whose name has a space. */
async function offered(line: string): Promise<readonly string[]> {
  const folder = temporaryFolder();
  const { code, stdout } = await run(['completion', 'bash']);
  expect(code).toBe(0);
  writeFileSync(join(folder, 'completion.bash'), stdout);
  writeFileSync(join(folder, 'old names.csv'), '');
  mkdirSync(join(folder, 'old state'));
  // COMP_WORDS is split by bash itself, at = too, as readline does it
  const script = `
    source ./completion.bash
    [[ $(complete -p glacier2s3) == *_glacier2s3* ]] || exit 9
    COMP_WORDS=(); for word in "$@"; do COMP_WORDS+=("$word"); done
    COMP_CWORD=$((\${#COMP_WORDS[@]} - 1))
    _glacier2s3
    for each in "\${COMPREPLY[@]}"; do printf '%s\\n' "$each"; done`;
  const words = line.replaceAll('=', ' = ').split(' ');
  const output = execFileSync('bash', ['--norc', '-c', script, 'bash', ...words], { cwd: folder, encoding: 'utf8' });
  return output.split('\n').filter(Boolean);
}

it('bash completes commands', async () => {
  expect(await offered('glacier2s3 tr')).toEqual(['transfer']);
  expect(await offered('glacier2s3 ')).toEqual(expect.arrayContaining(['transfer', 'inventory', 'purge', '--version']));
  expect(await offered('glacier2s3 inventory ')).toEqual(expect.arrayContaining(['get', 'import', 'export']));
  expect(await offered('glacier2s3 completion ')).toEqual(['bash', 'zsh', 'fish']);
});

it('bash completes the options of the command that stands there, and of no other', async () => {
  expect(await offered('glacier2s3 transfer --st')).toEqual([
    '--storage-class',
    '--state-dir',
    '--standstill-after',
    '--state-backup',
  ]);
  expect(await offered('glacier2s3 status --st')).toEqual(['--state-dir']);
  expect(await offered('glacier2s3 inventory export --f')).toEqual(['--format']);
  expect(await offered('glacier2s3 transfer --vault purge --conf')).toEqual(['--config']);
});

it('bash completes the choices of an option, after a space and after =', async () => {
  expect(await offered('glacier2s3 transfer --tier ')).toEqual(['Bulk', 'Standard', 'Expedited']);
  expect(await offered('glacier2s3 transfer --tier=E')).toEqual(['Expedited']);
  expect(await offered('glacier2s3 names --format c')).toEqual(['csv']);
  expect(await offered('glacier2s3 inventory export --format ')).toEqual(['json', 'csv']);
});

it('bash completes files and folders where they are meant, and nothing where it knows nothing', async () => {
  expect(await offered('glacier2s3 transfer --names old')).toEqual(
    expect.arrayContaining(['old names.csv', 'old state']),
  );
  expect(await offered('glacier2s3 inventory import --vault photos old')).toHaveLength(2);
  expect(await offered('glacier2s3 transfer --state-dir old')).toEqual(['old state']);
  expect(await offered('glacier2s3 transfer --vault ')).toEqual([]);
});

it('a shell without a completion is refused', async () => {
  const { code, stderr } = await run(['completion', 'tcsh']);

  expect(code).toBe(2);
  expect(stderr).toMatch(/Allowed choices are bash, zsh, fish/);
});

it('the version is told to people and scripts', async () => {
  const [text, json, flag] = await Promise.all([run(['version']), run(['version', '--json']), run(['--version'])]);

  const { version } = JSON.parse(json.stdout) as { version: string };
  expect(JSON.parse(json.stdout)).toEqual({
    name: 'glacier2s3',
    version: expect.stringMatching(/^\d+\.\d+\.\d+/),
    node: expect.stringMatching(/^\d+\.\d+\.\d+/),
    platform: process.platform,
    arch: process.arch,
  });
  expect(text.stdout).toBe(`glacier2s3 ${version}\n`);
  expect(flag.stdout).toBe(`${version}\n`);
});
