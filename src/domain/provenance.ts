import { type ArchiveId, parseArchiveId, parseTreeHash, type TreeHash } from './ids.ts';
import type { NameFlags } from './names/decoded-name.ts';

/**
 * S3 user guide, user-defined metadata: 2 KB, the bytes of names and values together. The header's `x-amz-meta-` is counted in,
 * which S3 may not do.
 */
export const MAX_METADATA_BYTES = 2048;
const HEADER = 'x-amz-meta-';

/**
 * Ends a description that did not fit. No encoded text holds it: a `%` is always followed by two hexadecimal digits. The whole
 * description stands in the manifest.
 */
export const CUT_MARK = '%...';

/** What an object tells of the archive that it was. */
export interface Provenance {
  readonly archiveId: ArchiveId;
  /** As it was in the inventory. */
  readonly description: string;
  /** Milliseconds since 1970. */
  readonly creationDate: number;
  readonly treeHash: TreeHash;
  readonly vault: string;
  /** Of the original, where the description told it: milliseconds since 1970. */
  readonly mtime?: number;
  readonly flags?: NameFlags;
}

/** As `Provenance`, read back: whatever was missing or unreadable is absent. */
export interface FoundProvenance extends Partial<Omit<Provenance, 'archiveId' | 'flags'>> {
  readonly archiveId: ArchiveId;
  readonly flags: NameFlags;
  /** Whether the description is only a start of what it was. */
  readonly descriptionCut: boolean;
}

/**
 * The user metadata of an object, printable ASCII in at most 2,048 bytes: `glacier-archive-id`, `glacier-tree-hash`,
 * `glacier-creation-date` (ISO 8601), `glacier-vault`, `glacier-flags` (`compressed`, `encrypted`, with a comma), `mtime` (rclone's: seconds
 * since 1970) and `glacier-description`, the one that is cut if need be. Values are percent-encoded where they are not printable ASCII.
 */
export function provenanceOf(archive: Provenance): Record<string, string> {
  const { archiveId, description, creationDate, treeHash, vault, mtime, flags } = archive;
  const metadata: Record<string, string> = {
    'glacier-archive-id': archiveId,
    'glacier-tree-hash': treeHash,
    'glacier-creation-date': new Date(creationDate).toISOString(),
    'glacier-vault': encode(vault),
  };
  const done = [flags?.compressed && 'compressed', flags?.encrypted && 'encrypted'].filter(Boolean).join(',');
  if (done !== '') metadata['glacier-flags'] = done;
  if (mtime !== undefined) metadata.mtime = secondsOf(mtime);

  // an empty header is dropped by some servers on the way: absent says the same
  if (description !== '') {
    const room = MAX_METADATA_BYTES - sizeOf(metadata) - HEADER.length - 'glacier-description'.length;
    metadata['glacier-description'] = cutTo(encode(description), room);
  }
  return metadata;
}

/** What an object's metadata says of its archive, or undefined where it names none: it is not of this program's making. */
export function parseProvenance(metadata: Readonly<Record<string, string>>): FoundProvenance | undefined {
  const archiveId = parseArchiveId(metadata['glacier-archive-id']);
  if (archiveId === undefined) return undefined;
  const description = metadata['glacier-description'] ?? '';
  const descriptionCut = description.endsWith(CUT_MARK);
  const vault = metadata['glacier-vault'];
  const done = (metadata['glacier-flags'] ?? '').split(',');
  return {
    archiveId,
    description: decode(descriptionCut ? description.slice(0, -CUT_MARK.length) : description),
    descriptionCut,
    creationDate: finite(Date.parse(metadata['glacier-creation-date'] ?? '')),
    treeHash: parseTreeHash(metadata['glacier-tree-hash']),
    vault: vault === undefined ? undefined : decode(vault),
    mtime: metadata.mtime ? finite(Math.round(Number(metadata.mtime) * 1000)) : undefined,
    flags: {
      ...(done.includes('compressed') && { compressed: true }),
      ...(done.includes('encrypted') && { encrypted: true }),
    },
  };
}

/**
 * Percent-encodes all but printable ASCII, `%` itself, white space that a header would lose (at the ends, after another),
 * and `=?`, which S3 takes for the beginning of an RFC 2047 word. Half a character becomes U+FFFD.
 */
function encode(text: string): string {
  return text.toWellFormed().replace(/[^ -$&-~]+|%|^ | $|(?<= ) |=(?=\?)/gu, encodeURIComponent);
}

function decode(text: string): string {
  return text.replace(/(?:%[0-9A-Fa-f]{2})+/g, (bytes) =>
    Buffer.from(bytes.replaceAll('%', ''), 'hex').toString('utf8'),
  );
}

/** The longest start that fits in `room` with the mark behind it, and ends between two characters. */
function cutTo(encoded: string, room: number): string {
  if (encoded.length <= room) return encoded;
  let start = encoded.slice(0, room - CUT_MARK.length).replace(/%[0-9A-F]?$/, '');
  // in the middle of a character: without its first bytes too
  if (/^%[89AB]/.test(encoded.slice(start.length))) start = start.replace(/%[C-F][0-9A-F](?:%[89AB][0-9A-F])*$/, '');
  return start + CUT_MARK;
}

function sizeOf(metadata: Readonly<Record<string, string>>): number {
  return Object.entries(metadata).reduce((sum, [name, value]) => sum + HEADER.length + name.length + value.length, 0);
}

/** Decimal seconds, without a fraction where there is none. */
function secondsOf(ms: number): string {
  return String(ms / 1000);
}

function finite(value: number): number | undefined {
  return Number.isFinite(value) ? value : undefined;
}
