import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { run, temporaryFolder } from '../support/program.ts';
import { expectEnded, reasonOf, scene } from './scene.ts';

it('a transfer is run by its config file alone', async () => {
  const { simulator, stateDir, expectCopied } = await scene();
  const path = join(temporaryFolder(), 'photos.toml');
  writeFileSync(
    path,
    `vault = "photos"\nbucket = "copies"\nstate-dir = "${stateDir}"\n[transfer]\nyes = true\nquiet = true\n`,
  );

  const ended = await run(['transfer', '--config', path], { env: simulator.environment });

  expectEnded(ended, 0);
  expect(ended.stderr).toBe('');
  await expectCopied();
});

it('the user has a config file for all commands', async () => {
  const home = temporaryFolder();
  mkdirSync(join(home, 'glacier2s3'));
  writeFileSync(join(home, 'glacier2s3/config.json'), JSON.stringify({ json: true, 'state-dir': home }));
  const env = { XDG_CONFIG_HOME: home, GLACIER2S3_CONFIG: undefined };

  const ended = await run(['status'], { env });

  expectEnded(ended, 0);
  expect(JSON.parse(ended.stdout)).toMatchObject({ transfers: [] });
});

it('a config file with a slip is refused in one line, before anything is done', async () => {
  const path = join(temporaryFolder(), 'photos.toml');
  writeFileSync(path, 'vault = "photos"\nbuckt = "copies"\n');

  const ended = await run(['transfer', '--config', path]);

  expectEnded(ended, 2);
  expect(ended.stdout).toBe('');
  expect(reasonOf(ended)).toBe(
    `glacier2s3: the config file ${path}: buckt is no option of any command: correct it, or remove it`,
  );
});

it.each(['a config file', 'a variable'])('--bwlimit 0 lifts the limit of %s', async (where) => {
  const { transfer, expectCopied } = await scene();
  const path = join(temporaryFolder(), 'slow.toml');
  writeFileSync(path, where === 'a variable' ? '' : 'bwlimit = 1\n');
  const env = where === 'a variable' ? { GLACIER2S3_BWLIMIT: '1' } : {};

  // at a simulated byte a second the archives take an hour and more
  expectEnded(await transfer(['--config', path, '--bwlimit', '0'], { env }), 0);

  await expectCopied();
});
