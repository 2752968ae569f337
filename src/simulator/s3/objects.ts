import { createHash } from 'node:crypto';
import type { ObjectChecksum } from '../../domain/checksum.ts';
import type { Reply } from '../service.ts';
import { attributeHeaders, attributesFrom, encryptionHeaders } from './attributes.ts';
import { areKept, readBodies } from './bodies.ts';
import type { StoredVersion } from './buckets.ts';
import { type Call, countOf, isIfAbsent, isoDate, requestedVersion, versionHeaders, xmlReply } from './call.ts';
import { bodyClaims, checksumHeader, header } from './claims.ts';
import { drain, takeBody, takeDocument } from './intake.ts';
import {
  conditionalRequestConflict,
  invalidArgument,
  invalidRequest,
  notSimulated,
  preconditionFailed,
  Refusal,
} from './refusal.ts';
import { parseTagging, taggingContent } from './tags.ts';
import type { Content } from './xml.ts';

/** 10 tags of 128 and 256 characters, in XML. */
const LARGEST_TAGGING = 128 * 1024;

/** The headers by which replies tell a checksum. */
function checksumHeaders({ algorithm, type, value }: ObjectChecksum): Record<string, string> {
  return { [checksumHeader(algorithm)]: value, 'x-amz-checksum-type': type };
}

/** Where the MD5 is not the ETag (encryption by KMS, discarded bodies), 32 hexadecimal digits that look like one. */
export function etagOf(md5: string | undefined, encryption: string, seed: string): string {
  if (md5 !== undefined && encryption === 'AES256') return md5;
  return createHash('md5').update(`not the digest of the body ${seed}`).digest('hex');
}

/** @throws {Refusal} 412 where there is an object, 409 where the key was written or deleted meanwhile. */
export function checkIfAbsent({ bucket, key }: Call, changesBefore: number): void {
  if (bucket.changes(key) !== changesBefore) throw conditionalRequestConflict(key);
  if (bucket.current(key)) throw preconditionFailed('If-None-Match');
}

export async function putObject(call: Call): Promise<Reply> {
  const { world, exchange, bucket, key, bodies, md5 } = call;
  const ifAbsent = isIfAbsent(exchange);
  const attributes = attributesFrom(exchange.headers, world, bucket);
  const claims = bodyClaims(exchange.headers);
  const changesBefore = bucket.changes(key);
  if (ifAbsent) checkIfAbsent(call, changesBefore);
  const algorithm = claims.checksum?.algorithm ?? 'CRC64NVME';
  const arrived = await takeBody(exchange, claims, bodies, { md5, algorithms: [algorithm] });
  try {
    if (ifAbsent) checkIfAbsent(call, changesBefore);
  } catch (error) {
    await arrived.body.release();
    throw error;
  }
  const checksum: ObjectChecksum = { algorithm, type: 'FULL_OBJECT', value: arrived.checksums.get(algorithm) ?? '' };
  const version: StoredVersion = {
    key,
    versionId: bucket.nextVersionId(),
    size: arrived.size,
    etag: etagOf(arrived.md5, attributes.encryption.algorithm, `${checksum.value} ${arrived.size}`),
    lastModified: world.now(),
    attributes,
    checksum,
    partChecksums: false,
    bodies: [arrived.body],
  };
  await bucket.put(version);
  return {
    status: 200,
    headers: {
      etag: `"${version.etag}"`,
      ...encryptionHeaders(attributes.encryption),
      ...checksumHeaders(checksum),
      ...versionHeaders(bucket, version.versionId),
    },
  };
}

interface Range {
  readonly start: number;
  readonly end: number;
}

/** The one range asked for; undefined for none, and for what S3 takes for none: several, or one that makes no sense. */
function rangeOf(text: string | undefined, size: number): Range | undefined {
  const [, first, last] = /^bytes=(\d{0,15})-(\d{0,15})$/.exec(text ?? '') ?? [];
  if (text === undefined || first === undefined || last === undefined || (first === '' && last === ''))
    return undefined;
  if (first !== '' && last !== '' && Number(first) > Number(last)) return undefined;
  const start = first === '' ? Math.max(0, size - Number(last)) : Number(first);
  const end = first === '' || last === '' ? size - 1 : Math.min(Number(last), size - 1);
  if (start >= size) {
    throw new Refusal(416, 'InvalidRange', 'The requested range is not satisfiable', {
      RangeRequested: text,
      ActualObjectSize: size,
    });
  }
  return { start, end };
}

/** The object and the reply that GetObject and HeadObject begin with. */
function found(call: Call): { version: StoredVersion; range: Range | undefined; reply: Reply } {
  const { headers } = call.exchange;
  const version = requestedVersion(call);
  const match = header(headers, 'if-match');
  if (match !== undefined && match.replaceAll('"', '') !== version.etag) throw preconditionFailed('If-Match');
  const mode = header(headers, 'x-amz-checksum-mode');
  if (mode !== undefined && mode !== 'ENABLED')
    throw invalidRequest('Value for x-amz-checksum-mode header is invalid.');
  const range = rangeOf(header(headers, 'range'), version.size);
  const length = range ? range.end - range.start + 1 : version.size;
  const reply = {
    status: range ? 206 : 200,
    headers: {
      'accept-ranges': 'bytes',
      'content-length': String(length),
      etag: `"${version.etag}"`,
      'last-modified': new Date(version.lastModified).toUTCString(),
      ...attributeHeaders(version.attributes),
      ...versionHeaders(call.bucket, version.versionId),
      ...(range ? { 'content-range': `bytes ${range.start}-${range.end}/${version.size}` } : {}),
      // S3 gives the object's checksum only with all of its bytes.
      ...(mode && length === version.size ? checksumHeaders(version.checksum) : {}),
    },
  };
  return { version, range, reply };
}

