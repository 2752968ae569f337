import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { glacierClient, s3Client, snsClient, sqsClient, stsClient } from '../../src/aws/clients.ts';
import { glacierVault } from '../../src/aws/glacier-vault.ts';
import { s3Bucket } from '../../src/aws/s3-bucket.ts';
import { sqsNotifications } from '../../src/aws/sqs-notifications.ts';
import { stsIdentity } from '../../src/aws/sts-identity.ts';
import { checksumOf } from '../../src/domain/checksum.ts';
import type { ArchiveId, ObjectKey, UploadId } from '../../src/domain/ids.ts';
import type { ServiceFailure } from '../../src/domain/service-error.ts';
import { HOUR } from '../../src/lib/duration.ts';
import { MiB } from '../../src/lib/size.ts';
import type { Fault } from '../../src/simulator/faults.ts';
import { type Simulator, startSimulator } from '../../src/simulator/simulator.ts';
import { withSimulatorKeys } from '../support/simulator-keys.ts';

const { signal } = new AbortController();
const attributes = { storageClass: 'STANDARD', metadata: {}, tags: {} };
const key = 'key' as ObjectKey;
const body = Buffer.from('body');
const checksum = { algorithm: 'CRC32', value: checksumOf('CRC32', body) } as const;

let simulator: Simulator;
let restore: () => void;
const clients: { destroy(): void }[] = [];

beforeEach(async () => {
  simulator = await startSimulator({
    vaults: [{ name: 'photos', archives: [{ content: { kind: 'zeros', size: 4 * MiB } }] }, { name: 'other' }],
    buckets: ['target'],
  });
  restore = withSimulatorKeys();
});

afterEach(async () => {
  restore();
  for (const client of clients.splice(0)) client.destroy();
  await simulator.close();
  expect(simulator.bugs).toEqual([]);
});

function options(changed: { region?: string; endpointUrl?: string; idleTimeoutMs?: number } = {}) {
  return { region: simulator.region, endpointUrl: simulator.url, concurrency: 4, ...changed };
}

function vault(name = 'photos', changed = {}) {
  const client = glacierClient(options(changed));
  clients.push(client);
  return glacierVault({ client, vaultName: name, accountId: '-' });
}

function bucket(name = 'target', changed = {}, owner?: string) {
  const client = s3Client(options(changed));
  clients.push(client);
  return s3Bucket({ client, bucket: name, ...(owner !== undefined && { expectedBucketOwner: owner }) });
}

function notifications() {
  const [sns, sqs] = [snsClient(options()), sqsClient(options())];
  clients.push(sns, sqs);
  return sqsNotifications({ sns, sqs });
}

function identity() {
  const client = stsClient(options());
  clients.push(client);
  return stsIdentity({ client });
}

function archiveId(): ArchiveId {
  const [archive] = simulator.glacier.region(simulator.region).vault('photos')?.archives() ?? [];
  return archive!.id;
}

function request(from = vault()) {
  return from.requestArchive({ archiveId: archiveId(), tier: 'Standard', description: 'x' });
}

async function staged() {
  const jobId = await request();
  simulator.advance(12 * HOUR);
  return jobId;
}

function put(into = bucket()) {
  return into.put(key, body, { checksum, attributes, ifAbsent: false }, signal);
}

async function failure(call: Promise<unknown>): Promise<Record<string, unknown>> {
  const error = await call.then(
    () => new Error('it succeeded'),
    (reason: unknown) => reason as Error,
  );
  const { code, retry, scope, operation, outcomeUnknown } = error as unknown as Record<string, unknown>;
  return { code, retry, scope, operation, outcomeUnknown, message: error.message, cause: error.cause };
}

