import { KnownError, type Retry } from '../lib/errors.ts';

/**
 * What a failed call to a service means for the work.
 * - `part`: this try of this part; another try may do.
 * - `archive`: this archive cannot go on as it is; the others can.
 * - `run`: no call of this kind will succeed: the run ends with one line.
 */
export type Scope = 'part' | 'archive' | 'run';

/** Each failure the adapters tell apart. The key is stable: logs, `--json` and the state file hold on to it. */
export const SERVICE_FAILURES = {
  // worth another try
  throttled: { retry: 'soon', scope: 'part' },
  unavailable: { retry: 'soon', scope: 'part' },
  network: { retry: 'soon', scope: 'part' },
  stalled: { retry: 'soon', scope: 'part' },
  short_body: { retry: 'soon', scope: 'part' },
  tree_hash_mismatch: { retry: 'soon', scope: 'part' },
  bad_checksum: { retry: 'soon', scope: 'part' },
  // Glacier, one archive or job
  job_not_found: { retry: 'soon', scope: 'archive' },
  job_not_ready: { retry: 'soon', scope: 'archive' },
  archive_not_found: { retry: 'never', scope: 'archive' },
  insufficient_capacity: { retry: 'soon', scope: 'archive' },
  // S3, one object or upload
  object_exists: { retry: 'never', scope: 'archive' },
  write_conflict: { retry: 'soon', scope: 'archive' },
  upload_not_found: { retry: 'soon', scope: 'archive' },
  object_archived: { retry: 'nextRun', scope: 'archive' },
  invalid_request: { retry: 'never', scope: 'archive' },
  // the run
  retrieval_policy: { retry: 'nextRun', scope: 'run' },
  vault_not_found: { retry: 'never', scope: 'run' },
  vault_not_empty: { retry: 'nextRun', scope: 'run' },
  no_longer_supported: { retry: 'never', scope: 'run' },
  bucket_not_found: { retry: 'never', scope: 'run' },
  bucket_region: { retry: 'never', scope: 'run' },
  queue_not_found: { retry: 'never', scope: 'run' },
  topic_not_found: { retry: 'never', scope: 'run' },
  access_denied: { retry: 'nextRun', scope: 'run' },
  credentials_missing: { retry: 'nextRun', scope: 'run' },
  credentials_expired: { retry: 'nextRun', scope: 'run' },
  credentials_invalid: { retry: 'nextRun', scope: 'run' },
  clock_skew: { retry: 'nextRun', scope: 'run' },
} as const satisfies Record<string, { retry: Retry; scope: Scope }>;

export type ServiceFailure = keyof typeof SERVICE_FAILURES;

/** A call to Glacier, S3, SNS, SQS or STS failed in a way the tool knows. */
export class ServiceError extends KnownError {
  readonly code: ServiceFailure;
  readonly retry: Retry;
  readonly scope: Scope;
  /** The call's name as AWS writes it, such as `InitiateJob`. */
  readonly operation: string;
  /**
   * Whether the service may have done what was asked although no answer came (a reset or a time-out after the
   * request was sent). A call that costs money is then looked up before it is made again.
   */
  readonly outcomeUnknown: boolean;
  /** Of a call that was to write an object: our checksum of its bytes, base64, where they had been proven by then. */
  readonly provenChecksum: string | undefined;

  constructor(
    code: ServiceFailure,
    message: string,
    {
      operation,
      outcomeUnknown = false,
      provenChecksum,
      cause,
    }: {
      operation: string;
      outcomeUnknown?: boolean;
      provenChecksum?: string | undefined;
      cause?: unknown;
    },
  ) {
    super(message, { cause });
    this.code = code;
    this.retry = SERVICE_FAILURES[code].retry;
    this.scope = SERVICE_FAILURES[code].scope;
    this.operation = operation;
    this.outcomeUnknown = outcomeUnknown;
    this.provenChecksum = provenChecksum;
  }

  /** The same failure, of a call that was to write these bytes. */
  ofProven(provenChecksum: string): ServiceError {
    const { code, message, operation, outcomeUnknown } = this;
    return new ServiceError(code, message, { operation, outcomeUnknown, provenChecksum, cause: this });
  }
}

/** Whether `error` is a service's failure of one of these kinds. */
export function isFailure<Code extends ServiceFailure>(
  error: unknown,
  ...codes: readonly Code[]
): error is ServiceError & { readonly code: Code } {
  return error instanceof ServiceError && (codes as readonly string[]).includes(error.code);
}
