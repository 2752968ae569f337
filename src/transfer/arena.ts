import { BugError } from '../lib/errors.ts';
import { serveLine } from '../lib/line.ts';
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
  /**
   * Waits for room. Whoever has waited longest gets the room that will suffice first; those behind go past where there is
   * room beside it. The caller gives it back, once.
   */
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

/** How an arena of a budget is cut up. */
export interface ArenaPlan {
  /** Bytes in all. */
  readonly size: number;
  readonly longest: number;
  readonly streamRoom: number;
  /** What a part of this length takes. */
  roomOf(length: number): number;
}

/** @param budget bytes; at least 2 MiB are taken. */
export function planArena(budget: number): ArenaPlan {
  const size = Math.max(SMALLEST, Math.floor(budget / STEP) * STEP);
  const longest = Math.floor(size / 2);
  const streamRoom = Math.min(MOST_STREAM_ROOM, Math.max(LEAST_STREAM_ROOM, Math.floor(size / 8 / MiB) * MiB));
  const roomOf = (length: number) => (length <= longest ? inSteps(length) : streamRoom);
  return { size, longest, streamRoom, roomOf };
}

/** @param budget bytes; at least 2 MiB are taken. */
export function createArena(budget: number): Arena {
  const { size, longest, streamRoom } = planArena(budget);
  // its pages cost nothing before they are written to
  const block = Buffer.allocUnsafeSlow(size);
  const gaps: Gap[] = [{ start: 0, end: size }];
  const lent = new Map<number, number>();
  const waiting: Waiting[] = [];

  const lend = (wanted: number, kept: Gap | undefined): Buffer | undefined => {
    const free = kept ? gaps.flatMap((gap) => without(gap, kept)) : gaps;
    const isSmall = wanted <= size / SMALL_SHARE;
    const fits = ({ start, end }: Gap) => end - start >= wanted;
    const place = isSmall ? free.findLast(fits) : free.find(fits);
    if (!place) return undefined;
    const start = isSmall ? place.end - wanted : place.start;
    cut(gaps, { start, end: start + wanted });
    lent.set(start, wanted);
    return block.subarray(start, start + wanted);
  };
  /** Where the first in line gets its room soonest: at the end of a gap or of a part, with the fewest bytes lent in it. */
  const keptFor = (wanted: number): Gap => {
    const starts = [0, size - wanted, ...gaps.flatMap(({ start, end }) => [start, end - wanted])];
    const candidates = starts
      .filter((start) => start >= 0 && start + wanted <= size)
      .map((start) => ({ start, end: start + wanted }));
    const freeIn = (one: Gap) => gaps.reduce((sum, gap) => sum + shared(gap, one), 0);
    return candidates.reduce((best, one) => (freeIn(one) > freeIn(best) ? one : best));
  };
  // a slow part keeps nobody waiting who has room beside where the first in line will be
  const serve = () =>
    serveLine(
      waiting,
      ({ size: wanted, resolve }, kept: Gap | undefined) => {
        const buffer = lend(wanted, kept);
        if (buffer) resolve(buffer);
        return buffer !== undefined;
      },
      ({ size: wanted }) => keptFor(wanted),
    );

  return {
    longest,
    streamRoom,
    async take(length, signal) {
      signal.throwIfAborted();
      const wanted = inSteps(length);
      if (wanted > size) throw new BugError(`a buffer of ${wanted} bytes does not fit in ${size}`);
      const atOnce = waiting.length === 0 ? lend(wanted, undefined) : undefined;
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
        if (waiting.length > 1) serve();
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

function inSteps(length: number): number {
  return Math.max(STEP, Math.ceil(length / STEP) * STEP);
}

/** Bytes that two stretches have in common. */
function shared(a: Gap, b: Gap): number {
  return Math.max(0, Math.min(a.end, b.end) - Math.max(a.start, b.start));
}

/** What is left of a gap beside a stretch. */
function without(gap: Gap, kept: Gap): Gap[] {
  if (shared(gap, kept) === 0) return [gap];
  const before = { start: gap.start, end: kept.start };
  const after = { start: kept.end, end: gap.end };
  return [before, after].filter(({ start, end }) => end > start);
}

/** Takes a stretch out of the gap that it lies in. */
function cut(gaps: Gap[], lent: Gap): void {
  const at = gaps.findIndex(({ start, end }) => start <= lent.start && lent.end <= end);
  const gap = gaps[at];
  if (gap) gaps.splice(at, 1, ...without(gap, lent));
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
