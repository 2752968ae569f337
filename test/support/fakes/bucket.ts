import { createHash, randomUUID } from 'node:crypto';
import { type ChecksumAlgorithm, checksumOf, type ObjectChecksum } from '../../../src/domain/checksum.ts';
import type { ObjectKey, UploadId } from '../../../src/domain/ids.ts';
import type { ByteRange } from '../../../src/domain/ranges.ts';
import { ServiceError, type ServiceFailure } from '../../../src/domain/service-error.ts';
import type { Clock } from '../../../src/lib/clock.ts';
import type {
  Bucket,
  ObjectAttributes,
  ObjectHead,
  StoredObject,
  StreamedBody,
  UploadedPart,
} from '../../../src/ports.ts';
import type { ObjectBytes, ObjectReader } from '../../../src/ports-finish.ts';
import { Failures } from './failures.ts';

export interface FakeObject {
  readonly bytes: Uint8Array;
  readonly attributes: ObjectAttributes;
  readonly etag: string;
  readonly checksum: ObjectChecksum;
  readonly lastModified: number;
}

interface FakeUpload {
  readonly key: ObjectKey;
  readonly algorithm: ChecksumAlgorithm;
  readonly attributes: ObjectAttributes;
  readonly initiatedAt: number;
  readonly parts: Map<number, { readonly bytes: Uint8Array; readonly etag: string; readonly checksum: string }>;
}

/** A bucket in memory that verifies every checksum. */
export class FakeBucket implements Bucket, ObjectReader {
  readonly objects = new Map<ObjectKey, FakeObject>();
  /** Unfinished uploads. */
  readonly open = new Map<UploadId, FakeUpload>();
  /** Errors for the next calls, by the port's method. */
  readonly failures = new Failures();
  /** The methods that were called, in order. */
  readonly calls: string[] = [];
  region = 'eu-west-1';
  /** Whether there is such a bucket. */
  exists = true;
  readonly #clock: Clock;

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  async describe(signal: AbortSignal): Promise<{ readonly region: string }> {
    this.#begin('describe', signal);
    return { region: this.region };
  }

  async read(key: ObjectKey, range: ByteRange | undefined, signal: AbortSignal): Promise<ObjectBytes | undefined> {
    this.#begin('read', signal);
    const object = this.objects.get(key);
    if (!object) return undefined;
    if (/^(GLACIER|DEEP_ARCHIVE)$/.test(object.attributes.storageClass)) fail('object_archived', 'GetObject');
    const bytes = range ? object.bytes.subarray(range.start, range.end + 1) : object.bytes;
    return { body: inPieces(bytes), length: bytes.length };
  }

  async head(key: ObjectKey, signal: AbortSignal): Promise<ObjectHead | undefined> {
    this.#begin('head', signal);
    const object = this.objects.get(key);
    if (!object) return undefined;
    const { etag, checksum, bytes, lastModified } = object;
    const { storageClass, metadata } = object.attributes;
    return { etag, checksum, size: bytes.length, storageClass, metadata, lastModified };
  }

  async *list(prefix: string, signal: AbortSignal): AsyncGenerator<{ readonly key: ObjectKey; readonly size: number }> {
    this.#begin('list', signal);
    const keys = [...this.objects.keys()].filter((key) => key.startsWith(prefix));
    for (const key of keys.sort((a, b) => Buffer.compare(Buffer.from(a), Buffer.from(b)))) {
      signal.throwIfAborted();
      const object = this.objects.get(key);
      if (object) yield { key, size: object.bytes.length };
    }
  }

  async put(
    key: ObjectKey,
    body: Uint8Array | StreamedBody,
    { checksum: { algorithm, value }, attributes, ifAbsent }: Parameters<Bucket['put']>[2],
    signal: AbortSignal,
  ): Promise<StoredObject> {
    this.#begin('put', signal);
    const bytes = await bytesOf(body, signal);
    const checksum = typeof value === 'string' ? value : value();
    if (checksumOf(algorithm, bytes) !== checksum) fail('bad_checksum', 'PutObject');
    if (ifAbsent && this.objects.has(key)) fail('object_exists', 'PutObject');
    return this.#store(key, bytes, attributes, { algorithm, value: checksum, type: 'FULL_OBJECT' }, etagOf(bytes));
  }

