import { createHash } from 'node:crypto';
import { tmpdir } from 'node:os';
import { checksumOf, type ObjectChecksum } from '../../domain/checksum.ts';
import { BugError } from '../../lib/errors.ts';
import { MiB } from '../../lib/size.ts';
import type { Exchange, Reply, SimulatedService, SimulatedWorld } from '../service.ts';
import { type Attributes, attributesFrom, encryptionFrom } from './attributes.ts';
import { BodyStore, readBodies } from './bodies.ts';
import {
  createBucket,
  getBucketLocation,
  headBucket,
  type NewBucketOptions,
  newBucket,
  usableBucket,
} from './bucket-calls.ts';
import {
  deleteBucketLifecycle,
  getBucketEncryption,
  getBucketLifecycle,
  getBucketVersioning,
  getObjectLockConfiguration,
  putBucketLifecycle,
} from './bucket-settings.ts';
import type { Bucket, Part, StoredVersion, Upload } from './buckets.ts';
import type { Call } from './call.ts';
import { completeMultipartUpload } from './complete.ts';
import { listMultipartUploads, listObjectsV2, listParts } from './listing.ts';
import {
  deleteObject,
  etagOf,
  getObject,
  getObjectAttributes,
  getObjectTagging,
  headObject,
  putObject,
  putObjectTagging,
} from './objects.ts';
import { notSimulated, Refusal } from './refusal.ts';
import { type OperationName, type Route, refuseLeftOut, route } from './route.ts';
import { abortMultipartUpload, createMultipartUpload, uploadPart } from './uploads.ts';
import { xmlDocument } from './xml.ts';

export interface S3Options {
  /** Bytes of bodies to hold in memory; what is more goes to a temporary folder. 256 MiB unless told. */
  readonly memoryBudget?: number;
  /** Where that folder is made: the system's place for such, unless told. */
  readonly temporaryFolder?: string;
  /** Keeps sizes and checksums only: GetObject and `bytes` fail, ETags are made up. For measurements. */
  readonly discardBodies?: boolean;
}

/** An object as tests see it. */
export interface SimulatedObject {
  readonly key: string;
  readonly versionId: string;
  readonly size: number;
  /** Without its quotes. */
  readonly etag: string;
  readonly lastModified: number;
  readonly storageClass: string;
  readonly metadata: Readonly<Record<string, string>>;
  readonly tags: Readonly<Record<string, string>>;
  readonly contentType: string | undefined;
  readonly encryption: Attributes['encryption'];
  readonly checksum: ObjectChecksum;
  /** Empty where the object came by PutObject. */
  readonly parts: readonly Pick<Part, 'partNumber' | 'size' | 'etag' | 'checksum'>[];
}

/** An unfinished multipart upload as tests see it. */
export interface SimulatedUpload {
  readonly key: string;
  readonly uploadId: string;
  readonly initiated: number;
  readonly algorithm: ObjectChecksum['algorithm'];
  readonly checksumType: ObjectChecksum['type'];
  readonly parts: readonly Pick<Part, 'partNumber' | 'size' | 'etag' | 'checksum'>[];
}

/** S3, and a way past its API for tests: to set the scene, and to see what has come of it. */
export interface SimulatedS3 extends SimulatedService {
  readonly name: 's3';
  identify: NonNullable<SimulatedService['identify']>;
  /** @param options.open lets callers of other accounts in. */
  addBucket(name: string, options?: NewBucketOptions): void;
  readonly buckets: readonly string[];
  /** Writes an object, whatever was there. `headers` as PutObject takes them, by lower-case name. */
  putBytes(bucket: string, key: string, bytes: Buffer, headers?: Readonly<Record<string, string>>): Promise<void>;
  remove(bucket: string, key: string): Promise<void>;
  /** Current objects in order of their keys' UTF-8 bytes. */
  objects(bucket: string): readonly SimulatedObject[];
  /** A current object's bytes, of any storage class. */
  bytes(bucket: string, key: string): Promise<Buffer>;
  uploads(bucket: string): readonly SimulatedUpload[];
  /** Removes the temporary folder. The last call. */
  close(): Promise<void>;
}

