/**
 * Additive increase, multiplicative decrease, between 1 and `most`: halved when a service throttles, raised by one for
 * each round of calls that all went well. Counts calls, not time: a slow line and a fast one recover in as many rounds.
 */
export class Concurrency {
  readonly #most: number;
  #limit: number;
  /** The last call that was begun before the last cut. */
  #since = 0;
  #begun = 0;

  /** @param most at least 1. */
  constructor(most: number) {
    this.#most = most;
    this.#limit = most;
  }

  /** Calls that may be in flight now. */
  get limit(): number {
    return Math.max(1, Math.floor(this.#limit));
  }

  /** A call begins. @returns its number, to be told when it ends. */
  begin(): number {
    this.#begun += 1;
    return this.#begun;
  }

  succeeded(): void {
    this.#limit = Math.min(this.#most, this.#limit + 1 / this.limit);
  }

  /** A call was refused as too much. Those that were in flight with it when the limit was halved do not halve it again. */
  throttled(call: number): void {
    if (call <= this.#since) return;
    this.#since = this.#begun;
    this.#limit = Math.max(1, this.#limit / 2);
  }
}
