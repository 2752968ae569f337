declare const brand: unique symbol;
type Brand<T, Name extends string> = T & { readonly [brand]: Name };

/** Glacier's id of an archive: 138 characters of base64url in practice, may begin with `-`. */
export type ArchiveId = Brand<string, 'ArchiveId'>;
/** Glacier's id of a job. Lives for at least 24 hours after the job completes. */
export type JobId = Brand<string, 'JobId'>;
/** A SHA-256 tree hash: 64 lowercase hexadecimal digits. */
export type TreeHash = Brand<string, 'TreeHash'>;
/** S3's id of a multipart upload. */
export type UploadId = Brand<string, 'UploadId'>;
/** The key of an object: at most 1,024 bytes of UTF-8. */
export type ObjectKey = Brand<string, 'ObjectKey'>;

/** The id, or undefined where the text cannot be one. */
export function parseArchiveId(text: unknown): ArchiveId | undefined {
  return typeof text === 'string' && /^[A-Za-z0-9_-]{1,255}$/.test(text) ? (text as ArchiveId) : undefined;
}

/** The hash, or undefined where the text is not 64 hexadecimal digits. Upper case is taken and lowered. */
export function parseTreeHash(text: unknown): TreeHash | undefined {
  if (typeof text !== 'string') return undefined;
  // as Glacier writes it; looking for both cases takes three times as long, ten million times
  if (/^[0-9a-f]{64}$/.test(text)) return text as TreeHash;
  return /^[0-9A-Fa-f]{64}$/.test(text) ? (text.toLowerCase() as TreeHash) : undefined;
}