const DO: Readonly<Record<Exclude<OperationName, 'CreateBucket'>, (call: Call) => Promise<Reply>>> = {
  HeadBucket: headBucket,
  GetBucketLocation: getBucketLocation,
  GetBucketVersioning: getBucketVersioning,
  GetObjectLockConfiguration: getObjectLockConfiguration,
  GetBucketEncryption: getBucketEncryption,
  GetBucketLifecycleConfiguration: getBucketLifecycle,
  PutBucketLifecycleConfiguration: putBucketLifecycle,
  DeleteBucketLifecycle: deleteBucketLifecycle,
  ListObjectsV2: listObjectsV2,
  ListMultipartUploads: listMultipartUploads,
  PutObject: putObject,
  GetObject: getObject,
  HeadObject: headObject,
  DeleteObject: deleteObject,
  GetObjectTagging: getObjectTagging,
  PutObjectTagging: putObjectTagging,
  GetObjectAttributes: getObjectAttributes,
  CreateMultipartUpload: createMultipartUpload,
  UploadPart: uploadPart,
  ListParts: listParts,
  CompleteMultipartUpload: completeMultipartUpload,
  AbortMultipartUpload: abortMultipartUpload,
};

/** Bytes of UTF-8 (S3 user guide, object keys). */
const KEY_LIMIT = 1024;

/**
 * S3 with path-style addressing, as strict as AWS where it does what S3 does, and with NotImplemented where it
 * does not. Chunks' signatures of signed aws-chunked bodies are not checked.
 */
export function createS3(world: SimulatedWorld, options: S3Options = {}): SimulatedS3 {
  const { memoryBudget = 256 * MiB, temporaryFolder = tmpdir(), discardBodies = false } = options;
  const buckets = new Map<string, Bucket>();
  const bodies = new BodyStore({ memoryBudget, temporaryFolder, discardBodies });

  const carryOut = async (exchange: Exchange): Promise<Reply> => {
    const asked = route(exchange);
    const { operation, bucket: name, key, detail } = asked;
    exchange.operation = operation ?? 'Unknown';
    exchange.detail = { ...detail };
    if (!operation) throw notSimulated(`${exchange.method} with ${exchange.query}`);
    refuseLeftOut(asked, exchange);
    if (operation === 'CreateBucket') return createBucket({ exchange, name }, buckets);
    const bucket = usableBucket(buckets, { name, operation, exchange });
    const keySize = Buffer.byteLength(key);
    if (keySize > KEY_LIMIT) {
      throw new Refusal(400, 'KeyTooLongError', 'Your key is too long', { Size: keySize, MaxSizeAllowed: KEY_LIMIT });
    }
    return DO[operation]({ world, exchange, bucket, key, bodies, md5: !discardBodies });
  };

  const bucketNamed = (name: string): Bucket => {
    const bucket = buckets.get(name);
    if (!bucket) throw new BugError(`the simulator has no bucket "${name}"`);
    return bucket;
  };
  const objectNamed = (bucket: string, key: string): StoredVersion => {
    const version = bucketNamed(bucket).current(key);
    if (!version) throw new BugError(`the simulator's bucket "${bucket}" has no object "${key}"`);
    return version;
  };

  return {
    name: 's3',
    async handle(exchange) {
      try {
        return await carryOut(exchange);
      } catch (error) {
        if (error instanceof Refusal) return refusalReply(error, exchange);
        throw error;
      }
    },
    identify(request) {
      try {
        const asked = route(request);
        const { operation = 'Unknown', detail } = asked;
        return {
          operation,
          detail: { ...detail, ...permissionDetail(buckets.get(asked.bucket), asked, request, world) },
        };
      } catch (error) {
        if (error instanceof Refusal) return { operation: 'Unknown', detail: {} };
        throw error;
      }
    },
    addBucket: (name, how = {}) => void buckets.set(name, newBucket(world, name, how)),
    get buckets() {
      return [...buckets.keys()];
    },
    async putBytes(name, key, bytes, headers = {}) {
      const bucket = bucketNamed(name);
      const attributes = attributesFrom(headers, world, bucket);
      const writer = await bodies.writer(bytes.length);
      await writer.write(Buffer.from(bytes));
      const value = checksumOf('CRC64NVME', bytes);
      await bucket.put({
        key,
        versionId: bucket.nextVersionId(),
        size: bytes.length,
        etag: etagOf(createHash('md5').update(bytes).digest('hex'), attributes.encryption.algorithm, value),
        lastModified: world.now(),
        attributes,
        checksum: { algorithm: 'CRC64NVME', type: 'FULL_OBJECT', value },
        partChecksums: false,
        bodies: [await writer.finish()],
      });
    },
    remove: async (bucket, key) => void (await bucketNamed(bucket).delete(key, world.now())),
    objects(name) {
      const bucket = bucketNamed(name);
      return [...bucket.keysFrom('')].map((key) => seen(objectNamed(name, key)));
    },
    async bytes(bucket, key) {
      const { bodies: stored, size } = objectNamed(bucket, key);
      return Buffer.concat(await Array.fromAsync(readBodies(stored, 0, size - 1)));
    },
    uploads: (name) => [...bucketNamed(name).uploads.values()].map(seenUpload),
    close: () => bodies.close(),
  };
}

