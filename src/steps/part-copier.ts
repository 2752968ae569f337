import { Concurrency } from '../domain/schedule/concurrency.ts';
import { isFailure, ServiceError } from '../domain/service-error.ts';
import { backoff } from '../lib/backoff.ts';
import type { DataPlane } from '../transfer/data-plane.ts';
import type { PartResult, PartTask } from '../transfer/part.ts';
import type { Deps } from './deps.ts';
import type { Meter } from './meter.ts';
import { isServiceAway } from './weather.ts';
import type { Work } from './work.ts';

/** Tries of one part before it is given up. */
const MOST_TRIES = 8;
/** Parts that wait for another try, for each that may be in flight, before no more are begun. */
const MOST_WAITING = 2;

export interface CopierOptions {
  readonly plane: DataPlane;
  readonly meter: Meter;
  /** Parts in flight at most. */
  readonly concurrency: number;
  /** Called when a part has left its place. */
  readonly onRoom: () => void;
}

/**
 * Copies parts with patience: a part that failed waits for its next try without keeping others from their turn, and how
 * many are in flight follows what the services bear.
 */
export class PartCopier {
  readonly #deps: Deps;
  readonly #work: Work;
  readonly #plane: DataPlane;
  readonly #meter: Meter;
  readonly #most: number;
  readonly #concurrency: Concurrency;
  /** Parts that have been given a place and have not left it. */
  #inFlight = 0;
  /** Parts that have been begun and have not ended. */
  #begun = 0;
  /** Parts whose pause is over, waiting for a place. */
  readonly #returning: (() => void)[] = [];
  readonly #onRoom: () => void;

  constructor(deps: Deps, work: Work, options: CopierOptions) {
    this.#deps = deps;
    this.#work = work;
    this.#plane = options.plane;
    this.#meter = options.meter;
    this.#most = options.concurrency;
    this.#concurrency = new Concurrency(options.concurrency);
    this.#onRoom = options.onRoom;
  }

  /** Whether another part may be begun now. */
  get hasRoom(): boolean {
    if (this.#returning.length > 0 || this.#begun >= this.#most * (1 + MOST_WAITING)) return false;
    return this.#inFlight < this.#concurrency.limit;
  }

  /**
   * Copies a part, where there is room. What may be tried again is, until `isOver`.
   * @throws {ServiceError} the last failure, that of `taskOf` too, with the checksum that any of the tries has proven; the
   *   reason of the closing where it waited for its turn, that of the cut where it was on its way.
   */
  async copy(taskOf: () => Promise<PartTask>, about: object, isOver: () => boolean): Promise<PartResult> {
    this.#begun += 1;
    this.#inFlight += 1;
    try {
      const task = await taskOf();
      let proven: string | undefined;
      for (let failures = 0, waits = 0; ; waits += 1) {
        try {
          return await this.#try(task);
        } catch (caught) {
          if (!(caught instanceof ServiceError)) throw caught;
          proven = caught.provenChecksum ?? proven;
          // S3 may say that an object is there before it has the bytes of the try that finds the earlier one
          const error = proven === undefined || proven === caught.provenChecksum ? caught : caught.ofProven(proven);
          const again = error.scope === 'part' || isFailure(error, 'write_conflict', 'job_not_ready');
          if (!again || isOver()) throw error;
          if (error.code !== 'throttled' && !(await isServiceAway(this.#deps, error))) failures += 1;
          if (failures >= MOST_TRIES) throw error;
          const { code, operation, message } = error;
          this.#deps.log.warn(
            { code, operation, key: task.key, ...about, failures, error: message },
            'a part failed; tried again',
          );
        }
        await this.#pause(backoff(waits + 1));
      }
    } finally {
      this.#begun -= 1;
      this.#leave();
    }
  }

  async #try(task: PartTask): Promise<PartResult> {
    const { pace, closing } = this.#work;
    await pace.read.turn(closing);
    const call = this.#concurrency.begin();
    const ended = this.#meter.begin();
    const { counters } = this.#deps.state;
    counters.called('GetJobOutput');
    try {
      const result = await this.#plane.copy(task, this.#deps.signals.cut);
      counters.called(task.target.type === 'object' ? 'PutObject' : 'UploadPart');
      counters.copied(task.length);
      this.#concurrency.succeeded();
      return result;
    } catch (error) {
      if (error instanceof ServiceError && error.operation !== 'GetJobOutput') this.#meter.lost(task.length);
      if (isFailure(error, 'throttled')) {
        counters.throttled(error.operation);
        this.#concurrency.throttled(call);
        if (error.operation === 'GetJobOutput') pace.read.throttled();
      }
      throw error;
    } finally {
      ended();
    }
  }

  /** Waits, with the place given to another part. */
  async #pause(ms: number): Promise<void> {
    this.#leave();
    try {
      await this.#deps.clock.sleep(ms, this.#work.closing);
    } catch (error) {
      // whoever ends leaves a place
      this.#inFlight += 1;
      throw error;
    }
    if (this.#inFlight < this.#concurrency.limit) this.#inFlight += 1;
    else await new Promise<void>((back) => void this.#returning.push(back));
  }

  #leave(): void {
    this.#inFlight -= 1;
    // more than one where the limit has risen meanwhile
    while (this.#inFlight < this.#concurrency.limit) {
      const back = this.#returning.shift();
      if (!back) break;
      this.#inFlight += 1;
      back();
    }
    this.#onRoom();
  }
}
