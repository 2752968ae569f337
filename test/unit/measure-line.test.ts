import { describe, expect, it } from 'vitest';
import type { ObjectKey, UploadId } from '../../src/domain/ids.ts';
import { isMeasured, lineRate } from '../../src/domain/schedule/throughput.ts';
import { ServiceError, type ServiceFailure } from '../../src/domain/service-error.ts';
import { SECOND } from '../../src/lib/duration.ts';
import { GiB, MiB, TiB } from '../../src/lib/size.ts';
import type { Bucket } from '../../src/ports.ts';
import type { Deps } from '../../src/steps/deps.ts';
import {
  leaveNoMeasurement,
  type MeasureOptions,
  measurementKey,
  startingThroughput,
} from '../../src/steps/measure-line.ts';
import { FakeBucket } from '../support/fakes/bucket.ts';
import { FakeClock } from '../support/fakes/clock.ts';
import { listed, stateFile } from '../support/state.ts';

const options: MeasureOptions = {
  ...{ tier: 'Bulk', storageClass: 'DEEP_ARCHIVE', encryption: undefined, tags: {}, checksum: 'CRC32' },
  ...{ concurrency: 16, memory: GiB, bwlimit: undefined, maxBytesPerDay: 100 * TiB, maxTransfer: undefined },
};

/** Takes parts over a line of this speed, which parts in flight share one after the other. */
class SlowBucket extends FakeBucket {
  readonly clock: FakeClock;
  readonly bytesPerSecond: number;
  /** Bytes of the parts that have come, and the most that were on their way at once. */
  bytes = 0;
  most = 0;
  #inFlight = 0;
  #freeAt = 0;
  /** Called when a part begins. */
  onPart: (partNumber: number) => void = () => undefined;

  constructor(clock: FakeClock, bytesPerSecond: number) {
    super(clock);
    this.clock = clock;
    this.bytesPerSecond = bytesPerSecond;
  }

