import type { ObjectChecksum } from '../domain/checksum.ts';
import type { NameFormat } from '../domain/names/decoded-name.ts';
import { type KnownNames, nameOf } from '../domain/names/name-of.ts';
import type { Archive } from '../state/archives.ts';
import type { StateFile } from '../state/state-file.ts';
import { knownNames } from './given-names.ts';
import { UNREADABLE_ROW } from './status.ts';

/**
 * One line of the manifest: an archive, or a row of the inventory that none could be read from (then only `inventoryRow`, `state`, `reason`
 * and `message` are there, and `description` is the beginning of the row). Dates are ISO 8601, sizes bytes.
 */
export interface ManifestLine {
  readonly archiveId?: string;
  readonly description: string;
  readonly createdAt?: string;
  readonly size?: number;
  readonly treeHash?: string;
  readonly state: string;
  /** Failed: the code; skipped: the filter. */
  readonly reason?: string;
  readonly message?: string;
  readonly key?: string;
  readonly etag?: string;
  readonly versionId?: string;
  readonly checksum?: ObjectChecksum;
  readonly verifiedAt?: string;
  /** Jobs that were made for it. */
  readonly requests?: number;
  /** The format that the name was found in. */
  readonly format?: NameFormat;
  /** What the program that uploaded it did to the original. */
  readonly flags?: readonly string[];
  readonly inventoryRow?: number;
  /** When it was deleted from the vault. */
  readonly purgedAt?: string;
}

/** The account of 100 % of the inventory, line by line: holds a page of rows, however many there are. */
export function* manifestOf(state: StateFile): Generator<ManifestLine> {
  const names = knownNames(state);
  for (const archive of state.archives.all()) yield lineOf(archive, names, state.purges.purgedAt(archive.id));
  for (const { row, reason, text } of state.inventory.problems()) {
    yield { inventoryRow: row, description: text, state: 'failed', reason: UNREADABLE_ROW, message: reason };
  }
}

function lineOf(archive: Archive, names: KnownNames | undefined, purgedAt: number | undefined): ManifestLine {
  const { archiveId, description, createdAt, size, treeHash, progress, message, key, proof, requests } = archive;
  const { format, flags } = nameOf(archiveId, description, names);
  const done = Object.entries(flags).flatMap(([name, isSet]) => (isSet ? [name] : []));
  return {
    archiveId,
    description,
    createdAt: new Date(createdAt).toISOString(),
    size,
    treeHash,
    state: progress.state,
    reason: 'reason' in progress ? progress.reason : undefined,
    // the last error of an archive that made it in the end is history
    message: progress.state === 'verified' ? undefined : message,
    key,
    etag: proof?.etag,
    versionId: proof?.versionId,
    checksum: proof?.checksum,
    verifiedAt: proof && new Date(proof.verifiedAt).toISOString(),
    requests,
    format,
    flags: done.length > 0 ? done : undefined,
    purgedAt: purgedAt === undefined ? undefined : new Date(purgedAt).toISOString(),
  };
}
