import type { Exchange } from '../service.ts';
import { header } from './claims.ts';
import { notSimulated, Refusal } from './refusal.ts';

/** What the simulated S3 does, by method, what it is done to, and the sub-resource in the query. */
const OPERATIONS = {
  CreateBucket: ['PUT', 'bucket'],
  HeadBucket: ['HEAD', 'bucket'],
  GetBucketLocation: ['GET', 'bucket', 'location'],
  GetBucketVersioning: ['GET', 'bucket', 'versioning'],
  GetObjectLockConfiguration: ['GET', 'bucket', 'object-lock'],
  GetBucketEncryption: ['GET', 'bucket', 'encryption'],
  GetBucketLifecycleConfiguration: ['GET', 'bucket', 'lifecycle'],
  PutBucketLifecycleConfiguration: ['PUT', 'bucket', 'lifecycle'],
  DeleteBucketLifecycle: ['DELETE', 'bucket', 'lifecycle'],
  ListMultipartUploads: ['GET', 'bucket', 'uploads'],
  ListObjectsV2: ['GET', 'bucket', 'list-type'],
  UploadPart: ['PUT', 'object', 'uploadId'],
  PutObjectTagging: ['PUT', 'object', 'tagging'],
  PutObject: ['PUT', 'object'],
  ListParts: ['GET', 'object', 'uploadId'],
  GetObjectTagging: ['GET', 'object', 'tagging'],
  GetObjectAttributes: ['GET', 'object', 'attributes'],
  GetObject: ['GET', 'object'],
  HeadObject: ['HEAD', 'object'],
  AbortMultipartUpload: ['DELETE', 'object', 'uploadId'],
  DeleteObject: ['DELETE', 'object'],
  CreateMultipartUpload: ['POST', 'object', 'uploads'],
  CompleteMultipartUpload: ['POST', 'object', 'uploadId'],
} as const satisfies Record<string, readonly [method: string, on: 'bucket' | 'object', subResource?: string]>;

export type OperationName = keyof typeof OPERATIONS;

/** Parameters that name no sub-resource. `x-id` is the SDK's own note of the operation. */
const PLAIN_PARAMETERS = [
  'x-id',
  'prefix',
  'delimiter',
  'continuation-token',
  'start-after',
  'max-keys',
  'encoding-type',
  'fetch-owner',
  'partNumber',
  'part-number-marker',
  'max-parts',
  'max-uploads',
  'key-marker',
  'upload-id-marker',
  'versionId',
];

export interface Route {
  /** Undefined: nothing that the simulator does. */
  readonly operation: OperationName | undefined;
  readonly bucket: string;
  /** Empty where the bucket itself is meant. */
  readonly key: string;
  readonly detail: Readonly<Record<string, string | number>>;
}

type Request = Pick<Exchange, 'method' | 'rawPath' | 'query' | 'headers'>;

/** What a path-style request asks for. @throws {Refusal} InvalidURI */
export function route({ method, rawPath, query, headers }: Request): Route {
  const slash = rawPath.indexOf('/', 1);
  const bucket = decode(slash < 0 ? rawPath.slice(1) : rawPath.slice(1, slash));
  const key = slash < 0 ? '' : decode(rawPath.slice(slash + 1));
  const subResources = [...query.keys()].filter((name) => !PLAIN_PARAMETERS.includes(name));
  const found = Object.entries(OPERATIONS).find(([, [verb, on, subResource]]) => {
    if (verb !== method || (on === 'object') !== (key !== '')) return false;
    return subResource === undefined ? subResources.length === 0 : subResources.join() === subResource;
  });
  const operation = bucket === '' ? undefined : (found?.[0] as OperationName | undefined);
  const bytes = header(headers, 'x-amz-decoded-content-length') ?? header(headers, 'content-length');
  return {
    operation,
    bucket,
    key,
    detail: {
      bucket,
      ...(key === '' ? {} : { key }),
      ...(query.has('uploadId') ? { uploadId: query.get('uploadId') ?? '' } : {}),
      ...(query.has('partNumber') ? { partNumber: Number(query.get('partNumber')) } : {}),
      ...(query.has('prefix') ? { prefix: query.get('prefix') ?? '' } : {}),
      ...(operation === 'PutObject' || operation === 'UploadPart' ? { bytes: Number(bytes ?? 0) } : {}),
    },
  };
}

function decode(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    throw new Refusal(400, 'InvalidURI', "Couldn't parse the specified URI.", { URI: text });
  }
}

/** What real S3 honours and the simulator does not: a request that has one of these is not done half. */
const LEFT_OUT = [
  'x-amz-acl',
  'x-amz-copy-source',
  'x-amz-object-lock-mode',
  'x-amz-object-lock-legal-hold',
  'x-amz-server-side-encryption-customer-algorithm',
  'x-amz-server-side-encryption-context',
  'x-amz-website-redirect-location',
  'x-amz-write-offset-bytes',
  'x-amz-if-match-initiated-time',
  'if-modified-since',
  'if-unmodified-since',
];

/** @throws {Refusal} NotImplemented */
export function refuseLeftOut({ operation }: Route, { method, query, headers }: Request): void {
  const left = LEFT_OUT.find((name) => headers[name] !== undefined);
  if (left) throw notSimulated(`the header ${left}`);
  const reads = method === 'GET' || method === 'HEAD';
  const condition = reads ? 'if-none-match' : 'if-match';
  if (headers[condition] !== undefined)
    throw notSimulated(`the header ${condition} on ${reads ? 'reading' : 'writing'}`);
  if (query.has('partNumber') && operation !== 'UploadPart') throw notSimulated('reading an object by its part number');
}
