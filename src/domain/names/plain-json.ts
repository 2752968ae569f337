import { type DecodedName, NO_FLAGS } from './decoded-name.ts';
import type { JsonObject } from './json-object.ts';

/** In the order in which they count. */
const NAMES = ['Path', 'path', 'filename', 'name'] as const;

/**
 * JSON with a path as a plain string, as QNAP's Glacier app and scripts write it. Undefined where the object has none:
 * then the text stands as it is.
 */
export function decodePlainJson(value: JsonObject): DecodedName | undefined {
  const paths = NAMES.map((name) => value[name]).filter((path) => typeof path === 'string');
  if (paths.length === 0) return undefined;
  const path = paths.find((candidate) => candidate !== '');
  return path === undefined
    ? { format: 'json', flags: NO_FLAGS, note: 'it holds no path' }
    : { format: 'json', path, flags: NO_FLAGS };
}
