import { DescribeVaultCommand } from '@aws-sdk/client-glacier';
import { HeadObjectCommand } from '@aws-sdk/client-s3';
import { ListQueuesCommand, SQSClient } from '@aws-sdk/client-sqs';
import { describe, expect, it } from 'vitest';
import { HOUR, MINUTE } from '../../src/lib/duration.ts';
import { KEY, refusal, refusals, setup } from '../support/simulated-aws.ts';

describe('every service', () => {
  it('takes what the SDK has signed', async () => {
    const { calls, simulator } = await setup();
    for (const call of Object.values(calls)) await call();
    expect(simulator.counts()).toEqual({
      'glacier:ListVaults': 1,
      's3:PutObject': 1,
      'sqs:ListQueues': 1,
      'sns:ListTopics': 1,
      'sts:GetCallerIdentity': 1,
    });
  });

  it('refuses an access key that nobody has', async () => {
    const { calls } = await setup({}, { credentials: { ...KEY, accessKeyId: 'nobody' } });
    expect(await refusals(calls)).toEqual({
      glacier: [400, 'UnrecognizedClientException'],
      s3: [403, 'InvalidAccessKeyId'],
      sqs: [403, 'InvalidClientTokenId'],
      sns: [403, 'InvalidClientTokenId'],
      sts: [403, 'InvalidClientTokenId'],
    });
  });

  it('refuses a signature by another secret', async () => {
    const { calls } = await setup({}, { credentials: { ...KEY, secretAccessKey: 'guess' } });
    expect(await refusals(calls)).toEqual({
      glacier: [403, 'InvalidSignatureException'],
      s3: [403, 'SignatureDoesNotMatch'],
      sqs: [403, 'SignatureDoesNotMatch'],
      sns: [403, 'SignatureDoesNotMatch'],
      sts: [403, 'SignatureDoesNotMatch'],
    });
  });

  it('refuses a key whose time is over', async () => {
    const temporary = { ...KEY, accessKeyId: 'temporary', sessionToken: 'token' };
    const { calls } = await setup({ credentials: [{ ...temporary, expired: true }] }, { credentials: temporary });
    expect(await refusals(calls)).toEqual({
      glacier: [403, 'ExpiredTokenException'],
      s3: [400, 'ExpiredToken'],
      sqs: [403, 'ExpiredToken'],
      sns: [403, 'ExpiredToken'],
      sts: [403, 'ExpiredToken'],
    });
  });

  it('refuses a temporary key without its token', async () => {
    const temporary = { ...KEY, accessKeyId: 'temporary' };
    const { calls } = await setup(
      { credentials: [{ ...temporary, sessionToken: 'token' }] },
      { credentials: temporary },
    );
    expect(await refusal(calls.glacier())).toEqual([400, 'UnrecognizedClientException']);
    expect(await refusal(calls.s3())).toEqual([400, 'InvalidToken']);
  });

  it.each([16 * MINUTE, -16 * MINUTE])('refuses what was signed %i ms off the real time', async (systemClockOffset) => {
    const { calls } = await setup({ speed: 3600 }, { systemClockOffset });
    expect(await refusals(calls)).toEqual({
      glacier: [403, 'InvalidSignatureException'],
      s3: [403, 'RequestTimeTooSkewed'],
      sqs: [403, 'SignatureDoesNotMatch'],
      sns: [403, 'SignatureDoesNotMatch'],
      sts: [403, 'SignatureDoesNotMatch'],
    });
  });

  it('takes what was signed by a clock that is a little off, however fast its own runs', async () => {
    const { calls, simulator } = await setup({ speed: 3600 }, { systemClockOffset: 14 * MINUTE });
    simulator.advance(240 * HOUR);
    for (const call of Object.values(calls)) await call();
  });

  it('refuses a key what it may not do, and nothing else', async () => {
    const denied = ['glacier:ListVaults', 's3:PutObject', 'sqs:*', 'sns:ListTopics', 'sts:GetCallerIdentity'];
    const { calls, s3, glacier } = await setup({ credentials: [{ ...KEY, denied }] });
    expect(await refusals(calls)).toEqual({
      glacier: [403, 'AccessDeniedException'],
      s3: [403, 'AccessDenied'],
      sqs: [403, 'AccessDenied'],
      sns: [403, 'AuthorizationErrorException'],
      sts: [403, 'AccessDenied'],
    });
    expect(await refusal(s3.send(new HeadObjectCommand({ Bucket: 'bucket', Key: 'a' })))).toEqual([404, 'NotFound']);
    expect(await refusal(glacier.send(new DescribeVaultCommand({ accountId: '-', vaultName: 'a' })))).toEqual([
      404,
      'ResourceNotFoundException',
    ]);
  });

  it('refuses what is not signed', async () => {
    const { simulator } = await setup();
    const glacier = await fetch(`${simulator.url}/-/vaults`, { headers: { 'x-amz-glacier-version': '2012-06-01' } });
    expect([glacier.status, await glacier.json()]).toMatchObject([
      400,
      { code: 'MissingAuthenticationTokenException', type: 'Client' },
    ]);
    const s3 = await fetch(`${simulator.url}/bucket/key`);
    expect([s3.status, await s3.text()]).toEqual([403, expect.stringContaining('<Code>AccessDenied</Code>')]);
  });

  it('refuses a body or a header that was changed after it was signed', async () => {
    const { calls, config, glacier } = await setup();
    glacier.middlewareStack.add(
      (next) => async (args) => {
        (args.request as { headers: Record<string, string> }).headers['x-amz-glacier-version'] = '2012-06-02';
        return next(args);
      },
      { step: 'deserialize', priority: 'low' },
    );
    expect(await refusal(calls.glacier())).toEqual([403, 'InvalidSignatureException']);
    const sqs = new SQSClient(config);
    sqs.middlewareStack.add(
      (next) => async (args) => {
        (args.request as { body: string }).body = '{} ';
        (args.request as { headers: Record<string, string> }).headers['content-length'] = '3';
        return next(args);
      },
      { step: 'deserialize', priority: 'low' },
    );
    expect(await refusal(sqs.send(new ListQueuesCommand({})))).toEqual([403, 'SignatureDoesNotMatch']);
  });

  it('names the version of Glacier’s API that it wants', async () => {
    const { calls, glacier } = await setup();
    glacier.middlewareStack.add(
      (next) => async (args) => {
        delete (args.request as { headers: Record<string, string> }).headers['x-amz-glacier-version'];
        return next(args);
      },
      { step: 'build', priority: 'low' },
    );
    expect(await refusal(calls.glacier())).toEqual([400, 'MissingParameterValueException']);
  });

  it('tells who the caller is', async () => {
    const { calls } = await setup({ accountId: '210987654321' });
    expect(await calls.sts()).toMatchObject({
      Account: '210987654321',
      Arn: 'arn:aws:iam::210987654321:user/simulator',
    });
  });
});
