import { partCount, partRange } from '../domain/ranges.ts';
import { isFailure, ServiceError } from '../domain/service-error.ts';
import { backoff } from '../lib/backoff.ts';
import { HOUR } from '../lib/duration.ts';
import { BugError } from '../lib/errors.ts';
import type { PlannedArchive } from '../state/archives.ts';
import type { PartDeps, PartResult, PartTask } from '../transfer/part.ts';
import { copyPart } from '../transfer/part.ts';
import { outputGone } from './4-notify.ts';
import { alreadyThere, type Verdict, verdictOnExisting, verifyObject, verifyUpload } from './6-verify.ts';
import { attributesOf, type WriteOptions } from './attributes.ts';
import type { Deps } from './deps.ts';
import type { Meter } from './meter.ts';
import { agreeOnUploads, dropUpload, ensureUpload } from './uploads.ts';
import { isServiceAway } from './weather.ts';
import type { Work } from './work.ts';

/** Staged archives taken up in one transaction. */
const BATCH = 64;
/** Tries of one part, and rounds of one whole archive, before it is given up. */
const MOST_TRIES = 8;
const MOST_ROUNDS = 3;

export interface TransferPartsOptions extends WriteOptions {
  /** Parts in flight. */
  readonly concurrency: number;
  /** Bytes that this run may still copy: an archive that would pass it is not begun. */
  readonly maxTransfer: number | undefined;
  readonly part: PartDeps;
  readonly meter: Meter;
}

/** An archive of which parts are on their way. */
interface Active {
  readonly archive: PlannedArchive;
  readonly whole: boolean;
  /** Parts not yet begun. */
  readonly left: number[];
  inFlight: number;
  /** Set where it can't go on: no further part is begun, and this is done once those in flight have ended. */
  end?: { readonly type: 'gone' } | Exclude<Verdict, { type: 'verified' }>;
}

/**
 * Brings staged archives to S3, soonest expiry first, `concurrency` parts at a time.
 * @param until `idle`: until nothing is staged; `done`: until nothing is left to do.
 */
export async function transferArchives(
  deps: Deps,
  work: Work,
  options: TransferPartsOptions,
  until: 'idle' | 'done',
): Promise<void> {
  const transfer = new Transfer(deps, work, options);
  await Promise.all(Array.from({ length: options.concurrency }, () => transfer.worker(until)));
}

/** Takes up what an earlier run left in the middle: what it finished is found in the bucket, what is left is gone on with. */
export async function resumeTransfers(deps: Deps, work: Work, options: TransferPartsOptions): Promise<void> {
  await agreeOnUploads(deps);
  const { state } = deps;
  for (const interrupted of ['transferred', 'transferring'] as const) {
    for (const { id } of state.archives.inState(interrupted)) {
      if (work.closing.aborted) return;
      const archive = state.archives.planned(id);
      const proof = await alreadyThere(deps, archive);
      if (!proof) continue;
      await state.write(() => {
        const events = interrupted === 'transferring' ? [{ type: 'transferred' } as const] : [];
        state.archives.advance(id, [...events, { type: 'verified' }], { proof });
        state.archives.endUpload(id);
      });
    }
  }
  // killed between the last part and its completion: judged again
  for (const { id } of state.archives.inState('transferred')) {
    const archive = state.archives.planned(id);
    const complete =
      archive.uploadId !== undefined && state.parts.of(id).length === partCount(archive.size, archive.partSize);
    if (!complete) await settleAgain(deps, archive, 'its upload is gone');
    else await settle(deps, work, archive, await verifyUpload(deps, archive, options));
  }
}

class Transfer {
  readonly #deps: Deps;
  readonly #work: Work;
  readonly #options: TransferPartsOptions;
  /** In order of their expiry. */
  readonly #active: Active[] = [];
  #refilling: Promise<void> | undefined;
  #resumed = false;

  constructor(deps: Deps, work: Work, options: TransferPartsOptions) {
    this.#deps = deps;
    this.#work = work;
    this.#options = options;
  }

