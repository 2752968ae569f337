import { setTimeout as delay } from 'node:timers/promises';
import { describe, expect, it } from 'vitest';
import { CHECKSUM_ALGORITHMS, checksumOf } from '../../src/domain/checksum.ts';
import type { JobId, ObjectKey, TreeHash } from '../../src/domain/ids.ts';
import type { ByteRange } from '../../src/domain/ranges.ts';
import { ServiceError } from '../../src/domain/service-error.ts';
import { treeHash } from '../../src/domain/tree-hash.ts';
import type { Bandwidth } from '../../src/lib/bandwidth.ts';
import { MiB } from '../../src/lib/size.ts';
import type { JobOutput } from '../../src/ports.ts';
import { type Arena, createArena } from '../../src/transfer/arena.ts';
import { copyPart, type PartDeps, type PartTask } from '../../src/transfer/part.ts';
import { FakeBucket } from '../support/fakes/bucket.ts';
import { FakeClock } from '../support/fakes/clock.ts';

const jobId = 'job' as JobId;
const key = 'photos/a' as ObjectKey;
const attributes = { storageClass: 'DEEP_ARCHIVE', metadata: {}, tags: {} };
const forever = () => new AbortController();

const bytesOf = (length: number) => Buffer.alloc(length, 'the bytes of an archive. ');

async function* pieces(bytes: Uint8Array, length = 64 * 1024): AsyncGenerator<Uint8Array> {
  for (let at = 0; at < bytes.length; at += length) yield bytes.subarray(at, at + length);
}

/** A reader that writes where it is told to, as the adapter's does. */
function readerOf(body: AsyncIterable<Uint8Array>): NonNullable<JobOutput['readInto']> {
  return async (target, arrived) => {
    let at = 0;
    for await (const bytes of body) {
      if (at + bytes.length > target.length) {
        throw new ServiceError('short_body', 'more than the target holds', { operation: 'GetJobOutput' });
      }
      target.set(bytes, at);
      at += bytes.length;
      await arrived(at);
    }
    return at;
  };
}

/** Keeps count of what is lent. */
function counting(arena: Arena): Arena & { readonly lent: number } {
  let lent = 0;
  return {
    longest: arena.longest,
    streamRoom: arena.streamRoom,
    get lent() {
      return lent;
    },
    async take(length, signal) {
      const buffer = await arena.take(length, signal);
      lent += 1;
      return buffer;
    },
    giveBack(buffer) {
      arena.giveBack(buffer);
      lent -= 1;
    },
  };
}

/** One that gives out so many bytes at a time, the first ones too, each time as `take` says. */
function bandwidthOf(atOnce: number, take: Bandwidth['take']): Bandwidth {
  return { atOnce, first: atOnce, take, giveBack: () => undefined };
}

/** A job whose output is `body`, said to have the tree hash of `bytes`. */
function setup(
  bytes: Uint8Array,
  {
    body,
    hash,
    memory = 8 * MiB,
    into = false,
  }: {
    body?: (signal: AbortSignal) => AsyncIterable<Uint8Array>;
    hash?: TreeHash | null;
    memory?: number;
    into?: boolean;
  } = {},
) {
  const bucket = new FakeBucket(new FakeClock());
  const arena = counting(createArena(memory));
  const asked: (ByteRange | undefined)[] = [];
  let arrived = 0;
  const deps: PartDeps = {
    vault: {
      async readOutput(_jobId, range, signal): Promise<JobOutput> {
        asked.push(range);
        const sent = body ? body(signal) : pieces(bytes);
        return {
          body: sent,
          ...(into && { readInto: readerOf(sent) }),
          ...(hash !== null && { treeHash: hash ?? treeHash(bytes) }),
        };
      },
    },
    bucket,
    arena,
    bandwidth: bandwidthOf(256 * 1024, () => Promise.resolve()),
    stallAfterMs: 60_000,
    onBytes: (more) => {
      arrived += more;
    },
  };
  const whole: PartTask = {
    jobId,
    length: bytes.length,
    treeHash: treeHash(bytes),
    checksum: 'CRC32',
    key,
    target: { type: 'object', attributes, ifAbsent: true },
  };
  const partOf = async (range: ByteRange): Promise<PartTask> => ({
    jobId,
    range,
    length: range.end - range.start + 1,
    checksum: 'CRC32',
    key,
    target: {
      type: 'part',
      uploadId: await bucket.createUpload(key, { checksumAlgorithm: 'CRC32', attributes }),
      partNumber: 3,
    },
  });
  return { bucket, arena, deps, whole, partOf, asked, arrived: () => arrived };
}

/** Held in memory, or sent while it arrives: the same must hold for both. */
const WAYS = [
  ['held in memory', { memory: 8 * MiB, into: false }],
  ['read straight into memory', { memory: 8 * MiB, into: true }],
  ['streamed', { memory: 2 * MiB, into: false }],
] as const;

