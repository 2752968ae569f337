import { inventoryText } from '../../domain/inventory-text.ts';
import { FatalError } from '../../lib/errors.ts';
import { defaultStateDir, findTransfer } from '../../state/directory.ts';
import { openStoredInventory } from '../../state/stored-inventory.ts';
import { readInventory } from '../../steps/1-inventory.ts';
import { type InventoryFlags, withInventory } from '../inventory-run.ts';
import type { Io } from '../io.ts';
import { writeFileOf, writeStdout } from '../output/write-out.ts';

export interface ExportFlags {
  readonly vault: string;
  readonly region?: string;
  readonly format: 'json' | 'csv';
  readonly output?: string;
  readonly stateDir?: string;
}

/** Takes the vault's inventory, by one job at most. @returns 75 while it is on its way and the run is not to wait. */
export function get(flags: InventoryFlags, io: Io): Promise<number> {
  const { vault, once = false, refreshInventory } = flags;
  return withInventory(flags, io, async (deps) => {
    const options = { vault, once, refreshInventory, inventoryFile: undefined, topicArn: undefined };
    const { type } = await readInventory(deps, options);
    if (type === 'pending') process.stdout.write('the inventory is on its way: run the same command again\n');
    return type === 'pending' ? 75 : 0;
  });
}

/** Reads an inventory in, in the place of the one that is there. Calls nothing. @returns the exit code. */
export function importFile(file: string, flags: InventoryFlags, io: Io): Promise<number> {
  const options = { vault: flags.vault, inventoryFile: file, refreshInventory: true, once: true, topicArn: undefined };
  return withInventory(flags, io, async (deps) => {
    await readInventory(deps, options);
    return 0;
  });
}

/** Writes the inventory out as Glacier does. @returns the exit code. */
export async function exportInventory(flags: ExportFlags, io: Io): Promise<number> {
  const { vault, region, output } = flags;
  const path = findTransfer(flags.stateDir ?? defaultStateDir(process.env), { vault, bucket: '', region });
  const stored = openStoredInventory(path);
  if (!stored) throw new FatalError('no_inventory', `the inventory of ${vault} is on its way: run inventory get again`);
  try {
    const { date, vaultArn } = stored.fact;
    const pieces = inventoryText(
      flags.format === 'csv' ? 'CSV' : 'JSON',
      { vaultArn, inventoryDate: date },
      stored.archives(),
    );
    await (output === undefined ? writeStdout(pieces, io.stop) : writeFileOf(output, pieces, io.stop));
    const unreadable = stored.problems().length;
    if (unreadable > 0)
      process.stderr.write(`${unreadable} rows of the inventory could not be read: they are left out\n`);
    return 0;
  } finally {
    stored.close();
  }
}
