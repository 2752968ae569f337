/** Units in the order of the time they are filed under (a whole number of steps), then of their filing. */
export class TimeQueue {
  readonly #due = new Map<number, number[]>();
  readonly #taken = new Map<number, number>();
  #first = Number.POSITIVE_INFINITY;
  #last = -1;

  push(step: number, unit: number): void {
    const due = this.#due.get(step);
    if (due === undefined) this.#due.set(step, [unit]);
    else due.push(unit);
    if (step < this.#first) this.#first = step;
    if (step > this.#last) this.#last = step;
  }

  /** The first unit filed under a step of at most `limit`, left where it is. */
  peek(limit = Number.POSITIVE_INFINITY): { readonly step: number; readonly unit: number } | undefined {
    while (this.#first <= this.#last && this.#first <= limit) {
      const due = this.#due.get(this.#first);
      const unit = due?.[this.#taken.get(this.#first) ?? 0];
      if (unit !== undefined) return { step: this.#first, unit };
      this.#due.delete(this.#first);
      this.#taken.delete(this.#first);
      this.#first += 1;
    }
    if (this.#first > this.#last) {
      this.#first = Number.POSITIVE_INFINITY;
      this.#last = -1;
    }
    return undefined;
  }

  /** Drops what `peek` last returned. */
  drop(): void {
    this.#taken.set(this.#first, (this.#taken.get(this.#first) ?? 0) + 1);
  }

  /** All units filed under the steps from `from` to `to`, those already dropped included. */
  *between(from: number, to: number): Generator<{ readonly step: number; readonly unit: number }> {
    for (let step = Math.max(from, this.#first); step <= Math.min(to, this.#last); step += 1) {
      const due = this.#due.get(step) ?? [];
      for (let index = this.#taken.get(step) ?? 0; index < due.length; index += 1) yield { step, unit: due[index]! };
    }
  }
}

/** The smallest number first. */
export class SmallestFirst {
  readonly #heap: number[] = [];

  get size(): number {
    return this.#heap.length;
  }

  get first(): number | undefined {
    return this.#heap[0];
  }

  push(value: number): void {
    const heap = this.#heap;
    let at = heap.push(value) - 1;
    while (at > 0) {
      const parent = (at - 1) >> 1;
      if (heap[parent]! <= value) break;
      heap[at] = heap[parent]!;
      at = parent;
    }
    heap[at] = value;
  }

  pop(): number | undefined {
    const heap = this.#heap;
    const top = heap[0];
    const last = heap.pop();
    if (last === undefined || heap.length === 0) return top;
    let at = 0;
    for (;;) {
      let child = 2 * at + 1;
      if (child >= heap.length) break;
      if (child + 1 < heap.length && heap[child + 1]! < heap[child]!) child += 1;
      if (heap[child]! >= last) break;
      heap[at] = heap[child]!;
      at = child;
    }
    heap[at] = last;
    return top;
  }
}
