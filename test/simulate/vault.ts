import type { Expiring } from '../../src/domain/schedule/forecast.ts';
import type { Work } from '../../src/domain/schedule/throughput.ts';
import { OUTPUT_LIFE, type TierName } from '../../src/domain/schedule/tiers.ts';
import { MINUTE } from '../../src/lib/duration.ts';
import { type Answer, answers, jobTimes, type Moods, pauses } from './glacier.ts';
import { SmallestFirst, TimeQueue } from './queue.ts';
import { randomFrom } from './random.ts';

export interface VaultOptions extends Moods {
  readonly seed: number;
  readonly stepMs: number;
  readonly tier: TierName;
  /** Bytes of each lot: `lotCount` archives that are asked for and copied together. */
  readonly lots: Float64Array;
  readonly lotCount: number;
  /** The share of jobs that end as Failed. */
  readonly failing?: number;
  /** Whether what was asked for again is fetched after all the others, as the scheduler wants it. */
  readonly againLast: boolean;
  /** Hears of each request that Glacier took. */
  readonly asked?: (lot: number, now: number, bytes: number) => void;
}

const PLANNED = 0;
const REQUESTED = 1;
const STAGED = 2;
/** Staged, and asked for again. */
const RENEWING = 3;
const COPIED = 4;

/** Outputs are summed by quarters of an hour, as the pipeline sums them. */
const GROUP = 15 * MINUTE;

type Sum = { count: number; bytes: number };

/** A vault, its jobs and what was copied of it, lot by lot, in steps of `stepMs`. It checks what a vault cannot allow. */
export class SimulatedVault {
  readonly #options: VaultOptions;
  readonly #random: () => number;
  readonly #jobTime: (askedAt: number) => number;
  readonly #answer: (now: number, calls: number) => Answer;
  readonly #pause: (lot: number) => number;
  readonly #left: Float64Array;
  readonly #state: Uint8Array;
  readonly #pending: Uint8Array;
  readonly #timesAsked: Uint16Array;
  readonly #expires: Float64Array;
  readonly #due = new TimeQueue();
  readonly #staged = new TimeQueue();
  readonly #renewing = new TimeQueue();
  readonly #back = new SmallestFirst();
  readonly #refused = new TimeQueue();
  readonly #groups = new Map<number, Sum & { largest: number }>();
  #cursor = 0;

  readonly planned: Sum = { count: 0, bytes: 0 };
  readonly requested: Sum = { count: 0, bytes: 0 };
  readonly copied: Sum = { count: 0, bytes: 0 };
  readonly stagedWork: Sum = { count: 0, bytes: 0 };
  readonly renewed: Sum = { count: 0, bytes: 0 };
  /** Archives asked for more than once. */
  askedAgain = 0;
  /** What became of the requests. */
  readonly answered: Record<Answer, number> = { taken: 0, throttled: 0, refused: 0 };

  constructor(options: VaultOptions) {
    const lots = options.lots.length;
    this.#options = options;
    this.#random = randomFrom(options.seed + 1);
    this.#jobTime = jobTimes(options.tier, options.seed);
    this.#answer = answers(options, this.#random);
    this.#pause = pauses(lots, this.#random);
    this.#left = options.lots.slice();
    this.#state = new Uint8Array(lots);
    this.#pending = new Uint8Array(lots);
    this.#timesAsked = new Uint16Array(lots);
    this.#expires = new Float64Array(lots);
    this.planned.count = lots * options.lotCount;
    for (const bytes of options.lots) this.planned.bytes += bytes;
  }

  get lotCount(): number {
    return this.#options.lotCount;
  }

  get done(): boolean {
    return this.copied.count === this.#left.length * this.#options.lotCount;
  }

  /** The first planned lot in order of creation. */
  get next(): number | undefined {
    const fresh = this.#cursor < this.#left.length ? this.#cursor : undefined;
    const back = this.#back.first;
    return fresh === undefined || (back !== undefined && back < fresh) ? back : fresh;
  }

  bytesLeft(lot: number | undefined): number {
    return lot === undefined ? 0 : this.#left[lot]!;
  }