  override async uploadPart(part: Parameters<Bucket['uploadPart']>[0], signal: AbortSignal) {
    this.calls.push('uploadPart');
    this.onPart(part.partNumber);
    this.failures.check('uploadPart', signal);
    if (!this.open.has(part.uploadId)) throw failure('upload_not_found');
    this.#inFlight += 1;
    this.most = Math.max(this.most, this.#inFlight);
    const { length } = part.body as Uint8Array;
    const now = this.clock.now();
    this.#freeAt = Math.max(this.#freeAt, now) + (length / this.bytesPerSecond) * SECOND;
    try {
      await this.clock.sleep(this.#freeAt - now, signal);
    } finally {
      this.#inFlight -= 1;
    }
    this.bytes += length;
    return { etag: '"zeros"' };
  }

  count(method: string): number {
    return this.calls.filter((call) => call === method).length;
  }
}

function failure(code: ServiceFailure): ServiceError {
  return new ServiceError(code, `it was ${code}`, { operation: 'UploadPart' });
}

/** A planned vault of `bytes`, in front of a line. */
function setup({ bytes = 40 * TiB, bytesPerSecond = 500 * MiB } = {}) {
  const clock = new FakeClock();
  const bucket = new SlowBucket(clock, bytesPerSecond);
  const state = stateFile();
  const stop = new AbortController();
  const said: { readonly level: string; readonly fields: object; readonly message: string }[] = [];
  const say = (level: string) => (fields: object, message: string) => void said.push({ level, fields, message });
  const deps = {
    ...{ clock, bucket, state, signals: { stop: stop.signal, cut: new AbortController().signal } },
    log: { debug: say('debug'), info: say('info'), warn: say('warn'), error: say('error') },
  } as unknown as Deps;
  state.transaction(() => {
    state.facts.set('transfer', {
      ...{ id: '0123456789ab', vault: 'photos', accountId: '-', region: 'eu-west-1', createdAt: clock.now() },
      ...{ bucket: 'copies', prefix: 'old/' },
    });
    for (const n of [1, 2]) {
      state.archives.insert(listed(n, { size: bytes / 2 }));
      state.archives.advance(n, [{ type: 'planned' }], { key: `old/${n}` as ObjectKey, partSize: GiB });
    }
  });
  const warnings = () => said.filter(({ level }) => level === 'warn');
  return { clock, bucket, state, stop, deps, said, warnings };
}

describe('a line of which nothing is known', () => {
  it.each([500 * MiB, 40 * MiB, 6 * MiB])('is measured by an upload, at %d bytes a second', async (bytesPerSecond) => {
    const { deps, bucket, state, said, warnings } = setup({ bytesPerSecond });

    const throughput = await startingThroughput(deps, options);

    expect((throughput.upload ?? 0) / bytesPerSecond).toBeGreaterThan(0.95);
    expect((throughput.upload ?? 0) / bytesPerSecond).toBeLessThan(1.05);
    expect(lineRate(throughput).bytesPerSecond).toBeLessThan(bytesPerSecond);
    expect(isMeasured(throughput)).toBe(false);
    expect(bucket.open.size).toBe(0);
    expect(bucket.objects.size).toBe(0);
    expect(bucket.count('createUpload')).toBe(1);
    expect(bucket.count('abortUpload')).toBe(1);
    expect(bucket.count('completeUpload')).toBe(0);
    expect(state.facts.get('measuring')).toBeUndefined();
    expect(state.counters.read().calls).toEqual({ UploadPart: bucket.count('uploadPart') });
    expect(warnings()).toEqual([]);
    expect(said.at(-1)).toMatchObject({ level: 'info', fields: { up: expect.stringMatching(/ MiB\/s$/) } });
  });

  it('is measured with no more than 4 GiB, and no more parts at once than may be in flight', async () => {
    const { deps, bucket } = setup({ bytesPerSecond: 10 * GiB });

    await startingThroughput(deps, { ...options, concurrency: 5 });

    expect(bucket.bytes).toBeGreaterThan(3.9 * GiB);
    expect(bucket.bytes).toBeLessThan(4.1 * GiB);
    expect(bucket.most).toBe(5);
  });

  it('takes no more memory for it than it may, and no more of the line than --bwlimit', async () => {
    const { deps, bucket, clock } = setup({ bytesPerSecond: GiB });
    const begunAt = clock.now();

    const { upload } = await startingThroughput(deps, { ...options, memory: 20 * MiB, bwlimit: 50 * MiB });

    expect(bucket.most).toBeLessThanOrEqual(2);
    expect(bucket.bytes / ((clock.now() - begunAt) / SECOND)).toBeLessThanOrEqual(50 * MiB * 1.001);
    expect((upload ?? 0) / (50 * MiB)).toBeCloseTo(1, 1);
  });

  it('is measured once, whatever becomes of the run', async () => {
    const { deps, bucket } = setup();

    const first = await startingThroughput(deps, options);
    const again = await startingThroughput(deps, options);

    expect(again).toEqual(first);
    expect(bucket.count('createUpload')).toBe(1);
  });

  it('is not measured for a vault that a careful first window holds', async () => {
    const { deps, bucket } = setup({ bytes: TiB / 2 });

    const throughput = await startingThroughput(deps, options);

    expect(throughput.upload).toBeUndefined();
    expect(lineRate(throughput).bytesPerSecond).toBe(10 * MiB);
    expect(bucket.calls).toEqual([]);
  });

  it('is written to as the objects will be', async () => {
    const { deps, bucket } = setup();
    const seen: unknown[] = [];
    bucket.onPart = () => void seen.push([...bucket.open.values()][0]?.attributes);

    const encryption = { algorithm: 'aws:kms', kmsKeyId: 'key' } as const;
    await startingThroughput(deps, { ...options, encryption, tags: { project: 'a' }, storageClass: 'GLACIER' });

    expect(seen[0]).toMatchObject({ storageClass: 'GLACIER', encryption, tags: { project: 'a' } });
  });
});

describe('a measurement that fails', () => {
  it.each<[string, ServiceFailure]>([
    ['createUpload', 'access_denied'],
    ['createUpload', 'unavailable'],
    ['uploadPart', 'access_denied'],
    ['uploadPart', 'throttled'],
  ])('at %s as %s is told in one line, and the run starts careful', async (method, code) => {
    const { deps, bucket, warnings } = setup();
    bucket.failures.add(method, failure(code));

    const throughput = await startingThroughput(deps, options);

    expect(lineRate(throughput).bytesPerSecond).toBe(10 * MiB);
    expect(throughput.upload).toBeUndefined();
    expect(warnings()).toEqual([
      { level: 'warn', fields: expect.objectContaining({ code }), message: expect.stringMatching(/careful/) },
    ]);
    expect(bucket.open.size).toBe(0);
  });

  it('is none while a few parts are lost on the way', async () => {
    const { deps, bucket, warnings } = setup();
    bucket.failures.add('uploadPart', failure('network'), failure('unavailable'), failure('stalled'));

    const { upload } = await startingThroughput(deps, options);

    expect((upload ?? 0) / (500 * MiB)).toBeCloseTo(1, 1);
    expect(warnings()).toEqual([]);
  });

  it('is one where parts are lost again and again', async () => {
    const { deps, bucket, warnings } = setup();
    bucket.failures.add('uploadPart', ...Array.from({ length: 10 }, () => failure('network')));

    expect((await startingThroughput(deps, options)).upload).toBeUndefined();

    expect(bucket.count('uploadPart')).toBe(4);
    expect(warnings()).toHaveLength(1);
    expect(bucket.open.size).toBe(0);
  });

  it('by the stop of the run ends at once, and leaves nothing', async () => {
    const { deps, bucket, stop, warnings } = setup();
    bucket.onPart = (partNumber) => {
      if (partNumber === 20) stop.abort('SIGINT');
    };

    const throughput = await startingThroughput(deps, options);

    expect(throughput.upload).toBeUndefined();
    expect(bucket.count('uploadPart')).toBe(20);
    expect(bucket.count('abortUpload')).toBe(1);
    expect(bucket.open.size).toBe(0);
    expect(warnings()).toMatchObject([{ fields: { error: 'stopped' } }]);
  });

  it('for a reason that is no failure of a service is a bug, and is not hidden', async () => {
    const { deps, bucket } = setup();
    bucket.failures.add('uploadPart', new TypeError('a bug'));

    await expect(startingThroughput(deps, options)).rejects.toThrow('a bug');

    expect(bucket.open.size).toBe(0);
  });
});

describe('what a measurement has left', () => {
  /** As a kill leaves it: a mark in the state and an upload in the bucket, among others. */
  async function killed() {
    const it = setup();
    const begin = (key: string): Promise<UploadId> =>
      it.bucket.createUpload(key as ObjectKey, {
        ...{ checksumAlgorithm: 'CRC32', attributes: { storageClass: 'STANDARD', metadata: {}, tags: {} } },
      });
    const key = measurementKey(it.state);
    await it.state.write(() => it.state.facts.set('measuring', true));
    await begin(key);
    const others = [await begin(`${key}2`), await begin('old/1')];
    return { ...it, others };
  }

  it('is aborted before the next one, and no other upload is', async () => {
    const { deps, bucket, others } = await killed();

    expect((await startingThroughput(deps, options)).upload).toBeDefined();

    expect([...bucket.open.keys()]).toEqual(others);
  });

  it('is aborted at the end of the transfer, where there was one', async () => {
    const { deps, bucket, state, others } = await killed();

    await leaveNoMeasurement(deps);
    await leaveNoMeasurement(deps);

    expect([...bucket.open.keys()]).toEqual(others);
    expect(bucket.count('uploads')).toBe(1);
    expect(state.facts.get('measuring')).toBeUndefined();
  });

  it('fails no transfer by being refused', async () => {
    const { deps, bucket, warnings, state } = await killed();
    bucket.failures.add('uploads', failure('access_denied'));

    await leaveNoMeasurement(deps);

    expect(warnings()).toMatchObject([{ fields: { key: 'old/glacier2s3-measurement-0123456789ab' } }]);
    expect(state.facts.get('measuring')).toBe(true);
  });

  it('stays marked where it could not be aborted, and what was measured counts', async () => {
    const { deps, bucket, state } = setup();
    bucket.failures.add('abortUpload', failure('network'));

    const { upload } = await startingThroughput(deps, options);

    expect(upload).toBeDefined();
    expect(state.facts.get('measuring')).toBe(true);
    await leaveNoMeasurement(deps);
    expect(bucket.open.size).toBe(0);
  });
});
