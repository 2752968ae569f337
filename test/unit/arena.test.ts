import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { BugError } from '../../src/lib/errors.ts';
import { KiB, MiB } from '../../src/lib/size.ts';
import { createArena } from '../../src/transfer/arena.ts';

const forever = new AbortController().signal;

/** Lets everything run that is ready to run. */
const settled = () => new Promise((resolve) => setImmediate(resolve));

const overlap = (a: Buffer, b: Buffer) =>
  a.buffer === b.buffer && a.byteOffset < b.byteOffset + b.length && b.byteOffset < a.byteOffset + a.length;

describe('the memory for parts', () => {
  it('gives a buffer of exactly the length that was asked for', async () => {
    const arena = createArena(8 * MiB);
    for (const length of [1, 64 * KiB, 64 * KiB + 1, 4 * MiB, 8 * MiB]) {
      const buffer = await arena.take(length, forever);
      expect(buffer.length).toBe(length);
      arena.giveBack(buffer);
    }
  });

  it('is never lent twice, never more than there is, and all given out in the end, whoever gives up', async () => {
    const budget = 4 * MiB;
    const step = fc.oneof(
      fc.record({ type: fc.constant('take' as const), length: fc.integer({ min: 1, max: budget }) }),
      fc.record({ type: fc.constant('give' as const), which: fc.nat() }),
      fc.record({ type: fc.constant('abort' as const), which: fc.nat() }),
    );
    await fc.assert(
      fc.asyncProperty(fc.array(step, { maxLength: 60 }), async (steps) => {
        const arena = createArena(budget);
        const held: Buffer[] = [];
        const takers: { abort: AbortController; done: boolean }[] = [];
        for (const one of steps) {
          if (one.type === 'take') {
            const taker = { abort: new AbortController(), done: false };
            takers.push(taker);
            arena.take(one.length, taker.abort.signal).then(
              (buffer) => {
                taker.done = true;
                held.push(buffer);
              },
              () => {
                taker.done = true;
              },
            );
          } else if (one.type === 'give' && held.length > 0) {
            arena.giveBack(held.splice(one.which % held.length, 1)[0]!);
          } else if (one.type === 'abort' && takers.length > 0) takers[one.which % takers.length]?.abort.abort();
          await settled();
          expect(held.reduce((sum, { length }) => sum + length, 0)).toBeLessThanOrEqual(budget);
          for (const [i, a] of held.entries()) {
            for (const b of held.slice(i + 1)) expect(overlap(a, b)).toBe(false);
          }
        }
        while (held.length > 0) {
          arena.giveBack(held.shift()!);
          await settled();
        }
        expect(takers.every(({ done }) => done)).toBe(true);
        // no gap is lost
        arena.giveBack(await arena.take(budget, forever));
      }),
      { numRuns: 60 },
    );
  });

  it('is given in the order in which it was asked for: a long part does not wait for ever', async () => {
    const arena = createArena(2 * MiB);
    const first = await arena.take(MiB, forever);
    const order: string[] = [];
    const long = arena.take(2 * MiB, forever).then((buffer) => {
      order.push('long');
      arena.giveBack(buffer);
    });
    const short = arena.take(1, forever).then((buffer) => {
      order.push('short');
      arena.giveBack(buffer);
    });
    await settled();
    expect(order).toEqual([]);
    arena.giveBack(first);
    await Promise.all([long, short]);

    expect(order).toEqual(['long', 'short']);
  });

  it('has room for the longest part although small ones keep theirs that came between others', async () => {
    const arena = createArena(64 * MiB);
    const taken = [];
    for (const length of [20 * MiB, 100 * KiB, 20 * MiB, 100 * KiB]) taken.push(await arena.take(length, forever));
    const [first, small, second, another] = taken as [Buffer, Buffer, Buffer, Buffer];
    arena.giveBack(first);
    arena.giveBack(second);
    let longest: Buffer | undefined;
    void arena.take(arena.longest, forever).then((buffer) => {
      longest = buffer;
    });
    await settled();

    expect(longest).toHaveLength(arena.longest);
    for (const buffer of [small, another, longest as unknown as Buffer]) arena.giveBack(buffer);
    arena.giveBack(await arena.take(64 * MiB, forever));
  });

  it('lets those behind go past one that waits for a slow part, and keeps the room where it will be', async () => {
    const arena = createArena(40 * MiB);
    const first = await arena.take(13 * MiB, forever);
    const slow = await arena.take(13 * MiB, forever);
    arena.giveBack(first);
    let long: Buffer | undefined;
    void arena.take(16 * MiB, forever).then((buffer) => {
      long = buffer;
    });
    const small: Buffer[] = [];
    for (let i = 0; i < 30; i += 1) void arena.take(MiB, forever).then((buffer) => small.push(buffer));
    await settled();

    expect(long).toBeUndefined();
    expect(small.length).toBeGreaterThanOrEqual(10);
    expect(small.length).toBeLessThan(27);
    arena.giveBack(slow);
    await settled();
    expect(long).toHaveLength(16 * MiB);
    for (const buffer of [...small.splice(0), long as unknown as Buffer]) arena.giveBack(buffer);
    await settled();
    expect(small.length).toBeGreaterThan(0);
  });

  it('lets those behind one that gives up have its turn', async () => {
    const arena = createArena(2 * MiB);
    const first = await arena.take(MiB, forever);
    const abort = new AbortController();
    const long = arena.take(2 * MiB, abort.signal);
    const short = arena.take(MiB, forever);
    abort.abort(new Error('enough'));

    await expect(long).rejects.toThrow('enough');
    arena.giveBack(await short);
    arena.giveBack(first);
    await expect(arena.take(1, abort.signal)).rejects.toThrow('enough');
  });

  it('notices what is given back twice, or was never taken', async () => {
    const arena = createArena(2 * MiB);
    const buffer = await arena.take(100, forever);
    arena.giveBack(buffer);

    expect(() => arena.giveBack(buffer)).toThrow(BugError);
    expect(() => arena.giveBack(Buffer.alloc(100))).toThrow(BugError);
    await expect(arena.take(2 * MiB + 1, forever)).rejects.toThrow(BugError);
  });
});
