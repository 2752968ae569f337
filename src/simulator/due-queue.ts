interface Entry<T> {
  readonly due: number;
  /** Those that are due at the same time come out in the order in which they were put in. */
  readonly order: number;
  readonly value: T;
}

/** A binary heap by due time: a million jobs may wait in it. */
export class DueQueue<T> {
  readonly #heap: Entry<T>[] = [];
  #lastOrder = 0;

  /** When the first is due. */
  get next(): number | undefined {
    return this.#heap[0]?.due;
  }

  push(due: number, value: T): void {
    this.#lastOrder += 1;
    const entry = { due, order: this.#lastOrder, value };
    let at = this.#heap.push(entry) - 1;
    while (at > 0) {
      const above = (at - 1) >>> 1;
      if (!this.#isBefore(at, above)) return;
      this.#swap(at, above);
      at = above;
    }
  }

  /** Takes out the first where it is due at `now`. */
  pop(now: number): T | undefined {
    const first = this.#heap[0];
    if (!first || first.due > now) return undefined;
    const last = this.#heap.pop();
    if (last && last !== first) {
      this.#heap[0] = last;
      this.#sink();
    }
    return first.value;
  }

  clear(): void {
    this.#heap.length = 0;
  }

  #sink(): void {
    for (let at = 0; ; ) {
      const left = at * 2 + 1;
      let first = at;
      if (this.#isBefore(left, first)) first = left;
      if (this.#isBefore(left + 1, first)) first = left + 1;
      if (first === at) return;
      this.#swap(at, first);
      at = first;
    }
  }

  #isBefore(a: number, b: number): boolean {
    const [one, other] = [this.#heap[a], this.#heap[b]];
    if (!one || !other) return false;
    return one.due < other.due || (one.due === other.due && one.order < other.order);
  }

  #swap(a: number, b: number): void {
    const [one, other] = [this.#heap[a], this.#heap[b]];
    if (!one || !other) return;
    this.#heap[a] = other;
    this.#heap[b] = one;
  }
}
