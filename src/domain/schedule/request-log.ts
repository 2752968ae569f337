import { DAY, MINUTE } from '../../lib/duration.ts';

/** Plain JSON: bytes asked for, by the start of their five minutes, oldest first. At most 290 entries. */
export interface RequestLogState {
  readonly asked: readonly (readonly [startsAt: number, bytes: number])[];
}

const STEP = 5 * MINUTE;
const KEPT = DAY + STEP;

/** What was asked for within the last day, for ceilings on bytes a day and bytes an hour. */
export class RequestLog {
  readonly #asked: [startsAt: number, bytes: number][];

  constructor(state: RequestLogState = { asked: [] }) {
    this.#asked = state.asked.map(([startsAt, bytes]) => [startsAt, bytes]);
  }

  get state(): RequestLogState {
    return { asked: this.#asked };
  }

  /** An archive of `bytes` is asked for at `now`. */
  add(now: number, bytes: number): void {
    const startsAt = Math.floor(now / STEP) * STEP;
    const last = this.#asked.at(-1);
    // a clock that was set back must not open a second entry in the past
    if (last !== undefined && last[0] >= startsAt) last[1] += bytes;
    else this.#asked.push([startsAt, bytes]);
    const kept = this.#asked.findIndex(([at]) => at + KEPT > now);
    this.#asked.splice(0, kept);
  }

  /** What was added as asked for at `at` was not. */
  takeBack(at: number, bytes: number): void {
    const startsAt = Math.floor(at / STEP) * STEP;
    // as `add` files it: by its own five minutes, or by later ones where the clock was set back
    const entry = this.#asked.find(([start]) => start >= startsAt);
    if (entry) entry[1] = Math.max(0, entry[1] - bytes);
  }

  /** Bytes asked for in the `span` (up to a day) before `now`: never too few, five minutes' worth too many at most. */
  within(span: number, now: number): number {
    let bytes = 0;
    for (const [startsAt, asked] of this.#asked) if (startsAt + STEP + span > now) bytes += asked;
    return bytes;
  }

  /** When `within(span)` will have fallen to `bytes`, if nothing more is asked for. */
  freeAt(span: number, bytes: number, now: number): number {
    let left = this.within(span, now);
    let at = now;
    for (const [startsAt, asked] of this.#asked) {
      if (left <= bytes) break;
      if (startsAt + STEP + span <= now) continue;
      left -= asked;
      at = startsAt + STEP + span;
    }
    return at;
  }
}
