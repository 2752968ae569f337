import { BugError } from '../lib/errors.ts';
import { MiB } from '../lib/size.ts';

/**
 * The memory that parts in flight may take. Buffers are used again: fresh ones of 64 MiB cost about a second of page faults a
 * GiB.
 */
export interface Buffers {
  /** The bytes that may be held at once. */
  readonly budget: number;
  /** Waits for room; first come, first served. The caller gives it back, once. */
  take(length: number, signal: AbortSignal): Promise<Buffer>;
  giveBack(buffer: Buffer): void;
}

interface Waiting {
  readonly size: number;
  readonly resolve: (buffer: Buffer) => void;
}

/** @param budget bytes; a part larger than that can't be held and is the caller's mistake. */
export function createBuffers(budget: number): Buffers {
  const free = new Map<number, Buffer[]>();
  const sizes = new Map<ArrayBufferLike, number>();
  let inUse = 0;
  let idle = 0;
  const waiting: Waiting[] = [];

  const allocate = (size: number): Buffer => {
    inUse += size;
    const spare = free.get(size)?.pop();
    if (spare) {
      idle -= size;
      return spare;
    }
    // room for a size that has none idle is made from the others
    for (const [otherSize, others] of free) {
      while (inUse + idle > budget && others.length > 0) {
        const dropped = others.pop();
        if (dropped) sizes.delete(dropped.buffer);
        idle -= otherSize;
      }
    }
    const fresh = Buffer.allocUnsafeSlow(size);
    sizes.set(fresh.buffer, size);
    return fresh;
  };
  const serve = () => {
    for (let next = waiting[0]; next && inUse + next.size <= budget; next = waiting[0]) {
      waiting.shift();
      next.resolve(allocate(next.size));
    }
  };

  return {
    budget,
    async take(length, signal) {
      signal.throwIfAborted();
      const size = sizeClass(length);
      if (size > budget) throw new BugError(`a buffer of ${size} bytes does not fit in a budget of ${budget}`);
      const whole = await new Promise<Buffer>((resolve, reject) => {
        const entry: Waiting = {
          size,
          resolve: (buffer) => {
            signal.removeEventListener('abort', giveUp);
            resolve(buffer);
          },
        };
        const giveUp = () => {
          const at = waiting.indexOf(entry);
          if (at >= 0) waiting.splice(at, 1);
          reject(signal.reason);
          serve();
        };
        signal.addEventListener('abort', giveUp, { once: true });
        waiting.push(entry);
        serve();
      });
      return whole.subarray(0, length);
    },
    giveBack(buffer) {
      const size = sizes.get(buffer.buffer);
      if (size === undefined) throw new BugError('a buffer was given back that was not taken, or twice');
      inUse -= size;
      idle += size;
      const list = free.get(size) ?? [];
      list.push(Buffer.from(buffer.buffer, 0, size));
      free.set(size, list);
      serve();
    },
  };
}

/** The next power of two from 64 KiB on, so that buffers of few sizes serve all parts. */
function sizeClass(length: number): number {
  let size = MiB / 16;
  while (size < length) size *= 2;
  return size;
}

/** The bytes that a part of `length` takes from the budget. */
export function bufferSize(length: number): number {
  return sizeClass(length);
}
