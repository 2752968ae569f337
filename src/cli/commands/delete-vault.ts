import { connectDeletion } from '../../app-finish.ts';
import { deleteVault as deleteIt, type VaultEnd } from '../../steps/delete-vault.ts';
import { type FinishFlags, withTransfer } from '../finish-run.ts';
import type { Io } from '../io.ts';
import { archivesOf } from '../output/amounts.ts';

/** Deletes the vault once it is empty. @returns 75 until it is. */
export function deleteVault(flags: FinishFlags, io: Io): Promise<number> {
  return withTransfer(flags, io, 1, async ({ deps, source }) => {
    const end = await deleteIt({ ...deps, deletion: connectDeletion(source, 1).deletion });
    process.stdout.write(flags.json ? jsonOf(flags, end) : `${textOf(flags.vault, end)}\n`);
    return end.type === 'deleted' ? 0 : 75;
  });
}

function textOf(vault: string, end: VaultEnd): string {
  if (end.type === 'deleted') {
    return end.before ? `the vault ${vault} was deleted before` : `the vault ${vault} is deleted: it is off the bill`;
  }
  const { archives, inventoryAt, nextAt, left } = end;
  const seen =
    inventoryAt === undefined
      ? 'it has no inventory yet'
      : `its inventory of ${iso(inventoryAt)} has ${archives === 0 ? 'none, but it was written to since' : archivesOf(archives ?? 0)}`;
  const todo = left > 0 ? `; ${archivesOf(left)} that the state file knows of were not deleted: purge comes first` : '';
  return `the vault ${vault} is not known to be empty: ${seen}; the next inventory can be expected about ${iso(nextAt)}${todo}`;
}

function jsonOf({ vault, bucket }: FinishFlags, end: VaultEnd): string {
  const dates =
    end.type === 'waiting'
      ? { inventoryAt: end.inventoryAt === undefined ? null : iso(end.inventoryAt), nextAt: iso(end.nextAt) }
      : {};
  return `${JSON.stringify({ vault, bucket, ...end, ...dates, type: 'delete-vault', state: end.type })}\n`;
}

function iso(at: number): string {
  return new Date(at).toISOString();
}
