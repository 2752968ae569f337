import type { Again } from '../domain/schedule/decide.ts';
import { backoff } from '../lib/backoff.ts';
import type { PlannedArchive } from '../state/archives.ts';
import type { StateFile } from '../state/state-file.ts';
import { MOST_FRUITLESS_JOBS, MOST_REQUEST_TRIES } from './tries.ts';

/** What may be asked for a second time. */
export interface SecondAllowance extends Again {
  /** What the ceilings leave, in bytes of whole archives: Glacier counts those. */
  readonly ceiling: number;
  /** Which sums over what is staged it was decided by: what was taken since they were is still in them. */
  readonly sums: number;
}

/**
 * Chooses the archives to be asked for a second time, because their output will expire before it is fetched. One for
 * which Glacier refuses a second job keeps the output it has for as long as that lasts, and is left alone for a while; that is
 * remembered by the run alone: the next one may ask once more.
 */
export class SecondJobs {
  readonly #state: StateFile;
  readonly #refused = new Map<number, { readonly tries: number; readonly notBefore: number }>();
  #taken = { sums: 0, count: 0, bytes: 0 };

  constructor(state: StateFile) {
    this.#state = state;
  }

  take(again: SecondAllowance, most: number, now: number): PlannedArchive[] {
    if (this.#taken.sums !== again.sums) this.#taken = { sums: again.sums, count: 0, bytes: 0 };
    const count = Math.min(most, again.count - this.#taken.count);
    if (count <= 0) return [];
    const limit = count + this.#refused.size;
    const taken: PlannedArchive[] = [];
    let bytes = again.bytes - this.#taken.bytes;
    let whole = again.ceiling;
    for (const { archive, left } of this.#state.outputs.toAskAgain(again.expiresAt, MOST_FRUITLESS_JOBS, limit)) {
      if ((this.#refused.get(archive.id)?.notBefore ?? 0) > now) continue;
      bytes -= left;
      whole -= archive.size;
      if (bytes < 0 || whole < 0 || taken.length >= count) break;
      taken.push(archive);
      this.#taken.count += 1;
      this.#taken.bytes += left;
    }
    return taken;
  }

  /** Glacier has made no job. `isFinal`: nor will it. */
  refused(id: number, now: number, isFinal: boolean): void {
    const tries = (this.#refused.get(id)?.tries ?? 0) + 1;
    const isOver = isFinal || tries >= MOST_REQUEST_TRIES;
    this.#refused.set(id, { tries, notBefore: isOver ? Number.POSITIVE_INFINITY : now + backoff(tries) });
  }
}