describe('an error of Glacier', () => {
  it.each<[ServiceFailure, number, string, string, boolean?]>([
    ['throttled', 400, 'ThrottlingException', 'Rate exceeded'],
    [
      'retrieval_policy',
      400,
      'PolicyEnforcedException',
      'InitiateJob request denied by current data retrieval policy.',
    ],
    ['insufficient_capacity', 503, 'InsufficientCapacityException', 'There is insufficient capacity'],
    ['insufficient_capacity', 400, 'InsufficientCapacityException', 'There is insufficient capacity'],
    ['vault_not_found', 404, 'ResourceNotFoundException', 'Vault not found for ARN: arn:aws:glacier:x:1:vaults/photos'],
    ['archive_not_found', 404, 'ResourceNotFoundException', 'The archive ID was not found: x'],
    ['archive_not_found', 400, 'InvalidParameterValueException', 'Invalid vault name'],
    ['invalid_request', 400, 'InvalidParameterValueException', 'Invalid tier'],
    ['invalid_request', 400, 'MissingParameterValueException', 'Required parameter missing'],
    ['invalid_request', 400, 'LimitExceededException', 'Too many vaults'],
    ['invalid_request', 400, 'SerializationException', 'no JSON'],
    ['invalid_request', 400, 'BadRequest', 'Bad request'],
    ['unavailable', 500, 'ServiceUnavailableException', 'The service is unavailable'],
    ['unavailable', 503, 'ServiceUnavailableException', 'The service is unavailable'],
    ['unavailable', 500, 'InternalFailure', 'An internal error', true],
    ['network', 408, 'RequestTimeoutException', 'Timed out', true],
    ['no_longer_supported', 400, 'NoLongerSupportedException', 'This API is no longer supported for new accounts.'],
    ['access_denied', 403, 'AccessDeniedException', 'not authorized to perform: glacier:InitiateJob'],
    ['credentials_expired', 403, 'ExpiredTokenException', 'The security token included in the request is expired'],
    ['credentials_invalid', 403, 'InvalidSignatureException', 'The request signature we calculated does not match'],
    [
      'credentials_invalid',
      400,
      'UnrecognizedClientException',
      'The security token included in the request is invalid.',
    ],
    ['credentials_invalid', 400, 'MissingAuthenticationTokenException', 'Missing Authentication Token'],
    ['clock_skew', 403, 'InvalidSignatureException', 'Signature expired: 20261122T1 is now earlier than 20261122T2'],
  ])('is told as %s: %i %s, %s', async (code, status, name, message, outcomeUnknown = false) => {
    simulator.faults.add({ operation: 'InitiateJob', fault: { kind: 'error', status, code: name, message } });

    const seen = await failure(request());

    expect(seen).toMatchObject({ code, operation: 'InitiateJob', outcomeUnknown, cause: { name } });
    expect(seen.message).not.toContain('\n');
    expect(simulator.counts()['glacier:InitiateJob']).toBe(1);
  });

  it('says which vault of which Region is missing, and that the Region may be the wrong one', async () => {
    const { message, code } = await failure(vault('photos', { region: 'eu-west-3' }).describe(signal));

    expect(code).toBe('vault_not_found');
    expect(message).toContain('vault "photos" in eu-west-3 was not found');
    expect(message).toContain('--region');
  });

  it('tells an archive of another vault from a missing vault', async () => {
    expect(await failure(request(vault('other')))).toMatchObject({ code: 'archive_not_found', scope: 'archive' });
  });

  it('says of an account without vaults that it is the wrong one', async () => {
    simulator.glacier.settings.closed = true;

    const seen = await failure(vault().describe(signal));

    expect(seen).toMatchObject({ code: 'no_longer_supported', retry: 'never', scope: 'run' });
    expect(seen.message).toContain('--profile');
  });

  it('names the permission that is missing', async () => {
    simulator.credentials.set({
      accessKeyId: 'simulator',
      secretAccessKey: 'simulator',
      denied: ['glacier:ListJobs', 's3:*'],
    });

    const jobs = await failure(Array.fromAsync(vault().jobs({}, signal)));
    const objects = await failure(Array.fromAsync(bucket().list('', signal)));
    const head = await failure(bucket().head(key, signal));

    expect(jobs).toMatchObject({
      code: 'access_denied',
      message: expect.stringContaining('glacier:ListJobs on vault "photos"'),
    });
    expect(objects).toMatchObject({ code: 'access_denied', message: expect.stringContaining('s3:ListBucket') });
    expect(head).toMatchObject({ code: 'access_denied', message: expect.stringContaining('s3:GetObject') });
  });
});

