import { createHash } from 'node:crypto';
import { evaluate, type Policy, parseIdentityPolicy } from '../domain/access-policy.ts';
import { UsageError } from '../lib/errors.ts';
import type { AwsError } from './error-reply.ts';
import { type Permission, permissionsOf } from './permissions.ts';
import type { Identified } from './service.ts';
import {
  type Authorization,
  basicDate,
  isSignatureValid,
  parseAuthorization,
  type SignedRequest,
  signingTime,
  unsignedHeaders,
} from './signature.ts';

/** An access key that the simulator knows. */
export interface Credential {
  readonly accessKeyId: string;
  readonly secretAccessKey: string;
  /** A temporary key: requests must carry this token. */
  readonly sessionToken?: string;
  /** Every call is refused, as AWS refuses a temporary key whose time is over. */
  readonly expired?: boolean;
  /** Operations it may not call: `glacier:InitiateJob`, `s3:*`. The operation's own name, not the IAM action's. */
  readonly denied?: readonly string[];
  /** The policy of its user, a JSON text: what this does not allow is refused. Without it, all is allowed. */
  readonly policy?: string;
}

/** As IAM's simulation says it. */
export type Decision = 'allowed' | 'explicitDeny' | 'implicitDeny';

/** AWS refuses what was signed more than this long ago, or ahead (IAM user guide, Signature Version 4). */
const MAX_SKEW_MS = 15 * 60 * 1000;

const WRONG_SIGNATURE =
  'The request signature we calculated does not match the signature you provided. Check your key and signing method.';

/** What each protocol answers. S3 and the older query services have names and statuses of their own. */
const REFUSALS = {
  missing: {
    glacier: [400, 'MissingAuthenticationTokenException', 'Missing Authentication Token'],
    s3: [403, 'AccessDenied', 'Access Denied'],
    other: [403, 'MissingAuthenticationToken', 'Request is missing Authentication Token'],
  },
  incomplete: {
    glacier: [403, 'InvalidSignatureException', 'The Authorization header is not complete.'],
    s3: [400, 'AuthorizationHeaderMalformed', 'The authorization header is malformed.'],
    other: [400, 'IncompleteSignature', 'The Authorization header is not complete.'],
  },
  unsignedHeaders: {
    glacier: [403, 'InvalidSignatureException', 'There were headers present in the request which were not signed'],
    s3: [403, 'AccessDenied', 'There were headers present in the request which were not signed'],
    other: [403, 'SignatureDoesNotMatch', 'There were headers present in the request which were not signed'],
  },
  unknownKey: {
    glacier: [400, 'UnrecognizedClientException', 'The security token included in the request is invalid.'],
    s3: [403, 'InvalidAccessKeyId', 'The AWS Access Key Id you provided does not exist in our records.'],
    other: [403, 'InvalidClientTokenId', 'The security token included in the request is invalid.'],
  },
  wrongToken: {
    glacier: [400, 'UnrecognizedClientException', 'The security token included in the request is invalid.'],
    s3: [400, 'InvalidToken', 'The provided token is malformed or otherwise invalid.'],
    other: [403, 'InvalidClientTokenId', 'The security token included in the request is invalid.'],
  },
  expired: {
    glacier: [403, 'ExpiredTokenException', 'The security token included in the request is expired'],
    s3: [400, 'ExpiredToken', 'The provided token has expired.'],
    other: [403, 'ExpiredToken', 'The security token included in the request is expired'],
  },
  skew: {
    glacier: [403, 'InvalidSignatureException', 'Signature '],
    s3: [403, 'RequestTimeTooSkewed', 'The difference between the request time and the current time is too large.'],
    other: [403, 'SignatureDoesNotMatch', 'Signature '],
  },
  signature: {
    glacier: [403, 'InvalidSignatureException', WRONG_SIGNATURE],
    s3: [403, 'SignatureDoesNotMatch', WRONG_SIGNATURE],
    other: [403, 'SignatureDoesNotMatch', WRONG_SIGNATURE],
  },
  noContentHash: {
    glacier: [403, 'InvalidSignatureException', WRONG_SIGNATURE],
    s3: [400, 'InvalidRequest', 'Missing required header for this request: x-amz-content-sha256'],
    other: [403, 'SignatureDoesNotMatch', WRONG_SIGNATURE],
  },
} as const satisfies Record<string, Record<'glacier' | 's3' | 'other', readonly [number, string, string]>>;

/** The error of this kind as the service names it. */
function authenticationError(service: string, kind: keyof typeof REFUSALS, addition = ''): AwsError {
  const [status, code, message] = REFUSALS[kind][service === 'glacier' || service === 's3' ? service : 'other'];
  return { status, code, message: `${message}${addition}` };
}

/** The known keys, and who may do what. */
export class Credentials {
  readonly #byId = new Map<string, Credential>();
  readonly #policies = new Map<string, Policy>();

