import { KnownError } from '../lib/errors.ts';
import { type Found, findTransfers } from '../state/directory.ts';
import { isLocked } from '../state/lock.ts';
import { openStateFile, type StateFile } from '../state/state-file.ts';
import { type StatusOptions, statusOf, type TransferStatus } from './status.ts';

/** What a state directory holds. */
export interface Survey {
  /** Those that were never begun stand last. */
  readonly transfers: readonly (TransferStatus & { readonly stateFile: string })[];
  /** Inventories that were taken or read in for no transfer in particular. */
  readonly inventories: readonly InventoryStatus[];
  readonly unreadable: readonly { readonly stateFile: string; readonly code: string; readonly message: string }[];
}

export interface InventoryStatus {
  readonly vault: string;
  readonly region: string;
  /** ISO 8601; null where the inventory does not say it, or is not there yet. */
  readonly inventoryDate: string | null;
  readonly archives: { readonly count: number; readonly bytes: number };
  /** All of it is there. */
  readonly complete: boolean;
  readonly stateFile: string;
}

export interface SurveyOptions extends Omit<StatusOptions, 'running'> {
  readonly vault: string | undefined;
  readonly bucket: string | undefined;
}

/** How everything in the directory stands; disturbs no run. A file that can't be read is named, and the others are read. */
export function surveyOf(dir: string, { vault, bucket, ...options }: SurveyOptions): Survey {
  const transfers: (TransferStatus & { stateFile: string })[] = [];
  const inventories: InventoryStatus[] = [];
  const unreadable: { stateFile: string; code: string; message: string }[] = [];
  const survey = (stateFile: string, isInventory: boolean) => {
    const state = openStateFile(stateFile, { readonly: true });
    try {
      if (isInventory) inventories.push({ ...inventoryOf(state), stateFile });
      else transfers.push({ ...statusOf(state, { ...options, running: isLocked(stateFile) }), stateFile });
    } finally {
      state.close();
    }
  };
  const all = findTransfers(dir);
  const isBegun = (found: Found) => 'error' in found || found.isBegun;
  for (const found of [...all.filter(isBegun), ...all.filter((one) => !isBegun(one))]) {
    const { path } = found;
    try {
      if ('error' in found) throw found.error;
      const { transfer } = found;
      if ((vault ?? transfer.vault) !== transfer.vault || (bucket ?? transfer.bucket) !== transfer.bucket) continue;
      survey(path, transfer.bucket === '');
    } catch (error) {
      if (!(error instanceof KnownError)) throw error;
      unreadable.push({ stateFile: path, code: error.code, message: error.message });
    }
  }
  return { transfers, inventories, unreadable };
}

function inventoryOf({ facts, totals }: StateFile): Omit<InventoryStatus, 'stateFile'> {
  const transfer = facts.get('transfer');
  const inventory = facts.get('inventory');
  return {
    vault: transfer?.vault ?? '',
    region: transfer?.region ?? '',
    inventoryDate: inventory?.date === undefined ? null : new Date(inventory.date).toISOString(),
    archives: totals.byState().listed,
    complete: inventory?.loadedAt !== undefined,
  };
}