  async worker(until: 'idle' | 'done'): Promise<void> {
    const { closing, bell } = this.#work;
    while (!closing.aborted) {
      const since = bell.count;
      if (!this.#next()) await this.#refill();
      const next = this.#next();
      if (next) {
        await this.#run(next).catch((error: unknown) => this.#work.fail(error));
        continue;
      }
      if (until === 'idle' ? this.#active.length === 0 : !this.#work.unfinished()) return;
      const { archives } = this.#deps.state;
      const now = this.#deps.clock.now();
      const waiting = archives.nextTryAt('staged', now);
      await this.#work.wait(since, waiting === undefined ? HOUR : waiting - now);
    }
  }

  #next(): Active | undefined {
    return this.#active.find(({ left }) => left.length > 0);
  }

  /** One worker at a time fetches more; the others wait for it. */
  async #refill(): Promise<void> {
    this.#refilling ??= this.#takeUp().finally(() => {
      this.#refilling = undefined;
    });
    await this.#refilling;
  }

  async #takeUp(): Promise<void> {
    const { state, clock } = this.#deps;
    if (!this.#resumed) {
      this.#resumed = true;
      for (const { id } of state.archives.inState('transferring')) this.#begin(state.archives.planned(id));
      if (this.#next()) return;
    }
    const batch = this.#withinCap(state.archives.nextStaged(BATCH, clock.now()));
    if (batch.length === 0) return;
    await state.write(() => {
      for (const { id } of batch) state.archives.advance(id, [{ type: 'began' }]);
    });
    for (const { id } of batch) this.#begin(state.archives.planned(id));
    this.#work.bell.ring();
  }

  /** Those that `--max-transfer` still allows, those on their way counted in full. */
  #withinCap(staged: readonly PlannedArchive[]): readonly PlannedArchive[] {
    const { maxTransfer } = this.#options;
    if (maxTransfer === undefined || staged.length === 0) return staged;
    let left = maxTransfer - this.#work.copied.bytes - this.#active.reduce((sum, { archive }) => sum + archive.size, 0);
    const end = staged.findIndex(({ size }) => {
      left -= size;
      return left < 0;
    });
    if (end === 0 && this.#active.length === 0) this.#work.close('cap');
    return end < 0 ? staged : staged.slice(0, end);
  }

  #begin(archive: PlannedArchive): void {
    const count = partCount(archive.size, archive.partSize);
    const arrived = new Set(this.#deps.state.parts.of(archive.id).map(({ partNumber }) => partNumber));
    const left = Array.from({ length: count }, (_, i) => i + 1).filter((partNumber) => !arrived.has(partNumber));
    const active: Active = { archive, whole: count === 1, left, inFlight: 0 };
    this.#active.push(active);
    if (left.length === 0) {
      active.inFlight = 1;
      void this.#arrived(active).catch((error: unknown) => this.#work.fail(error));
    }
  }

  /** Copies the next part of an archive, and finishes the archive with its last one. */
  async #run(active: Active): Promise<void> {
    const partNumber = active.left.shift();
    if (partNumber === undefined) throw new BugError('no part is left');
    active.inFlight += 1;
    try {
      const result = await this.#copy(active, partNumber);
      if (active.whole) {
        await this.#finish(active, await verifyObject(this.#deps, active.archive, result, this.#options));
        return;
      }
      const { id } = active.archive;
      await this.#deps.state.write(() => this.#deps.state.parts.record(id, { partNumber, ...result }));
    } catch (error) {
      if (this.#work.closing.aborted && !(error instanceof BugError) && !(error instanceof ServiceError)) {
        // interrupted: it stays as it is, and the next run goes on with it
        active.inFlight -= 1;
        active.left.push(partNumber);
        return;
      }
      await this.#failed(active, error);
    }
    await this.#arrived(active);
  }

  async #copy(active: Active, partNumber: number): Promise<PartResult> {
    const task = await this.#taskOf(active, partNumber);
    const { clock, signals, log } = this.#deps;
    const { closing, pace } = this.#work;
    for (let failures = 0, waits = 0; ; waits += 1) {
      await pace.read.turn(closing);
      const ended = this.#options.meter.begin();
      try {
        const result = await copyPart(this.#options.part, task, signals.cut);
        this.#options.meter.part(task.length);
        return result;
      } catch (error) {
        if (!(error instanceof ServiceError)) throw error;
        const again = error.scope === 'part' || isFailure(error, 'write_conflict');
        if (!again || active.end) throw error;
        if (isFailure(error, 'throttled')) {
          if (error.operation === 'GetJobOutput') pace.read.throttled();
        } else if (!(await isServiceAway(this.#deps, error))) failures += 1;
        if (failures >= MOST_TRIES) throw error;
        log.warn(
          { code: error.code, operation: error.operation, key: task.key, partNumber, failures, error: error.message },
          'a part failed; tried again',
        );
        await clock.sleep(backoff(waits + 1), closing);
      } finally {
        ended();
      }
    }
  }

  async #taskOf({ archive, whole }: Active, partNumber: number): Promise<PartTask> {
    const { id, key, size, partSize, treeHash } = archive;
    const { progress } = this.#deps.state.archives.byId(id);
    if (progress.state !== 'transferring')
      throw new BugError(`archive row ${id} is ${progress.state}, not transferring`);
    const { checksum, onExisting } = this.#options;
    const { jobId } = progress;
    if (whole) {
      const attributes = attributesOf(archive, this.#options);
      const target = { type: 'object', attributes, ifAbsent: onExisting !== 'overwrite' } as const;
      return { jobId, length: size, treeHash, checksum, key, target };
    }
    const range = partRange(size, partSize, partNumber);
    const uploadId = await this.#uploadOf(archive);
    const target = { type: 'part', uploadId, partNumber } as const;
    return { jobId, range, length: range.end - range.start + 1, checksum, key, target };
  }

  readonly #uploads = new Map<number, ReturnType<typeof ensureUpload>>();

  #uploadOf(archive: PlannedArchive): ReturnType<typeof ensureUpload> {
    const known = this.#uploads.get(archive.id);
    if (known) return known;
    const upload = ensureUpload(this.#deps, this.#options, archive);
    this.#uploads.set(archive.id, upload);
    return upload;
  }

  /** Decides what a failed part means for its archive. */
  async #failed(active: Active, error: unknown): Promise<void> {
    if (!(error instanceof ServiceError)) throw error;
    if (error.scope === 'run') throw error;
    if (isFailure(error, 'object_exists')) {
      const verdict = await verdictOnExisting(this.#deps, active.archive, this.#options);
      active.left.length = 0;
      if (verdict.type === 'verified') {
        await this.#finish(active, verdict);
        return;
      }
      active.end ??= verdict;
      return;
    }
    active.left.length = 0;
    if (isFailure(error, 'job_not_found')) active.end ??= { type: 'gone' };
    else if (isFailure(error, 'upload_not_found'))
      active.end ??= { type: 'again', code: error.code, message: error.message };
    else active.end ??= { type: 'failed', code: error.code, message: error.message };
  }

  /** A part of the archive has ended: with the last one, the archive is judged. */
  async #arrived(active: Active): Promise<void> {
    if (!this.#active.includes(active)) return;
    active.inFlight -= 1;
    if (active.inFlight > 0 || active.left.length > 0) {
      this.#work.bell.ring();
      return;
    }
    if (active.end?.type === 'gone') {
      this.#drop(active);
      await this.#deps.state.write(() => outputGone(this.#deps, active.archive.id));
      this.#work.bell.ring();
      return;
    }
    await this.#finish(active, active.end ?? (await verifyUpload(this.#deps, active.archive, this.#options)));
  }

  async #finish(active: Active, verdict: Verdict): Promise<void> {
    this.#drop(active);
    await settle(this.#deps, this.#work, active.archive, verdict);
    if (verdict.type === 'verified') this.#options.meter.archive();
  }

  #drop(active: Active): void {
    const at = this.#active.indexOf(active);
    if (at >= 0) this.#active.splice(at, 1);
    this.#uploads.delete(active.archive.id);
  }
}

/** Records the verdict on an archive of which everything was sent. */
async function settle(deps: Deps, work: Work, archive: PlannedArchive, verdict: Verdict): Promise<void> {
  const { state, log } = deps;
  const { id } = archive;
  const arrived = () =>
    state.archives.byId(id).progress.state === 'transferring' ? [{ type: 'transferred' } as const] : [];
  switch (verdict.type) {
    case 'verified':
      await state.write(() => {
        state.archives.advance(id, [...arrived(), { type: 'verified' }], { proof: verdict.proof });
        if (archive.size > archive.partSize) state.archives.endUpload(id);
      });
      work.copied.bytes += archive.size;
      work.copied.archives += 1;
      log.debug({ key: archive.key, size: archive.size }, 'an archive is verified');
      break;
    case 'failed':
      log.error(
        { code: verdict.code, key: archive.key, archiveId: archive.archiveId, error: verdict.message },
        'an archive failed',
      );
      await dropUpload(deps, archive);
      await state.write(() =>
        state.archives.advance(id, [{ type: 'failed', reason: verdict.code }], { message: verdict.message }),
      );
      break;
    case 'again':
      await settleAgain(deps, archive, verdict.message);
      break;
    default:
      verdict satisfies never;
  }
  work.bell.ring();
}

/** From the first part again, a few times. */
async function settleAgain(deps: Deps, archive: PlannedArchive, message: string): Promise<void> {
  const { state, log } = deps;
  const { id, key } = archive;
  const { rounds, progress } = state.archives.byId(id);
  log.warn({ key, rounds, error: message }, 'an archive has to be copied again from its first part');
  await dropUpload(deps, archive);
  await state.write(() => {
    const arrived = progress.state === 'transferring' ? [{ type: 'transferred' } as const] : [];
    if (rounds + 1 >= MOST_ROUNDS) {
      state.archives.advance(id, [{ type: 'failed', reason: 'not_proven' }], { message });
    } else state.archives.advance(id, [...arrived, { type: 'disproved' }], { message });
  });
}
