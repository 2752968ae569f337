import type { Again } from '../domain/schedule/decide.ts';
import { backoff } from '../lib/backoff.ts';
import type { PlannedArchive } from '../state/archives.ts';
import type { StateFile } from '../state/state-file.ts';
import { MOST_FRUITLESS_JOBS, MOST_REQUEST_TRIES } from './tries.ts';

/**
 * Chooses the archives to be asked for a second time, because their output will expire before it is fetched. One for
 * which Glacier refuses a second job keeps the output it has for as long as that lasts, and is left alone for a while; that is
 * remembered by the run alone: the next one may ask once more.
 */
export class SecondJobs {
  readonly #state: StateFile;
  readonly #refused = new Map<number, { readonly tries: number; readonly notBefore: number }>();

  constructor(state: StateFile) {
    this.#state = state;
  }

  /** @param ceiling what the ceilings leave, in bytes of whole archives: Glacier counts those. */
  take(again: Again, ceiling: number, most: number, now: number): PlannedArchive[] {
    const limit = Math.min(most, again.count) + this.#refused.size;
    const taken: PlannedArchive[] = [];
    let { bytes } = again;
    let whole = ceiling;
    for (const { archive, left } of this.#state.outputs.toAskAgain(again.expiresAt, MOST_FRUITLESS_JOBS, limit)) {
      if ((this.#refused.get(archive.id)?.notBefore ?? 0) > now) continue;
      bytes -= left;
      whole -= archive.size;
      if (bytes < 0 || whole < 0 || taken.length >= Math.min(most, again.count)) break;
      taken.push(archive);
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
