import { globSync, readFileSync } from 'node:fs';
import { join, normalize } from 'node:path';
import { expect, it } from 'vitest';

const src = new URL('../../src/', import.meta.url).pathname;

const below = ['ports', 'domain', 'lib'];
const mayImport: Readonly<Record<string, readonly string[]>> = {
  lib: [],
  domain: ['lib'],
  ports: ['domain', 'lib'],
  state: below,
  transfer: below,
  aws: below,
  simulator: below,
  steps: ['transfer', 'state', ...below],
  worker: ['aws', 'transfer', ...below],
  observe: ['steps', 'state', ...below],
  app: ['worker', 'aws', 'simulator', 'steps', 'transfer', 'state', ...below],
  cli: ['app', 'simulator', 'observe', 'steps', 'transfer', 'state', ...below],
};

const imports = globSync('**/*.ts', { cwd: src }).flatMap((file) =>
  [...readFileSync(join(src, file), 'utf8').matchAll(/(?:\bfrom|\bimport|\bURL\()\s*\(?\s*'([^']+)'/g)].map(
    (match) => ({
      file,
      layer: layerOf(file),
      target: match[1] ?? '',
    }),
  ),
);

function layerOf(file: string): string {
  return (file.split('/')[0] ?? '').replace(/\.ts$/, '').replace(/^(app|ports)-.*/, '$1');
}

it('finds imports to judge', () => {
  expect(imports.length).toBeGreaterThan(10);
});

it('imports go one way: bin > cli > steps > (transfer, state) > domain > lib', () => {
  const wrong = imports.filter(({ file, layer, target }) => {
    if (!target.startsWith('.') || !target.endsWith('.ts')) return false;
    const path = normalize(join(file, '..', target));
    const to = layerOf(path);
    return to !== layer && !mayImport[layer]?.includes(to) && path !== '../package.json';
  });

  expect(wrong).toEqual([]);
});

it('only src/aws knows the AWS SDK', () => {
  expect(imports.filter(({ layer, target }) => /^@(aws-sdk|smithy)\//.test(target) && layer !== 'aws')).toEqual([]);
});
