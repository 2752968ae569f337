import type { Reply } from '../service.ts';
import type { Upload } from './buckets.ts';
import { type Call, countOf, isoDate, ownerContent, requestedUpload, xmlReply } from './call.ts';
import { compareUtf8 } from './key-index.ts';
import { listedContent } from './objects.ts';
import { invalidArgument, notSimulated } from './refusal.ts';
import type { Content } from './xml.ts';

/** How names are written: as they are, or percent-encoded as forms are, slashes kept. */
function encoderFor({ exchange }: Call): (text: string) => string {
  const type = exchange.query.get('encoding-type');
  if (type === null) return (text) => text;
  if (type !== 'url') throw invalidArgument('Invalid Encoding Method specified in Request', 'encoding-type', type);
  return (text) =>
    encodeURIComponent(text)
      .replaceAll('%2F', '/')
      .replaceAll('%20', '+')
      .replace(/[!'()~]/g, (sign) => `%${sign.charCodeAt(0).toString(16).toUpperCase()}`);
}

/** Where a page of ListObjectsV2 ended: at a key, or at a common prefix with all keys under it. */
interface Place {
  readonly at: string;
  readonly prefix: boolean;
}

function tokenOf({ at, prefix }: Place): string {
  return Buffer.from(`${prefix ? 'p' : 'k'}${at}`).toString('base64url');
}

function placeOf(token: string): Place {
  const text = Buffer.from(token, 'base64url').toString();
  const place = { at: text.slice(1), prefix: text.startsWith('p') };
  if (!/^[pk]/.test(text) || tokenOf(place) !== token) {
    throw invalidArgument('The continuation token provided is incorrect', 'continuation-token', token);
  }
  return place;
}

interface Page {
  readonly keys: readonly string[];
  readonly prefixes: readonly string[];
  /** Where there is more. */
  readonly next: Place | undefined;
}

/** Keys under `prefix` behind `after`, those that share a part up to the delimiter rolled into one. */
function pageOf(
  call: Call,
  { prefix, delimiter, after, most }: { prefix: string; delimiter: string; after: Place | undefined; most: number },
): Page {
  const keys: string[] = [];
  const prefixes: string[] = [];
  let last: Place | undefined;
  const begin = after && compareUtf8(after.at, prefix) > 0 ? after.at : prefix;
  for (const key of call.bucket.keysFrom(begin)) {
    if (!key.startsWith(prefix)) break;
    if (after && (after.prefix ? key.startsWith(after.at) : key === after.at)) continue;
    const end = delimiter === '' ? -1 : key.indexOf(delimiter, prefix.length);
    const common = end < 0 ? undefined : key.slice(0, end + delimiter.length);
    if (common !== undefined && common === last?.at) continue;
    if (keys.length + prefixes.length === most) return { keys, prefixes, next: most === 0 ? undefined : last };
    if (common === undefined) keys.push(key);
    else prefixes.push(common);
    last = { at: common ?? key, prefix: common !== undefined };
  }
  return { keys, prefixes, next: undefined };
}

export async function listObjectsV2(call: Call): Promise<Reply> {
  const { bucket, exchange } = call;
  const { query } = exchange;
  if (query.get('list-type') !== '2') {
    throw invalidArgument('Invalid List Type specified in Request', 'list-type', query.get('list-type') ?? '');
  }
  const encode = encoderFor(call);
  const prefix = query.get('prefix') ?? '';
  const delimiter = query.get('delimiter') ?? '';
  const token = query.get('continuation-token');
  const startAfter = query.get('start-after');
  const most = countOf('max-keys', query.get('max-keys'));
  const start = startAfter === null ? undefined : { at: startAfter, prefix: false };
  const page = pageOf(call, { prefix, delimiter, after: token === null ? start : placeOf(token), most });
  const owner = query.get('fetch-owner') === 'true' ? ownerContent(bucket.owner) : undefined;
  return xmlReply('ListBucketResult', {
    Name: bucket.name,
    Prefix: encode(prefix),
    Delimiter: delimiter === '' ? undefined : encode(delimiter),
    StartAfter: startAfter === null ? undefined : encode(startAfter),
    ContinuationToken: token ?? undefined,
    NextContinuationToken: page.next ? tokenOf(page.next) : undefined,
    KeyCount: page.keys.length + page.prefixes.length,
    MaxKeys: most,
    EncodingType: query.get('encoding-type') ?? undefined,
    IsTruncated: page.next !== undefined,
    Contents: page.keys.flatMap((key) => {
      const version = bucket.current(key);
      return version ? [listedContent(version, encode(key), owner)] : [];
    }),
    CommonPrefixes: page.prefixes.map((common) => ({ Prefix: encode(common) })),
  });
}

export async function listParts(call: Call): Promise<Reply> {
  const { bucket, exchange, key } = call;
  const { query } = exchange;
  const upload = requestedUpload(call);
  const most = countOf('max-parts', query.get('max-parts'));
  const marker = countOf('part-number-marker', query.get('part-number-marker'), {
    cap: Number.POSITIVE_INFINITY,
    absent: 0,
  });
  const rest = [...upload.parts.values()]
    .filter(({ partNumber }) => partNumber > marker)
    .sort((a, b) => a.partNumber - b.partNumber);
  const page = rest.slice(0, most);
  return xmlReply('ListPartsResult', {
    Bucket: bucket.name,
    Key: key,
    UploadId: upload.uploadId,
    Initiator: ownerContent(bucket.owner),
    Owner: ownerContent(bucket.owner),
    StorageClass: upload.attributes.storageClass,
    PartNumberMarker: marker,
    NextPartNumberMarker: page.at(-1)?.partNumber ?? 0,
    MaxParts: most,
    IsTruncated: page.length < rest.length,
    ...checksumContent(upload),
    Part: page.map((part) => ({
      PartNumber: part.partNumber,
      LastModified: isoDate(part.lastModified),
      ETag: `"${part.etag}"`,
      Size: part.size,
      ...(upload.explicit ? { [`Checksum${upload.algorithm}`]: part.checksum } : {}),
    })),
  });
}

function checksumContent({ explicit, algorithm, checksumType }: Upload): Record<string, Content> {
  return explicit ? { ChecksumAlgorithm: algorithm, ChecksumType: checksumType } : {};
}

export async function listMultipartUploads(call: Call): Promise<Reply> {
  const { bucket, exchange } = call;
  const { query } = exchange;
  const encode = encoderFor(call);
  if (query.has('delimiter')) throw notSimulated('a delimiter in ListMultipartUploads');
  const prefix = query.get('prefix') ?? '';
  const keyMarker = query.get('key-marker') ?? '';
  const idMarker = query.get('upload-id-marker') ?? '';
  const most = countOf('max-uploads', query.get('max-uploads'));
  const markerOrder = keyMarker === '' || idMarker === '' ? undefined : bucket.uploadOrder.get(idMarker);
  const orderOf = ({ uploadId }: Upload) => bucket.uploadOrder.get(uploadId) ?? 0;
  const isBehind = (upload: Upload) => {
    const order = compareUtf8(upload.key, keyMarker);
    return order === 0 ? markerOrder !== undefined && orderOf(upload) > markerOrder : order > 0;
  };
  const rest = [...bucket.uploads.values()]
    .filter((upload) => upload.key.startsWith(prefix) && (keyMarker === '' || isBehind(upload)))
    .sort((a, b) => compareUtf8(a.key, b.key) || orderOf(a) - orderOf(b));
  const page = rest.slice(0, most);
  const last = page.at(-1);
  const truncated = page.length < rest.length && last !== undefined;
  return xmlReply('ListMultipartUploadsResult', {
    Bucket: bucket.name,
    KeyMarker: encode(keyMarker),
    UploadIdMarker: idMarker,
    NextKeyMarker: truncated ? encode(last.key) : undefined,
    NextUploadIdMarker: truncated ? last.uploadId : undefined,
    Prefix: encode(prefix),
    EncodingType: query.get('encoding-type') ?? undefined,
    MaxUploads: most,
    IsTruncated: truncated,
    Upload: page.map((upload) => ({
      Key: encode(upload.key),
      UploadId: upload.uploadId,
      Initiator: ownerContent(bucket.owner),
      Owner: ownerContent(bucket.owner),
      StorageClass: upload.attributes.storageClass,
      Initiated: isoDate(upload.initiated),
      ...checksumContent(upload),
    })),
  });
}