  async createUpload(
    key: ObjectKey,
    { checksumAlgorithm, attributes }: Parameters<Bucket['createUpload']>[1],
  ): Promise<UploadId> {
    this.#begin('createUpload');
    const uploadId = randomUUID() as string as UploadId;
    const initiatedAt = Math.floor(this.#clock.now() / 1000) * 1000;
    this.open.set(uploadId, { key, algorithm: checksumAlgorithm, attributes, initiatedAt, parts: new Map() });
    return uploadId;
  }

  async uploadPart(
    part: Parameters<Bucket['uploadPart']>[0],
    signal: AbortSignal,
  ): Promise<{ readonly etag: string; readonly checksum?: string }> {
    this.#begin('uploadPart', signal);
    const upload = this.#upload(part.key, part.uploadId, 'UploadPart');
    const { algorithm, value } = part.checksum;
    if (algorithm !== upload.algorithm) fail('invalid_request', 'UploadPart');
    const bytes = await bytesOf(part.body, signal);
    const checksum = typeof value === 'string' ? value : value();
    if (checksumOf(algorithm, bytes) !== checksum) fail('bad_checksum', 'UploadPart');
    const etag = etagOf(bytes);
    upload.parts.set(part.partNumber, { bytes, etag, checksum });
    return { etag, checksum };
  }

  async *parts(key: ObjectKey, uploadId: UploadId, signal: AbortSignal): AsyncGenerator<UploadedPart> {
    this.#begin('parts', signal);
    const { parts } = this.#upload(key, uploadId, 'ListParts');
    for (const [partNumber, { bytes, etag, checksum }] of [...parts].sort(([a], [b]) => a - b)) {
      yield { partNumber, etag, size: bytes.length, checksum };
    }
  }

  async completeUpload(wanted: Parameters<Bucket['completeUpload']>[0]): Promise<StoredObject> {
    this.#begin('completeUpload');
    const { key, uploadId, checksum, ifAbsent } = wanted;
    const upload = this.#upload(key, uploadId, 'CompleteMultipartUpload');
    if (ifAbsent && this.objects.has(key)) fail('object_exists', 'CompleteMultipartUpload');
    const parts = wanted.parts.map(({ partNumber, etag, checksum: value }) => {
      const part = upload.parts.get(partNumber);
      if (!part || part.etag !== etag || part.checksum !== value) fail('upload_not_found', 'CompleteMultipartUpload');
      return part;
    });
    const bytes = Buffer.concat(parts.map((part) => part.bytes));
    const real =
      checksum.type === 'FULL_OBJECT'
        ? checksumOf(checksum.algorithm, bytes)
        : `${checksumOf(checksum.algorithm, Buffer.concat(parts.map((part) => Buffer.from(part.checksum, 'base64'))))}-${parts.length}`;
    if (bytes.length !== wanted.size || real !== checksum.value) fail('bad_checksum', 'CompleteMultipartUpload');
    this.open.delete(uploadId);
    const etag = etagOf(Buffer.concat(parts.map((part) => createHash('md5').update(part.bytes).digest())));
    return this.#store(key, bytes, upload.attributes, checksum, etag.replace(/"$/, `-${parts.length}"`));
  }

  async abortUpload(_key: ObjectKey, uploadId: UploadId, signal: AbortSignal): Promise<void> {
    this.#begin('abortUpload', signal);
    this.open.delete(uploadId);
  }

  async *uploads(prefix: string, signal: AbortSignal): ReturnType<Bucket['uploads']> & AsyncGenerator {
    this.#begin('uploads', signal);
    for (const [uploadId, { key, initiatedAt }] of [...this.open]) {
      if (key.startsWith(prefix)) yield { key, uploadId, initiatedAt };
    }
  }

  #begin(method: string, signal?: AbortSignal): void {
    this.calls.push(method);
    this.failures.check(method, signal);
    if (!this.exists) fail('bucket_not_found', method);
  }

  #upload(key: ObjectKey, uploadId: UploadId, operation: string): FakeUpload {
    const upload = this.open.get(uploadId);
    return upload?.key === key ? upload : fail('upload_not_found', operation);
  }

  #store(
    key: ObjectKey,
    bytes: Uint8Array,
    attributes: ObjectAttributes,
    checksum: ObjectChecksum,
    etag: string,
  ): StoredObject {
    this.objects.set(key, { bytes, attributes, etag, checksum, lastModified: this.#clock.now() });
    return { etag, checksum };
  }
}

async function* inPieces(bytes: Uint8Array): AsyncGenerator<Uint8Array> {
  const piece = 64 * 1024;
  for (let offset = 0; offset < bytes.length; offset += piece) yield bytes.subarray(offset, offset + piece);
}

async function bytesOf(body: Uint8Array | StreamedBody, signal: AbortSignal): Promise<Uint8Array> {
  if (body instanceof Uint8Array) return Uint8Array.from(body);
  const pieces: Uint8Array[] = [];
  for await (const piece of body.stream) {
    signal.throwIfAborted();
    pieces.push(Uint8Array.from(piece));
  }
  const bytes = Buffer.concat(pieces);
  return bytes.length === body.length ? bytes : fail('invalid_request', 'UploadPart');
}

function etagOf(bytes: Uint8Array): string {
  return `"${createHash('md5').update(bytes).digest('hex')}"`;
}

function fail(code: ServiceFailure, operation: string): never {
  throw new ServiceError(code, `${operation}: ${code}`, { operation });
}
