import { isFailure } from '../domain/service-error.ts';
import { DAY } from '../lib/duration.ts';
import type { VaultDeletion } from '../ports-finish.ts';
import type { Deps } from './deps.ts';
import { persist } from './persist.ts';

export type VaultEnd =
  /** `before`: by an earlier run. */
  | { readonly type: 'deleted'; readonly before: boolean }
  /** Not empty yet, as of its last inventory; the dates are milliseconds since 1970. */
  | {
      readonly type: 'waiting';
      /** What the last inventory counts; undefined where there has been none. */
      readonly archives: number | undefined;
      readonly inventoryAt: number | undefined;
      /** When the next inventory can be expected. */
      readonly nextAt: number;
      /** Archives that the state file knows of and that were not deleted. */
      readonly left: number;
    };

/**
 * Deletes the vault, if it is empty as of its last inventory and nothing was written to it since. An inventory is made about once a
 * day (Glacier developer guide, vault inventory).
 */
export async function deleteVault(
  deps: Pick<Deps, 'vault' | 'state' | 'clock' | 'log' | 'signals'> & { readonly deletion: VaultDeletion },
): Promise<VaultEnd> {
  const { vault, deletion, state, clock, signals } = deps;
  const isDeleted = state.facts.get('vaultDeletedAt') !== undefined;
  try {
    const { lastInventoryDate, numberOfArchives } = await persist(deps, () => vault.describe(signals.stop));
    const inventoryAt = lastInventoryDate === undefined ? undefined : Date.parse(lastInventoryDate);
    if (numberOfArchives === 0) {
      try {
        await persist(deps, () => deletion.deleteVault());
        state.transaction(() => state.facts.set('vaultDeletedAt', clock.now()));
        return { type: 'deleted', before: false };
      } catch (error) {
        // written to since: the next inventory has the last word
        if (!isFailure(error, 'vault_not_empty')) throw error;
      }
    }
    const all = Object.values(state.totals.byState()).reduce((sum, { count }) => sum + count, 0);
    return {
      type: 'waiting',
      archives: numberOfArchives,
      inventoryAt,
      nextAt: nextInventory(inventoryAt, clock.now()),
      left: all - state.purges.total().count,
    };
  } catch (error) {
    if (isDeleted && isFailure(error, 'vault_not_found')) return { type: 'deleted', before: true };
    throw error;
  }
}

/** A day after the last one; one that is late may come at any time. */
function nextInventory(last: number | undefined, now: number): number {
  return Math.max((last ?? now) + DAY, now);
}
