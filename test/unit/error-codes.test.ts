import { globSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { SERVICE_FAILURES } from '../../src/domain/service-error.ts';

const root = new URL('../../', import.meta.url).pathname;
const sources = globSync('src/**/*.ts', { cwd: root })
  // whose codes are AWS's
  .filter((file) => !file.startsWith('src/simulator/'))
  .map((file) => readFileSync(join(root, file), 'utf8'));

/** How the source writes a code that a user may meet, in a message, a log, a state file or JSON. */
const WAYS: Readonly<Record<string, RegExp>> = {
  'a fatal error': /new FatalError\(\s*'([^']+)'/g,
  "a fatal error of SQLite's": /\bfatal\(\s*'([^']+)'/g,
  'an error with an exit code of its own': /readonly code = '([^']+)'/g,
  'a failure': /type: 'failed',\s*(?:reason|code): '([^']+)'/g,
  'a named failure': /const (?:UNREADABLE_ROW|GONE) = '([^']+)'/g,
  'a hold': /readonly code: '([^']+)'/g,
  'a reason to keep an archive': /export type Keeping = '([^;]+)';/g,
};

function inSource(way: RegExp): readonly string[] {
  return sources.flatMap((text) => [...text.matchAll(way)].flatMap(([, code = '']) => code.split("' | '")));
}

const codes = new Set([...Object.values(WAYS).flatMap(inSource), ...Object.keys(SERVICE_FAILURES)]);

const readme = readFileSync(join(root, 'README.md'), 'utf8');
const [, troubleshooting = ''] = readme.split('\n## Troubleshooting');
const rows = [...(troubleshooting.split('\n## ')[0] ?? '').matchAll(/^\| `([a-z_]+)` \| ([^|]+) \| ([^|]+) \|$/gm)];

describe("README's troubleshooting", () => {
  it.each(Object.entries(WAYS))('looks for each way in which a code is written: %s', (_, way) => {
    expect(inSource(way)).not.toEqual([]);
  });

  it('has each code of the source', () => {
    const explained = rows.map(([, code]) => code);
    expect([...codes].filter((code) => !explained.includes(code)).toSorted()).toEqual([]);
  });

  it('has no code that the source does not have, and none twice', () => {
    const explained = rows.map(([, code]) => code ?? '');
    expect(explained.filter((code) => !codes.has(code))).toEqual([]);
    expect(explained.filter((code, i) => explained.indexOf(code) !== i)).toEqual([]);
  });

  it('says of each what it means and what to do', () => {
    expect(rows.length).toBeGreaterThan(60);
    for (const [, code, meaning = '', remedy = ''] of rows) {
      expect(meaning.trim().length, code).toBeGreaterThan(15);
      expect(remedy.trim(), code).toMatch(/^[A-Z`-].+\.$/);
    }
  });

  it('misses no code that is given to FatalError by a name', () => {
    const named = sources.flatMap((text) =>
      [...text.matchAll(/new FatalError\(\s*([^'\s][^,]*),/g)].map(([, name]) => name),
    );
    // the plan's hold, a message of a worker thread, and what SQLite says: their codes are found above
    expect([...new Set(named)].toSorted()).toEqual(['hold.code', 'name', 'plain.code']);
  });
});
