import { type ArchiveId, parseArchiveId, parseTreeHash, type TreeHash } from './ids.ts';
import { MAX_ARCHIVE_SIZE } from './ranges.ts';

/** An archive as the inventory lists it. `createdAt`: milliseconds since 1970; `size`: bytes. */
export interface ListedArchive {
  readonly archiveId: ArchiveId;
  readonly description: string;
  readonly createdAt: number;
  readonly size: number;
  readonly treeHash: TreeHash;
}

/** A row of an inventory: an archive, or the reason why it is none. */
export type InventoryRow =
  | { readonly archive: ListedArchive }
  | { readonly problem: { readonly reason: string; readonly text: string } };

export interface InventoryHeader {
  readonly vaultArn?: string;
  /** Milliseconds since 1970. */
  readonly inventoryDate?: number;
}

/**
 * Takes an inventory apart as its bytes arrive, in pieces of any size; holds no more than a row.
 * A row that can't be read is a row with a problem; what follows it is read all the same.
 */
export interface InventoryParser {
  push(bytes: Uint8Array): InventoryRow[];
  /** The rows that only the end makes whole. `complete`: whether the inventory ended as it should. */
  end(): { readonly rows: InventoryRow[]; readonly complete: boolean };
  /** What stands outside the rows, as far as it has been read; nothing for CSV. */
  header(): InventoryHeader;
  /** The bytes, from the beginning, that the rows given out so far cover: where reading can be taken up again. */
  readonly offset: number;
}

/** How much of a bad row is kept for the report. */
const PROBLEM_TEXT = 300;

/** Checks a row's fields, whatever file they come from. */
export function inventoryRow(fields: Record<string, unknown>, text: string): InventoryRow {
  const bad = (reason: string): InventoryRow => ({ problem: { reason, text: text.slice(0, PROBLEM_TEXT) } });
  const archiveId = parseArchiveId(fields.ArchiveId);
  if (!archiveId) return bad('ArchiveId is missing or is not an archive id');
  const description = fields.ArchiveDescription ?? '';
  if (typeof description !== 'string') return bad('ArchiveDescription is not a text');
  const createdAt = typeof fields.CreationDate === 'string' ? parseDate(fields.CreationDate) : undefined;
  if (createdAt === undefined) return bad('CreationDate is missing or is not a date');
  const size = fields.Size;
  if (typeof size !== 'number' || !Number.isInteger(size) || size < 1) return bad('Size is not a number of bytes');
  if (size > MAX_ARCHIVE_SIZE) return bad('Size is more than an archive can have');
  const treeHash = parseTreeHash(fields.SHA256TreeHash);
  if (!treeHash) return bad('SHA256TreeHash is missing or is not 64 hexadecimal digits');
  return { archive: { archiveId, description, createdAt, size, treeHash } };
}

export function problemRow(reason: string, text: string): InventoryRow {
  return { problem: { reason, text: text.slice(0, PROBLEM_TEXT) } };
}

/** Milliseconds since 1970 of `2012-05-15T17:19:46.700Z`, with milliseconds or without. */
function parseDate(text: string): number | undefined {
  if (!/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?(Z|[+-]\d\d:?\d\d)$/.test(text)) return undefined;
  const ms = Date.parse(text);
  return Number.isNaN(ms) ? undefined : ms;
}

/** What stands before and behind the rows of a JSON inventory, the rows taken out. */
export function parseHeader(text: string): InventoryHeader {
  try {
    const { VaultARN, InventoryDate } = (JSON.parse(text) ?? {}) as Record<string, unknown>;
    return {
      vaultArn: typeof VaultARN === 'string' ? VaultARN : undefined,
      inventoryDate: typeof InventoryDate === 'string' ? parseDate(InventoryDate) : undefined,
    };
  } catch (error) {
    // cut short, or not read to its end yet: what can be known is known from the rows
    if (error instanceof SyntaxError) return {};
    throw error;
  }
}
