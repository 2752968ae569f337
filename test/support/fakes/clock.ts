import type { Clock } from '../../../src/lib/clock.ts';

/**
 * A clock whose sleeps take no real time: once all that is ready to run has run, it jumps to the end of the
 * shortest sleep. `advance` jumps by itself.
 */
export class FakeClock implements Clock {
  #now: number;
  #sleepers: { readonly due: number; readonly wake: () => void }[] = [];
  #ticking = false;

  constructor(now: number = Date.parse('2026-11-21T10:00:00Z')) {
    this.#now = now;
  }

  now(): number {
    return this.#now;
  }

  async sleep(ms: number, signal: AbortSignal): Promise<void> {
    signal.throwIfAborted();
    await new Promise<void>((resolve) => {
      const wake = (): void => {
        signal.removeEventListener('abort', wake);
        resolve();
      };
      signal.addEventListener('abort', wake, { once: true });
      this.#sleepers.push({ due: this.#now + ms, wake });
      this.#tick();
    });
    signal.throwIfAborted();
  }

  advance(ms: number): void {
    this.#now += ms;
    const due = this.#sleepers.filter((sleeper) => sleeper.due <= this.#now);
    this.#sleepers = this.#sleepers.filter((sleeper) => sleeper.due > this.#now);
    for (const { wake } of due) wake();
  }

  #tick(): void {
    if (this.#ticking) return;
    this.#ticking = true;
    setImmediate(() => {
      this.#ticking = false;
      if (this.#sleepers.length === 0) return;
      const next = Math.min(...this.#sleepers.map(({ due }) => due));
      this.advance(Math.max(0, next - this.#now));
      if (this.#sleepers.length > 0) this.#tick();
    });
  }
}
