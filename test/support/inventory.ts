import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import type { InventoryParser, InventoryRow, ListedArchive } from '../../src/domain/inventory-file.ts';

export interface ReadInventory {
  readonly rows: readonly InventoryRow[];
  readonly archives: readonly ListedArchive[];
  readonly problems: readonly { readonly reason: string; readonly text: string }[];
  readonly complete: boolean;
}

/** Reads an inventory in pieces of these lengths, over and over. */
export function readWith(
  parser: InventoryParser,
  bytes: Uint8Array,
  lengths: readonly number[] = [Number.POSITIVE_INFINITY],
): ReadInventory {
  const rows: InventoryRow[] = [];
  for (let at = 0, i = 0; at < bytes.length; i += 1) {
    const next = Math.min(bytes.length, at + (lengths[i % lengths.length] ?? 1));
    rows.push(...parser.push(bytes.subarray(at, next)));
    at = next;
  }
  const { rows: last, complete } = parser.end();
  return asRead([...rows, ...last], complete);
}

/** Where a parser can be taken up again, and how many rows it has given out by then. */
export function offsetsOf(
  parser: InventoryParser,
  bytes: Uint8Array,
  length: number,
): { readonly offset: number; readonly rows: number }[] {
  const offsets: { offset: number; rows: number }[] = [];
  let rows = 0;
  for (let at = 0; at < bytes.length; at += length) {
    rows += parser.push(bytes.subarray(at, at + length)).length;
    offsets.push({ offset: parser.offset, rows });
  }
  return offsets;
}

function asRead(rows: readonly InventoryRow[], complete: boolean): ReadInventory {
  return {
    rows,
    archives: rows.flatMap((row) => ('archive' in row ? [row.archive] : [])),
    problems: rows.flatMap((row) => ('problem' in row ? [row.problem] : [])),
    complete,
  };
}

/** The bytes that are held once the garbage is collected. */
export function memoryHeld(): number {
  setFlagsFromString('--expose-gc');
  const collect: () => void = runInNewContext('gc');
  collect();
  // the memory of buffers is given back beside the program: the second time waits for what the first began
  collect();
  const { heapUsed, external } = process.memoryUsage();
  return heapUsed + external;
}