export async function headObject(call: Call): Promise<Reply> {
  return found(call).reply;
}

export async function getObject(call: Call): Promise<Reply> {
  const { version, range, reply } = found(call);
  const { storageClass } = version.attributes;
  if (storageClass === 'GLACIER' || storageClass === 'DEEP_ARCHIVE') {
    const message = "The operation is not valid for the object's storage class";
    throw new Refusal(403, 'InvalidObjectState', message, { StorageClass: storageClass });
  }
  if (!areKept(version.bodies)) throw notSimulated('reading an object where bodies are discarded');
  return { ...reply, body: readBodies(version.bodies, range?.start ?? 0, range?.end ?? version.size - 1) };
}

export async function deleteObject({ world, exchange, bucket, key }: Call): Promise<Reply> {
  await drain(exchange);
  const versionId = exchange.query.get('versionId');
  if (versionId !== null) {
    const version = bucket.version(key, versionId);
    await bucket.deleteVersion(key, versionId);
    const headers = versionHeaders(bucket, versionId);
    if (version && 'deleteMarker' in version) headers['x-amz-delete-marker'] = 'true';
    return { status: 204, headers };
  }
  const marker = await bucket.delete(key, world.now());
  if (!marker) return { status: 204 };
  return { status: 204, headers: { 'x-amz-delete-marker': 'true', 'x-amz-version-id': marker.versionId } };
}

export async function getObjectTagging(call: Call): Promise<Reply> {
  const version = requestedVersion(call);
  const headers = versionHeaders(call.bucket, version.versionId);
  return xmlReply('Tagging', taggingContent(version.attributes.tags), headers);
}

export async function putObjectTagging(call: Call): Promise<Reply> {
  const { exchange, bucket, key } = call;
  const { md5, checksum } = bodyClaims(exchange.headers, { largest: LARGEST_TAGGING });
  if (md5 === undefined && !checksum) {
    throw invalidRequest('Missing required header for this request: Content-MD5 OR x-amz-checksum-*');
  }
  const tags = parseTagging(await takeDocument(exchange, { largest: LARGEST_TAGGING }));
  const version = requestedVersion(call);
  bucket.setTags(key, version.versionId, tags);
  return { status: 200, headers: versionHeaders(bucket, version.versionId) };
}

const ATTRIBUTES = ['ETag', 'Checksum', 'ObjectParts', 'StorageClass', 'ObjectSize'];

export async function getObjectAttributes(call: Call): Promise<Reply> {
  const version = requestedVersion(call);
  const text = header(call.exchange.headers, 'x-amz-object-attributes') ?? '';
  const asked = text.split(',').map((name) => name.trim());
  if (text === '') {
    throw invalidRequest(
      'The x-amz-object-attributes header specifying the attributes to be retrieved is either missing or empty',
    );
  }
  const unknown = asked.find((name) => !ATTRIBUTES.includes(name));
  if (unknown !== undefined) {
    throw invalidArgument('Invalid attribute name specified.', 'x-amz-object-attributes', unknown);
  }
  const { algorithm, type, value } = version.checksum;
  const known: Record<string, Content | undefined> = {
    ETag: version.etag,
    // Without the `-<parts>` that HeadObject puts behind a composite one.
    Checksum: { [`Checksum${algorithm}`]: value.replace(/-\d+$/, ''), ChecksumType: type },
    ObjectParts: partsContent(call, version),
    StorageClass: version.attributes.storageClass,
    ObjectSize: version.size,
  };
  return xmlReply('GetObjectAttributesResponse', Object.fromEntries(asked.map((name) => [name, known[name]])), {
    'last-modified': new Date(version.lastModified).toUTCString(),
    ...versionHeaders(call.bucket, version.versionId),
  });
}

function partsContent({ exchange }: Call, { parts, partChecksums, checksum }: StoredVersion): Content | undefined {
  if (!parts) return undefined;
  if (!partChecksums) return { PartsCount: parts.length };
  const marker = countOf('part-number-marker', header(exchange.headers, 'x-amz-part-number-marker'), {
    cap: Number.POSITIVE_INFINITY,
    absent: 0,
  });
  const most = countOf('max-parts', header(exchange.headers, 'x-amz-max-parts'));
  const rest = parts.filter(({ partNumber }) => partNumber > marker);
  const page = rest.slice(0, most);
  return {
    PartsCount: parts.length,
    PartNumberMarker: marker,
    NextPartNumberMarker: page.at(-1)?.partNumber ?? 0,
    MaxParts: most,
    IsTruncated: page.length < rest.length,
    Part: page.map((part) => ({
      PartNumber: part.partNumber,
      Size: part.size,
      [`Checksum${checksum.algorithm}`]: part.checksum,
    })),
  };
}

/** One object as ListObjectsV2 shows it. */
export function listedContent(version: StoredVersion, key: string, owner: Content | undefined): Content {
  return {
    Key: key,
    LastModified: isoDate(version.lastModified),
    ETag: `"${version.etag}"`,
    ChecksumAlgorithm: version.checksum.algorithm,
    ChecksumType: version.checksum.type,
    Size: version.size,
    Owner: owner,
    StorageClass: version.attributes.storageClass,
  };
}