describe.each(WAYS)('a part that is %s', (_way, way) => {
  const bytes = bytesOf(3 * MiB + 77);

  it('arrives whole, as an object', async () => {
    const { deps, whole, bucket, arena, asked, arrived } = setup(bytes, way);
    const result = await copyPart(deps, whole, forever());

    expect(Buffer.compare(bucket.objects.get(key)!.bytes, bytes)).toBe(0);
    expect(result).toMatchObject({ treeHash: treeHash(bytes), checksum: checksumOf('CRC32', bytes) });
    expect(result.stored?.value).toBe(result.checksum);
    expect(asked).toEqual([undefined]);
    expect(arrived()).toBe(bytes.length);
    expect(arena.lent).toBe(0);
  });

  it.each(CHECKSUM_ALGORITHMS)('is sent with a %s of its own', async (checksum) => {
    const { deps, whole } = setup(bytes, way);

    expect((await copyPart(deps, { ...whole, checksum }, forever())).checksum).toBe(checksumOf(checksum, bytes));
  });

  it('arrives whole, as a part of an upload, by the range of the job', async () => {
    const { deps, partOf, bucket, asked } = setup(bytes, way);
    const range = { start: 8 * MiB, end: 8 * MiB + bytes.length - 1 };
    const result = await copyPart(deps, await partOf(range), forever());

    expect(asked).toEqual([range]);
    const [upload] = bucket.open.values();
    expect(upload?.parts.get(3)).toMatchObject({ etag: result.etag, checksum: checksumOf('CRC32', bytes) });
    expect(result.treeHash).toBe(treeHash(bytes));
  });

  const flipped = Buffer.from(bytes);
  flipped[2 * MiB] = 0xff;
  it.each([
    ['too short', 'short_body', { body: () => pieces(bytes.subarray(0, -1)) }],
    ['empty', 'short_body', { body: () => pieces(Buffer.alloc(0)) }],
    ['too long', 'short_body', { body: () => pieces(Buffer.concat([bytes, Buffer.alloc(1)])) }],
    ['without an end', 'short_body', { body: () => pieces(Buffer.alloc(64 * MiB)) }],
    ['of another content', 'tree_hash_mismatch', { body: () => pieces(flipped) }],
    ['of another content, in one piece', 'tree_hash_mismatch', { body: () => pieces(flipped, 64 * MiB) }],
  ] as const)('whose body is %s is refused as %s, and nothing of it is in the bucket', async (_what, code, options) => {
    const { deps, whole, partOf, bucket, arena } = setup(bytes, { ...way, ...options });
    const part = await partOf({ start: 0, end: bytes.length - 1 });

    await expect(copyPart(deps, whole, forever())).rejects.toMatchObject({ code, retry: 'soon', scope: 'part' });
    await expect(copyPart(deps, part, forever())).rejects.toMatchObject({ code });
    expect(bucket.objects.size).toBe(0);
    expect([...bucket.open.values()].map(({ parts }) => parts.size)).toEqual([0]);
    expect(arena.lent).toBe(0);
  });

  it('is held against what Glacier says of it, where the task says nothing', async () => {
    const { deps, partOf, bucket } = setup(bytes, { ...way, hash: 'ab'.repeat(32) as TreeHash });

    await expect(copyPart(deps, await partOf({ start: 0, end: bytes.length - 1 }), forever())).rejects.toMatchObject({
      code: 'tree_hash_mismatch',
    });
    expect([...bucket.open.values()][0]?.parts.size).toBe(0);
  });

  it('of which nobody has said a tree hash is refused', async () => {
    const { deps, partOf, whole, bucket } = setup(bytes, { ...way, hash: null });

    await expect(copyPart(deps, await partOf({ start: 0, end: bytes.length - 1 }), forever())).rejects.toThrow(
      /no tree hash/,
    );
    expect([...bucket.open.values()][0]?.parts.size).toBe(0);
    // the inventory's is enough for a whole archive
    await expect(copyPart(deps, whole, forever())).resolves.toMatchObject({ treeHash: treeHash(bytes) });
  });

  it('does not send its last bytes before all are proven, be there empty pieces behind them', async () => {
    let sent = 0;
    async function* withEmptyPieces() {
      yield* pieces(flipped);
      yield Buffer.alloc(0);
      yield Buffer.alloc(0);
    }
    const { deps, whole } = setup(bytes, { ...way, body: withEmptyPieces });
    const bucket: PartDeps['bucket'] = {
      ...deps.bucket,
      async put(_key, body) {
        if (!('stream' in body)) throw new Error('what is not proven was sent');
        for await (const piece of body.stream) sent += piece.length;
        return { etag: '' };
      },
    };

    await expect(copyPart({ ...deps, bucket }, whole, forever())).rejects.toMatchObject({ code: 'tree_hash_mismatch' });
    expect(sent).toBeLessThan(bytes.length);
  });

  it('that stalls is cut, and says so', async () => {
    async function* stalling(signal: AbortSignal) {
      yield bytes.subarray(0, MiB);
      await delay(60_000, undefined, { signal });
    }
    const { deps, whole, bucket, arena } = setup(bytes, { ...way, body: stalling });

    await expect(copyPart({ ...deps, stallAfterMs: 30 }, whole, forever())).rejects.toMatchObject({
      code: 'stalled',
      message: expect.stringContaining(key),
    });
    expect(bucket.objects.size).toBe(0);
    expect(arena.lent).toBe(0);
  });

  it('that never begins is cut, too', async () => {
    const { deps, whole, arena } = setup(bytes, way);
    const vault: PartDeps['vault'] = {
      readOutput: (_job, _range, signal) => delay(60_000, undefined as never, { signal }),
    };

    await expect(copyPart({ ...deps, vault, stallAfterMs: 30 }, whole, forever())).rejects.toMatchObject({
      code: 'stalled',
    });
    expect(arena.lent).toBe(0);
  });

  it('is not cut for the time that this side takes with it', async () => {
    const { deps, whole } = setup(bytes, { ...way, body: () => pieces(bytes, MiB) });
    const bandwidth = bandwidthOf(MiB, () => delay(60));

    await expect(copyPart({ ...deps, bandwidth, stallAfterMs: 30 }, whole, forever())).resolves.toMatchObject({
      treeHash: treeHash(bytes),
    });
  });

  it('is not cut for the time that S3 takes with it, to the last piece', async () => {
    const { deps, whole, bucket } = setup(bytes, { ...way, body: () => pieces(bytes, MiB) });
    async function* slowly(stream: AsyncIterable<Uint8Array>, signal: AbortSignal) {
      for await (const piece of stream) {
        yield piece;
        await delay(60, undefined, { signal });
      }
    }
    const slow: PartDeps['bucket'] = {
      uploadPart: (part, signal) => bucket.uploadPart(part, signal),
      async put(to, body, options, signal) {
        await delay(60, undefined, { signal });
        const sent = body instanceof Uint8Array ? body : { ...body, stream: slowly(body.stream, signal) };
        return bucket.put(to, sent, options, signal);
      },
    };

    await expect(copyPart({ ...deps, bucket: slow, stallAfterMs: 30 }, whole, forever())).resolves.toMatchObject({
      treeHash: treeHash(bytes),
    });
  });

  it('takes its bytes from the bandwidth, each once', async () => {
    let taken = 0;
    const { deps, whole } = setup(bytes, way);
    const bandwidth = bandwidthOf(100_000, async (more) => {
      taken += more;
    });
    await copyPart({ ...deps, bandwidth }, whole, forever());

    expect(taken).toBe(bytes.length);
  });

  it('gives back what it was granted where it does not come', async () => {
    let granted = 0;
    async function* broken() {
      yield bytes.subarray(0, 100_000);
      throw new ServiceError('network', 'reset', { operation: 'GetJobOutput' });
    }
    const { deps, whole } = setup(bytes, { ...way, body: broken });
    const taking = bandwidthOf(64 * 1024, async (more) => {
      granted += more;
    });
    const bandwidth = {
      ...taking,
      giveBack: (less: number) => {
        granted -= less;
      },
    };

    await expect(copyPart({ ...deps, bandwidth }, whole, forever())).rejects.toMatchObject({ code: 'network' });
    expect(granted).toBe(100_000);
  });

  it('is let come before it is asked for, and no more of it than that', async () => {
    let granted = 0;
    let sent = 0;
    async function* held() {
      for await (const piece of pieces(bytes)) {
        sent += piece.length;
        expect(sent).toBeLessThanOrEqual(granted);
        yield piece;
      }
    }
    const { deps, whole } = setup(bytes, { ...way, body: held });
    const bandwidth = bandwidthOf(64 * 1024, async (more) => {
      await delay(1);
      granted += more;
    });

    await expect(copyPart({ ...deps, bandwidth }, whole, forever())).resolves.toMatchObject({
      treeHash: treeHash(bytes),
    });
    expect(granted).toBe(bytes.length);
  });

  it('ends with the reason of the signal, whether it waits for memory or for bytes', async () => {
    const abort = new AbortController();
    async function* waiting(signal: AbortSignal) {
      yield bytes.subarray(0, 10);
      abort.abort(new Error('stopped'));
      await delay(60_000, undefined, { signal }).catch(() => signal.throwIfAborted());
    }
    const { deps, whole, arena, asked } = setup(bytes, { ...way, body: waiting });

    await expect(copyPart(deps, whole, abort)).rejects.toThrow('stopped');
    expect(arena.lent).toBe(0);
    await expect(copyPart(deps, whole, abort)).rejects.toThrow('stopped');
    expect(asked).toHaveLength(1);
  });

  it.each(['unavailable', 'throttled', 'job_not_found'] as const)(
    'gives its memory back where Glacier says %s',
    async (code) => {
      const { deps, whole, arena } = setup(bytes, way);
      const refusal = new ServiceError(code, code, { operation: 'GetJobOutput' });
      const vault: PartDeps['vault'] = { readOutput: () => Promise.reject(refusal) };

      await expect(copyPart({ ...deps, vault }, whole, forever())).rejects.toBe(refusal);
      expect(arena.lent).toBe(0);
    },
  );

  it('gives its memory back where S3 refuses it, and tells what bytes were refused', async () => {
    const { deps, whole, arena } = setup(bytes, way);
    const refusal = new ServiceError('object_exists', 'there', { operation: 'PutObject' });
    const refusing: PartDeps['bucket'] = {
      uploadPart: () => Promise.reject(new Error('not an object')),
      async put(_key, body) {
        if ('stream' in body) for await (const _ of body.stream);
        throw refusal;
      },
    };

    await expect(copyPart({ ...deps, bucket: refusing }, whole, forever())).rejects.toMatchObject({
      code: 'object_exists',
      operation: 'PutObject',
      provenChecksum: checksumOf('CRC32', bytes),
    });
    expect(arena.lent).toBe(0);
  });

  it('that S3 has taken with another checksum is refused', async () => {
    const { deps, partOf, arena } = setup(bytes, way);
    const bucket: PartDeps['bucket'] = {
      put: () => Promise.reject(new Error('not a part')),
      async uploadPart({ body }) {
        if ('stream' in body) for await (const _ of body.stream);
        return { etag: '"e"', checksum: 'AAAAAA==' };
      },
    };

    await expect(
      copyPart({ ...deps, bucket }, await partOf({ start: 0, end: bytes.length - 1 }), forever()),
    ).rejects.toMatchObject({ code: 'bad_checksum' });
    expect(arena.lent).toBe(0);
  });
});

