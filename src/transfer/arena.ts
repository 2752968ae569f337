import { BugError } from '../lib/errors.ts';
import { KiB, MiB } from '../lib/size.ts';

/**
 * The memory that one thread's parts in flight may take: one block, cut up and put together again, so that it never
 * grows. Buffers that are made anew cost a second of page faults a GiB, and those that are dropped stay until the next
 * collection of garbage.
 */
export interface Arena {
  /** A part up to this long is held whole; two of them fit. A longer one goes through as a stream. */
  readonly longest: number;
  /** What a part takes that streams. */
  readonly streamRoom: number;
  /** Waits for room; first come, first served. The caller gives it back, once. */
  take(length: number, signal: AbortSignal): Promise<Buffer>;
  giveBack(buffer: Buffer): void;
}

interface Waiting {
  readonly size: number;
  readonly resolve: (buffer: Buffer) => void;
}

/** Free bytes `start` to `end` (not included). */
interface Gap {
  start: number;
  end: number;
}

/** Room is given out in steps of this: small archives come by the million. */
const STEP = 64 * KiB;
const LEAST_STREAM_ROOM = MiB;
/** Read by pieces of 1 MiB, a quarter of it: smaller ones cost more calls, larger ones save little. */
const MOST_STREAM_ROOM = 4 * MiB;
const SMALLEST = 2 * LEAST_STREAM_ROOM;
/** Up to this share of all room, a part gets the highest: a slow one in the middle would keep the longest waiting. */
const SMALL_SHARE = 16;

/** @param budget bytes; at least 2 MiB are taken. */
export function createArena(budget: number): Arena {
  const size = Math.max(SMALLEST, Math.floor(budget / STEP) * STEP);
  // its pages cost nothing before they are written to
  const block = Buffer.allocUnsafeSlow(size);
  const gaps: Gap[] = [{ start: 0, end: size }];
  const lent = new Map<number, number>();
  const waiting: Waiting[] = [];

  const lend = (wanted: number): Buffer | undefined => {
    const isSmall = wanted <= size / SMALL_SHARE;
    const fits = ({ start, end }: Gap) => end - start >= wanted;
    const at = isSmall ? gaps.findLastIndex(fits) : gaps.findIndex(fits);
    const gap = gaps[at];
    if (!gap) return undefined;
    const start = isSmall ? gap.end - wanted : gap.start;
    if (isSmall) gap.end = start;
    else gap.start += wanted;
    if (gap.start === gap.end) gaps.splice(at, 1);
    lent.set(start, wanted);
    return block.subarray(start, start + wanted);
  };
  const serve = () => {
    for (let next = waiting[0]; next; next = waiting[0]) {
      const buffer = lend(next.size);
      if (!buffer) return;
      waiting.shift();
      next.resolve(buffer);
    }
  };

  return {
    longest: Math.floor(size / 2),
    streamRoom: Math.min(MOST_STREAM_ROOM, Math.max(LEAST_STREAM_ROOM, Math.floor(size / 8 / MiB) * MiB)),
    async take(length, signal) {
      signal.throwIfAborted();
      const wanted = Math.max(STEP, Math.ceil(length / STEP) * STEP);
      if (wanted > size) throw new BugError(`a buffer of ${wanted} bytes does not fit in ${size}`);
      const atOnce = waiting.length === 0 ? lend(wanted) : undefined;
      if (atOnce) return atOnce.subarray(0, length);
      const whole = await new Promise<Buffer>((resolve, reject) => {
        const entry: Waiting = {
          size: wanted,
          resolve: (buffer) => {
            signal.removeEventListener('abort', giveUp);
            resolve(buffer);
          },
        };
        const giveUp = () => {
          waiting.splice(waiting.indexOf(entry), 1);
          reject(signal.reason);
          serve();
        };
        signal.addEventListener('abort', giveUp, { once: true });
        waiting.push(entry);
      });
      return whole.subarray(0, length);
    },
    giveBack(buffer) {
      const start = buffer.byteOffset - block.byteOffset;
      const length = buffer.buffer === block.buffer ? lent.get(start) : undefined;
      if (length === undefined) throw new BugError('a buffer was given back that was not taken, or twice');
      lent.delete(start);
      free(gaps, { start, end: start + length });
      serve();
    },
  };
}

/** Puts a gap in its place, grown together with those it touches. */
function free(gaps: Gap[], gap: Gap): void {
  const at = gaps.findIndex(({ start }) => start > gap.start);
  const place = at < 0 ? gaps.length : at;
  const before = gaps[place - 1];
  const after = gaps[place];
  const touchesBefore = before?.end === gap.start;
  const touchesAfter = after?.start === gap.end;
  if (before && touchesBefore && after && touchesAfter) {
    before.end = after.end;
    gaps.splice(place, 1);
  } else if (before && touchesBefore) before.end = gap.end;
  else if (after && touchesAfter) after.start = gap.start;
  else gaps.splice(place, 0, gap);
}
