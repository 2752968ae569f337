import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { globPattern } from '../../src/domain/glob.ts';
import { createFilter, FILTER_MARK, type Selection, selectsAll } from '../../src/domain/selection.ts';

const matches = (glob: string, key: string) => globPattern(glob).test(key);

describe('a glob', () => {
  it.each([
    // each row: glob, keys that it matches, keys that it does not; by rclone's documentation of filters
    ['*.jpg', ['a.jpg', 'b/c/a.jpg', '.jpg'], ['a.jpeg', 'a.jpg/b', 'a.JPG']],
    ['/*.jpg', ['a.jpg'], ['b/a.jpg']],
    ['photos/*.jpg', ['photos/a.jpg', 'x/photos/a.jpg'], ['photos/b/a.jpg', 'myphotos/a.jpg']],
    ['photos/**.jpg', ['photos/a.jpg', 'photos/b/c/a.jpg'], ['a.jpg']],
    ['photos/**', ['photos/a', 'photos/b/c', 'x/photos/'], ['photos', 'photosx/a']],
    ['photos/', ['photos/a', 'photos/b/c', 'photos/'], ['photos', 'a/photosx/b']],
    ['/photos/', ['photos/a'], ['x/photos/a']],
    ['**', ['', 'a', 'a/b'], []],
    ['IMG_????.raw', ['IMG_0001.raw', 'x/IMG_ü€😀4.raw'], ['IMG_001.raw', 'IMG_0/01.raw']],
    ['[a-cx].txt', ['a.txt', 'x.txt'], ['d.txt', '-.txt']],
    ['/[^a-c].txt', ['d.txt', '-.txt'], ['a.txt', 'xd.txt']],
    ['[]a].txt', ['].txt', 'a.txt'], ['b.txt']],
    ['[\\]\\-^].txt', ['].txt', '-.txt', '^.txt'], ['\\.txt']],
    ['*.{jpg,png,*}', ['a.jpg', 'a.gif'], ['a', 'a.b/c']],
    ['a{b,c/d}e', ['abe', 'ac/de'], ['abc', 'ae']],
    ['a\\*b\\{c', ['a*b{c'], ['axb{c']],
    ['1+1=(2) ^$.txt|', ['1+1=(2) ^$.txt|'], ['11=2']],
    ['a,b', ['a,b'], ['a', 'b']],
    ['ä', ['a\u0308'.normalize('NFC')], ['a']],
  ] as const)('%s takes what rclone takes', (glob, taken, left) => {
    expect(taken.filter((key) => !matches(glob, key))).toEqual([]);
    expect(left.filter((key) => matches(glob, key))).toEqual([]);
  });

  it.each(['***', 'a***b', 'ab]c', 'ab[c', '[', '[^', '{{a.*}}', 'a{b{c}}', 'ab}c', 'ab{c', '[z-a]', 'a\\', '[a\\'])(
    '%s is refused by its name',
    (glob) => {
      expect(() => globPattern(glob)).toThrow(`the glob "${glob}"`);
    },
  );

  it('of plain characters, escaped, takes the key that it spells, at each /, and no other', () => {
    const segment = fc.string({ unit: 'grapheme', minLength: 1, maxLength: 8 }).filter((text) => !text.includes('/'));
    fc.assert(
      fc.property(segment, segment, segment, (folder, name, other) => {
        const key = name.normalize('NFC');
        const escaped = [...key].map((unit) => `\\${unit}`).join('');

        expect(matches(escaped, key)).toBe(true);
        expect(matches(escaped, `${folder}/${key}`)).toBe(true);
        expect(matches(`/${escaped}`, `${folder}/${key}`)).toBe(false);
        expect(matches(`/${escaped}`, other.normalize('NFC'))).toBe(other.normalize('NFC') === key);
      }),
    );
  });

  it('never crosses a / with one star, and always can with two', () => {
    const path = fc.array(fc.stringMatching(/^[a-z.]{1,6}$/), { minLength: 1, maxLength: 5 });
    fc.assert(
      fc.property(path, (segments) => {
        const key = segments.join('/');
        expect(matches('/*', key)).toBe(segments.length === 1);
        expect(matches('/**', key)).toBe(true);
        expect(matches(`/${segments.map(() => '*').join('/')}`, key)).toBe(true);
        expect(matches('*', key)).toBe(true);
      }),
    );
  });

  it('is either refused as a usage error or a pattern, whatever is written', () => {
    fc.assert(
      fc.property(fc.string({ unit: fc.constantFrom(...'ab/*?[]{}^-,\\!.é😀') }), fc.string(), (glob, key) => {
        try {
          matches(glob, key);
        } catch (error) {
          expect(error).toMatchObject({ code: 'usage' });
        }
      }),
    );
  });
});

