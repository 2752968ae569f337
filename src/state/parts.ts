import type { TreeHash } from '../domain/ids.ts';
import type { Db } from './database.ts';

/** A part that S3 has taken. `checksum`: base64, by the transfer's algorithm. */
export interface StoredPart {
  readonly partNumber: number;
  readonly etag: string;
  readonly checksum: string;
  readonly treeHash: TreeHash;
}

export interface Parts {
  /** The job that it came of has not been in vain. */
  record(archive: number, part: StoredPart): void;
  /** In order of their numbers. */
  of(archive: number): StoredPart[];
  forget(archive: number, partNumber: number): void;
  forgetAll(archive: number): void;
}

export function createParts(db: Db): Parts {
  const record = db.prepare(
    `INSERT INTO parts (archive, part_number, etag, checksum, tree_hash) VALUES (?, ?, ?, ?, ?)
     ON CONFLICT (archive, part_number) DO UPDATE SET etag = excluded.etag, checksum = excluded.checksum, tree_hash = excluded.tree_hash`,
  );
  const notInVain = db.prepare('UPDATE archives SET fruitless = 0 WHERE id = ? AND fruitless > 0');
  const read = db.prepare<[number], { part_number: number; etag: string; checksum: string; tree_hash: Buffer }>(
    'SELECT part_number, etag, checksum, tree_hash FROM parts WHERE archive = ? ORDER BY part_number',
  );
  const forget = db.prepare('DELETE FROM parts WHERE archive = ? AND part_number = ?');
  const forgetAll = db.prepare('DELETE FROM parts WHERE archive = ?');
  return {
    record(archive, { partNumber, etag, checksum, treeHash }) {
      record.run(archive, partNumber, etag, checksum, Buffer.from(treeHash, 'hex'));
      notInVain.run(archive);
    },
    of: (archive) =>
      read.all(archive).map((row) => ({
        partNumber: row.part_number,
        etag: row.etag,
        checksum: row.checksum,
        treeHash: row.tree_hash.toString('hex') as TreeHash,
      })),
    forget: (archive, partNumber) => void forget.run(archive, partNumber),
    forgetAll: (archive) => void forgetAll.run(archive),
  };
}
