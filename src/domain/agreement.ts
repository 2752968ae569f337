import type { ObjectChecksum } from './checksum.ts';
import type { ArchiveId, TreeHash } from './ids.ts';
import { parseProvenance } from './provenance.ts';

/**
 * Whether an object is the archive, as far as S3 can tell without reading it: its size, and the archive's id and tree hash in
 * its provenance. With `checksum` (ours, of bytes that were proven), S3's own must be the same.
 */
export function isTheArchive(
  archive: { readonly archiveId: ArchiveId; readonly size: number; readonly treeHash: TreeHash },
  object: {
    readonly size: number;
    readonly metadata: Readonly<Record<string, string>>;
    readonly checksum?: ObjectChecksum;
  },
  checksum?: ObjectChecksum,
): boolean {
  const provenance = parseProvenance(object.metadata);
  return (
    object.size === archive.size &&
    provenance?.archiveId === archive.archiveId &&
    provenance.treeHash === archive.treeHash &&
    (checksum === undefined || sameChecksum(object.checksum, checksum))
  );
}

export function sameChecksum(theirs: ObjectChecksum | undefined, ours: ObjectChecksum): boolean {
  return theirs?.algorithm === ours.algorithm && theirs.type === ours.type && theirs.value === ours.value;
}