describe('a call that has no answer', () => {
  it.each<[Fault['kind'], number]>([
    ['reset', 0],
    ['lost-response', 1],
  ])('may have been done: %s', async (kind, jobs) => {
    simulator.faults.add({ operation: 'InitiateJob', fault: { kind } as Fault });

    expect(await failure(request())).toMatchObject({ code: 'network', retry: 'soon', outcomeUnknown: true });

    expect(await Array.fromAsync(vault().jobs({}, signal))).toHaveLength(jobs);
    expect(simulator.counts()['glacier:InitiateJob']).toBe(1);
  });

  it('has not been done where nobody listens', async () => {
    const server = createServer().listen(0, '127.0.0.1');
    await new Promise((resolve) => server.once('listening', resolve));
    const { port } = server.address() as AddressInfo;
    await new Promise((resolve) => server.close(resolve));

    const seen = await failure(request(vault('photos', { endpointUrl: `http://127.0.0.1:${port}` })));

    expect(seen).toMatchObject({ code: 'network', outcomeUnknown: false });
  });

  it('is given up when the connection goes silent', async () => {
    simulator.faults.add({ operation: 'InitiateJob', fault: { kind: 'delay', ms: 3000 } });

    expect(await failure(request(vault('photos', { idleTimeoutMs: 200 })))).toMatchObject({
      code: 'stalled',
      outcomeUnknown: true,
    });
  });

  it.each([
    ['a page of HTML', 200, '<html>Sign in to the guest network</html>'],
    ['JSON that breaks off', 200, '{"VaultARN":'],
    ['an error page', 502, '<html>Bad gateway</html>'],
  ])('of AWS but %s may have been done', async (_, status, text) => {
    const server = createServer((_request, response) => response.writeHead(status).end(text)).listen(0, '127.0.0.1');
    await new Promise((resolve) => server.once('listening', resolve));
    const { port } = server.address() as AddressInfo;

    const seen = await failure(vault('photos', { endpointUrl: `http://127.0.0.1:${port}` }).describe(signal));
    server.close();

    expect(seen).toMatchObject({ code: 'unavailable', retry: 'soon', outcomeUnknown: true });
  });
});

describe('the output of a job', () => {
  const read = async (changed = {}) => {
    const jobId = await staged();
    const { body: output, length } = await vault('photos', changed).readOutput(jobId, undefined, signal);
    let received = 0;
    const all = (async () => {
      for await (const piece of output) received += piece.length;
    })();
    return { all, length, received: () => received };
  };

  it('fails where the connection is cut', async () => {
    simulator.faults.add({ operation: 'GetJobOutput', fault: { kind: 'cut', afterBytes: MiB } });
    const { all, received } = await read();

    expect(await failure(all)).toMatchObject({ code: 'network', retry: 'soon', scope: 'part' });
    expect(received()).toBeLessThan(4 * MiB);
  });

  it('fails where it stalls', async () => {
    simulator.faults.add({ operation: 'GetJobOutput', fault: { kind: 'stall', afterBytes: MiB } });
    const { all } = await read({ idleTimeoutMs: 300 });

    expect(await failure(all)).toMatchObject({ code: 'stalled', retry: 'soon', scope: 'part' });
  });

  it('ends early without an error where a chunked reply is short, and then has no length to go by', async () => {
    simulator.faults.add({ operation: 'GetJobOutput', fault: { kind: 'short-body', afterBytes: MiB } });
    const { all, received, length } = await read();
    await all;

    expect(received()).toBe(MiB);
    expect(length).toBeUndefined();
  });
});

