import type { JobId } from '../domain/ids.ts';
import { lengthOf, partCount, partRange } from '../domain/ranges.ts';
import { isFailure, ServiceError } from '../domain/service-error.ts';
import { HOUR } from '../lib/duration.ts';
import { BugError } from '../lib/errors.ts';
import type { PlannedArchive } from '../state/archives.ts';
import type { DataPlane } from '../transfer/data-plane.ts';
import type { PartTask } from '../transfer/part.ts';
import { outputGone } from './4-notify.ts';
import { type Verdict, verdictOnExisting, verifyObject, verifyUpload } from './6-verify.ts';
import { attributesOf, type WriteOptions } from './attributes.ts';
import type { Deps } from './deps.ts';
import type { Meter } from './meter.ts';
import { PartCopier } from './part-copier.ts';
import { settle } from './settle.ts';
import { Turns } from './turns.ts';
import { ensureUpload } from './uploads.ts';
import { isInterruption, type Work } from './work.ts';

/** Staged archives taken up in one transaction, and with how few left to begin the next ones are. */
const BATCH = 256;
const FEW = 128;
/** Archives on their way, those included of which only the commit is waited for. */
const MOST_ACTIVE = 4096;

export interface TransferPartsOptions extends WriteOptions {
  /** Parts in flight. */
  readonly concurrency: number;
  /** Bytes that this run may still copy: an archive that would pass it is not begun. */
  readonly maxTransfer: number | undefined;
  readonly plane: DataPlane;
  readonly meter: Meter;
}

/** An archive of which parts are on their way. */
interface Active {
  readonly archive: PlannedArchive;
  readonly whole: boolean;
  /** Parts not yet begun, by number. */
  readonly left: number[];
  inFlight: number;
  /** A part of it was given a place. */
  isBegun: boolean;
  /** Set where it can't go on: no further part is begun, and this is done once those in flight have ended. */
  end?: { readonly type: 'gone'; readonly jobId: JobId } | Exclude<Verdict, { type: 'verified' }>;
}

/**
 * Copies the parts of staged archives, soonest expiry first. Archives are taken up ahead of their turn, and a place is
 * free for the next part before what is known of the last one is on the disk: with 16 places held over each commit,
 * small archives went through at a third of the pace.
 */
export class PartsInFlight {
  readonly #deps: Deps;
  readonly #work: Work;
  readonly #options: TransferPartsOptions;
  readonly #copier: PartCopier;
  readonly #active = new Set<Active>();
  /** Those of which parts are left to begin. */
  readonly #turns: Turns<Active>;
  readonly #running = new Set<Promise<void>>();
  readonly #uploads = new Map<number, ReturnType<typeof ensureUpload>>();
  /** Nothing more was staged when it was last looked for. */
  #dry = false;

