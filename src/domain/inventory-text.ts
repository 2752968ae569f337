import type { InventoryHeader, ListedArchive } from './inventory-file.ts';

const CSV_HEADER = 'ArchiveId,ArchiveDescription,CreationDate,Size,SHA256TreeHash\n';

/**
 * An inventory as Glacier writes it (developer guide, api-job-output-get), in pieces of a row. What the header does not know is left out
 * of the JSON; CSV has no place for it.
 */
export function* inventoryText(
  format: 'JSON' | 'CSV',
  { vaultArn, inventoryDate }: InventoryHeader,
  archives: Iterable<ListedArchive>,
): Generator<string> {
  if (format === 'CSV') {
    yield CSV_HEADER;
    for (const archive of archives) yield `${Object.values(fieldsOf(archive)).map(csvField).join(',')}\n`;
    return;
  }
  const InventoryDate = inventoryDate === undefined ? undefined : dateText(inventoryDate);
  const head = JSON.stringify({ VaultARN: vaultArn, InventoryDate, ArchiveList: [] });
  yield head.slice(0, -']}'.length);
  let separator = '';
  for (const archive of archives) {
    yield separator + JSON.stringify(fieldsOf(archive));
    separator = ',';
  }
  yield ']}';
}

/** In the order of the CSV's columns. */
function fieldsOf({ archiveId, description, createdAt, size, treeHash }: ListedArchive) {
  return {
    ArchiveId: archiveId,
    ArchiveDescription: description,
    CreationDate: dateText(createdAt),
    Size: size,
    SHA256TreeHash: treeHash,
  };
}

/** Not RFC 4180: a quote is written `\"`, and a backslash stands as it is. */
function csvField(value: string | number): string {
  const text = String(value);
  return /[",\\\r\n]/.test(text) ? `"${text.replaceAll('"', '\\"')}"` : text;
}

/** Whole seconds have no fraction. */
function dateText(ms: number): string {
  return new Date(ms).toISOString().replace('.000Z', 'Z');
}
