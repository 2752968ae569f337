import { CallRate, READ_RATE } from '../../src/domain/schedule/call-rate.ts';
import type { Work } from '../../src/domain/schedule/throughput.ts';
import { SECOND } from '../../src/lib/duration.ts';
import { MiB } from '../../src/lib/size.ts';
import type { Line } from './line.ts';

/** What a GetJobOutput call reads at most: the default of --part-size. */
export const PART_SIZE = 16 * MiB;

/** What the line copies in `ms` at `now` with so many reads. */
export function ableTo(line: Line, now: number, ms: number, reads: number): Work {
  const scale = (line.share(now) * ms) / SECOND;
  const bytes = Math.min(line.bytesPerSecond * scale, reads * PART_SIZE);
  return { bytes, count: Math.min(line.archivesPerSecond * scale, reads) };
}

/** Reads as the pipeline does: one call a part, at a pace that throttling halves. */
export class Reader {
  readonly #calls = new CallRate(READ_RATE);
  readonly #acceptsPerSecond: ((time: number) => number) | undefined;
  throttled = 0;

  /** @param acceptsPerSecond Glacier's patience with GetJobOutput; without it, it has no end. */
  constructor(acceptsPerSecond: ((time: number) => number) | undefined) {
    this.#acceptsPerSecond = acceptsPerSecond;
  }

  /** How many reads of those that the line has a use for are answered between `now` and `until`. */
  reads(now: number, until: number, line: Line): number {
    const accepts = this.#acceptsPerSecond;
    if (!accepts) return Number.POSITIVE_INFINITY;
    const useful = Math.max(1, Math.ceil((line.bytesPerSecond * line.share(now)) / PART_SIZE));
    let answered = 0;
    for (let at = this.#calls.delayUntil(now); at < until; at = Math.max(at + SECOND, this.#calls.delayUntil(at))) {
      const wanted = Math.max(1, Math.min(useful, Math.floor(this.#calls.state.perSecond)));
      const accepted = Math.min(wanted, accepts(at));
      this.#calls.took(at, wanted);
      answered += accepted;
      if (accepted < wanted) {
        this.throttled += 1;
        this.#calls.throttled(at);
      }
    }
    return answered;
  }
}