it('many parts at once never take more memory than there is', async () => {
  const bytes = bytesOf(MiB);
  const { deps, whole, arena, bucket } = setup(bytes, { memory: 3 * MiB });
  let most = 0;
  const vault: PartDeps['vault'] = {
    async readOutput() {
      most = Math.max(most, arena.lent);
      return { body: pieces(bytes), treeHash: treeHash(bytes) };
    },
  };
  await Promise.all(
    Array.from({ length: 20 }, (_, i) =>
      copyPart({ ...deps, vault }, { ...whole, key: `k/${i}` as ObjectKey }, forever()),
    ),
  );

  expect(bucket.objects.size).toBe(20);
  expect(most).toBeLessThanOrEqual(3);
  expect(arena.lent).toBe(0);
});

it('is not cut while it is sent, although bytes came before the turn of those before them', async () => {
  const bytes = bytesOf(3 * MiB);
  const { deps, whole, bucket } = setup(bytes);
  const vault: PartDeps['vault'] = {
    async readOutput() {
      return {
        body: pieces(bytes),
        // as TLS does: what it has decrypted comes, whatever it was told
        async readInto(target, arrived) {
          target.set(bytes);
          void arrived(MiB);
          void arrived(2 * MiB);
          void arrived(3 * MiB);
          return bytes.length;
        },
      };
    },
  };
  let turn = 0;
  // the last ones need not wait, and so nobody waits for those before them
  const bandwidth = bandwidthOf(MiB, () => {
    turn += 1;
    return turn < 3 ? delay(20) : undefined;
  });
  const slow: PartDeps['bucket'] = {
    uploadPart: (part, signal) => bucket.uploadPart(part, signal),
    async put(...args) {
      await delay(150, undefined, { signal: args[3] });
      return bucket.put(...args);
    },
  };

  await expect(
    copyPart({ ...deps, vault, bandwidth, bucket: slow, stallAfterMs: 60 }, whole, forever()),
  ).resolves.toMatchObject({ treeHash: treeHash(bytes) });
});

it('is not cut while its bytes come too slowly to fill a piece', async () => {
  const bytes = bytesOf(3 * MiB);
  const { deps, whole } = setup(bytes, { memory: 4 * MiB });
  const vault: PartDeps['vault'] = {
    async readOutput() {
      return {
        body: pieces(bytes),
        async *readPieces(_room, arrived) {
          for (let i = 0; i < 20; i += 1) {
            await delay(20);
            arrived?.();
          }
          yield bytes;
        },
      };
    },
  };

  await expect(copyPart({ ...deps, vault, stallAfterMs: 200 }, whole, forever())).resolves.toMatchObject({
    treeHash: treeHash(bytes),
  });
});
