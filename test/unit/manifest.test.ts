import { parse } from 'csv-parse/sync';
import fc from 'fast-check';
import { expect, it } from 'vitest';
import { csvManifest, jsonLinesManifest } from '../../src/cli/output/manifest.ts';
import type { ArchiveId, TreeHash } from '../../src/domain/ids.ts';
import { CsvInventoryParser } from '../../src/domain/inventory-csv.ts';
import type { InventoryParser } from '../../src/domain/inventory-file.ts';
import { JsonInventoryParser } from '../../src/domain/inventory-json.ts';
import { inventoryText } from '../../src/domain/inventory-text.ts';
import type { ManifestLine } from '../../src/steps/manifest.ts';

const manifestLine: fc.Arbitrary<ManifestLine> = fc.record(
  {
    archiveId: fc.stringMatching(/^[A-Za-z0-9_-]{1,20}$/),
    description: fc.string({ unit: 'binary' }),
    size: fc.nat(),
    state: fc.constantFrom('verified', 'failed'),
    key: fc.string(),
    message: fc.string(),
    flags: fc.constantFrom(['compressed'], ['compressed', 'encrypted']),
    checksum: fc.constant({ algorithm: 'CRC32', type: 'FULL_OBJECT', value: 'AAAA' } as const),
    inventoryRow: fc.nat(),
  },
  { requiredKeys: ['description', 'state'] },
);

it('writes CSV that any reader of CSV reads back, whatever the descriptions are', () => {
  fc.assert(
    fc.property(fc.array(manifestLine), (lines) => {
      const rows: Record<string, string>[] = parse([...csvManifest(lines)].join(''), { columns: true, bom: false });

      expect(
        rows.map(({ archive_id, description, size, key, flags, checksum }) => [
          archive_id,
          description,
          size,
          key,
          flags,
          checksum,
        ]),
      ).toEqual(
        lines.map((line) => [
          line.archiveId ?? '',
          line.description,
          String(line.size ?? ''),
          line.key ?? '',
          line.flags?.join(' ') ?? '',
          line.checksum?.value ?? '',
        ]),
      );
    }),
  );
});

it('writes one JSON object a line', () => {
  fc.assert(
    fc.property(fc.array(manifestLine), (lines) => {
      const text = [...jsonLinesManifest(lines)];

      expect(text.map((line) => JSON.parse(line))).toEqual(lines.map((line) => JSON.parse(JSON.stringify(line))));
      expect(text.filter((line) => line.indexOf('\n') !== line.length - 1)).toEqual([]);
    }),
  );
});

const listed = fc.record({
  archiveId: fc.stringMatching(/^[A-Za-z0-9_-]{1,138}$/).map((text) => text as ArchiveId),
  // what the API has ever taken: printable, in any script
  description: fc.string({ unit: 'grapheme' }).filter((text) => !/\p{Cc}/u.test(text)),
  createdAt: fc.integer({ min: Date.UTC(2012, 7), max: Date.UTC(2026, 0) }),
  size: fc.integer({ min: 1, max: 10_000 * 2 ** 32 }),
  treeHash: fc.stringMatching(/^[0-9a-f]{64}$/).map((text) => text as TreeHash),
});

it.each([
  ['JSON', () => new JsonInventoryParser()],
  ['CSV', () => new CsvInventoryParser()],
] as const)('writes an inventory as %s that is read back as it was', (format, parser) => {
  fc.assert(
    fc.property(fc.array(listed), (archives) => {
      const header = { vaultArn: 'arn:aws:glacier:eu-west-1:123456789012:vaults/v', inventoryDate: 1_600_000_000_000 };
      const reader: InventoryParser = parser();

      const rows = [...inventoryText(format, header, archives)].flatMap((text) => reader.push(Buffer.from(text)));
      const { rows: last, complete } = reader.end();

      expect([...rows, ...last]).toEqual(archives.map((archive) => ({ archive })));
      expect(complete).toBe(true);
      expect(reader.header()).toEqual(format === 'JSON' ? header : {});
    }),
  );
});

it('writes the JSON of an inventory as Glacier does', () => {
  const archive = {
    archiveId: 'DMTmICA2n5' as ArchiveId,
    description: 'my archive1',
    createdAt: Date.UTC(2012, 4, 15, 17, 19, 46, 700),
    size: 2_140_123,
    treeHash: '6b'.repeat(32) as TreeHash,
  };
  const header = { vaultArn: 'arn:aws:glacier:us-west-2:012345678901:vaults/v', inventoryDate: Date.UTC(2011, 11, 12) };

  expect([...inventoryText('JSON', header, [archive])].join('')).toBe(
    `{"VaultARN":"${header.vaultArn}","InventoryDate":"2011-12-12T00:00:00Z","ArchiveList":[{"ArchiveId":"DMTmICA2n5",` +
      `"ArchiveDescription":"my archive1","CreationDate":"2012-05-15T17:19:46.700Z","Size":2140123,"SHA256TreeHash":"${'6b'.repeat(32)}"}]}`,
  );
  expect([...inventoryText('JSON', {}, [])].join('')).toBe('{"ArchiveList":[]}');
});