  constructor(deps: Deps, work: Work, options: TransferPartsOptions) {
    this.#deps = deps;
    this.#work = work;
    this.#options = options;
    this.#turns = new Turns(deps);
    this.#copier = new PartCopier(deps, work, { ...options, onRoom: () => this.#fill() });
    options.meter.watchBacklog(() => this.#turns.size > 0);
  }

  async run(until: 'idle' | 'done'): Promise<void> {
    const { closing, bell } = this.#work;
    const { archives } = this.#deps.state;
    while (!closing.aborted) {
      const since = bell.count;
      this.#dry = false;
      this.#turns.recall();
      this.#fill();
      if (this.#active.size === 0 && (until === 'idle' || !this.#work.unfinished())) break;
      const now = this.#deps.clock.now();
      const next = archives.nextTryAt('staged', now);
      await this.#work.wait(since, next === undefined ? HOUR : next - now);
    }
    while (this.#running.size > 0) await Promise.all(this.#running);
  }

  /** Begins parts while there is room, and sees to it that there are some to begin. */
  #fill(): void {
    const { closing } = this.#work;
    if (closing.aborted) return;
    try {
      if (this.#turns.ready < FEW && !this.#dry) this.#takeUp();
    } catch (error) {
      this.#work.fail(error);
    }
    while (!closing.aborted && this.#copier.hasRoom && this.#active.size < MOST_ACTIVE) {
      const active = this.#turns.next();
      if (!active) return;
      const missed = this.#turns.missedBy(active);
      if (missed !== undefined) {
        this.#beginNoMore(active);
        this.#end(active, { type: 'gone', jobId: missed });
        continue;
      }
      const partNumber = active.left.shift();
      if (active.left.length === 0) this.#beginNoMore(active);
      if (partNumber !== undefined) this.#go(this.#run(active, partNumber));
    }
  }

  /** Lets the work run beside the others; what it throws ends the run. */
  #go(work: Promise<void>): void {
    const running = work
      .catch((error: unknown) => this.#work.fail(error))
      .finally(() => {
        this.#running.delete(running);
      });
    this.#running.add(running);
  }

  #takeUp(): void {
    const { state, clock } = this.#deps;
    // at once: between a look and a later write, ListJobs may have found that an output is gone
    const batch = state.transaction(() => {
      const staged = this.#withinCap(state.archives.nextStaged(BATCH, clock.now()));
      for (const { id } of staged) state.archives.advance(id, [{ type: 'began' }]);
      return staged;
    });
    this.#dry = batch.length === 0;
    for (const archive of batch) this.#begin(archive);
  }

  /** Those that `--max-transfer` still allows, those on their way counted in full. */
  #withinCap(staged: readonly PlannedArchive[]): readonly PlannedArchive[] {
    const { maxTransfer } = this.#options;
    if (maxTransfer === undefined || staged.length === 0) return staged;
    let left = maxTransfer - this.#work.copied.bytes;
    for (const { archive } of this.#active) left -= archive.size;
    const end = staged.findIndex(({ size }) => {
      left -= size;
      return left < 0;
    });
    if (end === 0 && this.#active.size === 0) this.#work.close('cap');
    return end < 0 ? staged : staged.slice(0, end);
  }

  #begin(archive: PlannedArchive): void {
    const { progress } = archive;
    if (progress.state !== 'staged' && progress.state !== 'transferring') {
      throw new BugError(`archive row ${archive.id} is ${progress.state}, not staged`);
    }
    const count = partCount(archive.size, archive.partSize);
    const whole = count === 1;
    const arrived = whole ? [] : this.#deps.state.parts.of(archive.id).map(({ partNumber }) => partNumber);
    const there = new Set(arrived);
    const left = Array.from({ length: count }, (_, i) => i + 1).filter((partNumber) => !there.has(partNumber));
    const active: Active = { archive, whole, left, inFlight: 0, isBegun: false };
    this.#active.add(active);
    if (left.length > 0) this.#turns.add(active);
    else this.#end(active);
  }

  /** Judges an archive of which no part has to be begun. */
  #end(active: Active, end?: Active['end']): void {
    active.end = end;
    active.inFlight = 1;
    this.#go(this.#arrived(active));
  }

  /** Copies a part of an archive, and finishes the archive with its last one. */
  async #run(active: Active, partNumber: number): Promise<void> {
    active.inFlight += 1;
    active.isBegun = true;
    let jobId: JobId | undefined;
    try {
      const { archive } = active;
      const taskOf = async () => {
        const task = await this.#taskOf(active, partNumber);
        jobId = task.jobId;
        return task;
      };
      const result = await this.#copier.copy(taskOf, { partNumber }, () => active.end !== undefined);
      if (active.whole) {
        await this.#finish(active, await verifyObject(this.#deps, archive, result, this.#options));
        return;
      }
      const { parts } = this.#deps.state;
      await this.#deps.state.write(() => parts.record(archive.id, { partNumber, ...result }));
    } catch (error) {
      if (isInterruption(this.#work, error)) {
        // it stays as it is, and the next run goes on with it
        active.inFlight -= 1;
        active.left.push(partNumber);
        return;
      }
      await this.#failed(active, error, jobId);
    }
    await this.#arrived(active);
  }

  async #taskOf({ archive, whole }: Active, partNumber: number): Promise<PartTask> {
    const { key, size, partSize, treeHash } = archive;
    const uploadId = whole ? undefined : await this.#uploadOf(archive);
    // asked for each part: a second job may have taken the place of the first
    const jobId = this.#deps.state.outputs.jobOf(archive.id)?.jobId;
    if (jobId === undefined) throw new BugError(`archive row ${archive.id} has no job to be read from`);
    const { checksum, onExisting } = this.#options;
    if (uploadId === undefined) {
      const attributes = attributesOf(archive, this.#options);
      const target = { type: 'object', attributes, ifAbsent: onExisting !== 'overwrite' } as const;
      return { jobId, length: size, treeHash, checksum, key, target };
    }
    const range = partRange(size, partSize, partNumber);
    const target = { type: 'part', uploadId, partNumber } as const;
    return { jobId, range, length: lengthOf(range), checksum, key, target };
  }

  #uploadOf(archive: PlannedArchive): ReturnType<typeof ensureUpload> {
    const known = this.#uploads.get(archive.id);
    if (known) return known;
    const upload = ensureUpload(this.#deps, this.#options, archive);
    this.#uploads.set(archive.id, upload);
    return upload;
  }

  /** Decides what a failed part means for its archive. */
  async #failed(active: Active, error: unknown, jobId: JobId | undefined): Promise<void> {
    if (!(error instanceof ServiceError)) throw error;
    if (error.scope === 'run') throw error;
    this.#beginNoMore(active);
    if (isFailure(error, 'object_exists')) {
      const verdict = await verdictOnExisting(this.#deps, active.archive, this.#options, error);
      if (verdict.type === 'verified') {
        await this.#finish(active, verdict);
        return;
      }
      active.end ??= verdict;
    } else if (isFailure(error, 'job_not_found') && jobId !== undefined) active.end ??= { type: 'gone', jobId };
    else if (isFailure(error, 'upload_not_found'))
      active.end ??= { type: 'again', code: error.code, message: error.message };
    else active.end ??= { type: 'failed', code: error.code, message: error.message };
  }

  #beginNoMore(active: Active): void {
    active.left.length = 0;
    this.#turns.remove(active);
  }

  /** A part of the archive has ended: with the last one, the archive is judged. */
  async #arrived(active: Active): Promise<void> {
    if (!this.#active.has(active)) return;
    active.inFlight -= 1;
    if (active.inFlight > 0 || active.left.length > 0) return;
    const { archive, end } = active;
    if (end?.type === 'gone') {
      this.#uploads.delete(archive.id);
      const { state } = this.#deps;
      const hasAnother = await state.write(() => outputGone(this.#deps, archive.id, end.jobId));
      this.#drop(active);
      if (hasAnother) this.#begin(state.archives.planned(archive.id));
      return;
    }
    await this.#finish(active, end ?? (await verifyUpload(this.#deps, archive, this.#options)));
  }

  async #finish(active: Active, verdict: Verdict): Promise<void> {
    // before the state says that it may be begun anew
    this.#uploads.delete(active.archive.id);
    await settle(this.#deps, this.#work, active.archive, verdict);
    if (verdict.type === 'verified') this.#options.meter.archive();
    this.#drop(active);
  }

  #drop(active: Active): void {
    this.#active.delete(active);
    if (this.#active.size === 0) this.#work.bell.ring();
    else this.#work.bell.ringSoon();
  }
}