describe('an error of S3', () => {
  it.each<[ServiceFailure, number, string, string, boolean?]>([
    ['throttled', 503, 'SlowDown', 'Please reduce your request rate.'],
    ['unavailable', 500, 'InternalError', 'We encountered an internal error. Please try again.', true],
    ['unavailable', 503, 'ServiceUnavailable', 'Reduce your request rate.'],
    ['network', 400, 'RequestTimeout', 'Your socket connection to the server was not read from', true],
    ['bad_checksum', 400, 'BadDigest', 'The CRC32 you specified did not match'],
    ['bad_checksum', 400, 'XAmzContentSHA256Mismatch', 'The provided hash does not match'],
    ['bad_checksum', 400, 'InvalidRequest', 'Value for x-amz-checksum-crc32 header is invalid.'],
    ['invalid_request', 400, 'InvalidRequest', 'Unsupported Authorization Type'],
    ['invalid_request', 400, 'InvalidStorageClass', 'The storage class you specified is not valid'],
    ['invalid_request', 400, 'KeyTooLongError', 'Your key is too long'],
    ['invalid_request', 400, 'MetadataTooLarge', 'Your metadata headers exceed the maximum'],
    ['invalid_request', 501, 'NotImplemented', 'A header you provided implies functionality that is not implemented'],
    ['object_exists', 412, 'PreconditionFailed', 'At least one of the pre-conditions did not hold'],
    ['write_conflict', 409, 'ConditionalRequestConflict', 'The conditional request cannot succeed'],
    ['write_conflict', 409, 'OperationAborted', 'A conflicting conditional operation is in progress'],
    ['bucket_not_found', 404, 'NoSuchBucket', 'The specified bucket does not exist'],
    ['bucket_region', 301, 'PermanentRedirect', 'must be addressed using the specified endpoint'],
    ['bucket_region', 400, 'AuthorizationHeaderMalformed', "the region 'us-east-1' is wrong; expecting 'eu-west-1'"],
    ['access_denied', 403, 'AccessDenied', 'Access Denied'],
    ['access_denied', 400, 'KMS.NotFoundException', 'Key does not exist'],
    ['credentials_expired', 400, 'ExpiredToken', 'The provided token has expired.'],
    ['credentials_invalid', 403, 'InvalidAccessKeyId', 'The AWS Access Key Id you provided does not exist'],
    ['credentials_invalid', 403, 'SignatureDoesNotMatch', 'The request signature we calculated does not match'],
    [
      'clock_skew',
      403,
      'RequestTimeTooSkewed',
      'The difference between the request time and the current time is too large.',
    ],
  ])('is told as %s: %i %s, %s', async (code, status, name, message, outcomeUnknown = false) => {
    simulator.faults.add({ operation: 'PutObject', fault: { kind: 'error', status, code: name, message } });

    const seen = await failure(put());

    expect(seen).toMatchObject({ code, operation: 'PutObject', outcomeUnknown, cause: { name } });
    expect(simulator.counts()['s3:PutObject']).toBe(1);
  });

  it('in an answer of 200 to CompleteMultipartUpload is an error all the same', async () => {
    const into = bucket();
    const uploadId = await into.createUpload(key, { checksumAlgorithm: 'CRC32', attributes });
    const { etag } = await into.uploadPart({ key, uploadId, partNumber: 1, body, checksum }, signal);
    const message = 'We encountered an internal error. Please try again.';
    simulator.faults.add({
      operation: 'CompleteMultipartUpload',
      times: 1,
      fault: { kind: 'error', status: 200, code: 'InternalError', message },
    });
    const whole = { ...checksum, type: 'FULL_OBJECT' } as const;
    const parts = [{ partNumber: 1, etag, checksum: checksum.value }];
    const complete = () =>
      into.completeUpload({ key, uploadId, parts, size: body.length, checksum: whole, ifAbsent: true });

    expect(await failure(complete())).toMatchObject({ code: 'unavailable', retry: 'soon', outcomeUnknown: true });
    expect(await complete()).toMatchObject({ checksum: whole });
    expect(await failure(complete())).toMatchObject({
      code: expect.stringMatching(/^(object_exists|upload_not_found)$/),
    });
  });

  it('of a bucket in another Region tells its Region', async () => {
    simulator.s3.addBucket('far', { region: 'eu-west-1' });

    expect(await bucket('far').describe(signal)).toEqual({ region: 'eu-west-1' });
    expect(await bucket('far', { region: 'eu-west-2' }).describe(signal)).toEqual({ region: 'eu-west-1' });
    expect(await failure(put(bucket('far')))).toMatchObject({ code: 'bucket_region', scope: 'run' });
    expect(await failure(put(bucket('far', { region: 'eu-west-2' })))).toMatchObject({ code: 'bucket_region' });
  });

  it('of a bucket of somebody else is a missing permission', async () => {
    const seen = await failure(bucket('target', {}, '999988887777').describe(signal));

    expect(seen).toMatchObject({ code: 'access_denied', operation: 'HeadBucket' });
  });

  it('for an upload that nobody knows', async () => {
    const parts = bucket().parts(key, 'nothing' as UploadId, signal);

    expect(await failure(Array.fromAsync(parts))).toMatchObject({ code: 'upload_not_found', scope: 'archive' });
  });
});

