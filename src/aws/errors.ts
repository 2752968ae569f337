import { ServiceError, type ServiceFailure } from '../domain/service-error.ts';
import { HOUR } from '../lib/duration.ts';
import { FatalError, KnownError } from '../lib/errors.ts';
import { describeFailure } from './error-messages.ts';
import { failureOf, NETWORK_CODES, UNSENT_CODES } from './error-table.ts';

export type ServiceName = 'glacier' | 's3' | 'sqs' | 'sns' | 'sts' | 'cloudwatch' | 'iam';

/** What was being done, for the message. */
export interface CallContext {
  readonly service: ServiceName;
  /** As AWS writes it, such as `InitiateJob`. */
  readonly operation: string;
  /** What the call was about, as the user knows it: `vault "photos" in eu-west-1`. */
  readonly subject: string;
}

/** What can be seen of anything that the SDK throws. */
export interface SeenError {
  readonly name: string;
  readonly message: string;
  readonly status: number | undefined;
  /** Node's code of a socket's or resolver's error. */
  readonly nodeCode: string | undefined;
}

/**
 * The failure that an error of the SDK stands for, with the error as its cause. What is already known stays as it
 * is; what is no failure of a service, a network or the set-up comes back unchanged: that is a bug.
 */
export function translateError(error: unknown, context: CallContext): unknown {
  if (!(error instanceof Error) || error instanceof KnownError) return error;
  const seen = see(error);
  if (/^Region is missing/.test(seen.message)) {
    return new FatalError('region_missing', 'No AWS Region is known: give --region, or set AWS_REGION', {
      cause: error,
    });
  }
  if (seen.nodeCode === 'ERR_INVALID_URL') {
    const message =
      'the endpoint is not a URL: write http://host:port or https://host in --endpoint-url or AWS_ENDPOINT_URL';
    return new FatalError('endpoint_invalid', message, { cause: error });
  }
  const code = failureOf(seen, context) ?? transportFailure(seen);
  if (!code) return error;
  return new ServiceError(code, describeFailure(code, context, seen), {
    operation: context.operation,
    outcomeUnknown: isOutcomeUnknown(code, seen),
    cause: error,
  });
}

/**
 * Makes a call. Rejects with the signal's reason once it aborts, else with what `translateError` makes of the error.
 * A request that was refused for its time of signing alone is sent once more: the SDK has by then learned the
 * server's time, and nothing has been done yet. Not where this machine's clock is off by hours: by it, outputs that are
 * there would be taken for expired, and asked and paid for again.
 */
export async function call<T>(
  context: CallContext,
  signal: AbortSignal | undefined,
  send: () => Promise<T>,
): Promise<T> {
  signal?.throwIfAborted();
  try {
    return await send().catch((error: unknown) => {
      if (!wasRefusedForSkew(error, context) || skewOf(error) > MOST_SKEW) throw error;
      return send();
    });
  } catch (error) {
    signal?.throwIfAborted();
    throw translateError(error, context);
  }
}

function see(error: Error): SeenError {
  const { $metadata, code, Code } = error as Error & {
    readonly $metadata?: { readonly httpStatusCode?: number };
    readonly code?: unknown;
    readonly Code?: unknown;
  };
  return {
    // SQS has both: the shape's name, and the code of its older protocol for what has no shape
    name: error.name === 'Error' || error.name === 'Unknown' ? String(Code ?? code ?? error.name) : error.name,
    message: error.message,
    status: $metadata?.httpStatusCode,
    nodeCode:
      typeof code === 'string' && /^(E[A-Z]|CERT_|DEPTH_|UNABLE_|SELF_|ERR_|HPE_)/.test(code) ? code : undefined,
  };
}

function transportFailure({ name, message, nodeCode, status }: SeenError): ServiceFailure | undefined {
  if (name === 'TimeoutError') return /inactivity/.test(message) ? 'stalled' : 'network';
  if (nodeCode !== undefined && NETWORK_CODES.test(nodeCode)) return 'network';
  if (/^(aborted|socket hang up)$/.test(message) || /Invalid MD5 checksum on messages/.test(message)) return 'network';
  // the answer was none of AWS: a proxy's page, or one that broke off
  if (/Deserialization error|Unexpected end of JSON|not valid JSON/i.test(message)) return 'unavailable';
  if (status === undefined) return undefined;
  if (status >= 500) return 'unavailable';
  return status === 429 ? 'throttled' : 'invalid_request';
}

/** Refusals are certain. Unknown is what came to no answer after it was sent, and an error inside the service. */
function isOutcomeUnknown(code: ServiceFailure, { name, message, nodeCode, status }: SeenError): boolean {
  switch (code) {
    case 'network':
      if (nodeCode !== undefined && UNSENT_CODES.test(nodeCode)) return false;
      return !/did not establish a connection/.test(message);
    case 'stalled':
      return true;
    case 'unavailable':
      return !/^(ServiceUnavailable|SlowDown|QueueDeletedRecently)/.test(name) && status !== 409;
    default:
      return false;
  }
}

/** The scheduler keeps four of the 24 hours of an output in hand. */
const MOST_SKEW = 2 * HOUR;

const SKEW_NAMES =
  /^(AuthFailure|InvalidSignatureException|RequestExpired|RequestInTheFuture|RequestTimeTooSkewed|SignatureDoesNotMatch)$/;

function wasRefusedForSkew(error: unknown, { operation }: CallContext): boolean {
  if (!(error instanceof Error)) return false;
  const { $metadata } = error as { $metadata?: { clockSkewCorrected?: boolean; httpStatusCode?: number } };
  if (!$metadata?.clockSkewCorrected) return false;
  // the answer to a HEAD has no body, so it has no name either
  return SKEW_NAMES.test(error.name) || (operation.startsWith('Head') && $metadata.httpStatusCode === 403);
}

/** Milliseconds between this machine's time and that of the answer; 0 where it says none. */
function skewOf(error: unknown): number {
  const { $response } = error as { readonly $response?: { readonly headers?: Readonly<Record<string, string>> } };
  const time = Date.parse($response?.headers?.date ?? '');
  return Number.isNaN(time) ? 0 : Math.abs(time - Date.now());
}
