import { DueQueue } from './due-queue.ts';

/** setTimeout's limit. */
const LONGEST_TIMER_MS = 2 ** 31 - 1;

/** Calls `run` once the simulated time `due` has come. */
export interface Alarms {
  set(due: number, run: () => void): void;
}

/**
 * The simulator's time: it starts at the real time and then runs `speed` times as fast. `toString` gives it as
 * `ORIGIN@SPEED@SINCE`, from which another process makes the same clock (`clockFrom` in lib/clock.ts).
 */
export class SimulatedClock implements Alarms {
  readonly speed: number;
  #origin: number;
  #since: number;
  readonly #alarms = new DueQueue<() => void>();
  #timer: NodeJS.Timeout | undefined;
  #closed = false;

  constructor(speed: number) {
    this.speed = speed;
    this.#since = Date.now();
    this.#origin = this.#since;
  }

  now(): number {
    return Math.floor(this.#origin + (Date.now() - this.#since) * this.speed);
  }

  /** Jumps forward. Clocks that others made from the text before no longer agree: they need the text anew. */
  advance(ms: number): void {
    this.#origin = this.now() + ms;
    this.#since = Date.now();
    this.ring();
  }

  toString(): string {
    return `${this.#origin}@${this.speed}@${this.#since}`;
  }

  set(due: number, run: () => void): void {
    this.#alarms.push(due, run);
    if (this.#alarms.next === due) this.#wait();
  }

  /** Runs what is due. Called by a timer, and before each call is answered, so that no answer is older than its time. */
  ring(): void {
    const now = this.now();
    for (let run = this.#alarms.pop(now); run; run = this.#alarms.pop(now)) run();
    this.#wait();
  }

  close(): void {
    this.#closed = true;
    this.#alarms.clear();
    clearTimeout(this.#timer);
  }

  #wait(): void {
    clearTimeout(this.#timer);
    const { next } = this.#alarms;
    if (next === undefined || this.#closed) return;
    const real = Math.ceil((next - this.now()) / this.speed);
    this.#timer = setTimeout(() => this.ring(), Math.min(Math.max(real, 1), LONGEST_TIMER_MS));
    this.#timer.unref();
  }
}
