import type { ServiceFailure } from '../domain/service-error.ts';
import type { CallContext, SeenError } from './errors.ts';

/** Names that mean the same whichever service says them. */
const COMMON: readonly (readonly [names: RegExp, failure: ServiceFailure])[] = [
  [/^(CredentialsProviderError|TokenProviderError)$/, 'credentials_missing'],
  [/^(ExpiredToken(Exception)?|TokenRefreshRequired|RequestExpired)$/, 'credentials_expired'],
  [/^(RequestTimeTooSkewed|RequestInTheFuture)$/, 'clock_skew'],
  [
    /^(UnrecognizedClientException|InvalidClientTokenId(Exception)?|InvalidAccessKeyId|AuthFailure)$/,
    'credentials_invalid',
  ],
  [/^(MissingAuthenticationToken(Exception)?|IncompleteSignature(Exception)?|InvalidToken)$/, 'credentials_invalid'],
  [/^(SignatureDoesNotMatch|InvalidSignatureException|OptInRequired)$/, 'credentials_invalid'],
  [
    /^(AccessDenied(Exception)?|AuthorizationError(Exception)?|UnauthorizedOperation|InvalidSecurity|Forbidden)$/,
    'access_denied',
  ],
  [/^(AllAccessDisabled|AccountProblem|NotSignedUp|UnauthorizedAccess)$/, 'access_denied'],
  [/^(Throttl(ing|ed)(Exception)?|TooManyRequestsException|RequestLimitExceeded|SlowDown|OverLimit)$/, 'throttled'],
  [/^(RequestThrottled(Exception)?|BandwidthLimitExceeded|Kms\w*Throttl\w*|KMS\.?Throttling\w*)$/i, 'throttled'],
  [/^(RequestTimeout(Exception)?)$/, 'network'],
  [
    /^(ServiceUnavailable(Exception)?|Internal(Error|Failure|ServerError|ErrorException|ServerException|FailureException))$/,
    'unavailable',
  ],
  [/^KMS\.?\w*$/i, 'access_denied'],
  [/^(NotImplemented|MethodNotAllowed)$/, 'invalid_request'],
];

const S3: Readonly<Record<string, ServiceFailure>> = {
  NoSuchBucket: 'bucket_not_found',
  InvalidObjectState: 'object_archived',
  NoSuchUpload: 'upload_not_found',
  // Ceph's word for it; where a missing object is no failure, nobody asks
  NoSuchKey: 'upload_not_found',
  // a part is not there as it was recorded: the upload has to be begun again
  InvalidPart: 'upload_not_found',
  PreconditionFailed: 'object_exists',
  ConditionalRequestConflict: 'write_conflict',
  OperationAborted: 'write_conflict',
  BadDigest: 'bad_checksum',
  InvalidDigest: 'bad_checksum',
  XAmzContentSHA256Mismatch: 'bad_checksum',
  XAmzContentChecksumMismatch: 'bad_checksum',
  IncompleteBody: 'bad_checksum',
  PermanentRedirect: 'bucket_region',
  TemporaryRedirect: 'bucket_region',
  Redirect: 'bucket_region',
  AuthorizationHeaderMalformed: 'bucket_region',
  IllegalLocationConstraintException: 'bucket_region',
};

const SQS: Readonly<Record<string, ServiceFailure>> = {
  QueueDoesNotExist: 'queue_not_found',
  'AWS.SimpleQueueService.NonExistentQueue': 'queue_not_found',
  InvalidAddress: 'queue_not_found',
  QueueDeletedRecently: 'unavailable',
  'AWS.SimpleQueueService.QueueDeletedRecently': 'unavailable',
};

/** Errors of the connection: the same call may well succeed a moment later. */
export const NETWORK_CODES =
  /^(ECONN|EPIPE|ETIMEDOUT|ENOTFOUND|EAI_|EHOST|ENET|EADDRNOTAVAIL|EPROTO|HPE_|ERR_(SSL|STREAM_PREMATURE|TLS)|CERT_|DEPTH_ZERO|UNABLE_TO|SELF_SIGNED)/;
/** Those of them that come before a request has left. */
export const UNSENT_CODES =
  /^(ECONNREFUSED|ENOTFOUND|EAI_|EHOST|ENET|EADDRNOTAVAIL|ERR_TLS|CERT_|DEPTH_ZERO|UNABLE_TO|SELF_SIGNED)/;

/** The failure by the error's name, message and status; undefined where they say nothing certain. */
export function failureOf(seen: SeenError, context: CallContext): ServiceFailure | undefined {
  const { name, message } = seen;
  if (/^Signature(?: is)? (expired|not yet current)/i.test(message)) return 'clock_skew';
  if (name === 'CredentialsProviderError' && /expired/i.test(message)) return 'credentials_expired';
  return ofService(seen, context) ?? COMMON.find(([names]) => names.test(name))?.[1];
}

function ofService(seen: SeenError, context: CallContext): ServiceFailure | undefined {
  switch (context.service) {
    case 'glacier':
      return ofGlacier(seen, context);
    case 's3':
      return ofS3(seen, context);
    case 'sqs':
      return SQS[seen.name];
    case 'sns':
      if (/^NotFound(Exception)?$/.test(seen.name)) return 'topic_not_found';
      return /^InvalidParameter/.test(seen.name) && /TopicArn/.test(seen.message) ? 'topic_not_found' : undefined;
    case 'sts':
    case 'cloudwatch':
    case 'iam':
      return undefined;
    default:
      context.service satisfies never;
  }
  return undefined;
}

/** Glacier's texts are those that users and tools have reported; the names alone do not tell archive, job and vault apart. */
function ofGlacier({ name, message }: SeenError, { operation }: CallContext): ServiceFailure | undefined {
  switch (name) {
    case 'ResourceNotFoundException':
      if (/vault not found/i.test(message)) return 'vault_not_found';
      if (/job id was not found/i.test(message)) return 'job_not_found';
      if (/archive/i.test(message) || operation === 'InitiateJob') return 'archive_not_found';
      return /^(DescribeJob|GetJobOutput)$/.test(operation) ? 'job_not_found' : 'vault_not_found';
    case 'InvalidParameterValueException':
      if (/not currently available for download/i.test(message)) return 'job_not_ready';
      if (/not empty|recently written/i.test(message) && operation === 'DeleteVault') return 'vault_not_empty';
      // an archive id of another vault
      if (/invalid vault name/i.test(message) && operation === 'InitiateJob') return 'archive_not_found';
      if (/archive ?id/i.test(message) && operation === 'InitiateJob') return 'archive_not_found';
      return 'invalid_request';
    case 'PolicyEnforcedException':
      return 'retrieval_policy';
    case 'InsufficientCapacityException':
      return 'insufficient_capacity';
    case 'NoLongerSupportedException':
      return 'no_longer_supported';
    default:
      return undefined;
  }
}

function ofS3({ name, message, status }: SeenError, { operation }: CallContext): ServiceFailure | undefined {
  const known = Object.hasOwn(S3, name) ? S3[name] : undefined;
  if (known) return known;
  if (name === 'InvalidRequest' && /checksum|mp-object-size/i.test(message)) return 'bad_checksum';
  if (status === 301 || status === 307) return 'bucket_region';
  // the answer to a HEAD has no body: its status is all that can be known
  if (!operation.startsWith('Head')) return undefined;
  if (status === 400) return 'credentials_expired';
  if (status === 403) return 'access_denied';
  if (status === 404) return operation === 'HeadBucket' ? 'bucket_not_found' : undefined;
  return status === 412 ? 'object_exists' : undefined;
}
