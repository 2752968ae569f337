import { FatalError } from '../lib/errors.ts';
import type { InventoryFact } from '../state/facts.ts';
import type { InventoryDeps } from './inventory-loader.ts';

/**
 * Takes in a newer inventory that is all there. One that belongs to no transfer is replaced; a transfer goes on with what it has, new
 * archives are added, and archives that are gone from the vault before they were asked for fail as `gone`: said, never silently dropped.
 * What was copied stays verified.
 * @throws {FatalError} `inventory_older`.
 */
export function takeRefresh({ state, log }: InventoryDeps, known: InventoryFact): void {
  const fact = state.facts.get('refresh');
  if (fact?.loadedAt === undefined) return;
  const isOlder = known.date !== undefined && fact.date !== undefined && fact.date < known.date;
  if (state.facts.get('transfer')?.bucket === '') {
    state.transaction(() => {
      state.refresh.replace();
      state.inventory.seal();
      settle();
    });
    return;
  }
  if (isOlder) {
    state.transaction(() => state.facts.remove('refresh'));
    throw new FatalError(
      'inventory_older',
      'this inventory is older than the one that the transfer has: take a newer one',
    );
  }
  const unreadable = state.refresh.problemCount();
  // an archive is gone only if an inventory that is surely newer, and whole, does not list it
  const isNewer =
    fact.date !== undefined && (known.date === undefined ? fact.source === 'job' : fact.date >= known.date);
  const message = `the inventory of ${dateOf(fact)} does not list it any more`;
  const merged = state.transaction(() => {
    const counts = state.refresh.merge({ dropGone: isNewer && unreadable === 0, message });
    // what is new may be in the bucket already
    if (counts.added + counts.back > 0) state.facts.remove('lookedUpAt');
    settle();
    return counts;
  });
  log.info({ ...merged, unreadable, inventoryDate: dateOf(fact) }, 'the newer inventory is taken in');
  if (unreadable > 0 || !isNewer) {
    log.warn(
      { unreadable },
      'archives that are gone from the vault are not looked for: the inventory has no date or unreadable rows',
    );
  }

  function settle(): void {
    if (fact) state.facts.set('inventory', fact);
    state.facts.remove('refresh');
  }
}

function dateOf({ date }: InventoryFact): string {
  return date === undefined ? 'unknown date' : new Date(date).toISOString();
}
