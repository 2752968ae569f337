import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { ArchiveId, ObjectKey } from '../../src/domain/ids.ts';
import { nameOf } from '../../src/domain/names/name-of.ts';
import { disambiguate, isUsableName, keyOf, MAX_KEY_BYTES, parsePrefix } from '../../src/domain/object-key.ts';

const archiveIds = fc
  .string({ unit: fc.constantFrom(...'abcXYZ019-_'), minLength: 1, maxLength: 138 })
  .map((id) => id as ArchiveId);
const unit = fc.oneof(
  fc.nat(0xffff).map((code) => String.fromCharCode(code)),
  fc.constantFrom(
    '/',
    '.',
    '..',
    '/../',
    '\\',
    'C:',
    'C:\\',
    ' ',
    '\u0301',
    'e',
    '\n',
    '%',
    '😀',
    '\ud83d',
    '\u200d',
    '.tar.gz',
  ),
);
const descriptions = fc.oneof(
  fc.string({ unit, maxLength: 30 }),
  fc.string({ unit, minLength: 300, maxLength: 1500 }),
  fc
    .tuple(fc.constantFrom('ж', '😀', 'a', '/', 'e\u0301'), fc.nat(1500), fc.string({ unit, maxLength: 9 }))
    .map(([text, times, end]) => text.repeat(times) + end),
);
const prefixes = fc.constantFrom('', 'vault/', `${'ü'.repeat(255)}/`);
const bytesOf = (key: string) => Buffer.byteLength(key);
const keyFor = (archiveId: ArchiveId, description: string, prefix = '') =>
  keyOf({ archiveId, name: nameOf(archiveId, description), prefix });

function expectLegal(key: string, prefix = ''): void {
  expect(bytesOf(key)).toBeLessThanOrEqual(MAX_KEY_BYTES);
  expect(key.startsWith(prefix)).toBe(true);
  const rest = key.slice(prefix.length);
  expect(rest).not.toBe('');
  expect(rest.isWellFormed()).toBe(true);
  expect(rest.normalize('NFC')).toBe(rest);
  // biome-ignore lint/suspicious/noControlCharactersInRegex: no key may hold them
  expect(rest).not.toMatch(/^\/|(^|\/)\.\.?(\/|$)|[\0-\x1f\x7f-\x9f\ufffe\uffff]|^[A-Za-z]:[\\/]/);
}

describe('the key of any description', () => {
  it('is legal, at most 1,024 bytes with the prefix, and the same each time', () => {
    fc.assert(
      fc.property(archiveIds, descriptions, prefixes, (id, description, prefix) => {
        const { key } = keyFor(id, description, prefix);
        expectLegal(key, prefix);
        expect(keyFor(id, description, prefix).key).toBe(key);
      }),
      { numRuns: 2000 },
    );
  });

  it('stays as it is when it is given back as a name', () => {
    fc.assert(
      fc.property(archiveIds, descriptions, prefixes, (id, description, prefix) => {
        const { key } = keyFor(id, description, prefix);
        const name = { format: 'override', path: key.slice(prefix.length) } as const;
        expect(keyOf({ archiveId: id, name, prefix })).toEqual({ key, changes: [] });
      }),
      { numRuns: 2000 },
    );
  });

  it('says of each change that it was made, and of no other', () => {
    fc.assert(
      fc.property(archiveIds, descriptions, (id, path) => {
        const { key, changes } = keyOf({ archiveId: id, name: { format: 'text', path }, prefix: '' });
        expect(changes.length === 0).toBe(key === path);
        expect(new Set(changes).size).toBe(changes.length);
        expect(changes.includes('unnamed')).toBe(!isUsableName(path));
      }),
      { numRuns: 1000 },
    );
  });

  it('becomes unique, whatever the names and however many share one', () => {
    const archives = fc.uniqueArray(
      fc.record({
        id: archiveIds,
        description: fc.oneof(descriptions, fc.constantFrom('a.txt', 'b', 'x'.repeat(1024), 'a~20120101T000000Z.txt')),
        creationDate: fc.constantFrom(Date.UTC(2012, 0), Date.UTC(2013, 0)),
      }),
      { selector: ({ id }) => id, maxLength: 12 },
    );
    fc.assert(
      fc.property(archives, (all) => {
        const taken = new Set<string>();
        for (const { id, description, creationDate } of all) {
          const { key } = keyFor(id, description);
          let unique = key;
          for (let attempt = 1; taken.has(unique); attempt += 1) {
            expect(attempt).toBeLessThan(5);
            unique = disambiguate({ key, creationDate, archiveId: id, attempt });
          }
          expectLegal(unique);
          taken.add(unique);
        }
        expect(taken.size).toBe(all.length);
      }),
      { numRuns: 300 },
    );
  });
});

