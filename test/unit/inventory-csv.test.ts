import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { CsvInventoryParser } from '../../src/domain/inventory-csv.ts';
import { MAX_ARCHIVE_SIZE } from '../../src/domain/ranges.ts';
import { KiB, MiB } from '../../src/lib/size.ts';
import { memoryHeld, offsetsOf, readWith } from '../support/inventory.ts';

const HASH = 'cd'.repeat(32);
const HEADER = 'ArchiveId,ArchiveDescription,CreationDate,Size,SHA256TreeHash';
const DATE = '2012-05-15T17:19:46.700Z';

const idOf = (name: string) => name.padEnd(138, 'x');
/** As Glacier writes it: quoted where it has to be, `\"` for a quote, backslashes as they are. */
const quoted = (text: string) => `"${text.replaceAll('"', '\\"')}"`;
const minimal = (text: string) => (/[",\r\n]/.test(text) ? quoted(text) : text);
const lineOf = (name: string, description: string, size = 7) => [idOf(name), description, DATE, size, HASH].join(',');
const fileOf = (lines: readonly string[], end = '\n') => [HEADER, ...lines, ''].join(end);
const read = (text: Uint8Array | string, lengths?: readonly number[]) =>
  readWith(new CsvInventoryParser(), Buffer.from(text), lengths);
const descriptionsOf = (text: string) => read(text).archives.map(({ description }) => description);

/** A quoted field that ends in a backslash looks like one that goes on: nobody can tell where a backslash stands before a quote. */
const description = fc
  .oneof(
    fc.string({ maxLength: 40 }),
    fc.stringMatching(/^[ -~]{0,40}$/),
    fc.constantFrom(
      'C:\\dir\\',
      'a,b',
      '1"2',
      'line\nbreak',
      'cr\r\nlf',
      'Ünïcödé 日本語',
      '-x',
      '<m v="4"/>',
      'a\nb,c\nd',
    ),
  )
  .map((text) => text.replaceAll('\r', ' ').toWellFormed())
  .filter((text) => !text.includes('\\"'));

describe('a CSV inventory', () => {
  it('gives its archives as Glacier writes them', () => {
    const { archives, complete } = read(fileOf([lineOf('a', 'my archive', 2140123)]));

    expect(complete).toBe(true);
    expect(archives).toEqual([
      {
        archiveId: idOf('a'),
        description: 'my archive',
        createdAt: Date.UTC(2012, 4, 15, 17, 19, 46, 700),
        size: 2140123,
        treeHash: HASH,
      },
    ]);
  });

  it.each([
    ['the example of the developer guide', '"my archive description,1\\\\"2"', 'my archive description,1\\"2'],
    ['no description', '', ''],
    ['an empty one in quotes', '""', ''],
    ['a Windows path', 'C:\\photos\\2012', 'C:\\photos\\2012'],
    ['a Windows path in quotes', '"C:\\photos, old\\2012"', 'C:\\photos, old\\2012'],
    ['a backslash at the end, in quotes', '"C:\\photos, old\\"', 'C:\\photos, old\\'],
    ['a backslash at the end, bare', 'C:\\photos\\', 'C:\\photos\\'],
    ['nothing but a quote', '"\\""', '"'],
    ['quotes at both ends', '"\\"a\\""', '"a"'],
    ['JSON', '"{\\"Path\\":\\"a,b\\"}"', '{"Path":"a,b"}'],
    ['the columns of a row', `"x,${DATE},7,${HASH}"`, `x,${DATE},7,${HASH}`],
    ['quotes that another program has doubled', '"say ""hi"", he said"', 'say "hi", he said'],
    ['letters of all kinds', 'Ünïcödé 日本語 🧊', 'Ünïcödé 日本語 🧊'],
    ['a line break', '"a\nb"', 'a\nb'],
    ['a line break of Windows', '"a\r\nb"', 'a\r\nb'],
    ['empty lines', '"a\n\n\nb"', 'a\n\n\nb'],
    ['a line that looks like the beginning of a row', '"see\nDEF,x"', 'see\nDEF,x'],
    ['a line that looks like one in quotes', '"see\nDEF,\\"x\\""', 'see\nDEF,"x"'],
  ])('tells %s', (_what, field, expected) => {
    for (const end of ['\n', '\r\n']) {
      const result = read(fileOf([lineOf('a', field), lineOf('b', 'next')], end));
      expect(result.problems).toEqual([]);
      expect(result.archives.map(({ description: text }) => text)).toEqual([expected, 'next']);
    }
  });

  it('takes a backslash before a quote for the sign that Glacier put there', () => {
    expect(descriptionsOf(fileOf([lineOf('a', '"description,1\\"2"')]))).toEqual(['description,1"2']);
  });

  it('gives back what Glacier quoted, however its bytes arrive', () => {
    const lengths = fc.array(fc.integer({ min: 1, max: 300 }), { minLength: 1, maxLength: 5 });
    fc.assert(
      fc.property(fc.array(description, { maxLength: 8 }), lengths, fc.boolean(), (texts, pieces, all) => {
        const lines = texts.map((text, i) => lineOf(`r${i}`, all ? quoted(text) : minimal(text)));
        const result = read(fileOf(lines), pieces);

        expect(result.problems).toEqual([]);
        expect(result.complete).toBe(true);
        expect(result.archives.map(({ description: text }) => text)).toEqual(texts);
      }),
    );
  });

  it('is taken up at any offset that was reported, and gives the rest', () => {
    const anyLine = fc.oneof(
      description.map((text) => lineOf('r', quoted(text))),
      fc.constantFrom('damaged', lineOf('cut', '"never ends').slice(0, -30), lineOf('x', 'bad').replace(DATE, 'soon')),
    );
    fc.assert(
      fc.property(fc.array(anyLine, { maxLength: 8 }), fc.integer({ min: 1, max: 300 }), (lines, length) => {
        const bytes = Buffer.from(fileOf(lines));
        const all = read(bytes).rows;
        for (const { offset, rows } of offsetsOf(new CsvInventoryParser(), bytes, length)) {
          const rest = readWith(new CsvInventoryParser({ offset }), bytes.subarray(offset), [length]);
          expect(rest.rows).toEqual(all.slice(rows));
        }
      }),
    );
  });

  it('may begin with a byte order mark, have its header in quotes or none, and no line end behind its last row', () => {
    const line = lineOf('a', 'x');
    for (const text of [
      `\uFEFF${HEADER}\n${line}`,
      `"${HEADER.replaceAll(',', '","')}"\n${line}`,
      line,
      `\uFEFF${line}`,
    ]) {
      expect(read(text), text.slice(0, 20)).toMatchObject({ complete: true, problems: [], archives: { length: 1 } });
    }
  });

  it('may be that of an empty vault', () => {
    expect(read(`${HEADER}\n`)).toMatchObject({ complete: true, rows: [] });
    expect(read(HEADER)).toMatchObject({ complete: true, rows: [] });
  });

  it('holds ids that begin with a dash, and sizes up to the largest', () => {
    const { archives } = read(fileOf([lineOf('-a', '', MAX_ARCHIVE_SIZE), lineOf('--b', '-', 1)]));

    expect(archives.map(({ archiveId, size }) => [archiveId, size])).toEqual([
      [idOf('-a'), MAX_ARCHIVE_SIZE],
      [idOf('--b'), 1],
    ]);
  });
});

describe('a row of a CSV inventory that is no archive', () => {
  it.each([
    ['a date that is none', lineOf('b', '"x"').replace(DATE, '2012-99-99T00:00:00Z')],
    ['a date in words', lineOf('b', '"x"').replace(DATE, 'May 2012')],
    ['a size of nothing', lineOf('b', 'x', 0)],
    ['a size beyond the largest', lineOf('b', 'x', MAX_ARCHIVE_SIZE + 1)],
    ['a number of 400 digits', lineOf('b', 'x').replace(',7,', `,${'9'.repeat(400)},`)],
    ['a hash cut short', lineOf('b', '"x"').slice(0, -1)],
    ['a column too few', lineOf('b', 'x').replace(',7,', ',')],
    ['an id that is none', lineOf('b', 'x').replace('xxx', '/')],
    ['a description that never ends', `${idOf('b')},"x`],
    ['other text', 'damaged'],
    ['a line that is longer than any row', 'y'.repeat(200 * KiB)],
  ])('for %s is named, counted once, and the others are read', (_what, line) => {
    for (const lengths of [[Number.POSITIVE_INFINITY], [1000], [64 * KiB]]) {
      const result = read(fileOf([lineOf('a', 'x'), line, lineOf('c', 'x')]), lengths);
      expect(result.archives.map(({ archiveId }) => archiveId)).toEqual([idOf('a'), idOf('c')]);
      expect(result.problems).toHaveLength(1);
      expect(result.problems[0]?.text.length).toBeLessThanOrEqual(300);
      expect(result.complete).toBe(true);
    }
  });

  it('is counted once each, where one follows another', () => {
    const lines = [
      lineOf('b', '"x"').slice(0, -1),
      `${idOf('c')},"never ends`,
      lineOf('d', '"x"').replace(DATE, 'soon'),
    ];

    expect(read(fileOf([...lines, lineOf('e', 'x')]))).toMatchObject({
      problems: { length: 3 },
      archives: { length: 1 },
    });
  });

  it('is named in the last line, too', () => {
    expect(read(fileOf([lineOf('a', 'x'), 'damaged']))).toMatchObject({
      complete: true,
      problems: [{ text: 'damaged' }],
      archives: { length: 1 },
    });
  });
});

describe('what is no whole CSV inventory', () => {
  it('is said to be incomplete where it is cut within a row', () => {
    const rows = [lineOf('a', 'x'), lineOf('b', '"y,\nz"')];
    const whole = fileOf(rows);
    const first = HEADER.length + 1 + (rows[0]?.length ?? 0);
    const ends = [HEADER.length, HEADER.length + 1, first, first + 1, whole.length - 1, whole.length];
    // the line end within the description, too, looks like that of a row
    const inside = whole.indexOf('\nz') + 1;
    for (let length = 0; length <= whole.length; length += 1) {
      if (length === inside) continue;
      expect(read(whole.slice(0, length)).complete, `cut after ${length}`).toBe(ends.includes(length));
    }
  });

  it.each([
    ['an empty file', ''],
    ['a page', '<!DOCTYPE html>\n<html>\n<body>,,,,</body>\n</html>\n'],
    ['a JSON inventory', '{"VaultARN":"arn","InventoryDate":"2011-12-12T14:19:01Z","ArchiveList":[]}'],
    ['another table', 'id,name\n1,a\n2,b\n'],
    ['zeroes', '\0'.repeat(200 * KiB)],
  ])('such as %s is said to be none, and nothing of it is a row', (_what, text) => {
    expect(read(text)).toMatchObject({ complete: false, rows: [] });
    expect(read(text, [1000])).toMatchObject({ complete: false, rows: [] });
  });

  it('is taken up from its beginning', () => {
    const parser = new CsvInventoryParser();
    parser.push(Buffer.from('<html>\n<body>\n'));

    expect(parser.offset).toBe(0);
  });

  it('is not held in memory, however long its lines are', () => {
    const parser = new CsvInventoryParser();
    parser.push(Buffer.from(`${HEADER}\n`));
    const noise = Buffer.alloc(MiB, 'no line end in here ');
    const before = memoryHeld();
    for (let i = 0; i < 128; i += 1) parser.push(noise);

    expect(memoryHeld() - before).toBeLessThan(32 * MiB);
    expect(parser.end().complete).toBe(false);
  });
});