/** What a write needs beyond the permission to write: the key that its bytes are encrypted with, the right to tag. */
function permissionDetail(
  bucket: Bucket | undefined,
  { operation, key, detail: { uploadId } }: Route,
  { headers }: Pick<Exchange, 'headers'>,
  world: SimulatedWorld,
): Record<string, unknown> {
  if (!bucket) return {};
  const creates = operation === 'PutObject' || operation === 'CreateMultipartUpload';
  const encryption = creates
    ? wantedEncryption(headers, world, bucket)
    : (bucket.uploads.get(String(uploadId)) ?? bucket.current(key))?.attributes.encryption;
  return {
    ...(encryption?.kmsKeyId !== undefined && { kmsKeyId: encryption.kmsKeyId }),
    ...(creates && headers['x-amz-tagging'] !== undefined && { tagged: true }),
  };
}

/** Undefined where the request will be refused for what it says of it. */
function wantedEncryption(...asked: Parameters<typeof encryptionFrom>): Attributes['encryption'] | undefined {
  try {
    return encryptionFrom(...asked);
  } catch (error) {
    if (error instanceof Refusal) return undefined;
    throw error;
  }
}

function refusalReply({ status, code, message, fields, headers }: Refusal, { method, requestId }: Exchange): Reply {
  if (method === 'HEAD') return { status, headers: { 'content-type': 'application/xml', ...headers } };
  const content = { Code: code, Message: message, ...fields, RequestId: requestId, HostId: 'simulator' };
  return {
    status,
    headers: { 'content-type': 'application/xml', ...headers },
    body: xmlDocument('Error', content, { namespace: false }),
  };
}

function seen(version: StoredVersion): SimulatedObject {
  const { key, versionId, size, etag, lastModified, attributes, checksum, parts = [] } = version;
  const { storageClass, metadata, tags, content, encryption } = attributes;
  return {
    key,
    versionId,
    size,
    etag,
    lastModified,
    storageClass,
    metadata,
    tags: Object.fromEntries(tags.map(({ key: tag, value }) => [tag, value])),
    contentType: content['content-type'],
    encryption,
    checksum,
    parts: parts.map(seenPart),
  };
}

function seenPart({ partNumber, size, etag, checksum }: Omit<Part, 'body'>): SimulatedObject['parts'][number] {
  return { partNumber, size, etag, checksum };
}

function seenUpload({ key, uploadId, initiated, algorithm, checksumType, parts }: Upload): SimulatedUpload {
  const inOrder = [...parts.values()].sort((a, b) => a.partNumber - b.partNumber);
  return { key, uploadId, initiated, algorithm, checksumType, parts: inOrder.map(seenPart) };
}
