import { createHash } from 'node:crypto';
import {
  CHECKSUM_ALGORITHMS,
  combineChecksums,
  compositeChecksum,
  type ObjectChecksum,
} from '../../domain/checksum.ts';
import { MAX_PARTS } from '../../domain/ranges.ts';
import { MiB } from '../../lib/size.ts';
import type { Reply } from '../service.ts';
import { encryptionHeaders } from './attributes.ts';
import type { Part, StoredVersion, Upload } from './buckets.ts';
import { type Call, isIfAbsent, requestedUpload, versionHeaders, xmlReply } from './call.ts';
import { badDigest, checksumClaim, checksumHeader, header, isDigest } from './claims.ts';
import { takeDocument } from './intake.ts';
import { checkIfAbsent } from './objects.ts';
import { conditionalRequestConflict, invalidArgument, invalidRequest, malformedXml, Refusal } from './refusal.ts';
import { leaves, parseXml } from './xml.ts';

/** All parts but the last (S3 user guide, multipart upload limits). */
const SMALLEST_PART = 5 * MiB;
/** 10,000 parts with ETag and SHA-256, generously. */
const LARGEST_DOCUMENT = 8 * MiB;

/** A part as CompleteMultipartUpload names it. */
interface NamedPart {
  readonly partNumber: number;
  /** Without its quotes. */
  readonly etag: string;
  /** By name as in the document: ChecksumCRC32, ... */
  readonly checksums: ReadonlyMap<string, string>;
}

const CHECKSUM_NAMES = CHECKSUM_ALGORITHMS.map((algorithm) => `Checksum${algorithm}`);

function namedParts(document: string): readonly NamedPart[] {
  if (document.trim() === '') throw invalidRequest('You must specify at least one part');
  const root = parseXml(document);
  if (root.name !== 'CompleteMultipartUpload') throw malformedXml();
  if (root.children.length === 0 || root.children.length > MAX_PARTS) throw malformedXml();
  return root.children.map((element) => {
    const fields = leaves(element, ['PartNumber', 'ETag', ...CHECKSUM_NAMES]);
    const partNumber = fields.get('PartNumber') ?? '';
    const etag = fields.get('ETag');
    if (element.name !== 'Part' || etag === undefined || !/^\d{1,9}$/.test(partNumber)) throw malformedXml();
    const checksums = new Map([...fields].filter(([name]) => CHECKSUM_NAMES.includes(name)));
    return { partNumber: Number(partNumber), etag: etag.trim().replace(/^"(.*)"$/, '$1'), checksums };
  });
}

function checkOrder(parts: readonly NamedPart[], upload: Upload): void {
  if (parts.some(({ partNumber }, i) => partNumber <= (parts[i - 1]?.partNumber ?? 0))) {
    const message = 'The list of parts was not in ascending order. Parts must be ordered by part number.';
    throw new Refusal(400, 'InvalidPartOrder', message, { UploadId: upload.uploadId });
  }
}

/** @throws {Refusal} where a part's checksum is missing, several or no digest. */
function checkPartChecksums({ partNumber, checksums }: NamedPart, upload: Upload): void {
  const [first, ...more] = checksums;
  const mine = checksums.get(`Checksum${upload.algorithm}`);
  if (more.length > 0 || (mine !== undefined && !isDigest(upload.algorithm, mine))) {
    const given = [...checksums].map(([name, value]) => `${name.slice('Checksum'.length)}:${value};`).join('');
    throw invalidArgument('Invalid Base64 or multiple checksums present in request', 'Checksum', given);
  }
  if (!upload.explicit || mine !== undefined) return;
  const algorithm = upload.algorithm.toLowerCase();
  if (first) {
    const other = first[0].slice('Checksum'.length).toLowerCase();
    const message = `The ${other} you specified for part ${partNumber} did not match what we received.`;
    throw new Refusal(400, 'BadDigest', message);
  }
  if (upload.checksumType === 'COMPOSITE') {
    throw invalidRequest(
      `The upload was created using a ${algorithm} checksum. The complete request must include the checksum for each part. It was missing for part ${partNumber} in the request.`,
    );
  }
}

/** The part that has arrived and is the one named. @throws {Refusal} InvalidPart */
function arrivedPart({ partNumber, etag, checksums }: NamedPart, upload: Upload): Part {
  const part = upload.parts.get(partNumber);
  const checksum = checksums.get(`Checksum${upload.algorithm}`);
  // Checksums of parts for an upload that was begun without an algorithm were never kept: none can match.
  const matches = upload.explicit ? checksum === undefined || checksum === part?.checksum : checksums.size === 0;
  if (!part || part.etag !== etag || !matches) {
    const message =
      "One or more of the specified parts could not be found.  The part may not have been uploaded, or the specified entity tag may not match the part's entity tag.";
    throw new Refusal(400, 'InvalidPart', message, { UploadId: upload.uploadId, PartNumber: partNumber, ETag: etag });
  }
  return part;
}

function checkSizes(parts: readonly Part[], announced: string | undefined): void {
  const small = parts.slice(0, -1).find(({ size }) => size < SMALLEST_PART);
  if (small) {
    const message = 'Your proposed upload is smaller than the minimum allowed size';
    throw new Refusal(400, 'EntityTooSmall', message, {
      ProposedSize: small.size,
      MinSizeAllowed: SMALLEST_PART,
      PartNumber: small.partNumber,
      ETag: small.etag,
    });
  }
  const size = parts.reduce((sum, part) => sum + part.size, 0);
  if (announced === undefined) return;
  if (!/^\d{1,15}$/.test(announced)) {
    throw invalidRequest(`Value for x-amz-mp-object-size header is invalid: '${announced}'`);
  }
  if (Number(announced) !== size) {
    throw invalidRequest(
      `The provided 'x-amz-mp-object-size' header value ${announced} does not match what was computed: ${size}`,
    );
  }
}

