import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { csvField, type InventoryFormat, InventoryText, isoDate } from '../../src/simulator/glacier/inventory-text.ts';
import { type Archive, SimulatedVault } from '../../src/simulator/glacier/vault.ts';

const ARN = 'arn:aws:glacier:eu-west-1:123456789012:vaults/photos';
const DATE = Date.UTC(2024, 1, 3, 4, 5, 6);

function archives(...descriptions: readonly string[]): readonly Archive[] {
  const vault = new SimulatedVault({ name: 'photos', arn: ARN }, { now: () => DATE, alarms: { set() {} } });
  return descriptions.map((description, i) =>
    vault.add({
      description,
      id: `id${i}`,
      createdAt: DATE + (i % 2) * 700,
      content: { kind: 'bytes', bytes: Buffer.from(`bytes of ${i}`) },
    }),
  );
}

function textOf(listed: readonly Archive[], format: InventoryFormat): InventoryText {
  return new InventoryText(listed, { format, vaultArn: ARN, date: DATE });
}

async function read(text: InventoryText, start = 0, end = text.size - 1): Promise<Buffer> {
  return Buffer.concat(await Array.fromAsync(text.read({ start, end })));
}

describe('the inventory as Glacier writes it', () => {
  it('is one line of JSON with the vault, the date in whole seconds and a row an archive', async () => {
    const [one, two] = archives('plain', 'naïve "quoted" \\ 京都');
    const json = (await read(textOf([one!, two!], 'JSON'))).toString();
    expect(json).not.toContain('\n');
    expect(JSON.parse(json)).toEqual({
      VaultARN: ARN,
      InventoryDate: '2024-02-03T04:05:06Z',
      ArchiveList: [
        {
          ArchiveId: 'id0',
          ArchiveDescription: 'plain',
          CreationDate: '2024-02-03T04:05:06Z',
          Size: 10,
          SHA256TreeHash: await one!.content.treeHash(),
        },
        {
          ArchiveId: 'id1',
          ArchiveDescription: 'naïve "quoted" \\ 京都',
          CreationDate: '2024-02-03T04:05:06.700Z',
          Size: 10,
          SHA256TreeHash: await two!.content.treeHash(),
        },
      ],
    });
  });

  it('is CSV with a header, bare line feeds, and quotes escaped by a backslash that is never escaped itself', async () => {
    const listed = archives('plain', 'a,b', 'my archive description,1\\"2', 'C:\\dir\\', '');
    const csv = (await read(textOf(listed, 'CSV'))).toString();
    const hashes = await Promise.all(listed.map(({ content }) => content.treeHash()));
    expect(csv.split('\n')).toEqual([
      'ArchiveId,ArchiveDescription,CreationDate,Size,SHA256TreeHash',
      `id0,plain,2024-02-03T04:05:06Z,10,${hashes[0]}`,
      `id1,"a,b",2024-02-03T04:05:06.700Z,10,${hashes[1]}`,
      `id2,"my archive description,1\\\\"2",2024-02-03T04:05:06Z,10,${hashes[2]}`,
      `id3,"C:\\dir\\",2024-02-03T04:05:06.700Z,10,${hashes[3]}`,
      `id4,,2024-02-03T04:05:06Z,10,${hashes[4]}`,
      '',
    ]);
  });

  it('gives any range of itself, and has the size it announces', async () => {
    const listed = archives(...Array.from({ length: 700 }, (_, i) => `archive ${i} ${'é'.repeat(i % 5)}`));
    for (const format of ['JSON', 'CSV'] as const) {
      const text = textOf(listed, format);
      const whole = await read(text);
      expect(whole.length).toBe(text.size);
      await fc.assert(
        fc.asyncProperty(fc.nat(text.size - 1), fc.nat(text.size - 1), async (a, b) => {
          const [start, end] = [Math.min(a, b), Math.max(a, b)];
          expect((await read(text, start, end)).equals(whole.subarray(start, end + 1))).toBe(true);
        }),
        { numRuns: 50 },
      );
    }
  });

  it('lists an empty vault', async () => {
    expect(JSON.parse((await read(textOf([], 'JSON'))).toString())).toMatchObject({ ArchiveList: [] });
    expect((await read(textOf([], 'CSV'))).toString()).toBe(
      'ArchiveId,ArchiveDescription,CreationDate,Size,SHA256TreeHash\n',
    );
  });

  it('writes what an archive is listed as instead of what it is', async () => {
    const vault = new SimulatedVault({ name: 'photos', arn: ARN }, { now: () => DATE, alarms: { set() {} } });
    const broken = vault.add({ content: { kind: 'zeros', size: 5 }, listedAs: { Size: 'five', SHA256TreeHash: null } });
    const text = textOf([broken], 'JSON');
    const whole = await read(text);
    expect(whole.length).toBe(text.size);
    expect(JSON.parse(whole.toString()).ArchiveList[0]).toMatchObject({ Size: 'five', SHA256TreeHash: null });
  });

  it('quotes a CSV field only where it must', () => {
    expect(csvField('plain text')).toBe('plain text');
    expect(csvField('say "hi"')).toBe('"say \\"hi\\""');
    expect(csvField('two\nlines')).toBe('"two\nlines"');
  });

  it('writes milliseconds only where there are any', () => {
    expect(isoDate(Date.UTC(2012, 4, 15, 17, 19, 46, 700))).toBe('2012-05-15T17:19:46.700Z');
    expect(isoDate(Date.UTC(2012, 4, 15, 17, 19, 46))).toBe('2012-05-15T17:19:46Z');
  });
});
