import { hash } from 'node:crypto';
import { inventoryRow, type ListedArchive } from '../../src/domain/inventory-file.ts';
import { inventoryText } from '../../src/domain/inventory-text.ts';
import { DEMO_FORMATS } from '../../src/simulator/demo-names.ts';

const FIRST_DAY = Date.UTC(2012, 8, 1);
const DESCRIPTIONS = 4096;

/** Rows of an inventory as Glacier writes them: random ids, descriptions of every format, a ninth of the names double. */
export function* inventoryRows(count: number): Generator<string> {
  const descriptions = Array.from({ length: DESCRIPTIONS }, (_, i) => {
    const path = `photos/${1990 + (i % 30)}/${i % 97}/IMG_%.JPG`;
    const write = DEMO_FORMATS[i % DEMO_FORMATS.length];
    return write
      ? (number: string) => write({ path: path.replace('%', number), modified: FIRST_DAY + i * 1000 })
      : () => '';
  });
  for (let i = 0; i < count; i += 1) {
    const random = hash('sha512', String(i), 'hex');
    // every ninth is a later version of one before it
    const number = String(i % 9 === 8 ? i - 8 : i);
    const description = descriptions[(i % 9 === 8 ? i - 8 : i) % DESCRIPTIONS]?.(number) ?? '';
    yield JSON.stringify({
      ArchiveId: `${random}${random.slice(0, 10)}`.slice(0, 138),
      ArchiveDescription: description,
      CreationDate: new Date(FIRST_DAY + i * 37_000).toISOString(),
      Size: 1 + (Number.parseInt(random.slice(0, 7), 16) % (1 << 24)),
      SHA256TreeHash: random.slice(0, 64),
    });
  }
}

/** The inventory in JSON, in pieces of about a mebibyte. */
export function* inventoryJson(vault: string, count: number): Generator<Buffer> {
  let text = `{"VaultARN":"arn:aws:glacier:us-east-1:123456789012:vaults/${vault}","InventoryDate":"2026-11-20T04:11:00Z","ArchiveList":[`;
  let first = true;
  for (const row of inventoryRows(count)) {
    text += first ? row : `,${row}`;
    first = false;
    if (text.length < 2 ** 20) continue;
    yield Buffer.from(text);
    text = '';
  }
  yield Buffer.from(`${text}]}`);
}

/** The same in CSV, a row at a time. */
export function inventoryCsv(count: number): Iterable<string> {
  return inventoryText('CSV', {}, archives(count));
}

function* archives(count: number): Generator<ListedArchive> {
  for (const text of inventoryRows(count)) {
    const row = inventoryRow(JSON.parse(text), text);
    if ('archive' in row) yield row.archive;
  }
}
