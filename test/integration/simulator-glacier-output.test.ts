import type { JobParameters } from '@aws-sdk/client-glacier';
import { describe, expect, it } from 'vitest';
import { treeHash } from '../../src/domain/tree-hash.ts';
import { HOUR, MINUTE } from '../../src/lib/duration.ts';
import { MiB } from '../../src/lib/size.ts';
import { ArchiveContent } from '../../src/simulator/glacier/content.ts';
import { bytes, refusal, refusalText, setup } from '../support/simulated-glacier.ts';

describe('GetJobOutput', () => {
  const size = 6.5 * MiB;
  const content = { kind: 'seeded', seed: 'x', size } as const;
  const whole = Buffer.concat([...new ArchiveContent(content).read({ start: 0, end: size - 1 })]);

  async function staged(parameters: JobParameters = {}) {
    const all = await setup([{ content, description: 'naïve' }]);
    const jobId = await all.archiveJob(all.ids[0]!, parameters);
    all.simulator.advance(12 * HOUR + MINUTE);
    return { ...all, get: (range?: string) => all.output(jobId, range) };
  }

  it('gives everything with 200, a range with 206 and where it lies', async () => {
    const { get } = await staged();
    const all = await get();
    expect(all).toMatchObject({
      status: 200,
      acceptRanges: 'bytes',
      contentType: 'application/octet-stream',
      checksum: treeHash(whole),
    });
    expect(all.contentRange).toBeUndefined();
    expect((await bytes(all)).equals(whole)).toBe(true);
    const part = await get(`bytes=10-${MiB + 9}`);
    expect(part).toMatchObject({ status: 206, contentRange: `bytes 10-${MiB + 9}/${size}` });
    expect((await bytes(part)).equals(whole.subarray(10, MiB + 10))).toBe(true);
    expect(Buffer.from(all.archiveDescription!, 'latin1').toString()).toBe('naïve');
  });

  it.each([
    [0, 4 * MiB, true],
    [4 * MiB, 2 * MiB, true],
    [4 * MiB, 2.5 * MiB, true],
    [6 * MiB, 0.5 * MiB, true],
    [MiB, MiB, true],
    [MiB, 2 * MiB, false],
    [0, 3 * MiB, false],
    [2 * MiB, 4 * MiB, false],
    [1, MiB, false],
  ])('from %i on, %i bytes, has a tree hash: %s', async (start, length, hashed) => {
    const { get } = await staged();
    const part = await get(`bytes=${start}-${start + length - 1}`);
    expect(part.checksum).toBe(hashed ? treeHash(whole.subarray(start, start + length)) : undefined);
    expect(await bytes(part)).toHaveLength(length);
  });

  it('is relative to the job’s own range, and has a tree hash only where both are aligned', async () => {
    const aligned = await staged({ RetrievalByteRange: `${4 * MiB}-${6 * MiB - 1}` });
    const part = await aligned.get(`bytes=${MiB}-${2 * MiB - 1}`);
    expect((await bytes(part)).equals(whole.subarray(5 * MiB, 6 * MiB))).toBe(true);
    expect(part).toMatchObject({
      checksum: treeHash(whole.subarray(5 * MiB, 6 * MiB)),
      contentRange: `bytes ${MiB}-${2 * MiB - 1}/${2 * MiB}`,
    });

    const crooked = await staged({ RetrievalByteRange: `${MiB}-${3 * MiB - 1}` });
    const other = await crooked.get(`bytes=0-${MiB - 1}`);
    expect((await bytes(other)).equals(whole.subarray(MiB, 2 * MiB))).toBe(true);
    expect(other.checksum).toBeUndefined();
  });

  it('refuses a range beyond the data, and one that is none', async () => {
    const { get } = await staged();
    expect(await refusalText(get(`bytes=${size}-${size + 5}`))).toEqual([
      400,
      'InvalidParameterValueException',
      `The start of the range is larger than size of retrieved data: bytes=${size}-${size + 5}`,
    ]);
    for (const range of [`bytes=0-${size}`, 'bytes=5-4', 'bytes=5-', 'bytes=-5', '0-5', 'bytes=0-1,3-4']) {
      expect(await refusal(get(range))).toMatchObject([400, 'InvalidParameterValueException']);
    }
  });

  it('can be throttled too', async () => {
    const { get, simulator } = await staged();
    simulator.glacier.settings.rates = { GetJobOutput: 1 / 3600 };
    expect(await bytes(await get('bytes=0-1'))).toHaveLength(2);
    expect(await refusalText(get('bytes=0-1'))).toEqual([400, 'ThrottlingException', 'Rate exceeded']);
  });
});
