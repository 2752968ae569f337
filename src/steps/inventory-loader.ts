import { CsvInventoryParser } from '../domain/inventory-csv.ts';
import type { InventoryHeader, InventoryParser, InventoryRow, ListedArchive } from '../domain/inventory-file.ts';
import { JsonInventoryParser } from '../domain/inventory-json.ts';
import { FatalError } from '../lib/errors.ts';
import type { InventoryFact } from '../state/facts.ts';
import type { InventoryRows } from '../state/inventory.ts';
import type { StateFile } from '../state/state-file.ts';
import type { Deps } from './deps.ts';
import { createTicker } from './ticker.ts';

/**
 * Rows in one transaction: so few that they are garbage before V8 takes them for something that stays. 161,000 rows per CPU second,
 * where 1,000 give 150,000 and 5,000 give 145,000.
 */
export const BATCH = 500;

/** What taking an inventory needs. */
export type InventoryDeps = Pick<Deps, 'vault' | 'state' | 'clock' | 'log' | 'signals'>;

/** Where rows are put: in the place of the transfer's own, or beside it until they are all there. */
export interface LoadTarget extends Pick<InventoryRows, 'problem' | 'problemCount' | 'seal' | 'clear'> {
  /** The fact that says how far the rows have come. */
  readonly fact: 'inventory' | 'refresh';
  insertAll(archives: readonly ListedArchive[]): void;
}

/** The first inventory of a transfer. */
export function firstTarget({ inventory, archives }: StateFile): LoadTarget {
  return { ...inventory, fact: 'inventory', insertAll: archives.insertAll };
}

/** One that takes the place of another once it is all there. */
export function refreshTarget({ refresh }: StateFile): LoadTarget {
  return { ...refresh, fact: 'refresh' };
}

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
  target: LoadTarget,
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
  const ticker = createTicker(deps.log, 'the inventory is being read');
  const flush = () => {
    checkHeader();
    state.transaction(() => {
      const archives: ListedArchive[] = [];
      for (const row of rows) {
        count += 1;
        if ('archive' in row) archives.push(row.archive);
        else target.problem({ row: count, ...row.problem });
      }
      target.insertAll(archives);
      state.facts.set(target.fact, factNow());
    });
    rows = [];
    ticker.say(parser.offset, begun.size ?? 0);
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
          target.clear();
          state.facts.remove(target.fact);
        });
        throw new FatalError(
          'inventory_damaged',
          `the inventory (${begun.source === 'job' ? `job ${begun.jobId}` : begun.source}) is not a whole vault inventory: it breaks off or is of another form`,
        );
      }
      flush();
      deps.log.info({ rows: count }, 'the index over the archive ids is being made');
      state.transaction(() => {
        const doubles = target.seal();
        for (const [i, archiveId] of doubles.entries()) {
          target.problem({ row: count + 1 + i, reason: 'listed twice', text: archiveId });
        }
        state.facts.set(target.fact, { ...factNow(), loadedAt: deps.clock.now() });
      });
      deps.log.info({ rows: count, problems: target.problemCount() }, 'the inventory is read');
    },
  };
}