describe('a selection', () => {
  const archive = { key: 'photos/a.jpg', size: 1000, createdAt: Date.UTC(2015, 0, 1), listed: false };
  const reason = (selection: Selection, changes: Partial<typeof archive> = {}) =>
    createFilter(selection)({ ...archive, ...changes });

  it('lets the first glob that matches decide', () => {
    const rules = [
      { type: 'exclude', glob: '/photos/private/' },
      { type: 'include', glob: '*.jpg' },
      { type: 'exclude', glob: 'a*' },
      { type: 'include', glob: '/photos/**' },
    ] as const;

    expect(reason({ rules })).toBeUndefined();
    expect(reason({ rules }, { key: 'photos/private/a.jpg' })).toBe('--exclude /photos/private/');
    expect(reason({ rules }, { key: 'photos/a.txt' })).toBe('--exclude a*');
    expect(reason({ rules }, { key: 'photos/b.txt' })).toBeUndefined();
    expect(reason({ rules }, { key: 'b.txt' })).toBe('--include');
    expect(reason({ rules: [{ type: 'exclude', glob: '*.tmp' }] }, { key: 'b.txt' })).toBeUndefined();
    expect(reason({ rules: rules.toReversed() }, { key: 'photos/private/a.jpg' })).toBeUndefined();
  });

  it('takes the bounds of size in, of dates the first only', () => {
    expect(reason({ minSize: 1000, maxSize: 1000 })).toBeUndefined();
    expect(reason({ minSize: 1001 })).toBe('--min-size 1001 B');
    expect(reason({ maxSize: 999 })).toBe('--max-size 999 B');
    expect(reason({ createdAfter: archive.createdAt })).toBeUndefined();
    expect(reason({ createdAfter: archive.createdAt + 1000 })).toBe('--created-after 2015-01-01T00:00:01Z');
    expect(reason({ createdBefore: archive.createdAt })).toBe('--created-before 2015-01-01');
    expect(reason({ createdBefore: archive.createdAt + 1 })).toBeUndefined();
  });

  it('by ids takes what is listed', () => {
    const idsFrom = { path: 'ids.txt', digest: 'x' };
    expect(reason({ idsFrom })).toBe('--archive-ids-from ids.txt');
    expect(reason({ idsFrom }, { listed: true })).toBeUndefined();
  });

  it('of nothing selects all', () => {
    expect(selectsAll({})).toBe(true);
    expect(selectsAll({ rules: [], limit: undefined })).toBe(true);
    expect(selectsAll({ limit: 0 })).toBe(false);
    expect(selectsAll({ rules: [{ type: 'exclude', glob: 'a' }] })).toBe(false);
  });

  it('gives reasons that are told from others by their mark', () => {
    const selections: Selection[] = [
      { minSize: 9999 },
      { maxSize: 1 },
      { createdAfter: Date.UTC(2020, 0, 1) },
      { createdBefore: 0 },
      { idsFrom: { path: 'x', digest: 'y' } },
      { rules: [{ type: 'include', glob: 'x' }] },
      { rules: [{ type: 'exclude', glob: '*' }] },
    ];
    for (const selection of selections) expect(reason(selection)?.startsWith(FILTER_MARK)).toBe(true);
  });
});
