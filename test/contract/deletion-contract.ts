import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { ArchiveId } from '../../src/domain/ids.ts';
import type { Vault } from '../../src/ports.ts';
import type { VaultDeletion } from '../../src/ports-finish.ts';

/** A vault with two archives of which an inventory has been made. */
export interface DeletionSubject {
  readonly vault: Vault;
  readonly deletion: VaultDeletion;
  /** Of a vault that does not exist. */
  readonly missing: VaultDeletion;
  readonly archiveIds: readonly ArchiveId[];
  /** Lets the time pass until the next inventory has been made. */
  nextInventory(): Promise<void>;
  close(): Promise<void>;
}

/** What every VaultDeletion must do. The tests build on one another: what is deleted is gone. */
export function describeDeletionContract(name: string, makeSubject: () => Promise<DeletionSubject>): void {
  describe(`${name} as what deletes in a vault`, () => {
    let subject: DeletionSubject;
    const { signal } = new AbortController();
    beforeAll(async () => {
      subject = await makeSubject();
    });
    afterAll(() => subject.close());

    it('does not delete a vault with archives in it', async () => {
      await expect(subject.deletion.deleteVault()).rejects.toMatchObject({ code: 'vault_not_empty' });
      await expect(subject.vault.describe(signal)).resolves.toMatchObject({ numberOfArchives: 2 });
    });

    it('tells that there is no such archive, or no such vault', async () => {
      const [archiveId] = subject.archiveIds;
      const nobody = 'x'.repeat(138) as ArchiveId;

      await expect(subject.deletion.deleteArchive(nobody)).rejects.toMatchObject({ code: 'archive_not_found' });
      await expect(subject.missing.deleteArchive(archiveId!)).rejects.toMatchObject({ code: 'vault_not_found' });
    });

    it('deletes an archive, once or twice, and no other one', async () => {
      const [archiveId] = subject.archiveIds;

      await subject.deletion.deleteArchive(archiveId!);
      await subject.deletion.deleteArchive(archiveId!);
      await subject.nextInventory();

      await expect(subject.vault.describe(signal)).resolves.toMatchObject({ numberOfArchives: 1 });
      await expect(subject.deletion.deleteArchive(archiveId!)).resolves.toBeUndefined();
    });

    it('deletes the vault once an inventory has found it empty, and minds not to be asked again', async () => {
      await subject.deletion.deleteArchive(subject.archiveIds[1]!);
      await expect(subject.deletion.deleteVault()).rejects.toMatchObject({ code: 'vault_not_empty' });
      await subject.nextInventory();

      await subject.deletion.deleteVault();

      await expect(subject.vault.describe(signal)).rejects.toMatchObject({ code: 'vault_not_found' });
      await expect(subject.deletion.deleteVault()).resolves.toBeUndefined();
    });
  });
}
