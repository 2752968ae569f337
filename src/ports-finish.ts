import type { ArchiveId, ObjectKey } from './domain/ids.ts';
import type { ByteRange } from './domain/ranges.ts';

/*
 * What `verify`, `purge`, `delete-vault` and `recover` need from outside beyond a transfer. The rules of ports.ts hold. Deletion is a
 * port of its own, so that nothing that copies is able to delete.
 */

/** Deletes in one source vault, for good. Neither call takes a signal: once sent, it is let finish. */
export interface VaultDeletion {
  /**
   * Idempotent: an archive that was deleted before is no error.
   * @throws {ServiceError} `archive_not_found` where the vault knows of no such archive; `access_denied`, also by a vault lock.
   */
  deleteArchive(archiveId: ArchiveId): Promise<void>;

  /**
   * Idempotent: a vault that is gone is no error.
   * @throws {ServiceError} `vault_not_empty`, by the vault's last inventory or because it was written to since.
   */
  deleteVault(): Promise<void>;
}

/** Bytes of an object that are on their way. */
export interface ObjectBytes {
  /** Exactly what the service sent. */
  readonly body: AsyncIterable<Uint8Array>;
  /** The length announced, where there is one. */
  readonly length?: number;
}

/** Reads back what a bucket holds. */
export interface ObjectReader {
  /**
   * A range of an object, or all of it; undefined where there is no object.
   * @throws {ServiceError} `object_archived` where its storage class has to be restored first.
   */
  read(key: ObjectKey, range: ByteRange | undefined, signal: AbortSignal): Promise<ObjectBytes | undefined>;
}
