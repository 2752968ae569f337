import type { ChecksumAlgorithm } from '../domain/checksum.ts';
import { nameOf } from '../domain/names/name-of.ts';
import { provenanceOf } from '../domain/provenance.ts';
import type { ObjectAttributes } from '../ports.ts';
import type { PlannedArchive } from '../state/archives.ts';

/** What objects are written with. */
export interface WriteOptions {
  readonly vault: string;
  readonly storageClass: string;
  readonly encryption: ObjectAttributes['encryption'];
  readonly tags: Readonly<Record<string, string>>;
  readonly checksum: ChecksumAlgorithm;
  readonly onExisting: 'skip' | 'overwrite' | 'fail';
}

/** The attributes of the archive's object: its provenance, so that the bucket explains itself. */
export function attributesOf(archive: PlannedArchive, options: WriteOptions): ObjectAttributes {
  const { mtime, flags } = nameOf(archive.archiveId, archive.description);
  return {
    storageClass: options.storageClass,
    encryption: options.encryption,
    tags: options.tags,
    metadata: provenanceOf({
      archiveId: archive.archiveId,
      description: archive.description,
      creationDate: archive.createdAt,
      treeHash: archive.treeHash,
      vault: options.vault,
      mtime,
      flags,
    }),
  };
}
