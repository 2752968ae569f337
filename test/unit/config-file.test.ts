import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { UsageError } from '../../src/lib/errors.ts';
import { optionsFor } from '../support/commands.ts';
import { temporaryFolder } from '../support/program.ts';

let home: string;

beforeEach(() => {
  home = temporaryFolder();
  vi.stubEnv('XDG_CONFIG_HOME', home);
});

afterEach(() => {
  vi.unstubAllEnvs();
});

/** Writes the config file of this user, or another. */
function config(text: string, path = join(home, 'glacier2s3/config.toml')): string {
  mkdirSync(join(path, '..'), { recursive: true });
  writeFileSync(path, text);
  return path;
}

async function refusal(...args: readonly string[]): Promise<string> {
  const error = await optionsFor(...args).catch((thrown: unknown) => thrown);
  expect(error).toBeInstanceOf(UsageError);
  expect((error as UsageError).exitCode).toBe(2);
  const { message } = error as UsageError;
  expect(message).not.toContain('\n');
  return message;
}

describe('what a config file says', () => {
  it('stands for the options of the command line, also for those that must be there', async () => {
    config('vault = "photos"\nbucket = "my-archive"\ntier = "Standard"\nmemory = "1G"\nconcurrency = 4\nonce = true\n');

    expect(await optionsFor('transfer')).toMatchObject({
      vault: 'photos',
      bucket: 'my-archive',
      tier: 'Standard',
      memory: 2 ** 30,
      concurrency: 4,
      once: true,
    });
  });

  it('is found as JSON, too, and where --config or GLACIER2S3_CONFIG names it', async () => {
    config('{"vault": "of-json"}', join(home, 'glacier2s3/config.json'));
    expect(await optionsFor('status')).toMatchObject({ vault: 'of-json' });

    config('vault = "of-toml"');
    expect(await optionsFor('status')).toMatchObject({ vault: 'of-toml' });

    vi.stubEnv('GLACIER2S3_CONFIG', config('{"vault": "of-variable"}', join(home, 'variable.json')));
    expect(await optionsFor('status')).toMatchObject({ vault: 'of-variable' });

    const flag = config('vault = "of-flag"', join(home, 'flag.toml'));
    expect(await optionsFor('status', '--config', flag)).toMatchObject({ vault: 'of-flag' });
    expect(await optionsFor('status', `--config=${flag}`)).toMatchObject({ vault: 'of-flag' });
  });

  it('is not asked for with an empty name', async () => {
    config('vault = "photos"');

    expect(await optionsFor('status', '--config', '')).not.toHaveProperty('vault');
    vi.stubEnv('GLACIER2S3_CONFIG', '');
    expect(await optionsFor('status')).not.toHaveProperty('vault');
  });

  it.each(['tier', 'storage-class'] as const)('flag beats variable beats file beats default: %s', async (name) => {
    const values = {
      tier: ['Expedited', 'Standard', 'Bulk'],
      'storage-class': ['STANDARD', 'GLACIER', 'DEEP_ARCHIVE'],
    };
    const [high, low, fallback] = values[name];
    const property = name === 'tier' ? 'tier' : 'storageClass';
    const variable = `GLACIER2S3_${name.toUpperCase().replace('-', '_')}`;
    const args = ['transfer', '--vault', 'v', '--bucket', 'bucket'];

    expect(await optionsFor(...args)).toMatchObject({ [property]: fallback });
    config(`${name} = "${low}"`);
    expect(await optionsFor(...args)).toMatchObject({ [property]: low });
    vi.stubEnv(variable, high);
    expect(await optionsFor(...args)).toMatchObject({ [property]: high });
    expect(await optionsFor(...args, `--${name}`, String(fallback))).toMatchObject({ [property]: fallback });
  });

  it('gives lists of globs and tags, which a flag or a variable replaces', async () => {
    config('include = ["*.jpg", "*.png"]\nexclude = "*"\ntag = ["a=1", "b=2"]\n');
    const args = ['transfer', '--vault', 'v', '--bucket', 'bucket'];

    expect(await optionsFor(...args)).toMatchObject({
      rules: [
        { type: 'include', glob: '*.jpg' },
        { type: 'include', glob: '*.png' },
        { type: 'exclude', glob: '*' },
      ],
      tag: { a: '1', b: '2' },
    });
    expect(await optionsFor(...args, '--exclude', '*.tmp', '--tag', 'c=3')).toMatchObject({
      rules: [{ type: 'exclude', glob: '*.tmp' }],
      tag: { c: '3' },
    });
    vi.stubEnv('GLACIER2S3_TAG', 'd=4');
    expect((await optionsFor(...args)).tag).toEqual({ d: '4' });
  });

  it('turns switches on and off, and takes dates as TOML has them', async () => {
    config(
      'no-progress = true\nno-notifications = false\njson = false\ncreated-after = 2015-01-31\ndashboard = true\n',
    );

    const options = await optionsFor('transfer', '--vault', 'v', '--bucket', 'bucket');

    expect(options).toMatchObject({
      progress: false,
      notifications: true,
      createdAfter: Date.UTC(2015, 0, 31),
      dashboard: true,
    });
    expect(options).not.toHaveProperty('json');
  });

  it('goes to the commands that have the option; a section is for one, and beats what is for all', async () => {
    config(
      'vault = "photos"\n[transfer]\nvault = "films"\nbucket = "b-films"\n[inventory]\nonce = true\n[inventory.get]\nvault = "scans"\n',
    );

    expect(await optionsFor('status')).toEqual({ vault: 'photos' });
    expect(await optionsFor('transfer')).toMatchObject({ vault: 'films', bucket: 'b-films' });
    expect(await optionsFor('inventory', 'get')).toMatchObject({ vault: 'scans', once: true });
    expect(await optionsFor('inventory', 'export')).toMatchObject({ vault: 'photos' });
  });

  it('yields where it rules a flag out', async () => {
    config('quiet = true\n[report]\nvault = "v"\nbucket = "bucket"\njson = true\n');

    expect(await optionsFor('report', '--csv')).toMatchObject({ csv: true, json: undefined });
    expect(await optionsFor('transfer', '--vault', 'v', '--bucket', 'bucket', '-v')).toMatchObject({
      verbose: true,
      quiet: undefined,
    });
  });
});

