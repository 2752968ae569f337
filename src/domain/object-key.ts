import { hash } from 'node:crypto';
import { BugError, UsageError } from '../lib/errors.ts';
import type { ArchiveId, ObjectKey } from './ids.ts';
import type { DecodedName } from './names/decoded-name.ts';
import { compactTimestamp } from './names/timestamp.ts';

/** S3 user guide, object keys: bytes of UTF-8. */
export const MAX_KEY_BYTES = 1024;
/** Leaves half of the key to the names. */
const MAX_PREFIX_BYTES = 512;
/** Where archives without a name go, under the prefix. */
const UNNAMED = '_unnamed/';

/**
 * What made the key differ from the name.
 * - `windows_path`: `\` became `/`, or a drive lost its colon
 * - `leading_slash`, `dots`: taken away, `..` resolved
 * - `control`: control characters, and what XML cannot carry, percent-encoded
 * - `nfc`: composed; `surrogate`: half a character became U+FFFD
 * - `cut`: too long
 * - `unnamed`: no name, or nothing left of it
 * - `duplicate`: see `disambiguate`; never from `keyOf`
 */
export type KeyChange =
  | 'windows_path'
  | 'leading_slash'
  | 'dots'
  | 'control'
  | 'nfc'
  | 'surrogate'
  | 'cut'
  | 'unnamed'
  | 'duplicate';

export interface NamedKey {
  readonly key: ObjectKey;
  /** In the order in which they were made. */
  readonly changes: readonly KeyChange[];
}

const UNCHANGED: readonly KeyChange[] = Object.freeze([]);
/** A path that none of the rules below can touch is let through by this one test. */
const SUSPECT = /[^ -~]|^[/\s]|(?:^|\/)\.\.?(?:\/|$)|^[A-Za-z]:[\\/]/;
/** C0, DEL, C1, and the two noncharacters that XML, and so a listing of the bucket, cannot carry. */
// biome-ignore lint/suspicious/noControlCharactersInRegex: they are what is looked for
const CONTROL = /[\0-\x1f\x7f-\x9f\ufffe\uffff]/g;
const WINDOWS_PATH = /^[A-Za-z]:\\/;
const DRIVE = /^([A-Za-z]):\//;
const DOT_SEGMENT = /(?:^|\/)\.\.?(?:\/|$)/;
/** What a suffix goes before: a directory's slash, or an extension without white space, `.tar` with the one that follows it. */
const TAIL = /(?<=[^/])(?:\/|(?:\.tar)?\.[^\s./]{1,16})$/u;
/** What belongs to the character before it: marks, skin tones, joiners. */
const DEPENDENT = /^[\p{M}\p{EMod}\u200d]/u;

/**
 * The prefix as keys are built on it: empty, or clean and with a `/` at its end.
 * @throws {UsageError} where it is longer than 512 bytes.
 */
export function parsePrefix(text: string): string {
  const path = clean(text, false).path;
  const prefix = path === '' || path.endsWith('/') ? path : `${path}/`;
  if (Buffer.byteLength(prefix) > MAX_PREFIX_BYTES) {
    throw new UsageError(`the prefix is longer than ${MAX_PREFIX_BYTES} bytes: choose a shorter one`);
  }
  return prefix;
}

/** Whether anything is left of a name that is cleaned for a key. */
export function isUsableName(path: string): boolean {
  return clean(path, false).path !== '';
}

/**
 * The key of an archive before duplicates are told apart: at most 1,024 bytes with the prefix (as `parsePrefix` gives it),
 * and the same each time. A key that went through once goes through again unchanged.
 */
export function keyOf({
  archiveId,
  name,
  prefix,
}: {
  readonly archiveId: ArchiveId;
  readonly name: Pick<DecodedName, 'format' | 'path'>;
  readonly prefix: string;
}): NamedKey {
  const cleaned = clean(name.path ?? '', name.format === 'cloudberry');
  const unnamed = cleaned.path === '';
  const key = prefix + (unnamed ? UNNAMED + archiveId : cleaned.path);
  const changes = unnamed ? [...cleaned.changes, 'unnamed' as const] : cleaned.changes;
  if (fits(key)) return { key: key as ObjectKey, changes };
  return { key: withSuffix(key, `~${shortHash(archiveId)}`), changes: [...changes, 'cut'] };
}

