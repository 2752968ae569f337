import type { IncomingHttpHeaders } from 'node:http';
import { CHECKSUM_ALGORITHMS, type ChecksumAlgorithm } from '../../domain/checksum.ts';
import { GiB } from '../../lib/size.ts';
import { entityTooLarge, invalidArgument, invalidRequest, notSimulated, Refusal } from './refusal.ts';

/** S3's largest body of one PutObject or UploadPart. */
const LARGEST_BODY = 5 * GiB;

const DIGEST_BYTES: Readonly<Record<ChecksumAlgorithm, number>> = { CRC32: 4, CRC32C: 4, CRC64NVME: 8, SHA256: 32 };
const OTHER_ALGORITHMS = ['sha1', 'sha512', 'md5', 'xxhash64', 'xxhash3', 'xxhash128'];
const FRAMINGS = {
  'UNSIGNED-PAYLOAD': undefined,
  'STREAMING-UNSIGNED-PAYLOAD-TRAILER': { signed: false, trailers: true },
  'STREAMING-AWS4-HMAC-SHA256-PAYLOAD': { signed: true, trailers: false },
  'STREAMING-AWS4-HMAC-SHA256-PAYLOAD-TRAILER': { signed: true, trailers: true },
} as const;

export interface ChecksumClaim {
  readonly algorithm: ChecksumAlgorithm;
  /** Base64; `-<parts>` may follow on CompleteMultipartUpload. Undefined: it comes in the trailer. */
  readonly value: string | undefined;
}

/** What a request says of its body, to be held against what arrives. */
export interface BodyClaims {
  /** Of the bytes themselves, without aws-chunked's framing. */
  readonly length: number;
  readonly framing: { readonly signed: boolean } | undefined;
  /** Base64. */
  readonly md5: string | undefined;
  /** Lower-case hexadecimal. */
  readonly sha256: string | undefined;
  readonly checksum: ChecksumClaim | undefined;
  readonly trailers: readonly string[];
}

/** One header's text; S3's headers come once. */
export function header(headers: IncomingHttpHeaders, name: string): string | undefined {
  const value = headers[name];
  return Array.isArray(value) ? value.join(', ') : value;
}

/** `x-amz-checksum-crc32` for CRC32. */
export function checksumHeader(algorithm: ChecksumAlgorithm): string {
  return `x-amz-checksum-${algorithm.toLowerCase()}`;
}

/** Whether the text is the canonical base64 of a digest of this algorithm. */
export function isDigest(algorithm: ChecksumAlgorithm, text: string): boolean {
  return isBase64Of(DIGEST_BYTES[algorithm], text);
}

function isBase64Of(bytes: number, text: string): boolean {
  const decoded = Buffer.from(text, 'base64');
  return decoded.length === bytes && decoded.toString('base64') === text;
}

export function badDigest(name: string): Refusal {
  return new Refusal(400, 'BadDigest', `The ${name} you specified did not match the calculated checksum.`);
}

/**
 * The algorithm by its name in a header, or undefined where there is none.
 * @throws {Refusal} InvalidRequest for what S3 does not know, NotImplemented for what only the simulator does not.
 */
export function algorithmNamed(name: string | undefined): ChecksumAlgorithm | undefined {
  if (name === undefined) return undefined;
  const known = CHECKSUM_ALGORITHMS.find((algorithm) => algorithm === name.toUpperCase());
  if (known) return known;
  if (OTHER_ALGORITHMS.includes(name.toLowerCase())) throw notSimulated(`the checksum algorithm ${name}`);
  throw invalidRequest(
    `Checksum algorithm provided is unsupported. Please try again with any of the valid types: [${CHECKSUM_ALGORITHMS.join(', ')}]`,
  );
}

/**
 * The checksum given in a header.
 * @param composite whether `-<parts>` may follow.
 * @throws {Refusal} InvalidRequest for more than one, or one that is no digest.
 */
export function checksumClaim(
  headers: IncomingHttpHeaders,
  { composite = false } = {},
): (ChecksumClaim & { readonly value: string }) | undefined {
  for (const other of OTHER_ALGORITHMS) {
    if (headers[`x-amz-checksum-${other}`] !== undefined) throw notSimulated(`the checksum algorithm ${other}`);
  }
  const given = CHECKSUM_ALGORITHMS.filter((algorithm) => headers[checksumHeader(algorithm)] !== undefined);
  const [algorithm, ...more] = given;
  if (!algorithm) return undefined;
  if (more.length > 0) {
    throw invalidRequest('Expecting a single x-amz-checksum- header. Multiple checksum Types are not allowed.');
  }
  const value = header(headers, checksumHeader(algorithm)) ?? '';
  if (!isDigest(algorithm, composite ? value.replace(/-\d+$/, '') : value)) {
    throw invalidRequest(`Value for ${checksumHeader(algorithm)} header is invalid.`);
  }
  return { algorithm, value };
}