function checksumOfParts(
  { algorithm, checksumType }: Upload,
  parts: readonly { readonly value: string; readonly length: number }[],
): ObjectChecksum {
  // Only CRC64NVME has no composite checksum, and its uploads are full object ones.
  if (checksumType === 'FULL_OBJECT' || algorithm === 'CRC64NVME') return combineChecksums(algorithm, parts);
  return compositeChecksum(algorithm, parts);
}

/**
 * Holds the whole object's checksum in the request against what the named parts' checksums make. Ignored, as S3 does,
 * where the upload was begun without an algorithm.
 */
function checkObjectChecksum({ exchange }: Call, upload: Upload, named: readonly NamedPart[]): void {
  const type = header(exchange.headers, 'x-amz-checksum-type');
  if (type !== undefined && type !== upload.checksumType) {
    throw invalidRequest(
      `The upload was created using the ${upload.checksumType} checksum mode. The complete request must use the same checksum mode.`,
    );
  }
  const claim = checksumClaim(exchange.headers, { composite: true });
  if (!claim || !upload.explicit) return;
  const algorithm = upload.algorithm.toLowerCase();
  if (claim.algorithm !== upload.algorithm) {
    throw invalidRequest(
      `Checksum Type mismatch occurred, expected checksum Type: ${algorithm}, actual checksum Type: ${claim.algorithm.toLowerCase()}`,
    );
  }
  const [given, count] = claim.value.split('-');
  if (upload.checksumType === 'FULL_OBJECT' && count !== undefined) {
    throw invalidRequest(`Value for ${checksumHeader(upload.algorithm)} header is invalid.`);
  }
  const parts = named.map(({ partNumber, checksums }) => {
    const part = upload.parts.get(partNumber);
    return { value: checksums.get(`Checksum${upload.algorithm}`) ?? part?.checksum ?? '', length: part?.size ?? 0 };
  });
  const [computed] = checksumOfParts(upload, parts).value.split('-');
  if (given !== computed || (count !== undefined && Number(count) !== named.length)) throw badDigest(algorithm);
}

/** @throws {Refusal} InternalError: what S3 gives for a gap where it keeps checksums (S3 API reference, UploadPart). */
function checkConsecutive(parts: readonly Part[], upload: Upload): void {
  if (upload.explicit && parts.some(({ partNumber }, i) => partNumber !== i + 1)) {
    throw new Refusal(500, 'InternalError', 'We encountered an internal error. Please try again.');
  }
}

export async function completeMultipartUpload(call: Call): Promise<Reply> {
  const { world, exchange, bucket, key } = call;
  const ifAbsent = isIfAbsent(exchange);
  const changesBefore = bucket.changes(key);
  const upload = requestedUpload(call);
  if (upload.conflicted) throw conditionalRequestConflict(key);
  const named = namedParts(await takeDocument(exchange, { largest: LARGEST_DOCUMENT, checksumOf: 'object' }));
  requestedUpload(call);
  checkOrder(named, upload);
  for (const part of named) checkPartChecksums(part, upload);
  // A composite's digest is held against the request's own list first; a full object's against what has arrived.
  if (upload.checksumType === 'COMPOSITE') checkObjectChecksum(call, upload, named);
  const parts = named.map((part) => arrivedPart(part, upload));
  checkSizes(parts, header(exchange.headers, 'x-amz-mp-object-size'));
  checkConsecutive(parts, upload);
  if (upload.checksumType === 'FULL_OBJECT') checkObjectChecksum(call, upload, named);
  if (ifAbsent) {
    upload.conflicted = bucket.changes(key) !== changesBefore;
    checkIfAbsent(call, changesBefore);
  }
  const version = objectOf(upload, parts, { versionId: bucket.nextVersionId(), now: world.now() });
  bucket.uploads.delete(upload.uploadId);
  await bucket.put(version);
  const unused = [...upload.parts.values()].filter((part) => !parts.includes(part));
  await Promise.all(unused.map(({ body }) => body.release()));
  const { algorithm, type, value } = version.checksum;
  return xmlReply(
    'CompleteMultipartUploadResult',
    {
      Location: `https://s3.${bucket.region}.amazonaws.com/${bucket.name}/${encodeURIComponent(key)}`,
      Bucket: bucket.name,
      Key: key,
      ETag: `"${version.etag}"`,
      [`Checksum${algorithm}`]: value,
      ChecksumType: type,
    },
    { ...encryptionHeaders(upload.attributes.encryption), ...versionHeaders(bucket, version.versionId) },
  );
}

function objectOf(
  upload: Upload,
  parts: readonly Part[],
  { versionId, now }: { readonly versionId: string; readonly now: number },
): StoredVersion {
  const digests = createHash('md5');
  for (const { etag } of parts) digests.update(Buffer.from(etag, 'hex'));
  return {
    key: upload.key,
    versionId,
    size: parts.reduce((sum, { size }) => sum + size, 0),
    etag: `${digests.digest('hex')}-${parts.length}`,
    lastModified: now,
    attributes: upload.attributes,
    checksum: checksumOfParts(
      upload,
      parts.map(({ checksum, size }) => ({ value: checksum, length: size })),
    ),
    parts: parts.map(({ body: _, ...part }) => part),
    partChecksums: upload.explicit,
    bodies: parts.map(({ body }) => body),
  };
}
