import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { parse as parseToml } from 'smol-toml';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { leastPolicy } from '../../src/domain/iam-policy.ts';
import { optionsFor } from '../support/commands.ts';
import { temporaryFolder } from '../support/program.ts';

const readme = readFileSync(new URL('../../README.md', import.meta.url), 'utf8');

/** Every command line of the program that README shows, in a block or in a sentence. */
const commands = [...readme.matchAll(/^ *(glacier2s3 .+)$|`(glacier2s3 [^`]+)`/gm)]
  .map(([, line = '', word = '']) => (line || word).replaceAll('\n', ' ').replace(/\s+/g, ' '))
  .filter((line) => !line.includes('...'));

/** The blocks in that language. */
function blocks(language: string): readonly string[] {
  return readme
    .split(`\`\`\`${language}\n`)
    .slice(1)
    .map((text) => text.split('```')[0] ?? '');
}

beforeEach(() => vi.stubEnv('GLACIER2S3_CONFIG', ''));
afterEach(() => vi.unstubAllEnvs());

describe('README', () => {
  it('shows commands', () => {
    expect(commands.length).toBeGreaterThan(20);
  });

  it.each(commands)('%s is understood', async (line) => {
    const words = line
      .replace(/ (>|#) .*$/, '')
      .split(' ')
      .slice(1);

    await expect(optionsFor(...words)).resolves.toBeDefined();
  });

  it('has the least policy that iam-policy prints', () => {
    const [text = ''] = blocks('json');
    const policy = leastPolicy('transfer', {
      region: 'eu-west-1',
      accountId: '123456789012',
      vault: 'photos',
      bucket: 'my-archive',
      prefix: '',
      kmsKey: undefined,
      topicArn: undefined,
      queueUrl: undefined,
      notifications: true,
      tags: false,
      tier: 'Bulk',
      namespace: 'glacier2s3',
      notifyTopicArn: undefined,
      stateBackup: undefined,
    });

    expect(JSON.parse(text)).toEqual(policy);
  });

  it('has a config file that transfer takes', async () => {
    const [text = ''] = blocks('toml');
    const path = join(temporaryFolder(), 'photos.toml');
    writeFileSync(path, text);

    expect(Object.keys(parseToml(text))).toContain('transfer');
    expect(await optionsFor('transfer', '--config', path)).toMatchObject({
      vault: 'photos',
      bucket: 'my-archive',
      maxCost: 500,
      stateBackup: { bucket: 'my-archive-state', prefix: 'glacier2s3/' },
    });
  });
});
