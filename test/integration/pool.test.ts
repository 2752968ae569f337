import { expect, it, onTestFinished } from 'vitest';
import { checksumOf } from '../../src/domain/checksum.ts';
import type { JobId, ObjectKey } from '../../src/domain/ids.ts';
import { isFailure, ServiceError } from '../../src/domain/service-error.ts';
import { FatalError } from '../../src/lib/errors.ts';
import { KiB, MiB } from '../../src/lib/size.ts';
import type { PartTask } from '../../src/transfer/part.ts';
import { createPool } from '../../src/transfer/pool.ts';

const SIZE = 100_000;
const forever = new AbortController().signal;

function setup({ threads = 2, deaths = 0 } = {}) {
  const shared = () => new Int32Array(new SharedArrayBuffer(8));
  const connections = { deaths: shared(), copied: shared() };
  connections.deaths[0] = deaths;
  const told = { bytes: 0, deaths: 0 };
  const pool = createPool({
    threads,
    concurrency: 4,
    memory: 8 * MiB,
    bwlimit: undefined,
    entry: new URL('../support/workers/parts.ts', import.meta.url),
    connections,
    stallAfterMs: 60_000,
    onBytes: (bytes) => {
      told.bytes += bytes;
    },
    onDeath: () => {
      told.deaths += 1;
    },
  });
  onTestFinished(() => pool.close());
  const copy = (job: string, signal = forever, length = SIZE) => pool.copy({ ...taskOf(job), length }, signal);
  return { pool, copy, told, copied: () => connections.copied[0], waiting: () => connections.copied[1] };
}

function taskOf(job: string, key = 'k'): PartTask {
  const attributes = { storageClass: 'STANDARD', metadata: {}, tags: {} };
  const target = { type: 'object', attributes, ifAbsent: true } as const;
  return { jobId: job as JobId, length: SIZE, checksum: 'CRC32', key: key as ObjectKey, target };
}

it('copies parts in threads, each once, and tells of their bytes', async () => {
  const { pool, copy, told, copied } = setup();

  const results = await Promise.all(Array.from({ length: 20 }, (_, i) => copy(`ok-${i}`)));
  await pool.close();

  expect(results).toHaveLength(20);
  expect(new Set(results.map(({ treeHash, checksum }) => `${treeHash} ${checksum}`)).size).toBe(1);
  expect(copied()).toBe(20);
  expect(told).toEqual({ bytes: 20 * SIZE, deaths: 0 });
});

it('brings the failures of a service over as they were', async () => {
  const { copy } = setup();

  const [throttled, unknown] = await Promise.all(['throttled', 'unknown'].map((job) => copy(job).catch((e) => e)));

  expect(isFailure(throttled, 'throttled')).toBe(true);
  expect(throttled).toMatchObject({ operation: 'GetJobOutput', scope: 'part', retry: 'soon', outcomeUnknown: false });
  expect(unknown).toBeInstanceOf(ServiceError);
  expect(unknown).toMatchObject({ code: 'network', message: 'reset', outcomeUnknown: true });
});

it('brings over the checksum of the bytes for which there was no room under their key', async () => {
  const { pool } = setup();

  const taken = await pool.copy(taskOf('ok', 'taken'), forever).catch((error) => error);

  expect(isFailure(taken, 'object_exists')).toBe(true);
  expect(taken.provenChecksum).toBe(checksumOf('CRC32', Buffer.alloc(SIZE, 7)));
});

it('brings fatal errors over with their code, and bugs with the stack of where they were', async () => {
  const { copy } = setup();

  const [fatal, bug] = await Promise.all(['fatal', 'bug'].map((job) => copy(job).catch((e) => e)));

  expect(fatal).toBeInstanceOf(FatalError);
  expect(fatal).toMatchObject({ code: 'region_missing', message: 'no Region' });
  expect(bug.message).toBe('a bug');
  expect(bug.stack).toMatch(/workers\/parts/);
});

it('cuts what is on its way in another thread, and rejects with the reason of the signal', async () => {
  const { copy, waiting } = setup();
  const abort = new AbortController();
  const reason = new Error('enough');
  const cut = copy('wait', abort.signal);
  await expect.poll(waiting, { timeout: 20_000 }).toBe(1);
  abort.abort(reason);

  await expect(cut).rejects.toBe(reason);
  await expect(copy('ok', abort.signal)).rejects.toBe(reason);
  await expect(copy('ok')).resolves.toBeDefined();
});

it('replaces a thread that died, and has its parts copied by another', async () => {
  const { copy, told, copied } = setup({ threads: 1, deaths: 2 });

  const results = await Promise.all([copy('die'), copy('ok-1'), copy('ok-2')]);

  expect(results).toHaveLength(3);
  expect(told.deaths).toBe(2);
  expect(copied()).toBeGreaterThanOrEqual(3);
});

it('has parts copied that waited for room in a thread that died', async () => {
  const { copy, told, copied } = setup({ threads: 1, deaths: 1 });

  // it has room for sixteen
  const results = await Promise.all(
    ['die', ...Array.from({ length: 39 }, (_, i) => `ok-${i}`)].map((job) => copy(job)),
  );

  expect(results).toHaveLength(40);
  expect(told.deaths).toBe(1);
  expect(copied()).toBeGreaterThanOrEqual(40);
});

it('gives a part up on which one thread after another has died', async () => {
  const { copy, told } = setup({ threads: 1, deaths: 100 });

  await expect(copy('die')).rejects.toThrow(/3 worker threads have died/);
  expect(told.deaths).toBe(3);
  await expect(copy('ok')).resolves.toBeDefined();
});

it('gives a part that waits for memory to the thread that has some first', async () => {
  const { copy, waiting } = setup();
  const aborts = Array.from({ length: 4 }, () => new AbortController());
  // each thread has room for two of them
  const slow = aborts.map(({ signal }, i) => copy(`wait-${i}`, signal, MiB).catch((error) => error));
  await expect.poll(waiting, { timeout: 20_000 }).toBe(4);
  const impatient = new AbortController();
  const next = copy('ok-next');
  const given = copy('ok-given-up', impatient.signal);
  impatient.abort(new Error('enough'));
  await expect(given).rejects.toThrow('enough');
  aborts[1]?.abort(new Error('no more'));

  expect(await next).toMatchObject({ etag: '"etag"' });
  expect(await slow[1]).toMatchObject({ message: 'no more' });
  for (const abort of aborts) abort.abort(new Error('no more'));
  await Promise.all(slow);
});

it('keeps room in one thread for the part that waits longest, and gives others what is free beside it', async () => {
  const { copy, waiting, copied } = setup();
  // each thread has room for four of these, and gets every second one
  const aborts = Array.from({ length: 8 }, () => new AbortController());
  const slow = aborts.map(({ signal }, i) => copy(`wait-${i}`, signal, 512 * KiB).catch((error) => error));
  await expect.poll(waiting, { timeout: 20_000 }).toBe(8);
  const end = async (i: number) => {
    aborts[i]?.abort(new Error('no more'));
    await slow[i];
  };
  const wide = new AbortController();
  const long = copy('wait-long', wide.signal, MiB).catch((error) => error);
  const short = copy('ok-short');

  await end(1);
  await end(3);
  await expect.poll(waiting).toBe(9);
  expect(copied()).toBe(0);
  await end(0);
  await short;
  expect(copied()).toBe(1);

  for (const abort of [wide, ...aborts]) abort.abort(new Error('no more'));
  await Promise.all([...slow, long]);
});
