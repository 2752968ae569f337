import type { Reply } from '../service.ts';
import { type Call, xmlReply } from './call.ts';
import { bodyClaims, header } from './claims.ts';
import { drain, takeDocument } from './intake.ts';
import { lifecycleContent, parseLifecycle } from './lifecycle.ts';
import { invalidArgument, invalidRequest, Refusal } from './refusal.ts';

/** What a bucket is set to, beside its versioning. */
export interface BucketSettings {
  /** Whether objects are locked at all, and for how long without being asked. */
  readonly objectLock?: { readonly mode?: 'GOVERNANCE' | 'COMPLIANCE'; readonly days?: number };
  /** Objects are encrypted with this where the request names nothing else. */
  readonly encryption?: { readonly algorithm: 'AES256' | 'aws:kms'; readonly kmsKeyId?: string };
}

/** 1,000 rules. */
const LARGEST_LIFECYCLE = 1024 * 1024;
const DEFAULT_MINIMUM_SIZE = 'all_storage_classes_128K';

export async function getBucketVersioning({ bucket }: Call): Promise<Reply> {
  return xmlReply('VersioningConfiguration', bucket.versioning ? { Status: 'Enabled' } : {});
}

export async function getObjectLockConfiguration({ bucket }: Call): Promise<Reply> {
  const { objectLock } = bucket.settings;
  if (!objectLock) {
    const message = 'Object Lock configuration does not exist for this bucket';
    throw new Refusal(404, 'ObjectLockConfigurationNotFoundError', message, { BucketName: bucket.name });
  }
  const { mode, days } = objectLock;
  return xmlReply('ObjectLockConfiguration', {
    ObjectLockEnabled: 'Enabled',
    ...(mode !== undefined && { Rule: { DefaultRetention: { Mode: mode, Days: days } } }),
  });
}

/** Since January 2023 there is one for every bucket (S3 user guide, default encryption). */
export async function getBucketEncryption({ bucket }: Call): Promise<Reply> {
  const { algorithm = 'AES256', kmsKeyId } = bucket.settings.encryption ?? {};
  return xmlReply('ServerSideEncryptionConfiguration', {
    Rule: {
      ApplyServerSideEncryptionByDefault: { SSEAlgorithm: algorithm, KMSMasterKeyID: kmsKeyId },
      BucketKeyEnabled: false,
    },
  });
}

export async function getBucketLifecycle({ bucket }: Call): Promise<Reply> {
  const { lifecycle } = bucket;
  if (!lifecycle) {
    const message = 'The lifecycle configuration does not exist';
    throw new Refusal(404, 'NoSuchLifecycleConfiguration', message, { BucketName: bucket.name });
  }
  return xmlReply('LifecycleConfiguration', lifecycleContent(lifecycle.rules), {
    'x-amz-transition-default-minimum-object-size': lifecycle.minimumSize,
  });
}

/** Replaces all rules. The minimum size goes back to S3's own default where it is not said again. */
export async function putBucketLifecycle({ bucket, exchange }: Call): Promise<Reply> {
  const { md5, checksum } = bodyClaims(exchange.headers, { largest: LARGEST_LIFECYCLE });
  if (md5 === undefined && !checksum) {
    throw invalidRequest('Missing required header for this request: Content-MD5 OR x-amz-checksum-*');
  }
  const name = 'x-amz-transition-default-minimum-object-size';
  const minimumSize = header(exchange.headers, name) ?? DEFAULT_MINIMUM_SIZE;
  if (![DEFAULT_MINIMUM_SIZE, 'varies_by_storage_class'].includes(minimumSize)) {
    throw invalidArgument('The default minimum object size is invalid.', name, minimumSize);
  }
  const rules = parseLifecycle(await takeDocument(exchange, { largest: LARGEST_LIFECYCLE }));
  bucket.lifecycle = { rules, minimumSize };
  return { status: 200, headers: { [name]: minimumSize } };
}

export async function deleteBucketLifecycle({ bucket, exchange }: Call): Promise<Reply> {
  await drain(exchange);
  bucket.lifecycle = undefined;
  return { status: 204 };
}
