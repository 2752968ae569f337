import { randomBytes } from 'node:crypto';
import type { ChecksumAlgorithm, ObjectChecksum } from '../../domain/checksum.ts';
import { MAX_PARTS } from '../../domain/ranges.ts';
import type { Reply } from '../service.ts';
import { attributesFrom, encryptionHeaders } from './attributes.ts';
import type { Part, Upload } from './buckets.ts';
import { type Call, requestedUpload, xmlReply } from './call.ts';
import { algorithmNamed, type BodyClaims, bodyClaims, checksumHeader, header } from './claims.ts';
import { drain, takeBody } from './intake.ts';
import { etagOf } from './objects.ts';
import { invalidArgument, invalidRequest, noSuchUpload } from './refusal.ts';

/** The checksum types each algorithm has in multipart uploads, the default first (S3 user guide, object integrity). */
const TYPES: Readonly<Record<ChecksumAlgorithm, readonly ObjectChecksum['type'][]>> = {
  CRC32: ['COMPOSITE', 'FULL_OBJECT'],
  CRC32C: ['COMPOSITE', 'FULL_OBJECT'],
  CRC64NVME: ['FULL_OBJECT'],
  SHA256: ['COMPOSITE'],
};

function askedChecksum({ exchange }: Call): Pick<Upload, 'algorithm' | 'checksumType' | 'explicit'> {
  const algorithm = algorithmNamed(header(exchange.headers, 'x-amz-checksum-algorithm'));
  const type = header(exchange.headers, 'x-amz-checksum-type')?.toUpperCase();
  if (type !== undefined && type !== 'COMPOSITE' && type !== 'FULL_OBJECT') {
    throw invalidRequest('Value for x-amz-checksum-type header is invalid.');
  }
  if (!algorithm) {
    if (type === undefined) return { algorithm: 'CRC64NVME', checksumType: 'FULL_OBJECT', explicit: false };
    throw invalidRequest('The x-amz-checksum-type header can only be used with the x-amz-checksum-algorithm header.');
  }
  if (type !== undefined && !TYPES[algorithm].includes(type)) {
    throw invalidRequest(
      `The ${type} checksum type cannot be used with the ${algorithm.toLowerCase()} checksum algorithm.`,
    );
  }
  return { algorithm, checksumType: type ?? TYPES[algorithm][0] ?? 'FULL_OBJECT', explicit: true };
}

export async function createMultipartUpload(call: Call): Promise<Reply> {
  const { world, exchange, bucket, key } = call;
  const attributes = attributesFrom(exchange.headers, world, bucket);
  const checksum = askedChecksum(call);
  await drain(exchange);
  const upload: Upload = {
    key,
    uploadId: randomBytes(96).toString('base64url'),
    initiated: world.now(),
    attributes,
    ...checksum,
    parts: new Map(),
    conflicted: false,
  };
  bucket.addUpload(upload);
  exchange.detail = { ...exchange.detail, uploadId: upload.uploadId };
  return xmlReply(
    'InitiateMultipartUploadResult',
    { Bucket: bucket.name, Key: key, UploadId: upload.uploadId },
    {
      ...encryptionHeaders(attributes.encryption),
      ...(upload.explicit
        ? { 'x-amz-checksum-algorithm': upload.algorithm, 'x-amz-checksum-type': upload.checksumType }
        : {}),
    },
  );
}

/** @throws {Refusal} InvalidRequest where the part's checksum is not of the kind that was agreed on. */
function checkAgreed(upload: Upload, { checksum }: BodyClaims): void {
  if (!upload.explicit || checksum?.algorithm === upload.algorithm) return;
  // A full object's part checksums S3 computes by itself where none is given.
  if (!checksum && upload.checksumType === 'FULL_OBJECT') return;
  const actual = checksum?.algorithm.toLowerCase() ?? 'null';
  throw invalidRequest(
    `Checksum Type mismatch occurred, expected checksum Type: ${upload.algorithm.toLowerCase()}, actual checksum Type: ${actual}`,
  );
}

export async function uploadPart(call: Call): Promise<Reply> {
  const { world, exchange, bucket, bodies, md5 } = call;
  const text = exchange.query.get('partNumber') ?? '';
  const partNumber = /^\d{1,9}$/.test(text) ? Number(text) : 0;
  if (partNumber < 1 || partNumber > MAX_PARTS) {
    const message = `Part number must be an integer between 1 and ${MAX_PARTS}, inclusive`;
    throw invalidArgument(message, 'partNumber', text);
  }
  const upload = requestedUpload(call);
  const claims = bodyClaims(exchange.headers);
  checkAgreed(upload, claims);
  const arrived = await takeBody(exchange, claims, bodies, { md5, algorithms: [upload.algorithm] });
  if (!bucket.uploads.has(upload.uploadId)) {
    await arrived.body.release();
    throw noSuchUpload(upload.uploadId);
  }
  const { encryption } = upload.attributes;
  const checksum = arrived.checksums.get(upload.algorithm) ?? '';
  const part: Part = {
    partNumber,
    size: arrived.size,
    etag: etagOf(arrived.md5, encryption.algorithm, `${checksum} ${arrived.size}`),
    checksum,
    lastModified: world.now(),
    body: arrived.body,
  };
  const replaced = upload.parts.get(partNumber);
  upload.parts.set(partNumber, part);
  await replaced?.body.release();
  const told = claims.checksum?.algorithm ?? (upload.explicit ? upload.algorithm : undefined);
  return {
    status: 200,
    headers: {
      etag: `"${part.etag}"`,
      ...encryptionHeaders(encryption),
      ...(told ? { [checksumHeader(told)]: arrived.checksums.get(told) ?? '' } : {}),
    },
  };
}

export async function abortMultipartUpload(call: Call): Promise<Reply> {
  await drain(call.exchange);
  const upload = requestedUpload(call);
  call.bucket.uploads.delete(upload.uploadId);
  await Promise.all([...upload.parts.values()].map(({ body }) => body.release()));
  return { status: 204 };
}
