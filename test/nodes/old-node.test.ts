import { expect, it } from 'vitest';
import { run } from '../support/program.ts';
import { installedNode } from './installed-node.ts';

it('says in one line which Node it needs when an older one starts it, and exits with 1', async () => {
  const ended = await run(['--version'], { node: installedNode('18') });

  expect(ended).toMatchObject({ code: 1, signal: null, stdout: '' });
  expect(ended.stderr).toMatch(/^glacier2s3 needs Node\.js 22\.12 or later: this is 18\.\d+\.\d+\n$/);
});
