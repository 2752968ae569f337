import Database from 'better-sqlite3';
import type { SynologyRow } from '../domain/names/synology.ts';
import { FatalError, messageOf } from '../lib/errors.ts';

/**
 * The rows of a Synology mapping database, those of one archive behind each other, one at a time. The file is only read.
 * @throws {FatalError} `mapping_unreadable`, also while it is iterated.
 */
export function* synologyRows(path: string): Generator<SynologyRow> {
  let db: Database.Database | undefined;
  try {
    db = new Database(path, { readonly: true, fileMustExist: true });
    db.pragma('temp_store = FILE');
    const rows = db.prepare<[], SynologyRow>(
      'SELECT archiveID, shareName, basePath FROM file_info_tb ORDER BY archiveID, key',
    );
    yield* rows.iterate();
  } catch (error) {
    if (!(error instanceof Database.SqliteError || error instanceof TypeError)) throw error;
    throw new FatalError(
      'mapping_unreadable',
      `${path} can't be read as a Synology mapping database (${messageOf(error)}): it is the one archive of the vault <name>_mapping`,
      { cause: error },
    );
  } finally {
    db?.close();
  }
}
