import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { JsonInventoryParser } from '../../src/domain/inventory-json.ts';
import { MAX_ARCHIVE_SIZE } from '../../src/domain/ranges.ts';
import { KiB, MiB } from '../../src/lib/size.ts';
import { memoryHeld, offsetsOf, readWith } from '../support/inventory.ts';

const HASH = 'ab'.repeat(32);
const VAULT = 'arn:aws:glacier:us-west-2:012345678901:vaults/photos';

const rowOf = (id: string, fields: object = {}) => ({
  ArchiveId: id.padEnd(138, 'x'),
  ArchiveDescription: `the archive ${id}`,
  CreationDate: '2012-05-15T17:19:46.700Z',
  Size: 2140123,
  SHA256TreeHash: HASH,
  ...fields,
});
const textOf = (rows: readonly unknown[], space?: number) =>
  JSON.stringify({ VaultARN: VAULT, InventoryDate: '2011-12-12T14:19:01Z', ArchiveList: rows }, null, space);
/** Rows as texts, so that they can be damaged. */
const fileOf = (...rows: readonly string[]) =>
  Buffer.from(`{"VaultARN":"${VAULT}","InventoryDate":"2011-12-12T14:19:01Z","ArchiveList":[${rows.join(',')}]}`);
const good = (id: string) => JSON.stringify(rowOf(id));
const read = (bytes: Uint8Array | string, lengths?: readonly number[]) =>
  readWith(new JsonInventoryParser(), Buffer.from(bytes), lengths);
const idsOf = ({ archives }: ReturnType<typeof read>) => archives.map(({ archiveId }) => archiveId.replace(/x+$/, ''));

const description = fc.oneof(
  fc.string({ unit: 'binary', maxLength: 60 }),
  fc.constantFrom(
    '',
    '{"Path":"c:+AF8-my","Flags":0}',
    '}]},{"ArchiveId":"x"',
    'x},{',
    '\\"',
    '"],[{',
    '\\',
    'Ünïcödé 日本語 🧊',
    '<m><v>4</v><p>Zg==</p></m>',
  ),
);
const anyRows = fc.array(
  fc
    .record({ description, size: fc.integer({ min: 1, max: MAX_ARCHIVE_SIZE }) })
    .map(({ description: text, size }) => ({
      ...rowOf('-a'),
      ArchiveDescription: text,
      Size: size,
    })),
  { maxLength: 12 },
);
/** What damages a row, so that it is none any more. */
const DAMAGE = {
  'a stray quote': (row: string) => row.replace('the archive', 'the "archive'),
  'a quote that is missing': (row: string) => row.replace('"CreationDate"', 'CreationDate"'),
  'a bracket too many': (row: string) => row.replace(',"Size"', '],"Size"'),
  'a bracket that is open': (row: string) => row.replace(',"Size":', ',"Size":['),
  'a brace that is missing': (row: string) => row.replace(/\}$/, ''),
  'the beginning cut off': (row: string) => row.slice(40),
  'the end cut off': (row: string) => row.slice(0, -40),
  'bytes of zero': (row: string) => row.slice(0, 100) + '\0'.repeat(100),
} as const;

