import {
  AbortMultipartUploadCommand,
  CompleteMultipartUploadCommand,
  CreateMultipartUploadCommand,
  GetBucketLocationCommand,
  HeadBucketCommand,
  HeadObjectCommand,
  ListMultipartUploadsCommand,
  ListObjectsV2Command,
  ListPartsCommand,
  PutObjectCommand,
  type S3Client,
  UploadPartCommand,
} from '@aws-sdk/client-s3';
import type { ObjectKey, UploadId } from '../domain/ids.ts';
import { isFailure } from '../domain/service-error.ts';
import { SECOND } from '../lib/duration.ts';
import { BugError } from '../lib/errors.ts';
import type { Bucket, EachCall } from '../ports.ts';
import { type CallContext, call } from './errors.ts';
import {
  attributeInput,
  checksumInput,
  checksumOf,
  checksumValueOf,
  decodedKey,
  isNotFound,
  regionOfRedirect,
  storedObject,
} from './s3-fields.ts';
import { createSendBody } from './s3-upload.ts';
import { shortcut } from './shortcut.ts';
import { headersOf } from './streamed-body.ts';

export interface S3BucketOptions {
  readonly client: S3Client;
  readonly bucket: string;
  /** Twelve digits: every call is refused where the bucket belongs to somebody else. */
  readonly expectedBucketOwner?: string;
}

const once: EachCall = (call) => call();

