import type { Exchange, Reply, SimulatedWorld } from '../service.ts';
import type { BodyStore } from './bodies.ts';
import type { Bucket, StoredVersion, Upload } from './buckets.ts';
import { header } from './claims.ts';
import { invalidArgument, noSuchKey, noSuchUpload, notSimulated, Refusal } from './refusal.ts';
import { type Content, xmlDocument } from './xml.ts';

/** One request to a bucket that is there and may be used. */
export interface Call {
  readonly world: SimulatedWorld;
  readonly exchange: Exchange;
  readonly bucket: Bucket;
  readonly key: string;
  readonly bodies: BodyStore;
  /** Whether ETags are MD5 digests; where bodies are discarded they are made up, to spare the time. */
  readonly md5: boolean;
}

export function xmlReply(root: string, content: Content, headers: Readonly<Record<string, string>> = {}): Reply {
  return { status: 200, headers: { 'content-type': 'application/xml', ...headers }, body: xmlDocument(root, content) };
}

/** As S3 writes dates in XML: whole seconds. */
export function isoDate(ms: number): string {
  return new Date(Math.floor(ms / 1000) * 1000).toISOString();
}

/** The account's canonical user, as far as listings name it. */
export function ownerContent(accountId: string): Content {
  return { ID: accountId.padStart(64, '0') };
}

/** The header of a version's id, where the bucket keeps versions. */
export function versionHeaders(bucket: Bucket, versionId: string): Record<string, string> {
  return bucket.versioning ? { 'x-amz-version-id': versionId } : {};
}

/**
 * The object that a request is about: the version it names, or the current one.
 * @throws {Refusal} NoSuchKey, NoSuchVersion, MethodNotAllowed for a delete marker.
 */
export function requestedVersion({ bucket, key, exchange }: Call): StoredVersion {
  const versionId = exchange.query.get('versionId');
  const version = versionId === null ? bucket.current(key) : bucket.version(key, versionId);
  if (!version && versionId === null) throw noSuchKey(key);
  if (!version) {
    const message = 'The specified version does not exist.';
    throw new Refusal(404, 'NoSuchVersion', message, { Key: key, VersionId: versionId ?? '' });
  }
  if ('deleteMarker' in version) {
    const message = 'The specified method is not allowed against this resource.';
    throw new Refusal(405, 'MethodNotAllowed', message, { Method: exchange.method, ResourceType: 'DeleteMarker' });
  }
  return version;
}

/** The unfinished upload that a request names. @throws {Refusal} NoSuchUpload */
export function requestedUpload({ bucket, key, exchange }: Call): Upload {
  const uploadId = exchange.query.get('uploadId') ?? '';
  const upload = bucket.uploads.get(uploadId);
  if (upload?.key !== key) throw noSuchUpload(uploadId);
  return upload;
}

/** Whether the write must not replace anything. @throws {Refusal} NotImplemented for any other condition than `*`. */
export function isIfAbsent(exchange: Exchange): boolean {
  const condition = header(exchange.headers, 'if-none-match');
  if (condition !== undefined && condition !== '*') throw notSimulated(`If-None-Match: ${condition} on writing`);
  return condition === '*';
}

const LARGEST_COUNT = 2 ** 31 - 1;

/** A count in the query or a header; S3 caps it at 1,000. @throws {Refusal} InvalidArgument */
export function countOf(name: string, text: string | null | undefined, { cap = 1000, absent = 1000 } = {}): number {
  if (text === null || text === undefined) return absent;
  const count = Number(text);
  if (!/^\d{1,10}$/.test(text) || count > LARGEST_COUNT) {
    throw invalidArgument(`Argument ${name} must be an integer between 0 and ${LARGEST_COUNT}`, name, text);
  }
  return Math.min(count, cap);
}
