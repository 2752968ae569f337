import type { IncomingHttpHeaders } from 'node:http';
import { KiB } from '../../lib/size.ts';
import type { SimulatedWorld } from '../service.ts';
import type { Bucket } from './buckets.ts';
import { header } from './claims.ts';
import { invalidArgument, Refusal } from './refusal.ts';
import { parseTagHeader, type Tags } from './tags.ts';

const STORAGE_CLASSES = [
  'STANDARD',
  'REDUCED_REDUNDANCY',
  'STANDARD_IA',
  'ONEZONE_IA',
  'INTELLIGENT_TIERING',
  'GLACIER',
  'DEEP_ARCHIVE',
  'GLACIER_IR',
];
const CONTENT_HEADERS = ['cache-control', 'content-disposition', 'content-language', 'expires'] as const;
/** UTF-8 bytes of names and values (S3 user guide, object metadata). */
const METADATA_LIMIT = 2 * KiB;
const HEADER_LIMIT = 8 * KiB;

/** What an object is written with, besides its bytes. */
export interface Attributes {
  readonly storageClass: string;
  /** Lower-case names without `x-amz-meta-`. */
  readonly metadata: Readonly<Record<string, string>>;
  readonly tags: Tags;
  /** Content-Type, Cache-Control and their like, by lower-case name. */
  readonly content: Readonly<Record<string, string>>;
  readonly encryption: {
    readonly algorithm: string;
    readonly kmsKeyId?: string;
    readonly bucketKey?: boolean;
  };
}

/** @throws {Refusal} for what S3 would not write an object with. */
export function attributesFrom(headers: IncomingHttpHeaders, world: SimulatedWorld, bucket: Bucket): Attributes {
  checkHeaderSize(headers);
  const storageClass = header(headers, 'x-amz-storage-class') ?? 'STANDARD';
  if (!STORAGE_CLASSES.includes(storageClass)) {
    const message = 'The storage class you specified is not valid';
    throw new Refusal(400, 'InvalidStorageClass', message, { StorageClassRequested: storageClass });
  }
  return {
    storageClass,
    metadata: metadataFrom(headers),
    tags: parseTagHeader(header(headers, 'x-amz-tagging')),
    content: contentFrom(headers),
    encryption: encryptionFrom(headers, world, bucket),
  };
}

function checkHeaderSize(headers: IncomingHttpHeaders): void {
  const size = Object.keys(headers).reduce((sum, name) => sum + name.length + (header(headers, name)?.length ?? 0), 0);
  if (size > HEADER_LIMIT) {
    const message = 'Your request header section exceeds the maximum allowed request header size';
    throw new Refusal(400, 'RequestHeaderSectionTooLarge', message, { MaxSizeAllowed: HEADER_LIMIT });
  }
}

function metadataFrom(headers: IncomingHttpHeaders): Record<string, string> {
  const metadata: Record<string, string> = {};
  let size = 0;
  for (const name of Object.keys(headers)) {
    if (!name.startsWith('x-amz-meta-')) continue;
    // Node reads header bytes as Latin-1; S3 takes them for UTF-8.
    const bytes = Buffer.from(header(headers, name) ?? '', 'latin1');
    const key = name.slice('x-amz-meta-'.length);
    metadata[key] = bytes.toString('utf8');
    size += key.length + bytes.length;
  }
  if (size > METADATA_LIMIT) {
    const message = 'Your metadata headers exceed the maximum allowed metadata size';
    throw new Refusal(400, 'MetadataTooLarge', message, { Size: size, MaxSizeAllowed: METADATA_LIMIT });
  }
  return metadata;
}

function contentFrom(headers: IncomingHttpHeaders): Record<string, string> {
  const content: Record<string, string> = { 'content-type': header(headers, 'content-type') ?? 'binary/octet-stream' };
  for (const name of CONTENT_HEADERS) {
    const value = header(headers, name);
    if (value !== undefined) content[name] = value;
  }
  const encoding = (header(headers, 'content-encoding') ?? '')
    .split(',')
    .map((one) => one.trim())
    .filter((one) => one !== '' && one !== 'aws-chunked')
    .join(',');
  if (encoding !== '') content['content-encoding'] = encoding;
  return content;
}

/** What an object is encrypted with: what the request says, or what the bucket does by itself. @throws {Refusal} */
export function encryptionFrom(
  headers: IncomingHttpHeaders,
  world: Pick<SimulatedWorld, 'accountId'>,
  { region, settings }: Pick<Bucket, 'region' | 'settings'>,
): Attributes['encryption'] {
  const asked = header(headers, 'x-amz-server-side-encryption');
  const algorithm = asked ?? settings.encryption?.algorithm ?? 'AES256';
  const key =
    header(headers, 'x-amz-server-side-encryption-aws-kms-key-id') ??
    (asked === undefined ? settings.encryption?.kmsKeyId : undefined);
  if (!['AES256', 'aws:kms', 'aws:kms:dsse'].includes(algorithm)) {
    const message = 'The encryption method specified is not supported';
    throw invalidArgument(message, 'x-amz-server-side-encryption', algorithm);
  }
  if (algorithm === 'AES256') {
    if (key === undefined) return { algorithm };
    const message =
      'Server Side Encryption with AWS KMS managed key requires HTTP header x-amz-server-side-encryption : aws:kms';
    throw invalidArgument(message, 'x-amz-server-side-encryption', algorithm);
  }
  const arn = `arn:aws:kms:${region}:${world.accountId}:key/`;
  return {
    algorithm,
    // Without a key S3 takes the account's own one for S3.
    kmsKeyId:
      key === undefined ? `${arn}00000000-0000-4000-8000-000000000003` : key.startsWith('arn:') ? key : arn + key,
    bucketKey: header(headers, 'x-amz-server-side-encryption-bucket-key-enabled') === 'true',
  };
}

/** The headers by which replies tell an object's encryption. */
export function encryptionHeaders({
  algorithm,
  kmsKeyId,
  bucketKey,
}: Attributes['encryption']): Record<string, string> {
  return {
    'x-amz-server-side-encryption': algorithm,
    ...(kmsKeyId === undefined ? {} : { 'x-amz-server-side-encryption-aws-kms-key-id': kmsKeyId }),
    ...(bucketKey ? { 'x-amz-server-side-encryption-bucket-key-enabled': 'true' } : {}),
  };
}

/** The headers by which GetObject and HeadObject tell an object's attributes. */
export function attributeHeaders({
  storageClass,
  metadata,
  tags,
  content,
  encryption,
}: Attributes): Record<string, string> {
  const headers: Record<string, string> = { ...content, ...encryptionHeaders(encryption) };
  if (storageClass !== 'STANDARD') headers['x-amz-storage-class'] = storageClass;
  if (tags.length > 0) headers['x-amz-tagging-count'] = String(tags.length);
  for (const [name, value] of Object.entries(metadata)) headers[`x-amz-meta-${name}`] = asHeader(value);
  return headers;
}

/** What is not printable ASCII comes back as an RFC 2047 encoded word (S3 user guide, object metadata). */
function asHeader(text: string): string {
  return /^[\x20-\x7e\t]*$/.test(text) ? text : `=?UTF-8?B?${Buffer.from(text).toString('base64')}?=`;
}
