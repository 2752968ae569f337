import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { type OverrideLine, readOverrides } from '../../src/domain/overrides.ts';

async function read(text: string | Uint8Array, chunkSize = 7): Promise<OverrideLine[]> {
  const bytes = Buffer.from(text as string);
  const chunks: Buffer[] = [];
  for (let at = 0; at < bytes.length; at += chunkSize) chunks.push(bytes.subarray(at, at + chunkSize));
  return Array.fromAsync(readOverrides(chunks));
}

const quoted = (field: string) => `"${field.replaceAll('"', '""')}"`;

describe('a CSV file of names', () => {
  it('is taken with the header of AWS or with ours, in any order, with more columns', async () => {
    const expected = [{ line: 2, archiveId: '-x_1', key: 'photos/a.jpg' }];

    expect(await read('GlacierArchiveID,FileName\n-x_1,photos/a.jpg\n')).toEqual(expected);
    expect(await read('archive_id,key\n-x_1,photos/a.jpg')).toEqual(expected);
    expect(await read('key,format,Archive ID\nphotos/a.jpg,text,-x_1')).toEqual(expected);
  });

  it('is taken with a byte order mark, CRLF, empty lines and quotes', async () => {
    const text = '\ufeffarchive_id,key\r\n\r\n"a","x, ""y"".txt"\r\nb, c \r\n   \r\n';

    expect(await read(text)).toEqual([
      { line: 3, archiveId: 'a', key: 'x, "y".txt' },
      { line: 4, archiveId: 'b', key: ' c ' },
    ]);
  });

  it('names each problem by its line and goes on', async () => {
    const text = ['archive_id,key', 'no id!,a', ',b', 'c,', 'd,"  "', 'e,../..', 'f,x,y.txt', 'g', 'h,h.txt'].join(
      '\n',
    );

    const lines = await read(text);

    expect(lines.map(({ line }) => line)).toEqual([2, 3, 4, 5, 6, 7, 8, 9]);
    expect(lines.map((entry) => ('problem' in entry ? entry.problem : entry.key))).toEqual([
      '"no id!" is not an archive id',
      'it has no archive id',
      'its key is empty',
      'its key is empty',
      'nothing is left of its key "../.." as an object key',
      'it has 3 fields and the header 2: quote what holds a comma',
      'it has 1 fields and the header 2: quote what holds a comma',
      'h.txt',
    ]);
  });

  it('knows a row over several lines by its first', async () => {
    const text = 'archive_id,description,key\r\na,"<m>\r\n</m>",x\r\nb,"one\ntwo\nthree",y\r\nc,,z';

    expect((await read(text)).map(({ line }) => line)).toEqual([2, 4, 7]);
  });

  it.each(['a,b\nc,d', 'archive_id;key\na;b', 'archive_id,name\na,b'])(
    'is refused without its header: %j',
    async (text) => {
      const lines = await read(text);

      expect(lines).toHaveLength(1);
      expect(lines[0]).toMatchObject({ line: 1, problem: expect.stringContaining('archive_id and key') });
    },
  );

  it.each([
    ['a quote after a field has begun', 'archive_id,key\na,x\nb,y"z\nc,w\n', 3],
    ['text after a quote', 'archive_id,key\na,x\nb,"y"z\nc,w\n', 3],
    ['a quote that is never closed', `archive_id,key\na,x\nb,"y\n${'c,w\n'.repeat(1000)}`, 3],
    ['a quote that the next one seems to close', `archive_id,key\na,x\n\r\n\nb,"y\n${'c,w\n'.repeat(9)}d,"z"\n`, 5],
    ['a quote that is not closed for long', `archive_id,key\na,x\nb,"y\n${'c,w\n'.repeat(400_000)}`, 3],
  ])('is read up to the row that makes the rest unreadable: %s', async (_, text, line) => {
    const lines = await read(text, 4096);

    expect(lines).toEqual([
      { line: 2, archiveId: 'a', key: 'x' },
      { line, problem: expect.stringContaining('nothing behind it was read') },
    ]);
  });

  it('counts no carriage return for a line', async () => {
    const text = 'archive_id,description,key\na,"one\rtwo\r\r\nthree",x\nb,four\rfive,y\nc,,\n';

    expect((await read(text)).map(({ line }) => line)).toEqual([2, 4, 5]);
  });

  it.each([
    ['archive_id,key,Key\na,x,y\n', 'key and Key'],
    ['key,archive_id,archive-id\nx,a,b\n', 'archive_id and archive-id'],
    ['GlacierArchiveID,FileName,key\na,x,y\n', 'FileName and key'],
  ])('is refused where its header leaves open which column counts: %j', async (text, columns) => {
    expect(await read(text)).toEqual([{ line: 1, problem: expect.stringContaining(columns) }]);
  });

  it('does not read a file of another kind to its end', async () => {
    let chunks = 0;
    async function* endless() {
      yield 'archive_id,key\na,x\nb,"';
      for (; chunks < 10_000; chunks += 1) yield 'x'.repeat(65_536);
    }

    const lines = await Array.fromAsync(readOverrides(endless()));

    expect(lines).toHaveLength(2);
    expect(chunks).toBeLessThan(200);
  });

  it('says where a key is not UTF-8, and takes one that holds U+FFFD', async () => {
    const latin1 = Buffer.from('archive_id,key\na,x\nb,caf\xe9.txt\nc,z\n', 'latin1');

    expect(await read(latin1)).toEqual([
      { line: 2, archiveId: 'a', key: 'x' },
      { line: 3, problem: 'its key is not UTF-8' },
      { line: 4, archiveId: 'c', key: 'z' },
    ]);
    expect(await read('archive_id,key\na,\ufffd')).toEqual([{ line: 2, archiveId: 'a', key: '\ufffd' }]);
    expect(await read(Buffer.from('archive_id,key\na,caf\xe9', 'latin1'))).toMatchObject([
      { problem: 'its key is not UTF-8' },
    ]);
  });

  it('gives any key back that was quoted, in chunks of any size', async () => {
    const key = fc.string({ unit: 'binary', minLength: 1 }).filter((text) => /[^\s/.\\]/.test(text));
    await fc.assert(
      fc.asyncProperty(fc.array(key, { minLength: 1 }), fc.integer({ min: 1, max: 99 }), async (keys, size) => {
        const rows = keys.map((text, index) => `id-${index},${quoted(text)}`);
        const lines = await read(['archive_id,key', ...rows].join('\r\n'), size);
        expect(lines.map((entry) => ('key' in entry ? entry.key : entry.problem))).toEqual(keys);
      }),
    );
  });
});

