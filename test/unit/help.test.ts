import { readdirSync, readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { EXAMPLES } from '../../src/cli/examples.ts';
import { EXIT_CODES } from '../../src/cli/exit-codes.ts';
import { manualPages } from '../../src/cli/manual/pages.ts';
import { outlineOf } from '../../src/cli/outline.ts';
import { commandTree, optionsFor } from '../support/commands.ts';

const root = new URL('../../', import.meta.url).pathname;
const leaves = outlineOf(commandTree()).filter(({ path, commands }) => path !== '' && commands.length === 0);

describe('help', () => {
  it('shows an example of each command, and of no other', () => {
    expect(Object.keys(EXAMPLES).toSorted()).toEqual(leaves.map(({ path }) => path).toSorted());
    for (const { path, command } of leaves) {
      let text = '';
      command.configureOutput({ writeOut: (piece) => (text += piece) }).outputHelp();
      expect(text).toContain('\nExamples:\n  # ');
      for (const { line } of EXAMPLES[path] ?? []) expect(text).toContain(line);
    }
  });

  it.each(Object.entries(EXAMPLES).flatMap(([path, examples]) => examples.map(({ line }) => [line, path] as const)))(
    '%s is understood',
    async (line, path) => {
      const [name, ...words] = wordsOf(line);

      expect(name).toBe('glacier2s3');
      expect(words.slice(0, path.split(' ').length).join(' ')).toBe(path);
      // a config file that is shown is nobody's
      await expect(
        optionsFor(...words.map((word) => (word.endsWith('.toml') ? '' : word)), ...mustBe(words)),
      ).resolves.toBeDefined();
    },
  );
});

describe('the manual', () => {
  const pages = manualPages(commandTree(), { version: '1.2.3', date: '2026-11-22' });

  it('has a page for the program and each command, which the package names', () => {
    const { man } = JSON.parse(readFileSync(`${root}package.json`, 'utf8')) as { man: string[] };

    expect(man.toSorted()).toEqual(pages.map(({ file }) => `dist/man/${file}`).toSorted());
    expect(readdirSync(`${root}dist/man`).toSorted()).toEqual(pages.map(({ file }) => file).toSorted());
  });

  it('says of a command what its help says', () => {
    const page = pages.find(({ file }) => file === 'glacier2s3-transfer.1')?.text ?? '';
    const text = plain(page);

    expect(page).toMatch(/^\.TH GLACIER2S3\\-TRANSFER 1 2026-11-22 "glacier2s3 1\.2\.3"/);
    for (const { long } of leaves.find(({ path }) => path === 'transfer')?.options ?? []) expect(text).toContain(long);
    for (const { line } of EXAMPLES.transfer ?? []) expect(text).toContain(line);
    for (const [code, meaning] of EXIT_CODES) expect(text.toLowerCase()).toContain(`${code} ${meaning.toLowerCase()}`);
  });
});

it('README has each exit code', () => {
  const readme = readFileSync(`${root}README.md`, 'utf8');
  const [, table = ''] = readme.split('## Exit codes');
  const rows = [...(table.split('\n## ')[0] ?? '').matchAll(/^\| ([\d, ]+) \|/gm)];

  const codes = rows.flatMap(([, list = '']) => list.split(', '));
  expect(codes).toEqual(EXIT_CODES.map(([code]) => code));
});

/** The words of a line as a shell has them, up to its redirection. */
function wordsOf(line: string): readonly string[] {
  const [command = ''] = line.replace(/^source <\((.*)\)$/, '$1').split(' > ');
  return command.split(' ').map((word) => word.replace(/^'(.*)'$/, '$1'));
}

/** What the config file of an example has. */
function mustBe(words: readonly string[]): readonly string[] {
  return words.includes('--config') ? ['--vault', 'photos', '--bucket', 'my-archive'] : [];
}

/** The text of a page without its requests and escapes, on one line. */
function plain(page: string): string {
  const text = page
    .replace(/^\.[A-Z].*\n|\.nf\n|\.fi\n/gim, '')
    .replace(/\\f[BR]/g, '')
    .replaceAll('\\(aq', "'")
    .replaceAll('\\(ti', '~')
    .replaceAll('\\-', '-');
  return text.replace(/\s+/g, ' ');
}
