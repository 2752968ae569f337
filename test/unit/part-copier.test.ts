import { describe, expect, it } from 'vitest';
import type { JobId, ObjectKey } from '../../src/domain/ids.ts';
import { ServiceError, type ServiceFailure } from '../../src/domain/service-error.ts';
import type { Deps } from '../../src/steps/deps.ts';
import type { Meter } from '../../src/steps/meter.ts';
import { PartCopier } from '../../src/steps/part-copier.ts';
import type { Work } from '../../src/steps/work.ts';
import type { PartResult, PartTask } from '../../src/transfer/part.ts';
import { FakeBucket } from '../support/fakes/bucket.ts';
import { FakeClock } from '../support/fakes/clock.ts';
import { FakeVault } from '../support/fakes/vault.ts';

const forever = new AbortController().signal;
const never = () => false;
const settled = () => new Promise((resolve) => setImmediate(resolve));
const RESULT = { etag: '"etag"' } as PartResult;

function failure(code: ServiceFailure): ServiceError {
  return new ServiceError(code, code, { operation: 'GetJobOutput' });
}

/** A copier whose tries end as the test says: `answers` are used up first, then every try succeeds. */
function setup({ concurrency = 4, answers = [] as (ServiceError | Promise<PartResult>)[], takesTime = false } = {}) {
  const clock = new FakeClock();
  const closer = new AbortController();
  const vault = new FakeVault(clock);
  const tries: string[] = [];
  let readThrottles = 0;
  const ignore = () => undefined;
  const deps = {
    clock,
    vault,
    bucket: new FakeBucket(clock),
    log: { warn: ignore },
    signals: { stop: forever, cut: forever },
    state: { counters: { called: ignore, copied: ignore, throttled: ignore } },
  } as unknown as Deps;
  const read = {
    turn: () => Promise.resolve(),
    throttled: () => {
      readThrottles += 1;
    },
  };
  const work = { pace: { read }, closing: closer.signal } as unknown as Work;
  const atOnce = { now: 0, most: 0 };
  const plane = {
    copy: async ({ key }: PartTask) => {
      tries.push(key);
      const answer = answers.shift();
      if (answer instanceof ServiceError) throw answer;
      atOnce.now += 1;
      atOnce.most = Math.max(atOnce.most, atOnce.now);
      if (takesTime) await settled();
      const result = (await answer) ?? RESULT;
      atOnce.now -= 1;
      return result;
    },
    close: () => Promise.resolve(),
  };
  const meter = { begin: () => ignore, part: ignore } as unknown as Meter;
  const copier = new PartCopier(deps, work, { plane, meter, concurrency, onRoom: ignore });
  const copy = (key: string) => copier.copy(async () => taskOf(key), {}, never);
  return { copier, copy, tries, atOnce, vault, closer, readThrottles: () => readThrottles };
}

function taskOf(key: string): PartTask {
  const attributes = { storageClass: 'STANDARD', metadata: {}, tags: {} };
  const target = { type: 'object', attributes, ifAbsent: true } as const;
  return { jobId: 'job' as JobId, length: 1, checksum: 'CRC32', key: key as ObjectKey, target };
}