  constructor(known: readonly Credential[]) {
    for (const credential of known) this.set(credential);
  }

  /** Adds a key, or replaces the one of the same id. */
  set(credential: Credential): void {
    this.#byId.set(credential.accessKeyId, credential);
    this.#policies.delete(credential.accessKeyId);
    if (credential.policy === undefined) return;
    const policy = parseIdentityPolicy(credential.policy);
    if (!policy) throw new UsageError('the policy of the credential is not understood');
    this.#policies.set(credential.accessKeyId, policy);
  }

  /** What a key's user may do, by its policy and by what it is denied. */
  decide(accessKeyId: string, { action, resource, context = {} }: Permission, accountId: string): Decision {
    if (this.#byId.get(accessKeyId)?.denied?.includes(action)) return 'explicitDeny';
    const policy = this.#policies.get(accessKeyId);
    if (!policy) return 'allowed';
    const verdict = evaluate(policy, { principal: { accountId }, action, resource, context });
    return verdict === 'allow' ? 'allowed' : verdict === 'deny' ? 'explicitDeny' : 'implicitDeny';
  }

  /**
   * Who sent the request, or why it is refused.
   * @param body for every service but S3, whose requests name their body's hash and have it checked where the
   *   body is read.
   */
  authenticate(request: SignedRequest, body: Buffer | undefined): Authorization | AwsError {
    const { authorization: header } = request.headers;
    const authorization = parseAuthorization(header);
    if (!authorization) return authenticationError(guessService(request), header ? 'incomplete' : 'missing');
    const { service } = authorization;
    if (unsignedHeaders(authorization, request.headers).length > 0)
      return authenticationError(service, 'unsignedHeaders');
    const credential = this.#byId.get(authorization.accessKeyId);
    if (!credential) return authenticationError(service, 'unknownKey');
    const token = request.headers['x-amz-security-token'];
    if (token !== credential.sessionToken) return authenticationError(service, 'wrongToken');
    const time = signingTime(request.headers);
    if (time === undefined) return authenticationError(service, 'incomplete');
    if (Math.abs(Date.now() - time) > MAX_SKEW_MS) {
      return authenticationError(service, 'skew', service === 's3' ? '' : skewDetail(time));
    }
    const payloadHash = body
      ? createHash('sha256').update(body).digest('hex')
      : request.headers['x-amz-content-sha256'];
    if (typeof payloadHash !== 'string') return authenticationError(service, 'noContentHash');
    const sameDay = basicDate(time).startsWith(authorization.day);
    if (!sameDay || !isSignatureValid(authorization, request, { ...credential, payloadHash, time })) {
      return authenticationError(service, 'signature');
    }
    if (credential.expired) return authenticationError(service, 'expired');
    return authorization;
  }

  /** The refusal of an operation that the key may not call. */
  denial(
    { accessKeyId, service, region }: Authorization,
    { operation, detail, accountId }: Identified & { readonly accountId: string },
  ): AwsError | undefined {
    const denied = this.#byId.get(accessKeyId)?.denied ?? [];
    const isDenied = denied.includes(`${service}:${operation}`) || denied.includes(`${service}:*`);
    const needed = permissionsOf({ service, operation, detail }, { accountId, region });
    const refused = needed.find((one) => this.decide(accessKeyId, one, accountId) !== 'allowed');
    if (!isDenied && !refused) return undefined;
    if (service === 's3') return { status: 403, code: 'AccessDenied', message: 'Access Denied' };
    return {
      status: 403,
      code: service === 'glacier' ? 'AccessDeniedException' : service === 'sns' ? 'AuthorizationError' : 'AccessDenied',
      message: `User: arn:aws:iam::${accountId}:user/simulator is not authorized to perform: ${refused?.action ?? `${service}:${operation}`}`,
    };
  }
}

/** The service that a request without a credential scope is for, so that the refusal has its shape. */
export function guessService({ headers, rawPath }: Pick<SignedRequest, 'headers' | 'rawPath'>): string {
  if (headers['x-amz-glacier-version'] !== undefined || /^\/[^/]+\/(vaults|policies)(\/|$)/.test(rawPath))
    return 'glacier';
  if (String(headers['x-amz-target']).startsWith('AmazonSQS.')) return 'sqs';
  if (String(headers['x-amz-target']).startsWith('GraniteService')) return 'monitoring';
  return headers['content-type']?.startsWith('application/x-www-form-urlencoded') ? 'sts' : 's3';
}

/** How AWS goes on after `Signature `. */
function skewDetail(time: number): string {
  const now = Date.now();
  const signed = basicDate(time);
  return time < now
    ? `expired: ${signed} is now earlier than ${basicDate(now - MAX_SKEW_MS)} (${basicDate(now)} - 15 min.)`
    : `not yet current: ${signed} is still later than ${basicDate(now + MAX_SKEW_MS)} (${basicDate(now)} + 15 min.)`;
}
