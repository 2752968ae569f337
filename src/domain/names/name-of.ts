import type { ArchiveId } from '../ids.ts';
import { decodeCloudBerry } from './cloudberry.ts';
import { type DecodedName, NO_FLAGS } from './decoded-name.ts';
import { decodeFastGlacier } from './fastglacier.ts';
import { parseNestedObject } from './json-object.ts';
import { decodeMtAwsGlacier } from './mt-aws-glacier.ts';
import { decodePlainJson } from './plain-json.ts';

/** Names known by the archive's id alone: they go before what the description says. */
export interface KnownNames {
  /** Of the `--names` file. */
  override(archiveId: ArchiveId): string | undefined;
  /** Of the Synology mapping database. */
  synology(archiveId: ArchiveId): string | undefined;
}

const NOTHING_KNOWN: KnownNames = { override: () => undefined, synology: () => undefined };

/**
 * The name of an archive: the override, else Synology's, else what the description holds, in the first format that takes it: mt2 and mt1,
 * FastGlacier, CloudBerry, plain JSON, plain text. A name from outside replaces the path alone: mtime and flags of the description stay.
 * Never throws, whatever the description is.
 */
export function nameOf(archiveId: ArchiveId, description: string, known: KnownNames = NOTHING_KNOWN): DecodedName {
  const override = known.override(archiveId);
  if (override !== undefined) return { ...decode(description), format: 'override', path: override, note: undefined };
  const mapped = known.synology(archiveId);
  if (mapped !== undefined) return { ...decode(description), format: 'synology', path: mapped, note: undefined };
  return decode(description);
}

function decode(description: string): DecodedName {
  const trimmed = description.trim();
  const text = unquoted(trimmed);
  if (text === '') return { format: 'none', flags: NO_FLAGS, note: 'the description is empty' };
  switch (text[0]) {
    case 'm':
      return (text.startsWith('mt') ? decodeMtAwsGlacier(text) : undefined) ?? plain(text);
    case '<':
      return decodeFastGlacier(text) ?? plain(text);
    case '{':
    case '"':
      return decodeJson(text) ?? plain(text);
    default:
      return plain(text);
  }
}

function decodeJson(text: string): DecodedName | undefined {
  const value = parseNestedObject(text);
  return value && (decodeCloudBerry(value) ?? decodePlainJson(value));
}

function plain(path: string): DecodedName {
  return { format: 'text', path, flags: NO_FLAGS };
}

/** Without one pair of enclosing quotes, and what white space is then at the ends. */
function unquoted(text: string): string {
  const quote = text[0];
  if ((quote !== '"' && quote !== "'") || text.length < 2 || !text.endsWith(quote)) return text;
  return text.slice(1, -1).trim();
}
