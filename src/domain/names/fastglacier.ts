import { bytesOfBase64, textOfUtf8 } from './base64-text.ts';
import { type DecodedName, type NameFlags, NO_FLAGS } from './decoded-name.ts';
import { parseTimestamp } from './timestamp.ts';

const DOCUMENT = /^<(m|ArchiveMetadata)>((?:\s*<([A-Za-z]+)>[^<]*<\/\3>)*)\s*<\/\1>$/;

/**
 * FastGlacier, which CrushFTP, QNAP and scripts imitate: `<m>` with `<p>` (versions 2 to 4) or `<ArchiveMetadata>` with
 * `<Path>` (version 1), each base64 of a UTF-8 path. Elements may stand in any order, with white space in and between them.
 * `<ce>compressed:encrypted:md5[:size]</ce>` tells what was done to the bytes. Source: fastglacier.com, File Metadata Format.
 * Undefined where the text has another shape; no path where the shape is right and the path is not.
 */
export function decodeFastGlacier(text: string): DecodedName | undefined {
  const document = DOCUMENT.exec(text);
  if (!document) return undefined;
  const elements = document[2] ?? '';
  const version1 = document[1] === 'ArchiveMetadata';
  const encoded = textBehind(elements, version1 ? '<Path>' : '<p>')?.replace(/\s+/g, '');
  const mtime = parseTimestamp(textBehind(elements, version1 ? '<LastModified>' : '<lm>'));
  const flags = flagsOf(textBehind(elements, '<ce>'));
  if (!encoded) return { format: 'fastglacier', mtime, flags, note: 'it holds no path' };
  const bytes = bytesOfBase64(encoded);
  const path = bytes && textOfUtf8(bytes);
  if (path === undefined) return { format: 'fastglacier', mtime, flags, note: 'its path is not base64 of UTF-8' };
  return { format: 'fastglacier', path, mtime, flags: path.endsWith('/') ? { ...flags, directory: true } : flags };
}

/** What stands behind the last such tag; no value holds a `<`. */
function textBehind(elements: string, tag: string): string | undefined {
  const at = elements.lastIndexOf(tag);
  return at < 0 ? undefined : elements.slice(at + tag.length, elements.indexOf('<', at + tag.length));
}

function flagsOf(element: string | undefined): NameFlags {
  if (element === undefined) return NO_FLAGS;
  const [compressed, encrypted] = element.split(':').map((field) => field.trim() === '1');
  return compressed || encrypted ? { ...(compressed && { compressed }), ...(encrypted && { encrypted }) } : NO_FLAGS;
}