  /** Asks for a lot, a planned one or a staged one again. One that is refused comes back later. */
  request(lot: number, now: number): Answer {
    const { lotCount, stepMs, asked } = this.#options;
    const answer = this.#answer(now, lotCount);
    this.answered[answer] += lotCount;
    if (answer === 'throttled') return answer;
    if (this.#pending[lot] === 1) throw new Error(`lot ${lot} has a job already`);
    const state = this.#state[lot];
    const left = this.#left[lot]!;
    if (state === PLANNED) {
      if (lot === this.#back.first) this.#back.pop();
      else this.#cursor += 1;
      if (answer === 'refused') this.#refused.push(Math.ceil((now + this.#pause(lot)) / stepMs), lot);
    }
    if (answer === 'refused') return answer;
    if (state === PLANNED) {
      move(this.planned, -lotCount, -left);
      this.#state[lot] = REQUESTED;
    } else if (state === STAGED) {
      this.#leaveGroup(lot, lotCount, left);
      move(this.stagedWork, -lotCount, -left);
      move(this.renewed, lotCount, left);
      this.#state[lot] = RENEWING;
      if (this.#options.againLast) this.#renewing.push(this.#expires[lot]!, lot);
    } else throw new Error(`lot ${lot} can't be asked for`);
    move(this.requested, lotCount, left);
    this.#pending[lot] = 1;
    this.#timesAsked[lot]! += 1;
    if (this.#timesAsked[lot] === 2) this.askedAgain += lotCount;
    asked?.(lot, now, left);
    this.#due.push(Math.ceil((now + this.#jobTime(now)) / stepMs), lot);
    return answer;
  }

  /** Jobs complete, outputs expire and what was refused comes back until `step`. */
  advance(step: number): void {
    for (let due = this.#due.peek(step); due !== undefined; due = this.#due.peek(step)) {
      this.#due.drop();
      this.#complete(due.unit, due.step);
    }
    for (let due = this.#refused.peek(step); due !== undefined; due = this.#refused.peek(step)) {
      this.#refused.drop();
      this.#back.push(due.unit);
    }
    for (const queue of [this.#staged, this.#renewing]) {
      for (let entry = queue.peek(step); entry !== undefined; entry = queue.peek(step)) {
        queue.drop();
        if (this.#isHead(queue, entry)) this.#expire(entry.unit);
      }
    }
  }

  /** Copies as much as the line is able to, soonest expiry first. */
  fetch(able: Work): { readonly bytes: number; readonly archives: number; readonly used: number } {
    let [bytes, archives] = [0, 0];
    while (bytes < able.bytes && archives < able.count) {
      const lot = this.#head();
      if (lot === undefined) break;
      const piece = Math.min(this.#left[lot]!, able.bytes - bytes);
      bytes += piece;
      const whole = piece === this.#left[lot];
      if (whole) archives += this.lotCount;
      this.#copy(lot, piece, whole);
    }
    return { bytes, archives, used: Math.min(1, Math.max(bytes / (able.bytes || 1), archives / (able.count || 1))) };
  }

  get hasStaged(): boolean {
    return this.#head() !== undefined;
  }

  /** Staged lots without another job, by expiry. */
  groups(now: number): Expiring[] {
    const groups: Expiring[] = [];
    const last = Math.floor((now + OUTPUT_LIFE) / GROUP) + 1;
    for (let index = Math.floor(now / GROUP); index <= last; index += 1) {
      const group = this.#groups.get(index);
      if (group !== undefined && group.count > 0) groups.push({ ...group, expiresAt: index * GROUP });
    }
    return groups;
  }

  /** Staged lots without another job that expire from `from` to `to`, the last to be fetched last. */
  expiring(from: number, to: number): number[] {
    const { stepMs } = this.#options;
    // a lot whose second job failed is filed twice
    const lots = new Set<number>();
    for (const { step, unit } of this.#staged.between(Math.floor(from / stepMs), Math.ceil(to / stepMs))) {
      const inTime = step * stepMs >= from && step * stepMs < to;
      if (inTime && this.#state[unit] === STAGED && this.#expires[unit] === step) lots.add(unit);
    }
    return [...lots];
  }

  /** Whether the lot has an output to fetch and no other job. */
  isStaged(lot: number): boolean {
    return this.#state[lot] === STAGED;
  }

  /** What is requested or staged, each archive once. */
  get outstanding(): Work {
    return {
      count: this.requested.count + this.stagedWork.count,
      bytes: this.requested.bytes + this.stagedWork.bytes,
    };
  }

  #complete(lot: number, step: number): void {
    const { lotCount, stepMs, failing = 0 } = this.#options;
    const left = this.#left[lot]!;
    const state = this.#state[lot];
    this.#pending[lot] = 0;
    if (state === COPIED) return;
    move(this.requested, -lotCount, -left);
    if (state === RENEWING) move(this.renewed, -lotCount, -left);
    if (failing > 0 && this.#random() < failing) {
      if (state === RENEWING) this.#stage(lot, this.#expires[lot]!);
      else this.#putBack(lot);
      return;
    }
    this.#stage(lot, step + Math.round(OUTPUT_LIFE / stepMs));
  }

  #stage(lot: number, expires: number): void {
    const left = this.#left[lot]!;
    this.#state[lot] = STAGED;
    this.#expires[lot] = expires;
    const index = this.#groupOf(lot);
    const group = this.#groups.get(index) ?? { count: 0, bytes: 0, largest: 0 };
    move(group, this.#options.lotCount, left);
    group.largest = Math.max(group.largest, left);
    this.#groups.set(index, group);
    move(this.stagedWork, this.#options.lotCount, left);
    this.#staged.push(expires, lot);
  }

  #expire(lot: number): void {
    const left = this.#left[lot]!;
    if (this.#state[lot] === RENEWING) {
      move(this.renewed, -this.#options.lotCount, -left);
      this.#state[lot] = REQUESTED;
      return;
    }
    this.#leaveGroup(lot, this.#options.lotCount, left);
    move(this.stagedWork, -this.#options.lotCount, -left);
    this.#putBack(lot);
  }

  #putBack(lot: number): void {
    this.#state[lot] = PLANNED;
    move(this.planned, this.#options.lotCount, this.#left[lot]!);
    this.#back.push(lot);
  }

  #copy(lot: number, piece: number, whole: boolean): void {
    const count = whole ? this.#options.lotCount : 0;
    this.#left[lot]! -= piece;
    move(this.copied, count, piece);
    if (this.#state[lot] === RENEWING) {
      move(this.requested, -count, -piece);
      move(this.renewed, -count, -piece);
    } else {
      this.#leaveGroup(lot, count, piece);
      move(this.stagedWork, -count, -piece);
    }
    if (whole) this.#state[lot] = COPIED;
  }

  #leaveGroup(lot: number, count: number, bytes: number): void {
    const index = this.#groupOf(lot);
    const group = this.#groups.get(index);
    if (group !== undefined) move(group, -count, -bytes);
    if (group?.count === 0) this.#groups.delete(index);
  }

  #groupOf(lot: number): number {
    return Math.floor((this.#expires[lot]! * this.#options.stepMs) / GROUP);
  }

  #head(): number | undefined {
    for (const queue of [this.#staged, this.#renewing]) {
      for (let entry = queue.peek(); entry !== undefined; entry = queue.peek()) {
        if (this.#isHead(queue, entry)) return entry.unit;
        queue.drop();
      }
    }
    return undefined;
  }

  #isHead(queue: TimeQueue, { step, unit }: { readonly step: number; readonly unit: number }): boolean {
    if (this.#expires[unit] !== step) return false;
    const renewingHere = queue === this.#renewing || !this.#options.againLast;
    return (queue === this.#staged && this.#state[unit] === STAGED) || (renewingHere && this.#state[unit] === RENEWING);
  }
}

function move(sum: Sum, count: number, bytes: number): void {
  sum.count += count;
  sum.bytes = sum.count === 0 && count < 0 ? 0 : Math.max(0, sum.bytes + bytes);
}
