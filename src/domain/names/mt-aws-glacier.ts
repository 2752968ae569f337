import { bytesOfBase64, textOfUtf8 } from './base64-text.ts';
import { type DecodedName, NO_FLAGS } from './decoded-name.ts';
import { parseObject } from './json-object.ts';
import { parseTimestamp } from './timestamp.ts';

const MARKED = /^(mt[12])[ \t]+([A-Za-z0-9+/_-]+={0,2})$/;

/**
 * mt-aws-glacier: `mt2` and base64url of UTF-8 JSON `{"filename","mtime"}`; `mt1` (0.80 to 0.84) encoded the UTF-8 bytes to
 * UTF-8 once more. Source: lib/App/MtAws/MetaData.pm.
 * Undefined where the text is not such a description: then it stands as it is. One that decodes to an object without a file
 * name (glacier-interface writes those) is one, and has no path.
 */
export function decodeMtAwsGlacier(text: string): DecodedName | undefined {
  const match = MARKED.exec(text);
  const bytes = match?.[2] === undefined ? undefined : bytesOfBase64(match[2]);
  if (!bytes) return undefined;
  const format = match?.[1] === 'mt1' ? 'mt1' : 'mt2';
  const json = format === 'mt1' ? textOfTwiceEncoded(bytes) : textOfUtf8(bytes);
  const value = json === undefined ? undefined : parseObject(json);
  if (!value) return undefined;
  const { filename, mtime } = value;
  if (typeof filename !== 'string' || filename === '')
    return { format, flags: NO_FLAGS, note: 'it holds no file name' };
  return { format, path: filename, mtime: parseTimestamp(mtime), flags: NO_FLAGS };
}

function textOfTwiceEncoded(bytes: Buffer): string | undefined {
  const once = textOfUtf8(bytes);
  if (once === undefined || /[^\0-\xff]/.test(once)) return undefined;
  return textOfUtf8(Buffer.from(once, 'latin1'));
}
