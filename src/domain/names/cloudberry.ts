import { type DecodedName, type NameFlags, NO_FLAGS } from './decoded-name.ts';
import type { JsonObject } from './json-object.ts';
import { parseTimestamp } from './timestamp.ts';
import { decodeUtf7 } from './utf7.ts';

const COMPRESSED = 1;
const ENCRYPTED = 2;

/**
 * CloudBerry and MSP360: `{"Path": .NET UTF-7, "UTCDateModified": date, "Flags": bits}`. The date tells it from plain JSON, which gets no
 * UTF-7. Undefined where the object is another one. Source: CloudBerry's developers on Stack Overflow.
 */
export function decodeCloudBerry(value: JsonObject): DecodedName | undefined {
  const { Path, UTCDateModified, Flags } = value;
  if (typeof Path !== 'string' || UTCDateModified === undefined) return undefined;
  const mtime = parseTimestamp(UTCDateModified);
  const flags = flagsOf(Flags);
  if (Path === '') return { format: 'cloudberry', mtime, flags, note: 'it holds no path' };
  return { format: 'cloudberry', path: decodeUtf7(Path) ?? Path, mtime, flags };
}

function flagsOf(bits: unknown): NameFlags {
  if (typeof bits !== 'number' || !(bits & (COMPRESSED | ENCRYPTED))) return NO_FLAGS;
  return { ...(bits & COMPRESSED && { compressed: true }), ...(bits & ENCRYPTED && { encrypted: true }) };
}
