import { CHECKSUM_ALGORITHMS, type ChecksumAlgorithm, type ObjectChecksum } from '../domain/checksum.ts';
import type { ObjectKey } from '../domain/ids.ts';
import type { ObjectAttributes, StoredObject } from '../ports.ts';

/** The members that S3's inputs and outputs have for checksums. */
type ChecksumMembers = { readonly [A in ChecksumAlgorithm as `Checksum${A}`]?: string | undefined };

/** Only the value, never the algorithm beside it: given both, the SDK would reckon the checksum once more. */
export function checksumInput({
  algorithm,
  value,
}: {
  readonly algorithm: ChecksumAlgorithm;
  readonly value: string;
}): ChecksumMembers {
  return { [`Checksum${algorithm}`]: value };
}

export function checksumValueOf(members: ChecksumMembers): string | undefined {
  const algorithm = algorithmIn(members);
  return algorithm && members[`Checksum${algorithm}`];
}

/** S3's own checksum, where it gives one. Where it does not name the type, the value's form tells, or `otherwise`. */
export function checksumOf(
  members: ChecksumMembers & { readonly ChecksumType?: string | undefined },
  otherwise: ObjectChecksum['type'] = 'FULL_OBJECT',
): { readonly checksum?: ObjectChecksum } {
  const algorithm = algorithmIn(members);
  const value = checksumValueOf(members);
  if (!algorithm || value === undefined) return {};
  const named = members.ChecksumType;
  const type = named === 'FULL_OBJECT' || named === 'COMPOSITE' ? named : /-\d+$/.test(value) ? 'COMPOSITE' : otherwise;
  return { checksum: { algorithm, type, value } };
}

export function storedObject(
  output: ChecksumMembers & {
    readonly ETag?: string | undefined;
    readonly VersionId?: string | undefined;
    readonly ChecksumType?: string | undefined;
  },
): StoredObject {
  const { ETag = '', VersionId } = output;
  return { etag: ETag, ...(VersionId !== undefined && { versionId: VersionId }), ...checksumOf(output) };
}

/** What an object is written with, for PutObject and CreateMultipartUpload. */
export function attributeInput({ storageClass, metadata, tags, contentType, encryption }: ObjectAttributes) {
  const tagging = Object.entries(tags).map(([key, value]) => `${encodeURIComponent(key)}=${encodeURIComponent(value)}`);
  return {
    StorageClass: storageClass as 'STANDARD',
    Metadata: { ...metadata },
    ...(tagging.length > 0 && { Tagging: tagging.join('&') }),
    ...(contentType !== undefined && { ContentType: contentType }),
    ...(encryption && { ServerSideEncryption: encryption.algorithm }),
    ...(encryption?.kmsKeyId !== undefined && { SSEKMSKeyId: encryption.kmsKeyId }),
  };
}

/** A key out of a listing, which is asked for URL-encoded: XML cannot carry every character that a key can have. */
export function decodedKey(text: string, encoding: string | undefined): ObjectKey {
  return (encoding === 'url' ? decodeURIComponent(text.replaceAll('+', ' ')) : text) as ObjectKey;
}

export function isNotFound(error: unknown): boolean {
  return error instanceof Error && (error.name === 'NotFound' || error.name === 'NoSuchKey');
}

/** Where a bucket is, out of the refusal of a call to another Region. */
export function regionOfRedirect(error: unknown): string | undefined {
  if (!(error instanceof Error)) return undefined;
  const { $metadata, $response } = error as {
    readonly $metadata?: { readonly httpStatusCode?: number };
    readonly $response?: { readonly headers?: Readonly<Record<string, string>> };
  };
  const status = $metadata?.httpStatusCode;
  if (status !== 301 && status !== 307 && status !== 400) return undefined;
  return $response?.headers?.['x-amz-bucket-region'];
}

function algorithmIn(members: ChecksumMembers): ChecksumAlgorithm | undefined {
  return CHECKSUM_ALGORITHMS.find((algorithm) => members[`Checksum${algorithm}`] !== undefined);
}