describe('a name that is too long', () => {
  const id = 'an-archive-id' as ArchiveId;

  it('is cut before its extension, with a hash of the archive id', () => {
    const { key, changes } = keyFor(id, `${'a'.repeat(2000)}.jpg`);

    expect(key).toMatch(/^a{1011}~[0-9a-f]{8}\.jpg$/);
    expect(changes).toEqual(['cut']);
    expect(keyFor('another' as ArchiveId, `${'a'.repeat(2000)}.jpg`).key).not.toBe(key);
  });

  it('is left whole at 1,024 bytes with the prefix', () => {
    expect(keyFor(id, 'ж'.repeat(510), 'abc/').changes).toEqual([]);
    expect(keyFor(id, `${'ж'.repeat(510)}a`, 'abc/').changes).toEqual(['cut']);
  });

  it('is never cut inside a character, nor between a letter and its marks', () => {
    const { key } = keyFor(id, `${'a'.repeat(1013)}😀😀😀`);
    expect(key).toMatch(/^a{1013}~[0-9a-f]{8}$/);
    expect(keyFor(id, `${'a'.repeat(1014)}q\u0323\u0301${'b'.repeat(20)}`).key).toMatch(/^a{1014}~[0-9a-f]{8}$/);
  });

  it('keeps the slash of a directory', () => {
    expect(keyFor(id, `${'a'.repeat(2000)}/`).key).toMatch(/^a{1014}~[0-9a-f]{8}\/$/);
  });

  it('does not take the end of a sentence for an extension', () => {
    expect(keyFor(id, `${'a'.repeat(2000)}. A sentence`).key).toMatch(/^a{1015}~[0-9a-f]{8}$/);
  });
});

describe('a key that another archive has', () => {
  const archive = { archiveId: 'an-archive-id' as ArchiveId, creationDate: Date.parse('2012-05-15T17:19:46.700Z') };
  const keyed = (key: string, attempt: number) => disambiguate({ ...archive, key: key as ObjectKey, attempt });

  it.each([
    ['photos/a.jpg', 'photos/a~20120515T171946Z.jpg'],
    ['a.b/c', 'a.b/c~20120515T171946Z'],
    ['backup.tar.gz', 'backup~20120515T171946Z.tar.gz'],
    ['.bashrc', '.bashrc~20120515T171946Z'],
    ['photos/', 'photos~20120515T171946Z/'],
    ['Vol. 1', 'Vol. 1~20120515T171946Z'],
  ])('gets the creation date before the extension: %s', (key, expected) => {
    expect(keyed(key, 1)).toBe(expected);
  });

  it('gets a hash of the archive id where that is taken too, and other hashes from then on', () => {
    const keys = [2, 3, 4].map((attempt) => keyed('a.jpg', attempt));

    for (const key of keys) expect(key).toMatch(/^a~20120515T171946Z~[0-9a-f]{8}\.jpg$/);
    expect(new Set(keys).size).toBe(3);
    expect(keyed('a.jpg', 2)).toBe(keys[0]);
  });

  it('never grows beyond 1,024 bytes', () => {
    expect(keyed(`${'a'.repeat(1020)}.jpg`, 1)).toMatch(/^a{1003}~20120515T171946Z\.jpg$/);
    expect(bytesOf(keyed('ж'.repeat(512), 2))).toBeLessThanOrEqual(MAX_KEY_BYTES);
  });
});

describe('a prefix', () => {
  it.each([
    ['', ''],
    ['photos', 'photos/'],
    ['/photos/2012/', 'photos/2012/'],
    ['../photos', 'photos/'],
  ])('is made ready to build keys on: %s', (text, expected) => {
    expect(parsePrefix(text)).toBe(expected);
    expect(parsePrefix(expected)).toBe(expected);
  });

  it('is refused where it leaves too little for the names', () => {
    expect(() => parsePrefix('ж'.repeat(300))).toThrow('512 bytes');
  });
});
