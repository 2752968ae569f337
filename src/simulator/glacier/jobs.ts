import { randomBytes } from 'node:crypto';
import type { JobId } from '../../domain/ids.ts';
import { DAY, HOUR, MINUTE } from '../../lib/duration.ts';
import type { Tier } from '../../ports.ts';
import { between, type Random } from '../random.ts';
import type { Alarms } from '../simulated-clock.ts';
import type { ArchiveWork, InventoryWork, Job } from './job.ts';
import type { SimulatedVault } from './vault.ts';

export type DelayName = Tier | 'Inventory';

/** How long jobs take, in simulated milliseconds: a range, both ends included. */
export type Delays = Readonly<Record<DelayName, readonly [number, number]>>;

/** Glacier developer guide, downloading-an-archive-two-steps; for inventories what was seen. */
export const USUAL_DELAYS: Delays = {
  Expedited: [MINUTE, 5 * MINUTE],
  Standard: [3 * HOUR, 5 * HOUR],
  Bulk: [5 * HOUR, 12 * HOUR],
  Inventory: [3 * HOUR, 5 * HOUR],
};
/** A job's output can be read for at least this long after its completion; here for just as long. */
export const USUAL_LIFETIME = DAY;

export interface JobsDeps {
  readonly now: () => number;
  readonly alarms: Alarms;
  readonly random: Random;
  readonly settings: { readonly delays: Delays; readonly outputLifetimeMs: number };
  /** Called once when a job has completed, well or not. */
  readonly onCompleted: (job: Job) => void;
}

/** The jobs of one vault, in order of their initiation. */
export class Jobs {
  readonly #deps: JobsDeps;
  readonly #vault: SimulatedVault;
  readonly #byId = new Map<string, Job>();
  #inOrder: Job[] = [];
  #lastSequence = 0;
  #expired = 0;

  constructor(vault: SimulatedVault, deps: JobsDeps) {
    this.#vault = vault;
    this.#deps = deps;
  }

  get(jobId: string): Job | undefined {
    return this.#byId.get(jobId);
  }

  /** Those from this place on, the expired ones left out. */
  *from(sequence: number): Generator<Job> {
    let low = 0;
    let high = this.#inOrder.length;
    while (low < high) {
      const middle = (low + high) >>> 1;
      if ((this.#inOrder[middle]?.sequence ?? 0) < sequence) low = middle + 1;
      else high = middle;
    }
    for (let i = low; i < this.#inOrder.length; i += 1) {
      const job = this.#inOrder[i];
      if (job && !job.expired) yield job;
    }
  }

  start(
    work: ArchiveWork | InventoryWork,
    request: { readonly description?: string; readonly topicArn?: string; readonly failure?: string },
  ): Job {
    const { now, alarms, random, settings } = this.#deps;
    const name = work.type === 'archive-retrieval' ? work.tier : 'Inventory';
    this.#lastSequence += 1;
    const job: Job = {
      id: randomBytes(69).toString('base64url') as JobId,
      sequence: this.#lastSequence,
      vault: this.#vault,
      ...request,
      createdAt: now(),
      completesAt: now() + between(random, settings.delays[name]),
      work,
      status: 'InProgress',
      expired: false,
    };
    this.#byId.set(job.id, job);
    this.#inOrder.push(job);
    alarms.set(job.completesAt, () => this.#complete(job));
    return job;
  }

  /** Completes a job now, whatever its delay. Once complete, nothing happens. */
  completeNow(job: Job): void {
    this.#complete(job, this.#deps.now());
  }

  /** Ends a job's life now, as after its 24 hours. */
  expireNow(job: Job): void {
    if (job.expired) return;
    job.expired = true;
    this.#byId.delete(job.id);
    this.#expired += 1;
    if (this.#expired > 1000 && this.#expired > this.#inOrder.length / 2) {
      this.#inOrder = this.#inOrder.filter(({ expired }) => !expired);
      this.#expired = 0;
    }
  }

  #complete(job: Job, at = job.completesAt): void {
    if (job.status !== 'InProgress' || job.expired) return;
    const { work } = job;
    // an archive that was deleted meanwhile was not there to be staged
    const deletedAt = work.type === 'archive-retrieval' ? work.archive.deletedAt : undefined;
    const failure = job.failure ?? (deletedAt === undefined ? undefined : 'Failed');
    job.status = failure === undefined ? 'Succeeded' : 'Failed';
    job.statusMessage = failure ?? 'Succeeded';
    job.completedAt = at;
    this.#deps.alarms.set(at + this.#deps.settings.outputLifetimeMs, () => this.expireNow(job));
    this.#deps.onCompleted(job);
  }
}
