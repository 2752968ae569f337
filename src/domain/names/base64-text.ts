import { isUtf8 } from 'node:buffer';

const BASE64 = /^[A-Za-z0-9+/_-]*={0,2}$/;

/**
 * The bytes of base64, or undefined where it is none. Takes the standard and the URL alphabet, padded or not: uploaders mix
 * them, and what is decoded is checked again.
 */
export function bytesOfBase64(text: string): Buffer | undefined {
  if (!BASE64.test(text)) return undefined;
  const length = text.length - (text.endsWith('==') ? 2 : text.endsWith('=') ? 1 : 0);
  return length % 4 === 1 ? undefined : Buffer.from(text, 'base64');
}

/** The text of UTF-8 bytes, or undefined where they are not valid UTF-8. A byte order mark stays. */
export function textOfUtf8(bytes: Buffer): string | undefined {
  return isUtf8(bytes) ? bytes.toString('utf8') : undefined;
}
