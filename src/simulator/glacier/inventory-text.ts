import type { ByteRange } from '../../domain/ranges.ts';
import type { Archive } from './vault.ts';

export type InventoryFormat = 'JSON' | 'CSV';

const COLUMNS = ['ArchiveId', 'ArchiveDescription', 'CreationDate', 'Size', 'SHA256TreeHash'] as const;
/** Rows that are written at once. A tree hash has 64 characters whichever it is, so that lengths are known without it. */
const ROWS_A_BLOCK = 256;
const ANY_HASH = '0'.repeat(64);

/** An inventory as Glacier writes it, made row by row when it is read: of a million archives only lengths are kept. */
export class InventoryText {
  readonly size: number;
  readonly #archives: readonly Archive[];
  readonly #format: InventoryFormat;
  readonly #head: string;
  readonly #tail: string;
  /** Where each block of rows begins. */
  readonly #offsets: readonly number[];

  constructor(
    archives: readonly Archive[],
    { format, vaultArn, date }: { readonly format: InventoryFormat; readonly vaultArn: string; readonly date: number },
  ) {
    this.#archives = archives;
    this.#format = format;
    this.#head =
      format === 'CSV'
        ? `${COLUMNS.join(',')}\n`
        : `{"VaultARN":${JSON.stringify(vaultArn)},"InventoryDate":${JSON.stringify(isoDate(date))},"ArchiveList":[`;
    this.#tail = format === 'CSV' ? '' : ']}';
    const offsets: number[] = [];
    let size = Buffer.byteLength(this.#head);
    for (let first = 0; first < archives.length; first += ROWS_A_BLOCK) {
      offsets.push(size);
      const rows = archives.slice(first, first + ROWS_A_BLOCK).map((archive) => this.#row(archive, ANY_HASH));
      size += Buffer.byteLength(this.#join(rows, first));
    }
    this.#offsets = offsets;
    this.size = size + Buffer.byteLength(this.#tail);
  }

  async *read({ start, end }: ByteRange): AsyncGenerator<Uint8Array> {
    const head = Buffer.from(this.#head);
    if (start < head.length) yield head.subarray(start, end + 1);
    const from = Math.max(
      this.#offsets.findLastIndex((offset) => offset <= start),
      0,
    );
    for (let block = from; block < this.#offsets.length; block += 1) {
      const offset = this.#offsets[block] ?? 0;
      if (offset > end) return;
      const bytes = await this.#block(block);
      const piece = bytes.subarray(Math.max(start - offset, 0), end + 1 - offset);
      if (piece.length > 0) yield piece;
    }
    const tail = Buffer.from(this.#tail);
    const tailAt = this.size - tail.length;
    if (end >= tailAt && tail.length > 0) yield tail.subarray(Math.max(start - tailAt, 0), end + 1 - tailAt);
  }

  async #block(block: number): Promise<Buffer> {
    const first = block * ROWS_A_BLOCK;
    const rows: string[] = [];
    for (const archive of this.#archives.slice(first, first + ROWS_A_BLOCK)) {
      rows.push(this.#row(archive, await archive.content.treeHash()));
    }
    return Buffer.from(this.#join(rows, first));
  }

  #join(rows: readonly string[], first: number): string {
    if (this.#format === 'CSV') return rows.map((row) => `${row}\n`).join('');
    return `${first > 0 ? ',' : ''}${rows.join(',')}`;
  }

  #row(archive: Archive, treeHash: string): string {
    const fields: Record<string, unknown> = {
      ArchiveId: archive.id,
      ArchiveDescription: archive.description,
      CreationDate: isoDate(archive.createdAt),
      Size: archive.content.size,
      SHA256TreeHash: treeHash,
      ...archive.listedAs,
    };
    return this.#format === 'JSON' ? JSON.stringify(fields) : COLUMNS.map((name) => csvField(fields[name])).join(',');
  }
}

/** `2012-05-15T17:19:46.700Z`; whole seconds have no fraction. */
export function isoDate(time: number): string {
  return new Date(time).toISOString().replace('.000Z', 'Z');
}

/**
 * Not RFC 4180: `"` is written `\"`, and a backslash stands as it is, so that `\"` can be either (Glacier developer
 * guide, api-job-output-get).
 */
export function csvField(value: unknown): string {
  const text = value === undefined || value === null ? '' : String(value);
  return /[",\\\r\n]/.test(text) ? `"${text.replaceAll('"', '\\"')}"` : text;
}
