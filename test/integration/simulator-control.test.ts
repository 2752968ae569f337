import { describe, expect, it } from 'vitest';
import { clockFrom } from '../../src/lib/clock.ts';
import { HOUR, MINUTE } from '../../src/lib/duration.ts';
import { MiB } from '../../src/lib/size.ts';
import { KEY, refusal, setup } from '../support/simulated-aws.ts';

describe('the control API', () => {
  it('tells the time in a form from which another process makes the same clock', async () => {
    const { control, simulator } = await setup({ speed: 3600 });
    const { json } = await control('GET', 'clock');
    expect(Math.abs(clockFrom(json.clock).now() - simulator.now())).toBeLessThan(10 * MINUTE);
    const later = await control('POST', 'clock', { advanceMs: 24 * HOUR });
    expect(later.json.now - json.now).toBeGreaterThanOrEqual(24 * HOUR);
    expect(Math.abs(clockFrom(later.json.clock).now() - simulator.now())).toBeLessThan(10 * MINUTE);
    expect(simulator.environment).toMatchObject({ AWS_ENDPOINT_URL: simulator.url, GLACIER2S3_CLOCK: simulator.clock });
  });

  it('makes vaults, adds and deletes archives', async () => {
    const { control, simulator } = await setup();
    const made = await control('POST', 'vaults', {
      name: 'photos',
      archives: [
        { size: 5, description: 'a' },
        { base64: 'aGVsbG8=', id: 'mine' },
        { size: 10 * MiB, zeros: true },
      ],
    });
    expect(made.json).toMatchObject({ vaultArn: 'arn:aws:glacier:us-east-1:123456789012:vaults/photos' });
    expect(made.json.archiveIds).toHaveLength(3);
    await control('POST', 'archives', {
      vault: 'photos',
      archives: [{ size: 7 }],
      delete: ['mine'],
      takeInventory: true,
    });
    const vault = simulator.glacier.region('us-east-1').vault('photos')!;
    expect([...vault.archives()].map(({ content }) => content.size)).toEqual([5, 10 * MiB, 7]);
    expect((await control('GET', 'state')).json.vaults).toMatchObject([{ archives: 3, jobs: { inProgress: 0 } }]);
  });

  it('sets faults, settings and keys, and gives the calls', async () => {
    const { control, calls } = await setup();
    const { json } = await control('POST', 'faults', {
      service: 'sts',
      fault: { kind: 'error', status: 503, code: 'Busy', message: '' },
    });
    expect(await refusal(calls.sts())).toEqual([503, 'Busy']);
    await control('DELETE', `faults?id=${json.id}`);
    await calls.sts();
    await control('POST', 'glacier', { closed: true });
    expect(await refusal(calls.glacier())).toEqual([400, 'NoLongerSupportedException']);
    await control('POST', 'credentials', { ...KEY, expired: true });
    expect(await refusal(calls.sts())).toEqual([403, 'ExpiredToken']);
    const seen = (await control<{ status: number }[]>('GET', 'calls?service=sts')).json;
    expect(seen.map(({ status }) => status)).toEqual([503, 200, 403]);
    expect((await control('GET', 'counts')).json).toEqual({ 'sts:GetCallerIdentity': 3, 'glacier:ListVaults': 1 });
    await control('DELETE', 'calls');
    expect((await control('GET', 'calls')).json).toEqual([]);
  });

  it('says what it does not understand', async () => {
    const { control } = await setup();
    expect(await control('GET', 'nothing')).toMatchObject({
      status: 400,
      json: { error: expect.stringContaining('nothing') },
    });
    expect(await control('POST', 'archives', { vault: 'none' })).toMatchObject({ status: 400 });
    expect(await control('POST', 'vaults', { name: 'a', archives: [{ size: 0 }] })).toMatchObject({ status: 400 });
  });
});
