import { DeleteArchiveCommand, DeleteVaultCommand } from '@aws-sdk/client-glacier';
import type { VaultDeletion } from '../ports-finish.ts';
import { call } from './errors.ts';
import type { GlacierVaultOptions } from './glacier-vault.ts';

/** The deletion of archives and of their vault. */
export function vaultDeletion({ client, vaultName, accountId }: GlacierVaultOptions): VaultDeletion {
  const vault = { vaultName, accountId };
  const about = (operation: string) => ({ service: 'glacier', operation, subject: `vault "${vaultName}"` }) as const;
  return {
    async deleteArchive(archiveId) {
      await call(about('DeleteArchive'), undefined, () =>
        client.send(new DeleteArchiveCommand({ ...vault, archiveId })),
      );
    },

    async deleteVault() {
      await call(about('DeleteVault'), undefined, () => client.send(new DeleteVaultCommand(vault)));
    },
  };
}