describe('an error of SQS, SNS or STS', () => {
  const channel = async () => notifications().open({ name: 'jobs' }, signal);

  it.each<[ServiceFailure, string, string, number, string, string]>([
    ['access_denied', 'sns', 'CreateTopic', 403, 'AuthorizationError', 'not authorized to perform: SNS:CreateTopic'],
    ['throttled', 'sns', 'CreateTopic', 400, 'Throttling', 'Rate exceeded'],
    ['topic_not_found', 'sns', 'Subscribe', 404, 'NotFound', 'Topic does not exist'],
    ['topic_not_found', 'sns', 'Subscribe', 400, 'InvalidParameter', 'Invalid parameter: TopicArn'],
    ['unavailable', 'sns', 'Subscribe', 500, 'InternalError', 'internal'],
    ['access_denied', 'sqs', 'CreateQueue', 403, 'AccessDenied', 'Access to the resource is denied.'],
    [
      'unavailable',
      'sqs',
      'CreateQueue',
      400,
      'AWS.SimpleQueueService.QueueDeletedRecently',
      'You must wait 60 seconds',
    ],
    ['throttled', 'sqs', 'CreateQueue', 403, 'RequestThrottled', 'slow'],
    ['credentials_expired', 'sqs', 'CreateQueue', 403, 'ExpiredToken', 'expired'],
  ])('is told as %s: %s %s %i %s', async (code, service, operation, status, name, message) => {
    simulator.faults.add({ service, operation, fault: { kind: 'error', status, code: name, message } });

    expect(await failure(channel())).toMatchObject({ code, operation });
  });

  it('of a queue that is gone ends the run', async () => {
    const opened = await channel();
    const { remove, receive, acknowledge } = notifications();
    await remove(opened, signal);

    expect(await failure(receive(opened, 0, signal))).toMatchObject({ code: 'queue_not_found', scope: 'run' });
    expect(await failure(acknowledge(opened, ['x'], signal))).toMatchObject({ code: 'queue_not_found' });
    expect((await failure(channel())).message).toContain('60 seconds');
  });

  it('of a receipt that is none names the messages that stay', async () => {
    const opened = await channel();

    expect(await failure(notifications().acknowledge(opened, ['x'], signal))).toMatchObject({
      code: 'invalid_request',
      message: expect.stringContaining('1 of 1 messages'),
    });
  });
});

describe('credentials', () => {
  it('belong to an account', async () => {
    expect(await identity().accountId(signal)).toBe(simulator.accountId);
  });

  it('that have expired are told as such by every service, a HEAD included', async () => {
    simulator.credentials.set({ accessKeyId: 'simulator', secretAccessKey: 'simulator', expired: true });
    const calls = [
      () => identity().accountId(signal),
      () => vault().describe(signal),
      () => put(),
      () => bucket().head(key, signal),
      () => notifications().open({ name: 'jobs' }, signal),
    ];

    for (const call of calls) {
      const seen = await failure(call());
      expect(seen).toMatchObject({ code: 'credentials_expired', retry: 'nextRun', scope: 'run' });
    }
  });

  it('that nobody knows are told as such', async () => {
    process.env.AWS_ACCESS_KEY_ID = 'nobody';

    for (const call of [() => identity().accountId(signal), () => vault().describe(signal), () => put()]) {
      expect(await failure(call())).toMatchObject({ code: 'credentials_invalid', scope: 'run' });
    }
  });

  it('that are missing are asked for', async () => {
    const nowhere = {
      AWS_EC2_METADATA_DISABLED: 'true',
      AWS_CONFIG_FILE: '/nonexistent',
      AWS_SHARED_CREDENTIALS_FILE: '/nonexistent',
    };
    Object.assign(process.env, nowhere);
    delete process.env.AWS_ACCESS_KEY_ID;

    const seen = await failure(vault().describe(signal));

    expect(seen).toMatchObject({ code: 'credentials_missing', retry: 'nextRun', scope: 'run', outcomeUnknown: false });
    expect(seen.message).toContain('--profile');
  });

  it('need a Region to be used', async () => {
    Object.assign(process.env, { AWS_CONFIG_FILE: '/nonexistent' });
    const client = glacierClient({ endpointUrl: simulator.url, concurrency: 1 });
    clients.push(client);
    const seen = await failure(glacierVault({ client, vaultName: 'photos', accountId: '-' }).describe(signal));

    expect(seen).toMatchObject({ code: 'region_missing', message: expect.stringContaining('--region') });
  });
});