describe('a part', () => {
  it('that a later try finds in its place fails with the checksum that an earlier one has proven', async () => {
    const { copy } = setup({ answers: [failure('network').ofProven('AAAAAA=='), failure('object_exists')] });

    await expect(copy('first')).rejects.toMatchObject({ code: 'object_exists', provenChecksum: 'AAAAAA==' });
  });

  it('that failed leaves its place to others until its next try', async () => {
    const { copier, copy, tries } = setup({ concurrency: 1, answers: [failure('bad_checksum')] });
    const first = copy('first');
    expect(copier.hasRoom).toBe(false);
    await settled();

    expect(copier.hasRoom).toBe(true);
    await copy('second');
    await first;
    expect(tries).toEqual(['first', 'second', 'first']);
    expect(copier.hasRoom).toBe(true);
  });

  it('whose pause is over waits for a place, and gets the next one', async () => {
    const slow = Promise.withResolvers<PartResult>();
    const { copier, copy, tries } = setup({ concurrency: 1, answers: [failure('stalled'), slow.promise] });
    const first = copy('first');
    await settled();
    const second = copy('second');
    for (let i = 0; i < 5; i += 1) await settled();
    expect(tries).toEqual(['first', 'second']);
    expect(copier.hasRoom).toBe(false);
    slow.resolve(RESULT);
    await Promise.all([first, second]);

    expect(tries).toEqual(['first', 'second', 'first']);
  });

  it('is given up after eight tries, those not counted that were throttled', async () => {
    const throttles = Array.from({ length: 5 }, () => failure('throttled'));
    const others = Array.from({ length: 8 }, () => failure('short_body'));
    const { copy, tries, readThrottles } = setup({ answers: [...throttles, ...others] });

    await expect(copy('part')).rejects.toMatchObject({ code: 'short_body' });
    expect(tries).toHaveLength(13);
    expect(readThrottles()).toBe(5);
  });

  it('is tried again as often as it takes while the whole service is away', async () => {
    const away = Array.from({ length: 20 }, () => failure('unavailable'));
    const { copy, tries, vault } = setup({ answers: [...away] });
    vault.failures.add('describe', ...away);

    await expect(copy('part')).resolves.toBe(RESULT);
    expect(tries).toHaveLength(21);
  });

  it('is not tried again where its archive is over', async () => {
    const { copier, tries } = setup({ answers: [failure('short_body')] });

    await expect(
      copier.copy(
        async () => taskOf('part'),
        {},
        () => true,
      ),
    ).rejects.toMatchObject({ code: 'short_body' });
    expect(tries).toHaveLength(1);
  });
});

describe('the parts in flight', () => {
  it('are fewer after a service has throttled, and more again when all goes well', async () => {
    const { copier, copy } = setup({ concurrency: 4, answers: [failure('throttled')] });
    await copy('first');
    const room = async () => {
      const held = Promise.withResolvers<void>();
      const waiting: Promise<unknown>[] = [];
      while (copier.hasRoom) {
        waiting.push(
          copier.copy(
            async () => {
              await held.promise;
              return taskOf('more');
            },
            {},
            never,
          ),
        );
      }
      held.resolve();
      await Promise.all(waiting);
      return waiting.length;
    };

    const sizes = [await room(), await room(), await room(), await room()];
    expect(sizes[0]).toBe(2);
    expect(sizes.at(-1)).toBe(4);
    expect(sizes).toEqual([...sizes].sort());
  });

  it('are more again, too, while those that were throttled still wait for their place', async () => {
    const slow = Promise.withResolvers<PartResult>();
    const throttled = Array.from({ length: 100 }, () => failure('throttled'));
    const { copier, copy, atOnce } = setup({ concurrency: 16, answers: [...throttled, slow.promise], takesTime: true });
    const begun: Promise<unknown>[] = [];
    while (copier.hasRoom) begun.push(copy(`part-${begun.length}`));
    for (let i = 0; i < 500; i += 1) await settled();
    slow.resolve(RESULT);
    await Promise.all(begun);

    expect(begun).toHaveLength(16);
    expect(atOnce.most).toBeGreaterThan(3);
  });

  it('and those that wait for another try are bounded together', async () => {
    const { copier, copy } = setup({
      concurrency: 2,
      answers: Array.from({ length: 100 }, () => failure('bad_checksum')),
    });
    const ends: Promise<unknown>[] = [];
    for (let i = 0; i < 50; i += 1) {
      while (copier.hasRoom) ends.push(copy(`part-${ends.length}`).catch(() => undefined));
      await Promise.resolve();
      await Promise.resolve();
    }

    expect(ends.length).toBeLessThanOrEqual(6);
    await Promise.all(ends);
  });

  it('end with the reason of the closing where they wait', async () => {
    const { copy, closer } = setup({ answers: [failure('bad_checksum')] });
    const reason = new Error('enough');
    const part = copy('part');
    closer.abort(reason);

    await expect(part).rejects.toBe(reason);
  });
});
