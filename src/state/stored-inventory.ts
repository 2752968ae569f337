import { existsSync } from 'node:fs';
import type { ArchiveId, TreeHash } from '../domain/ids.ts';
import type { ListedArchive } from '../domain/inventory-file.ts';
import { openDatabase } from './database.ts';
import { createFacts, type InventoryFact } from './facts.ts';
import type { InventoryProblem } from './inventory.ts';

/** A vault's inventory that belongs to no transfer, as it was when it was opened: whoever replaces it meanwhile does not disturb. */
export interface StoredInventory {
  readonly fact: InventoryFact;
  /** One row at a time; one pass at a time. */
  archives(): IterableIterator<ListedArchive>;
  problems(): readonly InventoryProblem[];
  close(): void;
}

interface Row {
  archive_id: string;
  description: string;
  created_at: number;
  size: number;
  tree_hash: Buffer;
}

/**
 * The whole inventory in a state file; undefined where there is no file, or not all of an inventory in it. The caller closes it.
 * @throws {FatalError} as `openDatabase`.
 */
export function openStoredInventory(path: string): StoredInventory | undefined {
  if (!existsSync(path)) return undefined;
  const db = openDatabase(path);
  db.exec('BEGIN');
  const fact = createFacts(db).get('inventory');
  if (fact?.loadedAt === undefined) {
    db.close();
    return undefined;
  }
  return {
    fact,
    *archives() {
      const rows = db.prepare<[], Row>(
        'SELECT archive_id, description, created_at, size, tree_hash FROM archives ORDER BY id',
      );
      for (const row of rows.iterate()) {
        yield {
          archiveId: row.archive_id as ArchiveId,
          description: row.description,
          createdAt: row.created_at,
          size: row.size,
          treeHash: row.tree_hash.toString('hex') as TreeHash,
        };
      }
    },
    problems: () =>
      db.prepare<[], InventoryProblem>('SELECT row, reason, text FROM inventory_problems ORDER BY row').all(),
    close: () => void db.close(),
  };
}
