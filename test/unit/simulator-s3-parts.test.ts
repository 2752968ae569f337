import { mkdtemp, readdir, rmdir } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { MiB } from '../../src/lib/size.ts';
import { compareUtf8, KeyIndex } from '../../src/simulator/s3/key-index.ts';
import { createS3 } from '../../src/simulator/s3/s3.ts';
import { parseXml, xmlDocument } from '../../src/simulator/s3/xml.ts';

describe("the simulated S3's small parts", () => {
  it('orders keys as their UTF-8 bytes are', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary' }), fc.string({ unit: 'binary' }), (a, b) => {
        expect(Math.sign(compareUtf8(a, b))).toBe(Buffer.compare(Buffer.from(a), Buffer.from(b)));
      }),
    );
  });

  it('keeps keys in order while they come and go', () => {
    fc.assert(
      fc.property(
        fc.array(fc.tuple(fc.boolean(), fc.string({ maxLength: 2 }))),
        fc.string({ maxLength: 2 }),
        (steps, from) => {
          const index = new KeyIndex();
          const naive = new Set<string>();
          for (const [add, key] of steps) {
            if (add) index.add(key);
            else index.delete(key);
            if (add) naive.add(key);
            else naive.delete(key);
          }
          const expected = [...naive].sort(compareUtf8).filter((key) => compareUtf8(key, from) >= 0);
          expect([...index.from(from)]).toEqual(expected);
        },
      ),
    );
  });

  it('reads back any text that it writes as XML', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary' }), (text) => {
        expect(parseXml(xmlDocument('Root', { Leaf: text })).children[0]?.text).toBe(text);
      }),
    );
  });

  it('uses the disk only beyond its budget, gives back what is replaced, and leaves nothing behind', async () => {
    const folder = await mkdtemp(join(tmpdir(), 'simulator-s3-test-'));
    const options = { memoryBudget: 3 * MiB, temporaryFolder: folder };
    const s3 = createS3({ now: () => 0, accountId: '111122223333', region: 'us-east-1' }, options);
    s3.addBucket('bucket');
    for (let i = 0; i < 10; i += 1) await s3.putBytes('bucket', 'key', Buffer.alloc(MiB, i));
    expect((await s3.bytes('bucket', 'key'))[0]).toBe(9);
    expect(await readdir(folder)).toEqual([]);

    await s3.putBytes('bucket', 'other', Buffer.alloc(3 * MiB, 1));
    expect(await readdir(folder)).toHaveLength(1);
    expect(await s3.bytes('bucket', 'other')).toEqual(Buffer.alloc(3 * MiB, 1));
    await s3.close();
    expect(await readdir(folder)).toEqual([]);
    await rmdir(folder);
  });
});