/** A bucket of S3, or of a server that speaks as S3 does. */
export function s3Bucket({ client, bucket, expectedBucketOwner }: S3BucketOptions): Bucket {
  const target = {
    Bucket: bucket,
    ...(expectedBucketOwner !== undefined && { ExpectedBucketOwner: expectedBucketOwner }),
  };
  const about = (operation: string, key?: string): CallContext => ({
    service: 's3',
    operation,
    subject: key === undefined ? `bucket "${bucket}"` : `object "${key}" in bucket "${bucket}"`,
  });
  const send = createSendBody();
  const shortSend = shortcut(client, headersOf);

  return {
    async describe(signal) {
      const head = (): Promise<{ BucketRegion?: string | undefined }> =>
        client.send(new HeadBucketCommand(target), { abortSignal: signal }).catch((error: unknown) => {
          const region = regionOfRedirect(error);
          if (region === undefined) throw error;
          return { BucketRegion: region };
        });
      const { BucketRegion } = await call(about('HeadBucket'), signal, head);
      if (BucketRegion) return { region: BucketRegion };
      const { LocationConstraint } = await call(about('GetBucketLocation'), signal, () =>
        client.send(new GetBucketLocationCommand(target), { abortSignal: signal }),
      );
      // the two oldest Regions have names of their own here (S3 API reference, GetBucketLocation)
      return { region: LocationConstraint === 'EU' ? 'eu-west-1' : LocationConstraint || 'us-east-1' };
    },

    async head(key, signal) {
      const command = new HeadObjectCommand({ ...target, Key: key, ChecksumMode: 'ENABLED' });
      const found = await call(about('HeadObject', key), signal, () =>
        client.send(command, { abortSignal: signal }).catch((error: unknown) => {
          if (isNotFound(error)) return undefined;
          throw error;
        }),
      );
      if (!found) return undefined;
      return {
        ...storedObject(found),
        size: found.ContentLength ?? 0,
        storageClass: found.StorageClass ?? 'STANDARD',
        metadata: found.Metadata ?? {},
        lastModified: found.LastModified?.getTime() ?? 0,
      };
    },

    async *list(prefix, signal, each = once) {
      let token: string | undefined;
      do {
        const more = token === undefined ? {} : { ContinuationToken: token };
        const command = new ListObjectsV2Command({ ...target, Prefix: prefix, EncodingType: 'url', ...more });
        const page = await each(() =>
          call(about('ListObjectsV2'), signal, () => client.send(command, { abortSignal: signal })),
        );
        for (const { Key, Size = 0 } of page.Contents ?? []) {
          if (Key !== undefined) yield { key: decodedKey(Key, page.EncodingType), size: Size };
        }
        token = page.IsTruncated ? page.NextContinuationToken : undefined;
      } while (token !== undefined);
    },

    async put(key, body, { checksum, attributes, ifAbsent }, signal) {
      const stored = await send({ body, checksum, context: about('PutObject', key) }, signal, (sent, options) => {
        const condition = ifAbsent ? { IfNoneMatch: '*' } : {};
        const command = new PutObjectCommand({
          ...target,
          Key: key,
          ...sent,
          ...attributeInput(attributes),
          ...condition,
        });
        return shortSend(command, options, (more) => client.send(command, more));
      });
      return storedObject(stored);
    },

    async createUpload(key, { checksumAlgorithm, attributes }) {
      const command = new CreateMultipartUploadCommand({
        ...target,
        Key: key,
        ChecksumAlgorithm: checksumAlgorithm,
        // SHA256 exists in no other form for a multipart upload, the CRCs of the whole object can be combined
        ChecksumType: checksumAlgorithm === 'SHA256' ? 'COMPOSITE' : 'FULL_OBJECT',
        ...attributeInput(attributes),
      });
      const { UploadId } = await call(about('CreateMultipartUpload', key), undefined, () => client.send(command));
      if (!UploadId) throw new BugError('CreateMultipartUpload answered without an upload id');
      return UploadId as UploadId;
    },

    async uploadPart({ key, uploadId, partNumber, body, checksum }, signal) {
      const part = { ...target, Key: key, UploadId: uploadId, PartNumber: partNumber };
      const stored = await send({ body, checksum, context: about('UploadPart', key) }, signal, (sent, options) => {
        const command = new UploadPartCommand({ ...part, ...sent });
        return shortSend(command, options, (more) => client.send(command, more));
      });
      const value = checksumValueOf(stored);
      return { etag: stored.ETag ?? '', ...(value !== undefined && { checksum: value }) };
    },

    async *parts(key, uploadId, signal, each = once) {
      let marker: string | undefined;
      do {
        const more = marker === undefined ? {} : { PartNumberMarker: marker };
        const command = new ListPartsCommand({ ...target, Key: key, UploadId: uploadId, ...more });
        const page = await each(() =>
          call(about('ListParts', key), signal, () => client.send(command, { abortSignal: signal })),
        );
        for (const part of page.Parts ?? []) {
          const checksum = checksumValueOf(part);
          yield {
            partNumber: part.PartNumber ?? 0,
            etag: part.ETag ?? '',
            size: part.Size ?? 0,
            ...(checksum !== undefined && { checksum }),
          };
        }
        marker = page.IsTruncated ? page.NextPartNumberMarker : undefined;
      } while (marker !== undefined);
    },

    async completeUpload({ key, uploadId, parts, size, checksum, ifAbsent }) {
      const command = new CompleteMultipartUploadCommand({
        ...target,
        Key: key,
        UploadId: uploadId,
        MultipartUpload: {
          Parts: parts.map((part) => ({
            PartNumber: part.partNumber,
            ETag: part.etag,
            ...checksumInput({ algorithm: checksum.algorithm, value: part.checksum }),
          })),
        },
        ...checksumInput(checksum),
        ChecksumType: checksum.type,
        MpuObjectSize: size,
        ...(ifAbsent && { IfNoneMatch: '*' }),
      });
      const stored = await call(about('CompleteMultipartUpload', key), undefined, () => client.send(command));
      return { ...storedObject(stored), ...checksumOf(stored, checksum.type) };
    },

    async abortUpload(key, uploadId, signal) {
      const command = new AbortMultipartUploadCommand({ ...target, Key: key, UploadId: uploadId });
      const sent = call(about('AbortMultipartUpload', key), signal, () =>
        client.send(command, { abortSignal: signal }),
      );
      await sent.catch((error: unknown) => {
        if (!isFailure(error, 'upload_not_found')) throw error;
      });
    },

    async *uploads(prefix, signal, each = once) {
      let marker: { KeyMarker?: string; UploadIdMarker?: string } | undefined = {};
      while (marker) {
        const command: ListMultipartUploadsCommand = new ListMultipartUploadsCommand({
          ...target,
          Prefix: prefix,
          EncodingType: 'url',
          ...marker,
        });
        const page = await each(() =>
          call(about('ListMultipartUploads'), signal, () => client.send(command, { abortSignal: signal })),
        );
        for (const { Key, UploadId, Initiated } of page.Uploads ?? []) {
          if (Key === undefined || UploadId === undefined) continue;
          const key: ObjectKey = decodedKey(Key, page.EncodingType);
          // other servers say more than S3 does
          const initiatedAt = Math.floor((Initiated?.getTime() ?? 0) / SECOND) * SECOND;
          yield { key, uploadId: UploadId as UploadId, initiatedAt };
        }
        marker = page.IsTruncated
          ? {
              ...(page.NextKeyMarker !== undefined && { KeyMarker: decodedKey(page.NextKeyMarker, page.EncodingType) }),
              ...(page.NextUploadIdMarker !== undefined && { UploadIdMarker: page.NextUploadIdMarker }),
            }
          : undefined;
      }
    },
  };
}
