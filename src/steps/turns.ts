import type { JobId } from '../domain/ids.ts';
import type { PlannedArchive } from '../state/archives.ts';
import type { Deps } from './deps.ts';

/** An archive of which parts are left to begin. */
interface Waiting {
  readonly archive: PlannedArchive;
  /** A part of it was given a place. */
  readonly isBegun: boolean;
}

/** Whose part is begun next: soonest expiry first, and those with a second job on its way after all the others. */
export class Turns<T extends Waiting> {
  readonly #deps: Pick<Deps, 'state' | 'clock'>;
  /** In order of their expiry. */
  readonly #ready: T[] = [];
  readonly #last: T[] = [];

  constructor(deps: Pick<Deps, 'state' | 'clock'>) {
    this.#deps = deps;
  }

  /** How many there are. */
  get size(): number {
    return this.#ready.length + this.#last.length;
  }

  /** How many of them need not wait for all the others. */
  get ready(): number {
    return this.#ready.length;
  }

  /** It comes after those that are there. */
  add(waiting: T): void {
    this.#ready.push(waiting);
  }

  remove(waiting: T): void {
    for (const queue of [this.#ready, this.#last]) {
      const at = queue.indexOf(waiting);
      if (at >= 0) queue.splice(at, 1);
    }
  }

  /** Those that have their second output, or will get none, take their turn again: with the latest expiry of all. */
  recall(): void {
    for (const waiting of this.#last.splice(0)) {
      const isRenewed = this.#outputOf(waiting)?.isRenewed === true;
      (isRenewed ? this.#last : this.#ready).push(waiting);
    }
  }

  /** Whose turn it is; it stays until it is removed. */
  next(): T | undefined {
    for (let first = this.#ready[0]; first; first = this.#ready[0]) {
      if (this.#outputOf(first)?.isRenewed !== true) return first;
      this.#ready.shift();
      this.#last.push(first);
    }
    return this.#last[0];
  }

  /**
   * The job whose output's time was over before its first turn came: it need not be there any more. One that is being read is
   * read on for as long as it lasts.
   */
  missedBy(waiting: T): JobId | undefined {
    const output = this.#outputOf(waiting);
    return waiting.isBegun || !output || output.expiresAt > this.#deps.clock.now() ? undefined : output.jobId;
  }

  #outputOf({ archive }: T) {
    return this.#deps.state.outputs.jobOf(archive.id);
  }
}