/** The checksum that an aws-chunked body brings behind its last chunk. */
function trailingClaim(trailers: readonly string[]): ChecksumClaim | undefined {
  const [name, ...more] = trailers;
  if (name === undefined) return undefined;
  const algorithm = CHECKSUM_ALGORITHMS.find((one) => checksumHeader(one) === name);
  if (more.length > 0 || !algorithm) {
    throw invalidRequest('The value specified in the x-amz-trailer header is not supported');
  }
  return { algorithm, value: undefined };
}

/** @throws {Refusal} InvalidRequest */
function checkSdkAlgorithm(headers: IncomingHttpHeaders, claim: ChecksumClaim | undefined): void {
  const named = algorithmNamed(header(headers, 'x-amz-sdk-checksum-algorithm'));
  if (named && !claim) {
    throw invalidRequest(
      'x-amz-sdk-checksum-algorithm specified, but no corresponding x-amz-checksum-* or x-amz-trailer headers were found.',
    );
  }
  if (named && named !== claim?.algorithm) {
    throw invalidRequest('Value for x-amz-sdk-checksum-algorithm header is invalid.');
  }
}

function bytesAnnounced(headers: IncomingHttpHeaders, framed: boolean): number {
  const text = header(headers, framed ? 'x-amz-decoded-content-length' : 'content-length');
  if (text === undefined || !/^\d{1,15}$/.test(text)) {
    throw new Refusal(411, 'MissingContentLength', 'You must provide the Content-Length HTTP header.');
  }
  return Number(text);
}

/**
 * What a request says of its body.
 * @param largest in bytes; 5 GiB unless told.
 * @param checksumOf whether a checksum in the headers is the body's.
 * @throws {Refusal} before a byte of the body is read.
 */
export function bodyClaims(
  headers: IncomingHttpHeaders,
  { largest = LARGEST_BODY, checksumOf = 'body' }: { largest?: number; checksumOf?: 'body' | 'object' } = {},
): BodyClaims {
  const payload = header(headers, 'x-amz-content-sha256');
  if (payload === undefined) throw invalidRequest('Missing required header for this request: x-amz-content-sha256');
  const isHash = /^[0-9a-f]{64}$/i.test(payload);
  if (!isHash && !Object.hasOwn(FRAMINGS, payload)) {
    const message =
      'x-amz-content-sha256 must be UNSIGNED-PAYLOAD, STREAMING-UNSIGNED-PAYLOAD-TRAILER, STREAMING-AWS4-HMAC-SHA256-PAYLOAD, STREAMING-AWS4-HMAC-SHA256-PAYLOAD-TRAILER or a valid sha256 value.';
    throw invalidArgument(message, 'x-amz-content-sha256', payload);
  }
  const framing = isHash ? undefined : FRAMINGS[payload as keyof typeof FRAMINGS];
  const length = bytesAnnounced(headers, framing !== undefined);
  if (length > largest) throw entityTooLarge(length, largest);

  const md5 = header(headers, 'content-md5');
  if (md5 !== undefined && !isBase64Of(16, md5)) {
    throw new Refusal(400, 'InvalidDigest', 'The Content-MD5 you specified was invalid.', { 'Content-MD5': md5 });
  }
  const trailers = (framing?.trailers ? (header(headers, 'x-amz-trailer') ?? '') : '')
    .split(',')
    .map((name) => name.trim().toLowerCase())
    .filter((name) => name !== '');
  const inHeader = checksumOf === 'body' ? checksumClaim(headers) : undefined;
  const inTrailer = trailingClaim(trailers);
  if (inHeader && inTrailer) {
    throw invalidRequest('Expecting a single x-amz-checksum- header. Multiple checksum Types are not allowed.');
  }
  const checksum = inHeader ?? inTrailer;
  checkSdkAlgorithm(headers, checksum);
  return { length, framing, md5, sha256: isHash ? payload.toLowerCase() : undefined, checksum, trailers };
}