describe('a JSON Lines file of names', () => {
  it('is taken with the names of AWS or with ours', async () => {
    const text =
      '\ufeff{"archive_id":"a","key":"x.txt"}\r\n\n{"GlacierArchiveID":"b","FileName":"я.txt"}\n{"archiveId":"c","key":"z","format":"mt2"}';

    expect(await read(text, 3)).toEqual([
      { line: 1, archiveId: 'a', key: 'x.txt' },
      { line: 3, archiveId: 'b', key: 'я.txt' },
      { line: 4, archiveId: 'c', key: 'z' },
    ]);
  });

  it('names each problem by its line and goes on', async () => {
    const lines = await read(
      '{"archive_id":"a"}\n{"key":"b"}\n{\n[]\n{"archive_id":5,"key":"x"}\n{"archive_id":"c","key":"x"}',
    );

    expect(lines.map((entry) => ('problem' in entry ? entry.problem : entry.key))).toEqual([
      'its key is empty',
      'it has no archive id',
      'it is not a JSON object',
      'it has no archive id',
      '5 is not an archive id',
      'x',
    ]);
    expect(lines.map(({ line }) => line)).toEqual([1, 2, 3, 4, 5, 6]);
  });

  it('is refused where it leaves open which name counts, and where it is one document', async () => {
    expect(await read('{"archive_id":"a","key":"x","FileName":"y"}\n')).toEqual([
      { line: 1, problem: 'it has several archive ids or keys' },
    ]);
    expect(await read('[{"archive_id":"a","key":"x"}]')).toEqual([
      { line: 1, problem: expect.stringContaining('an object on each line') },
    ]);
  });

  it('ends at a line that does not', async () => {
    const lines = await read(`{"archive_id":"a","key":"x"}\n{"key":"${'x'.repeat(2 ** 21)}"}\n`, 65_536);

    expect(lines).toEqual([
      { line: 1, archiveId: 'a', key: 'x' },
      { line: 2, problem: expect.stringContaining('nothing behind it was read') },
    ]);
  });
});

describe('a file of names', () => {
  it.each(['', ' \n\n', '\ufeff'])('is refused where it is empty: %j', async (text) => {
    expect(await read(text, 1)).toEqual([{ line: 1, problem: 'the file is empty' }]);
  });

  it.each(['archive_id,key\na,b\n', '{"archive_id":"a","key":"b"}\n'])(
    'rejects with what its source rejects with: %j',
    async (text) => {
      async function* broken() {
        yield text;
        throw new Error('the disk is gone');
      }

      await expect(Array.fromAsync(readOverrides(broken()))).rejects.toThrow('the disk is gone');
    },
  );

  it.each(['archive_id,key\n', '{"archive_id":"a","key":"b"}\n'])(
    'lets go of its source when its reader stops: %j',
    async (text) => {
      let released = false;
      async function* source() {
        try {
          for (;;) yield `${text}${'a,b\n'.repeat(10)}`;
        } finally {
          released = true;
        }
      }

      for await (const _ of readOverrides(source())) break;
      await new Promise(setImmediate);

      expect(released).toBe(true);
    },
  );
});
