import { readdirSync, readFileSync } from 'node:fs';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { type ArchiveId, parseArchiveId } from '../../src/domain/ids.ts';
import type { NameFlags, NameFormat } from '../../src/domain/names/decoded-name.ts';
import { nameOf } from '../../src/domain/names/name-of.ts';
import { synologyNames } from '../../src/domain/names/synology.ts';
import { compactTimestamp, parseTimestamp } from '../../src/domain/names/timestamp.ts';
import { decodeUtf7, encodeUtf7 } from '../../src/domain/names/utf7.ts';
import { keyOf } from '../../src/domain/object-key.ts';

interface DescriptionFixture {
  readonly archiveId: string;
  readonly descriptions: readonly {
    readonly what: string;
    readonly description: string;
    readonly format: NameFormat;
    readonly path?: string;
    readonly key: string;
    readonly mtime?: number;
    readonly flags?: NameFlags;
    readonly changes?: readonly string[];
  }[];
}

const FIXTURES = new URL('../../fixtures/descriptions/', import.meta.url);
const ID = 'an-archive-id' as ArchiveId;
const anyText = fc.string({ unit: fc.nat(0xffff).map((unit) => String.fromCharCode(unit)), maxLength: 60 });
const base64 = (text: string) => Buffer.from(text).toString('base64');