describe('a JSON inventory', () => {
  it('gives its header and its archives as Glacier writes them', () => {
    const parser = new JsonInventoryParser();
    const { archives, complete } = readWith(parser, Buffer.from(textOf([rowOf('a')])));

    expect(complete).toBe(true);
    expect(parser.header()).toEqual({ vaultArn: VAULT, inventoryDate: Date.UTC(2011, 11, 12, 14, 19, 1) });
    expect(archives).toEqual([
      {
        archiveId: 'a'.padEnd(138, 'x'),
        description: 'the archive a',
        createdAt: Date.UTC(2012, 4, 15, 17, 19, 46, 700),
        size: 2140123,
        treeHash: HASH,
      },
    ]);
  });

  it('gives the same rows however its bytes arrive, indented or not', () => {
    const lengths = fc.array(fc.integer({ min: 1, max: 400 }), { minLength: 1, maxLength: 5 });
    fc.assert(
      fc.property(anyRows, lengths, fc.constantFrom(undefined, 1), (rows, pieces, space) => {
        const result = read(textOf(rows, space), pieces);

        expect(result.complete).toBe(true);
        expect(result.problems).toEqual([]);
        expect(result.archives.map(({ description: text, size }) => [text, size])).toEqual(
          rows.map(({ ArchiveDescription, Size }) => [ArchiveDescription.toWellFormed(), Size]),
        );
      }),
    );
  });

  it('gives the same rows whether they are parsed many at once or one by one', () => {
    const anyRow = fc.record({
      description,
      damage: fc.option(fc.constantFrom(...Object.values(DAMAGE)), { freq: 200 }),
    });
    fc.assert(
      fc.property(
        fc.array(anyRow, { minLength: 300, maxLength: 400 }),
        fc.integer({ min: 1, max: 90_000 }),
        (specs, length) => {
          const rows = specs.map(({ description: text, damage }, i) =>
            (damage ?? String)(JSON.stringify(rowOf(`r${i}`, { ArchiveDescription: `the archive ${text}` }))),
          );
          const bytes = fileOf(...rows, good('last'));
          const parser = new JsonInventoryParser();
          const byOne = readWith(parser, bytes, [200]);

          expect(byOne.rows.length).toBeGreaterThan(250);
          expect(read(bytes)).toEqual(byOne);
          expect(read(bytes, [length])).toEqual(byOne);
          for (const { offset, rows: given } of offsetsOf(new JsonInventoryParser(), bytes, 70_000)) {
            const rest = readWith(new JsonInventoryParser({ offset }), bytes.subarray(offset));
            expect(rest).toMatchObject({ complete: true, rows: byOne.rows.slice(given) });
          }
        },
      ),
      { numRuns: 12 },
    );
  });

  it('is taken up at any offset that was reported, and gives the rest', () => {
    fc.assert(
      fc.property(
        anyRows,
        fc.integer({ min: 1, max: 300 }),
        fc.integer({ min: 1, max: 300 }),
        (rows, first, second) => {
          const bytes = Buffer.from(textOf(rows));
          const all = read(bytes).rows;
          for (const { offset, rows: given } of offsetsOf(new JsonInventoryParser(), bytes, first)) {
            const rest = readWith(new JsonInventoryParser({ offset }), bytes.subarray(offset), [second]);
            expect(rest.complete).toBe(true);
            expect(rest.rows).toEqual(all.slice(given));
          }
        },
      ),
      { numRuns: 40 },
    );
  });

  it('knows its header before its rows are read to the end', () => {
    const parser = new JsonInventoryParser();
    parser.push(Buffer.from(textOf([rowOf('a'), rowOf('b')])).subarray(0, 300));

    expect(parser.header().vaultArn).toBe(VAULT);
  });

  it('may begin with a byte order mark, and hold its header behind the rows', () => {
    const parser = new JsonInventoryParser();
    const { complete } = readWith(
      parser,
      Buffer.from(`\uFEFF{"ArchiveList": [${good('a')}] , "VaultARN": "${VAULT}"}\n`),
    );

    expect(complete).toBe(true);
    expect(parser.header().vaultArn).toBe(VAULT);
  });

  it('may be that of an empty vault', () => {
    expect(read(textOf([]))).toMatchObject({ complete: true, rows: [] });
    expect(read(textOf([], 2))).toMatchObject({ complete: true, rows: [] });
  });

  it('holds archives whose ids begin with a dash', () => {
    expect(read(fileOf(good('-x'), good('--')))).toMatchObject({ problems: [], archives: { length: 2 } });
  });

  it('holds archives up to the largest that Glacier takes', () => {
    const { archives } = read(textOf([rowOf('a', { Size: MAX_ARCHIVE_SIZE }), rowOf('b', { Size: 1 })]));

    expect(archives.map(({ size }) => size)).toEqual([MAX_ARCHIVE_SIZE, 1]);
  });
});