/**
 * The key of an archive whose own key another one has: attempt 1 puts `~<creation date>` before the extension, attempt 2 a hash
 * of the archive id behind that, each further one another hash, so that one that is free is found whatever names there are.
 * At most 1,024 bytes, and the same for the same arguments.
 * @param archive.key as `keyOf` gave it, not as an earlier attempt did.
 * @param archive.creationDate milliseconds since 1970.
 * @param archive.attempt from 1.
 */
export function disambiguate({
  key,
  creationDate,
  archiveId,
  attempt,
}: {
  readonly key: ObjectKey;
  readonly creationDate: number;
  readonly archiveId: ArchiveId;
  readonly attempt: number;
}): ObjectKey {
  const date = `~${compactTimestamp(creationDate)}`;
  if (attempt === 1) return withSuffix(key, date);
  return withSuffix(key, `${date}~${shortHash(attempt === 2 ? archiveId : `${archiveId} ${attempt}`)}`);
}

function clean(text: string, windows: boolean): { readonly path: string; readonly changes: readonly KeyChange[] } {
  if (!SUSPECT.test(text) && !(windows && text.includes('\\'))) return { path: text, changes: UNCHANGED };
  const changes: KeyChange[] = [];
  let path = text;
  const change = (changed: string, kind: KeyChange) => {
    if (changed !== path && !changes.includes(kind)) changes.push(kind);
    path = changed;
  };
  change(path.toWellFormed(), 'surrogate');
  change(path.replace(CONTROL, encodeURIComponent), 'control');
  // after the percent-encoding, whose last letter may compose with a mark
  change(path.normalize('NFC'), 'nfc');
  if (!windows) relative(path, change);
  if (windows || WINDOWS_PATH.test(path)) {
    change(path.replaceAll('\\', '/'), 'windows_path');
    relative(path, change);
  }
  change(path.replace(DRIVE, '$1/'), 'windows_path');
  return { path: /^[\s/]*$/.test(path) ? '' : path, changes };
}

/** Takes leading slashes away and resolves dots, never above the start. */
function relative(path: string, change: (changed: string, kind: KeyChange) => void): void {
  const stripped = path.replace(/^\/+/, '');
  change(stripped, 'leading_slash');
  if (DOT_SEGMENT.test(stripped)) change(resolveDots(stripped).replace(/^\/+/, ''), 'dots');
}

function resolveDots(path: string): string {
  const segments: string[] = [];
  for (const segment of path.split('/')) {
    if (segment === '.') continue;
    if (segment !== '..') {
      segments.push(segment);
      continue;
    }
    while (segments.at(-1) === '') segments.pop();
    segments.pop();
  }
  return segments.join('/');
}

function fits(key: string): boolean {
  // three bytes are the most that a UTF-16 unit takes
  return key.length * 3 <= MAX_KEY_BYTES || Buffer.byteLength(key) <= MAX_KEY_BYTES;
}

/** The key with `suffix` before its extension, cut in front of the suffix where it would be too long. */
function withSuffix(key: string, suffix: string): ObjectKey {
  const tail = TAIL.exec(key)?.[0] ?? '';
  const stem = key.slice(0, key.length - tail.length);
  const room = MAX_KEY_BYTES - Buffer.byteLength(suffix) - Buffer.byteLength(tail);
  if (room < 1) throw new BugError(`no room for a key with the suffix ${suffix}`);
  return (cutTo(stem, room) + suffix + tail) as ObjectKey;
}

/** The longest start of `text` that takes at most `bytes` and ends between two characters. */
function cutTo(text: string, bytes: number): string {
  const { read } = new TextEncoder().encodeInto(text, new Uint8Array(bytes));
  let end = read;
  while (end > 0 && DEPENDENT.test(text.slice(end))) end -= isLowSurrogate(text.charCodeAt(end - 1)) ? 2 : 1;
  return text.slice(0, end > 0 ? end : read);
}

function isLowSurrogate(unit: number): boolean {
  return unit >= 0xdc00 && unit <= 0xdfff;
}

/** 8 hexadecimal digits. */
function shortHash(text: string): string {
  return hash('sha256', text, 'hex').slice(0, 8);
}