for (const file of readdirSync(FIXTURES)) {
  describe(`the descriptions of ${file}`, () => {
    const { archiveId, descriptions } = JSON.parse(readFileSync(new URL(file, FIXTURES), 'utf8')) as DescriptionFixture;
    const id = parseArchiveId(archiveId) as ArchiveId;

    it.each(descriptions)('name the archive: $what', ({ description, format, path, key, mtime, flags, changes }) => {
      const name = nameOf(id, description);

      expect(name).toMatchObject({ format, flags: flags ?? {} });
      expect([name.path, name.mtime]).toEqual([path, mtime]);
      expect(name.flags).toEqual(flags ?? {});
      expect(keyOf({ archiveId: id, name, prefix: '' })).toEqual({ key, changes: changes ?? [] });
    });

    it.each(descriptions)('stay what they are in quotes and white space: $what', ({ description }) => {
      const name = nameOf(id, description);

      if (!/^\s*["']/.test(description)) expect(nameOf(id, ` "${description.trim()}"\n`)).toEqual(name);
    });
  });
}

describe('a name given from outside', () => {
  const description = `<m><v>4</v><p>${base64('a.txt')}</p><lm>20120821T170824Z</lm><ce>0:1:x:1</ce></m>`;
  const nothing = () => undefined;

  it('goes before the description, which still tells mtime and flags', () => {
    const known = { override: (id: ArchiveId) => (id === ID ? 'b.txt' : undefined), synology: () => 'c.txt' };

    expect(nameOf(ID, description, known)).toEqual({
      format: 'override',
      path: 'b.txt',
      mtime: Date.UTC(2012, 7, 21, 17, 8, 24),
      flags: { encrypted: true },
    });
    expect(nameOf('another' as ArchiveId, description, known)).toMatchObject({ format: 'synology', path: 'c.txt' });
  });

  it('leaves the others to their descriptions', () => {
    expect(nameOf(ID, 'a', { override: nothing, synology: nothing })).toMatchObject({ format: 'text', path: 'a' });
  });
});

describe('any path', () => {
  const path = fc.string({ unit: 'binary', minLength: 1 });

  it('comes back from what mt-aws-glacier makes of it', () => {
    fc.assert(
      fc.property(path, fc.boolean(), (filename, twice) => {
        const json = Buffer.from(JSON.stringify({ filename, mtime: '20121105T140258Z' }));
        const bytes = twice ? Buffer.from(json.toString('latin1')) : json;
        const name = nameOf(ID, `${twice ? 'mt1' : 'mt2'} ${bytes.toString('base64url')}`);
        expect(name).toMatchObject({ format: twice ? 'mt1' : 'mt2', path: filename });
      }),
    );
  });

  it('comes back from what FastGlacier makes of it', () => {
    fc.assert(
      fc.property(path, fc.constantFrom('', ' ', '\r\n  '), (text, gap) => {
        const elements = ['<v>4</v>', `<p>${gap}${base64(text)}${gap}</p>`, '<lm>20120821T170824Z</lm>'];
        expect(nameOf(ID, ['<m>', ...elements, '</m>'].join(gap)).path).toBe(text);
        const version1 = ['<ArchiveMetadata>', `<Path>${base64(text)}</Path>`, '</ArchiveMetadata>'].join(gap);
        expect(nameOf(ID, version1).path).toBe(text);
      }),
    );
  });

  it('comes back from what CloudBerry makes of it', () => {
    fc.assert(
      fc.property(anyText, (text) => {
        const description = JSON.stringify({ Path: encodeUtf7(`${text}x`), UTCDateModified: '20120827T125442Z' });
        expect(nameOf(ID, description)).toMatchObject({ format: 'cloudberry', path: `${text}x` });
      }),
    );
  });
});

describe('UTF-7', () => {
  it('gives any text back that .NET encoded, in ASCII', () => {
    fc.assert(
      fc.property(
        fc.oneof(anyText, fc.string({ unit: fc.constantFrom('+', '-', '_', 'A', '8', '/', 'я') })),
        (text) => {
          const encoded = encodeUtf7(text);
          expect(encoded).toMatch(/^[\t\n\r -~]*$/);
          expect(decodeUtf7(encoded)).toBe(text);
        },
      ),
    );
  });

  it('never decodes what it would not encode the same way', () => {
    const like = fc.string({ unit: fc.constantFrom('+', '-', '_', 'A', 'F', '8', 'w', ' ') });
    fc.assert(
      fc.property(like, (text) => {
        const decoded = decodeUtf7(text);
        if (decoded !== undefined) expect(encodeUtf7(decoded)).toBe(text);
      }),
    );
  });

  it.each(['a+AF8b', '+AF8', 'a+b', '+A-', '+AF9-', 'a_b', '+AGE-'])('refuses %s, which no encoder wrote', (text) => {
    expect(decodeUtf7(text)).toBeUndefined();
  });
});

describe('any description', () => {
  it('is named without a failure, even where it only resembles a format', () => {
    const piece = fc.constantFrom(
      'mt2 ',
      'mt1 ',
      '<m>',
      '</m>',
      '<p>',
      '</p>',
      '{"Path":',
      '"',
      "'",
      '}',
      '\\',
      'e30',
      ' ',
    );
    const description = fc.array(fc.oneof(piece, anyText), { maxLength: 8 }).map((pieces) => pieces.join(''));
    fc.assert(
      fc.property(description, (text) => {
        const { format, path } = nameOf(ID, text);
        expect(format === 'text' ? path : 'x').not.toBe('');
        expect(format === 'none').toBe(/^\s*(["']?)\s*\1\s*$/.test(text));
      }),
      { numRuns: 1000 },
    );
  });

  it.each([
    ['unclosed elements', `<m>${'<p>x</p> '.repeat(20_000)}`],
    ['spaces', `<m>${' '.repeat(200_000)}`],
    ['plus signs', JSON.stringify({ Path: '+'.repeat(100_000), UTCDateModified: '' })],
    ['escapes', `{${'\\"'.repeat(100_000)}`],
  ])(
    'is named in linear time: %s',
    (_, text) => {
      expect(nameOf(ID, text).format).toMatch(/text|cloudberry/);
    },
    2_000,
  );
});

describe('a Synology mapping', () => {
  it('joins share and path, and keeps the first of several rows', () => {
    const rows = [
      { archiveID: 'a', shareName: 'photo', basePath: '2012/a.jpg' },
      { archiveID: 'a', shareName: 'photo', basePath: '/copy/a.jpg' },
      { archiveID: 'a', shareName: 'photo', basePath: '2012/a.jpg' },
      { archiveID: 'b', shareName: '', basePath: 'b.jpg' },
      { archiveID: '', shareName: 'photo', basePath: '2012' },
      { archiveID: 'c', shareName: 'photo', basePath: null },
      { archiveID: 'd', shareName: 'photo', basePath: '/d.jpg' },
    ];

    expect([...synologyNames(rows)]).toEqual([
      { archiveId: 'a', path: 'photo/2012/a.jpg', others: ['photo/copy/a.jpg'] },
      { archiveId: 'b', path: 'b.jpg', others: [] },
      { archiveId: 'd', path: 'photo/d.jpg', others: [] },
    ]);
  });
});

describe('a timestamp', () => {
  it('comes back from its compact form', () => {
    const date = fc.date({
      min: new Date('1000-01-01T00:00:00Z'),
      max: new Date('9999-12-31T23:59:59Z'),
      noInvalidDate: true,
    });
    fc.assert(
      fc.property(date, (value) => {
        const seconds = Math.floor(value.getTime() / 1000) * 1000;
        expect(parseTimestamp(compactTimestamp(seconds))).toBe(seconds);
        expect(parseTimestamp(new Date(seconds).toISOString())).toBe(seconds);
      }),
    );
  });

  it('takes a leap second for the second before it', () => {
    expect(parseTimestamp('20120630T235960Z')).toBe(Date.UTC(2012, 5, 30, 23, 59, 59));
  });

  it.each([
    '',
    '0',
    '20120230T000000Z',
    '20121301T000000Z',
    '20120101T240000Z',
    '20120101T006000Z',
    '2012-01-01',
    20120101,
  ])('is not %s', (text) => {
    expect(parseTimestamp(text)).toBeUndefined();
  });
});