describe('a config file that is wrong is refused in one line, with file, key and what to do', () => {
  it.each([
    ['an unknown key', 'valt = "photos"', /config\.toml: valt is no option of any command: correct it, or remove it/],
    ['a key of another command', '[status]\ntier = "Bulk"', /status\.tier is no option of status/],
    [
      'an unknown section',
      '[copy]\nvault = "v"',
      /copy is no command: a section is named after one, such as \[transfer\]/,
    ],
    ['a switch that is no truth', 'once = "yes"', /once is a switch: write true or false/],
    ['a value that is a truth', 'vault = true', /vault takes a value: write a text in quotes, or a number/],
    ['a list for one value', 'vault = ["a", "b"]', /vault is a list: write one value/],
    ['a choice that is none', 'tier = "bulk"', /tier is "bulk": allowed choices are Bulk, Standard, Expedited/],
    [
      'a number out of bounds',
      '[transfer]\nconcurrency = 0',
      /transfer\.concurrency is "0": write a whole number from 1/,
    ],
    [
      'what a person has to say',
      '[purge]\nconfirm = "photos"',
      /purge\.confirm is for the command line only: remove it/,
    ],
    ['another config file', 'config = "x"', /config is for the command line only/],
    ['no TOML', 'vault = \nbucket = "b"', /is no TOML \(line 1: .*\): correct it/],
  ])('%s', async (_, text, said) => {
    const path = config(text);

    const message = await refusal('status');

    expect(message).toMatch(said);
    expect(message).toContain(path);
  });

  it('JSON, too', async () => {
    const path = config('{"vault": ', join(home, 'glacier2s3/config.json'));
    expect(await refusal('status')).toContain(`${path} is no JSON`);
    config('["vault"]', path);
    expect(await refusal('status')).toContain(`${path} holds no object`);
  });

  it('a file that is named and not there', async () => {
    expect(await refusal('status', '--config', join(home, 'none.toml'))).toMatch(/none\.toml is not there: make it/);
  });

  it('a value that fits another command of that option, but not this one', async () => {
    config('storage-class = "any"\nvault = "v"\nbucket = "bucket"\n');

    expect(await optionsFor('verify')).toMatchObject({ storageClass: 'any' });
    expect(await refusal('transfer')).toMatch(/storage-class is "any": allowed choices are STANDARD/);
  });

  it('but not by the commands that have no use for it', async () => {
    config('valt = "photos"');

    await expect(optionsFor('version')).resolves.toEqual({});
    await expect(optionsFor('completion', 'bash')).resolves.toEqual({});
  });
});