describe('a row of a JSON inventory that is no archive', () => {
  it.each([
    ['ArchiveId', undefined],
    ['ArchiveId', ''],
    ['ArchiveId', 'a/b'],
    ['ArchiveId', 7],
    ['ArchiveDescription', 7],
    ['CreationDate', 'yesterday'],
    ['CreationDate', '2012-13-45T00:00:00Z'],
    ['CreationDate', 7],
    ['Size', 0],
    ['Size', -1],
    ['Size', 1.5],
    ['Size', '12'],
    ['Size', null],
    ['Size', MAX_ARCHIVE_SIZE + 1],
    ['Size', 2 ** 60],
    ['SHA256TreeHash', 'ab'],
    ['SHA256TreeHash', 'g'.repeat(64)],
  ])('for its %s of %j is named, and the others are read', (field, value) => {
    const { archives, problems, complete } = read(textOf([rowOf('a'), rowOf('b', { [field]: value }), rowOf('c')]));

    expect(complete).toBe(true);
    expect(archives).toHaveLength(2);
    expect(problems).toHaveLength(1);
    expect(problems[0]?.reason).toContain(field);
    expect(problems[0]?.text.length).toBeLessThanOrEqual(300);
  });

  it('for a number that no computer holds is named', () => {
    const { problems } = read(fileOf(good('a').replace('2140123', '1e400'), good('b')));

    expect(problems.map(({ reason }) => reason)).toEqual([expect.stringContaining('Size')]);
  });

  it('but a number or a list is named, and the others are read', () => {
    expect(read(fileOf('null', good('a'), '[1,2]', '"text"', good('b')))).toMatchObject({
      complete: true,
      archives: { length: 2 },
      problems: [{ text: 'null' }, { text: '[1,2]' }, { text: '"text"' }],
    });
  });

  for (const [what, damage] of Object.entries(DAMAGE)) {
    it.each([
      ['first', 0],
      ['in the middle', 2],
      ['last', 4],
    ])(`for ${what} is one problem, and takes no other with it: %s`, (_where, at) => {
      const rows = ['a', 'b', 'c', 'd', 'e'].map((id, i) => (i === at ? damage(good(id)) : good(id)));
      const expected = ['a', 'b', 'c', 'd', 'e'].toSpliced(at, 1);
      for (const lengths of [[Number.POSITIVE_INFINITY], [1], [7, 100]]) {
        const result = read(fileOf(...rows), lengths);
        expect(idsOf(result)).toEqual(expected);
        expect(result.problems).toHaveLength(1);
        // a text without its end at the very end: it may be the file that is cut
        expect(result.complete).toBe(at !== 4 || !['bytes of zero', 'the end cut off'].includes(what));
      }
    });
  }

  it('for a brace too many takes no other with it', () => {
    const result = read(fileOf(good('a'), good('b').replace(',"Size"', '},"Size"'), good('c')));

    expect(idsOf(result)).toEqual(['a', 'c']);
    expect(result.problems[0]?.text).toContain('the archive b');
    expect(result.complete).toBe(true);
  });

  it('is one problem each where several are damaged, however the bytes arrive and wherever reading is taken up', () => {
    const anyRow = fc.record({ damage: fc.option(fc.constantFrom(...Object.values(DAMAGE)), { freq: 2 }) });
    fc.assert(
      fc.property(fc.array(anyRow, { maxLength: 8 }), fc.integer({ min: 1, max: 500 }), (specs, least) => {
        // a good row behind each: two damaged neighbours may be told as one
        const rows = specs.flatMap(({ damage }, i) => [(damage ?? String)(good(`r${i}`)), good(`s${i}`)]);
        const bytes = fileOf(...rows);
        // reading is taken up at each piece's end: more pieces would take minutes where rows are large
        const length = Math.max(least, Math.ceil(bytes.length / 200));
        const all = read(bytes, [length]);

        expect(all.complete).toBe(true);
        expect(all.problems).toHaveLength(specs.filter(({ damage }) => damage !== null).length);
        expect(all.rows).toHaveLength(rows.length);
        expect(read(bytes).rows).toEqual(all.rows);
        for (const { offset, rows: given } of offsetsOf(new JsonInventoryParser(), bytes, length)) {
          const rest = readWith(new JsonInventoryParser({ offset }), bytes.subarray(offset), [length]);
          expect(rest).toMatchObject({ complete: true, rows: all.rows.slice(given) });
        }
      }),
      { numRuns: 60 },
    );
  });

  it('and is larger than any row can be is given up, not held', () => {
    const unended = `{"ArchiveId":"${'b'.repeat(300 * KiB)}`;
    const whole = JSON.stringify(rowOf('b', { ArchiveDescription: 'b'.repeat(64 * KiB) }));
    for (const [long, length] of [unended, whole].flatMap((row) =>
      [Number.POSITIVE_INFINITY, 10 * KiB, 64 * KiB].map((pieces) => [row, pieces] as const),
    )) {
      const result = read(fileOf(good('a'), long, good('c')), [length]);
      expect(idsOf(result)).toEqual(['a', 'c']);
      expect(result.problems.length).toBeGreaterThan(0);
      expect(result.complete).toBe(true);
    }
  });
});

describe('what is no whole JSON inventory', () => {
  const whole = textOf([rowOf('a'), rowOf('b', { ArchiveDescription: 'x]}' }), rowOf('c')]);

  it('is said to be incomplete wherever it is cut', () => {
    for (let length = 0; length < whole.length; length += 1) {
      expect(read(whole.slice(0, length)).complete, `cut after ${length}`).toBe(false);
    }
    expect(read(whole).complete).toBe(true);
  });

  it.each([
    ['an empty file', ''],
    ['a page', '<!DOCTYPE html><html><script>var a = [{"ArchiveId":"x"}];</script></html>'],
    ['an error of AWS', '{"code":"ResourceNotFoundException","message":"The job ID was not found","type":"Client"}'],
    ['a list of something else', '{"JobList":[{"JobId":"x"}],"Marker":null}'],
    ['a bare list', `[${good('a')}]`],
    ['nothing', 'null'],
    ['text', 'ArchiveId,ArchiveDescription,CreationDate,Size,SHA256TreeHash\n'],
    ['an inventory with a list before its own', `{"Tags":["x"],"ArchiveList":[${good('a')}]}`],
    ['two inventories', textOf([rowOf('a')]) + textOf([rowOf('b')])],
    ['an inventory with something behind it', `${textOf([rowOf('a')])}x`],
  ])('such as %s is said to be none', (_what, text) => {
    expect(read(text).complete).toBe(false);
    expect(read(text, [1]).complete).toBe(false);
  });

  it('is not held in memory, however long it is', () => {
    const parser = new JsonInventoryParser();
    const noise = Buffer.alloc(MiB, 'no list in here ');
    const before = memoryHeld();
    for (let i = 0; i < 128; i += 1) parser.push(noise);

    expect(memoryHeld() - before).toBeLessThan(32 * MiB);
    expect(parser.end().complete).toBe(false);
  });

  it('is taken up from its beginning', () => {
    const parser = new JsonInventoryParser();
    parser.push(Buffer.from('<html>[1]'.repeat(20_000)));

    expect(parser.offset).toBe(0);
  });
});
