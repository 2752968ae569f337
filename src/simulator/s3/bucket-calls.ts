import type { Exchange, Reply, SimulatedWorld } from '../service.ts';
import type { BucketSettings } from './bucket-settings.ts';
import { Bucket, type BucketOptions } from './buckets.ts';
import { type Call, xmlReply } from './call.ts';
import { header } from './claims.ts';
import { takeDocument } from './intake.ts';
import { malformedXml, notSimulated, Refusal } from './refusal.ts';
import { leaves, parseXml } from './xml.ts';

const LARGEST_CONFIGURATION = 64 * 1024;

/** @throws {Refusal} InvalidBucketName (S3 user guide, general purpose bucket naming rules). */
function checkName(name: string): void {
  const wellFormed = /^[a-z0-9](?:[a-z0-9.-]{1,61})[a-z0-9]$/.test(name);
  if (!wellFormed || name.includes('..') || /^\d+\.\d+\.\d+\.\d+$/.test(name) || name.startsWith('xn--')) {
    throw new Refusal(400, 'InvalidBucketName', 'The specified bucket is not valid.', { BucketName: name });
  }
}

function locationConstraint(document: string): string | undefined {
  if (document === '') return undefined;
  const root = parseXml(document);
  if (root.name !== 'CreateBucketConfiguration') throw malformedXml();
  const other = root.children.find(({ name }) => name !== 'LocationConstraint');
  if (other) throw notSimulated(`${other.name} of a new bucket`);
  return leaves(root, ['LocationConstraint']).get('LocationConstraint');
}

/** The Region that a bucket is wanted in. @throws {Refusal} where this Region's endpoint makes none there. */
function wantedRegion(constraint: string | undefined, endpointRegion: string): string {
  const region = constraint === 'EU' ? 'eu-west-1' : (constraint ?? 'us-east-1');
  // The endpoint of us-east-1 makes buckets anywhere, every other one only at home.
  if (endpointRegion === 'us-east-1' || region === endpointRegion) return region;
  const name = constraint ?? 'unspecified';
  throw new Refusal(
    400,
    'IllegalLocationConstraintException',
    `The ${name} location constraint is incompatible for the region specific endpoint this request was sent to.`,
  );
}

export async function createBucket(
  { exchange, name }: { readonly exchange: Exchange; readonly name: string },
  buckets: Map<string, Bucket>,
): Promise<Reply> {
  checkName(name);
  const { caller, headers } = exchange;
  const hasBody = Number(header(headers, 'content-length') ?? 0) > 0;
  const document = hasBody ? await takeDocument(exchange, { largest: LARGEST_CONFIGURATION }) : '';
  const region = wantedRegion(locationConstraint(document), caller.region);
  const existing = buckets.get(name);
  if (existing && existing.owner !== caller.accountId) {
    const message =
      'The requested bucket name is not available. The bucket namespace is shared by all users of the system. Please select a different name and try again.';
    throw new Refusal(409, 'BucketAlreadyExists', message, { BucketName: name });
  }
  // In us-east-1 alone, making one's own bucket again is no error.
  if (existing && region !== 'us-east-1') {
    const message = 'Your previous request to create the named bucket succeeded and you already own it.';
    throw new Refusal(409, 'BucketAlreadyOwnedByYou', message, { BucketName: name });
  }
  if (!existing) {
    buckets.set(name, new Bucket({ name, region, owner: caller.accountId, open: false, versioning: false }));
  }
  return { status: 200, headers: { location: `/${name}` } };
}

/**
 * The bucket that a request is about, if the caller may use it from here.
 * @throws {Refusal} NoSuchBucket, PermanentRedirect, AuthorizationHeaderMalformed, AccessDenied
 */
export function usableBucket(
  buckets: ReadonlyMap<string, Bucket>,
  { name, operation, exchange }: { readonly name: string; readonly operation: string; readonly exchange: Exchange },
): Bucket {
  checkName(name);
  const bucket = buckets.get(name);
  if (!bucket) throw new Refusal(404, 'NoSuchBucket', 'The specified bucket does not exist', { BucketName: name });
  // Every Region answers where a bucket is.
  if (operation !== 'GetBucketLocation') checkRegion(bucket, exchange.caller.region);
  const expected = header(exchange.headers, 'x-amz-expected-bucket-owner');
  const foreign = bucket.owner !== exchange.caller.accountId && !bucket.open;
  if (foreign || (expected !== undefined && expected !== bucket.owner)) {
    throw new Refusal(403, 'AccessDenied', 'Access Denied', {}, { 'x-amz-bucket-region': bucket.region });
  }
  return bucket;
}

/**
 * A request signed for us-east-1 is taken to come by the global endpoint, which hands it on to the bucket's own Region,
 * and that finds the signature to be for another one. A request for any other Region ends there and is sent away.
 */
function checkRegion({ name, region }: Bucket, signedFor: string): void {
  if (signedFor === region) return;
  const headers = { 'x-amz-bucket-region': region };
  if (signedFor === 'us-east-1') {
    const message = `The authorization header is malformed; the region '${signedFor}' is wrong; expecting '${region}'`;
    throw new Refusal(400, 'AuthorizationHeaderMalformed', message, { Region: region }, headers);
  }
  const message =
    'The bucket you are attempting to access must be addressed using the specified endpoint. Please send all future requests to this endpoint.';
  throw new Refusal(
    301,
    'PermanentRedirect',
    message,
    { Endpoint: `s3.${region}.amazonaws.com`, Bucket: name },
    headers,
  );
}

export async function headBucket({ bucket }: Call): Promise<Reply> {
  return {
    status: 200,
    headers: {
      'x-amz-bucket-region': bucket.region,
      'x-amz-bucket-arn': `arn:aws:s3:::${bucket.name}`,
      'x-amz-access-point-alias': 'false',
      'content-type': 'application/xml',
    },
  };
}

export async function getBucketLocation({ bucket }: Call): Promise<Reply> {
  // us-east-1 has no name here, for reasons of age.
  return xmlReply('LocationConstraint', bucket.region === 'us-east-1' ? '' : bucket.region);
}

/** How a bucket of the tests' making differs from a new one of the simulator's account. */
export type NewBucketOptions = Partial<Omit<BucketOptions, 'name' | 'settings'>> & BucketSettings;

/** A bucket of the tests' making. */
export function newBucket(world: SimulatedWorld, name: string, options: NewBucketOptions): Bucket {
  checkName(name);
  const { region = world.region, owner = world.accountId, open = false, objectLock, encryption } = options;
  // object lock comes with versioning only
  const versioning = options.versioning ?? objectLock !== undefined;
  const settings = { ...(objectLock && { objectLock }), ...(encryption && { encryption }) };
  return new Bucket({ name, region, owner, open, versioning, settings });
}
