import { sameChecksum } from './agreement.ts';
import type { ObjectChecksum } from './checksum.ts';
import type { ArchiveId, TreeHash } from './ids.ts';
import { parseProvenance } from './provenance.ts';

/** As `rclone check` writes it: it matches, is missing, differs, could not be looked at. */
export type CheckResult = '=' | '-' | '*' | '!';

/** What an object is held against: the archive as the inventory has it, and what S3 answered when it was copied. */
export interface Copied {
  readonly archiveId: ArchiveId;
  readonly size: number;
  readonly treeHash: TreeHash;
  readonly createdAt: number;
  readonly proof: { readonly etag: string; readonly versionId?: string; readonly checksum?: ObjectChecksum };
}

/** An object as HeadObject tells it. */
export interface SeenObject {
  readonly etag: string;
  readonly versionId?: string;
  readonly checksum?: ObjectChecksum;
  readonly size: number;
  readonly storageClass: string;
  readonly metadata: Readonly<Record<string, string>>;
}

export interface Comparison {
  readonly result: Exclude<CheckResult, '!'>;
  /** What differs, for people; absent where nothing does. */
  readonly detail?: string;
}

/**
 * Holds an object as it is now against its archive and against what it was when it was copied.
 * @param wanted.storageClass undefined: any will do.
 */
export function compareObject(
  copied: Copied,
  object: SeenObject | undefined,
  wanted: { readonly vault: string; readonly storageClass: string | undefined },
): Comparison {
  if (!object) return { result: '-', detail: 'there is no such object' };
  const { proof } = copied;
  const differences = [
    object.size !== copied.size && `size ${object.size}, not ${copied.size}`,
    proof.checksum && !sameChecksum(object.checksum, proof.checksum) && checksumDifference(object, proof.checksum),
    object.etag !== proof.etag && `ETag ${object.etag}, not ${proof.etag}`,
    versionOf(object) !== versionOf(proof) && `version ${versionOf(object)}, not ${versionOf(proof)}`,
    ...provenanceDifferences(copied, object, wanted.vault),
    wanted.storageClass !== undefined &&
      object.storageClass !== wanted.storageClass &&
      `storage class ${object.storageClass}, not ${wanted.storageClass}`,
  ].filter((difference) => typeof difference === 'string');
  return differences.length === 0 ? { result: '=' } : { result: '*', detail: differences.join('; ') };
}

/** Objects that were there before a bucket was versioned are its version `null` (S3 user guide, adding objects to versioned buckets). */
function versionOf({ versionId = 'null' }: { readonly versionId?: string }): string {
  return versionId;
}

function checksumDifference({ checksum }: SeenObject, wanted: ObjectChecksum): string {
  const seen = checksum ? `${checksum.algorithm} ${checksum.value}` : 'no checksum';
  return `${seen}, not ${wanted.algorithm} ${wanted.value}`;
}

function provenanceDifferences(copied: Copied, { metadata }: SeenObject, vault: string): readonly string[] {
  const found = parseProvenance(metadata);
  if (!found) return ['its metadata names no archive'];
  const wrong = [
    found.archiveId !== copied.archiveId && 'archive id',
    found.treeHash !== copied.treeHash && 'tree hash',
    found.creationDate !== copied.createdAt && 'creation date',
    found.vault !== vault && 'vault',
  ].filter((name) => typeof name === 'string');
  return wrong.length === 0 ? [] : [`metadata of another archive (${wrong.join(', ')})`];
}
