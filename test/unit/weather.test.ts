import { expect, it } from 'vitest';
import { ServiceError, type ServiceFailure } from '../../src/domain/service-error.ts';
import type { Bucket, Vault } from '../../src/ports.ts';
import { isServiceAway } from '../../src/steps/weather.ts';

const failure = (code: ServiceFailure, operation = 'GetJobOutput') => new ServiceError(code, code, { operation });
const { signal } = new AbortController();

/** Services of which each probe ends as it is told. */
function services(glacier: ServiceFailure | 'there', s3: ServiceFailure | 'there') {
  const answer = (end: ServiceFailure | 'there') => () =>
    end === 'there' ? Promise.resolve({}) : Promise.reject(failure(end, 'probe'));
  return {
    vault: { describe: answer(glacier) } as unknown as Vault,
    bucket: { describe: answer(s3) } as unknown as Bucket,
    signals: { stop: signal, cut: signal },
  };
}

it.each(['unavailable', 'network', 'stalled', 'throttled'] as const)(
  'a service whose probe ends with %s is away: the try is not counted',
  async (end) => {
    expect(await isServiceAway(services(end, 'there'), failure('unavailable'))).toBe(true);
    expect(await isServiceAway(services('there', end), failure('network', 'UploadPart'))).toBe(true);
  },
);

it('a service that answers is there, and so is one whose other half is away', async () => {
  expect(await isServiceAway(services('there', 'network'), failure('unavailable'))).toBe(false);
  expect(await isServiceAway(services('network', 'there'), failure('unavailable', 'PutObject'))).toBe(false);
});

it('what is no weather is not asked about', async () => {
  expect(await isServiceAway(services('network', 'network'), failure('tree_hash_mismatch'))).toBe(false);
});

it('a probe that is refused for good ends the run', async () => {
  await expect(isServiceAway(services('credentials_expired', 'there'), failure('stalled'))).rejects.toMatchObject({
    code: 'credentials_expired',
  });
});
