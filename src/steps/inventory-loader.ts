import { CsvInventoryParser } from '../domain/inventory-csv.ts';
import type { InventoryHeader, InventoryParser, InventoryRow } from '../domain/inventory-file.ts';
import { JsonInventoryParser } from '../domain/inventory-json.ts';
import { FatalError } from '../lib/errors.ts';
import type { InventoryFact } from '../state/facts.ts';
import type { Deps } from './deps.ts';

/** Rows in one transaction. */
const BATCH = 5000;

/** A parser that begins, or goes on, at `offset`. */
export function parserFor(format: 'JSON' | 'CSV', offset: number): InventoryParser {
  return format === 'CSV' ? new CsvInventoryParser({ offset }) : new JsonInventoryParser({ offset });
}

export interface Loader {
  push(bytes: Uint8Array): void;
  /** Writes what has been read. */
  flush(): void;
  /** Goes on with a new parser behind the last whole row; gives its offset. */
  restart(format: 'JSON' | 'CSV'): number;
  finish(): void;
}

/** Puts rows into the state, in large transactions, each with the offset that it reaches. */
export function createLoader(
  deps: Pick<Deps, 'state' | 'clock' | 'log'>,
  begun: InventoryFact,
  first: InventoryParser,
  vault: string,
): Loader {
  const { state } = deps;
  let parser = first;
  let rows: InventoryRow[] = [];
  let count = begun.rows ?? 0;
  let header: InventoryHeader = { vaultArn: begun.vaultArn, inventoryDate: begun.date };
  const factNow = (): InventoryFact => ({
    ...begun,
    rows: count,
    offset: parser.offset,
    vaultArn: header.vaultArn,
    date: header.inventoryDate,
  });
  const checkHeader = () => {
    const seen = parser.header();
    header = { vaultArn: header.vaultArn ?? seen.vaultArn, inventoryDate: header.inventoryDate ?? seen.inventoryDate };
    const name = header.vaultArn?.split(':vaults/')[1];
    if (name !== undefined && name !== vault) {
      throw new FatalError('inventory_of_another_vault', `this is the inventory of the vault ${name}, not of ${vault}`);
    }
  };
  const flush = () => {
    checkHeader();
    state.transaction(() => {
      for (const row of rows) {
        count += 1;
        if ('archive' in row) state.archives.insert(row.archive);
        else state.inventory.problem({ row: count, ...row.problem });
      }
      state.facts.set('inventory', factNow());
    });
    rows = [];
  };
  return {
    flush,
    push(bytes) {
      for (const row of parser.push(bytes)) rows.push(row);
      if (rows.length >= BATCH) flush();
    },
    restart(format) {
      parser = parserFor(format, parser.offset);
      return parser.offset;
    },
    finish() {
      const { rows: last, complete } = parser.end();
      rows.push(...last);
      if (!complete) {
        // read again from the beginning, next time
        state.transaction(() => {
          state.inventory.clear();
          state.facts.remove('inventory');
        });
        throw new FatalError(
          'inventory_damaged',
          `the inventory (${begun.source === 'job' ? `job ${begun.jobId}` : begun.source}) is not a whole vault inventory: it breaks off or is of another form`,
        );
      }
      flush();
      state.transaction(() => {
        const doubles = state.inventory.seal();
        for (const [i, archiveId] of doubles.entries()) {
          state.inventory.problem({ row: count + 1 + i, reason: 'listed twice', text: archiveId });
        }
        state.facts.set('inventory', { ...factNow(), loadedAt: deps.clock.now() });
      });
      deps.log.info({ rows: count, problems: state.inventory.problemCount() }, 'the inventory is read');
    },
  };
}
