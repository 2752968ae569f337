import { expect, it } from 'vitest';
import type { FaultRule } from '../../src/simulator/faults.ts';
import { expectEnded, FEW, scene } from './scene.ts';

const S3_BUSY = { kind: 'error', status: 503, code: 'SlowDown', message: 'Please reduce your request rate.' } as const;
const INTERNAL = {
  kind: 'error',
  status: 500,
  code: 'InternalError',
  message: 'We encountered an internal error.',
} as const;
const THROTTLED = { kind: 'error', status: 400, code: 'ThrottlingException', message: 'Rate exceeded' } as const;
const UNAVAILABLE = { kind: 'error', status: 500, code: 'ServiceUnavailableException', message: 'Try again.' } as const;
const LOST = { kind: 'lost-response' } as const;

const FAULTS: Readonly<Record<string, FaultRule>> = {
  'S3 that is busy': { service: 's3', probability: 0.3, seed: 1, fault: S3_BUSY },
  'S3 that has internal errors': { service: 's3', probability: 0.2, seed: 2, fault: INTERNAL },
  'Glacier that throttles reads, with HTTP 400': {
    operation: 'GetJobOutput',
    probability: 0.5,
    seed: 3,
    fault: THROTTLED,
  },
  'Glacier that throttles requests, with HTTP 400': {
    operation: 'InitiateJob',
    probability: 0.5,
    seed: 4,
    fault: THROTTLED,
  },
  'Glacier that throttles its lists': { operation: 'ListJobs', times: 12, fault: THROTTLED },
  'Glacier that has internal errors': { service: 'glacier', probability: 0.2, seed: 5, fault: UNAVAILABLE },
  'slow answers': { probability: 0.2, seed: 6, fault: { kind: 'delay', ms: 50 } },
  'connections that are reset': { probability: 0.15, seed: 7, fault: { kind: 'reset' } },
  'bodies that are cut': { operation: 'GetJobOutput', every: 3, fault: { kind: 'cut', afterBytes: 700 } },
  'bodies that end early in good order': {
    operation: 'GetJobOutput',
    every: 3,
    fault: { kind: 'short-body', afterBytes: 500 },
  },
  'bytes that arrive damaged': {
    operation: 'GetJobOutput',
    after: 1,
    every: 2,
    fault: { kind: 'flip-byte', offset: 0 },
  },
  'lost answers to PutObject': { operation: 'PutObject', every: 2, fault: LOST },
  'lost answers to CreateMultipartUpload': { operation: 'CreateMultipartUpload', times: 2, fault: LOST },
  'lost answers to UploadPart': { operation: 'UploadPart', times: 2, fault: LOST },
  'lost answers to CompleteMultipartUpload': { operation: 'CompleteMultipartUpload', times: 1, fault: LOST },
  'an error in a Complete of status 200': {
    operation: 'CompleteMultipartUpload',
    times: 2,
    fault: { ...INTERNAL, status: 200 },
  },
  'a Complete that is done and answers with an error': {
    operation: 'CompleteMultipartUpload',
    times: 1,
    fault: { ...INTERNAL, done: true },
  },
  'a Complete that is done and answers 412': {
    operation: 'CompleteMultipartUpload',
    times: 1,
    fault: { kind: 'error', status: 412, code: 'PreconditionFailed', message: 'At least one did not hold', done: true },
  },
  'a Complete that is done and answers NoSuchUpload': {
    operation: 'CompleteMultipartUpload',
    times: 1,
    fault: { kind: 'error', status: 404, code: 'NoSuchUpload', message: 'The upload does not exist', done: true },
  },
  'a PutObject that is done and answers 412': {
    operation: 'PutObject',
    times: 2,
    fault: { kind: 'error', status: 412, code: 'PreconditionFailed', message: 'At least one did not hold', done: true },
  },
  'a Complete that conflicts (409)': {
    operation: 'CompleteMultipartUpload',
    times: 1,
    fault: { kind: 'error', status: 409, code: 'ConditionalRequestConflict', message: 'A conflict' },
  },
  'an upload that somebody aborts in between': {
    operation: 'UploadPart',
    match: { partNumber: 2 },
    times: 1,
    fault: { kind: 'error', status: 404, code: 'NoSuchUpload', message: 'The upload does not exist' },
  },
  'a Complete that misses a part': {
    operation: 'CompleteMultipartUpload',
    times: 1,
    fault: { kind: 'error', status: 400, code: 'InvalidPart', message: 'One or more parts could not be found.' },
  },
  'doubled notifications': { operation: 'JobNotification', fault: { kind: 'double-notification' } },
  'a queue that has internal errors': {
    service: 'sqs',
    probability: 0.3,
    seed: 8,
    fault: { ...INTERNAL, code: 'InternalFailure' },
  },
  'a topic that has internal errors': {
    service: 'sns',
    probability: 0.3,
    seed: 9,
    fault: { ...INTERNAL, code: 'InternalFailure' },
  },
};

it.each(Object.entries(FAULTS))('copies the vault, asks for each archive once, past %s', async (_, rule) => {
  const { fault, transfer, calls, expectCopied, simulator } = await scene();
  fault(rule);

  const ended = await transfer();

  expectEnded(ended, 0);
  await expectCopied();
  const made = new Set(simulator.calls.filter(isJobMade).map(({ detail }) => detail.jobId));
  expect(made.size).toBe(FEW.length);
  expect(calls('AbortMultipartUpload')).toBeLessThanOrEqual(3);
  expect(simulator.faults.list()[0]?.hits).toBeGreaterThan(0);
});

function isJobMade({ operation, detail }: { operation: string; detail: Readonly<Record<string, unknown>> }): boolean {
  return operation === 'InitiateJob' && detail.archiveId !== undefined && detail.jobId !== undefined;
}

it('looks a request up whose answer was lost, and asks for no archive twice', async () => {
  const { fault, transfer, calls, expectCopied } = await scene();
  fault({ operation: 'InitiateJob', after: 1, every: 2, fault: LOST });

  expectEnded(await transfer(), 0);

  await expectCopied();
  expect(calls('InitiateJob')).toBe(FEW.length);
});

it('adopts an inventory job whose answer was lost', async () => {
  const { fault, transfer, expectCopied, simulator } = await scene();
  fault({ operation: 'InitiateJob', times: 1, fault: LOST });

  expectEnded(await transfer(), 0);

  await expectCopied();
  expect(simulator.counts()['glacier:InitiateJob']).toBe(FEW.length + 1);
});
