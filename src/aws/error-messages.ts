import type { ServiceFailure } from '../domain/service-error.ts';
import type { CallContext, SeenError } from './errors.ts';

/** The IAM action where it is not the operation's own name. */
const PERMISSIONS: Readonly<Record<string, string>> = {
  HeadBucket: 's3:ListBucket',
  ListObjectsV2: 's3:ListBucket',
  HeadObject: 's3:GetObject',
  CreateMultipartUpload: 's3:PutObject',
  UploadPart: 's3:PutObject',
  CompleteMultipartUpload: 's3:PutObject',
  ListParts: 's3:ListMultipartUploadParts',
  ListMultipartUploads: 's3:ListBucketMultipartUploads',
  DeleteMessageBatch: 'sqs:DeleteMessage',
  ListJobs: 'glacier:ListJobs',
};

/** One line: what is wrong, and what to do about it. What AWS said stands in it where it says more. */
export function describeFailure(code: ServiceFailure, context: CallContext, seen: SeenError): string {
  const { service, operation, subject } = context;
  const said = quoted(seen);
  switch (code) {
    case 'throttled':
      return `${operation}: AWS asks for fewer calls (${said})`;
    case 'unavailable':
      return /QueueDeletedRecently/.test(seen.name)
        ? `${subject} was deleted less than a minute ago: SQS lets its name be used again after 60 seconds`
        : `${operation}: ${service} could not answer just now (${said})`;
    case 'network':
      return `${operation}: the connection failed (${said}): if it stays so, check the network, the Region and the endpoint URL`;
    case 'stalled':
      return `${operation}: the connection went silent (${said})`;
    case 'short_body':
    case 'tree_hash_mismatch':
      return `${operation}: the bytes received are not those that were sent (${said})`;
    case 'bad_checksum':
      return `${operation}: the bytes arrived damaged at S3 (${said})`;
    case 'job_not_found':
      return `${operation}: the job is gone; Glacier keeps a job for about 24 hours after it completes (${said})`;
    case 'job_not_ready':
      return `${operation}: the job has not completed yet (${said})`;
    case 'archive_not_found':
      return `the archive is not in ${subject}: deleted since the inventory, or of another vault (${said})`;
    case 'insufficient_capacity':
      return `Glacier has no capacity for Expedited retrievals just now (${said}): try again later, or use --tier Standard or Bulk`;
    case 'object_exists':
      return `${operation}: an object of this key is there already (${said})`;
    case 'write_conflict':
      return `${operation}: another write to the same key came in between (${said})`;
    case 'upload_not_found':
      return `${operation}: the multipart upload, or a part of it, is gone (${said})`;
    case 'object_archived':
      return `${subject} can't be read: its storage class has to be restored first (${said})`;
    case 'invalid_request':
      return `${operation} on ${subject} was refused: ${said}`;
    case 'retrieval_policy':
      return `the Region's data retrieval policy forbids this Standard retrieval (${said}): raise the policy's limit, or use --tier Bulk`;
    case 'vault_not_found':
      return `${subject} was not found: check the name, --account-id and --region (a vault of another Region looks just the same)`;
    case 'vault_not_empty':
      return `${subject} is not empty as of its last inventory, or was written to since (${said}): Glacier makes a new one about once a day`;
    case 'no_longer_supported':
      return `this account has no Glacier vaults, and new accounts get none since December 2025 (${said}): check --profile and the account`;
    case 'bucket_not_found':
      return `${subject} does not exist: check the name, or create it first`;
    case 'bucket_region':
      return `${subject} is in another Region than the one asked (${said}): check --dest-region`;
    case 'queue_not_found':
      return `${subject} does not exist: check --queue-url and the Region`;
    case 'topic_not_found':
      return `${subject} does not exist: check --topic-arn and the Region`;
    case 'access_denied':
      return `no permission for ${permission(context)} on ${subject} (${said}): allow it in the IAM policy, and check that no policy of the resource denies it`;
    case 'credentials_missing':
      return `no AWS credentials were found (${said}): set AWS_PROFILE or --profile, sign in, or run where a role gives them`;
    case 'credentials_expired':
      return `the AWS credentials have expired (${said}): sign in again and run the same command; it goes on where it stopped`;
    case 'credentials_invalid':
      return `AWS does not accept the credentials (${said}): check the access key, its secret and --profile`;
    case 'clock_skew':
      return `this machine's clock is wrong (${said}): set it, for instance with NTP`;
    default:
      code satisfies never;
  }
  return said;
}

function permission({ service, operation }: CallContext): string {
  return PERMISSIONS[operation] ?? `${service}:${operation}`;
}

/** What AWS or Node said, on one line. */
function quoted({ name, message, status }: SeenError): string {
  const text = message.replace(/\s+/g, ' ').trim();
  const isEmpty = text === '' || text === 'UnknownError' || text === name;
  if (!isEmpty) return text;
  return status === undefined ? name : `HTTP ${status}${name === 'Unknown' ? ' without a reason' : `, ${name}`}`;
}
