import { newChecksum } from '../domain/checksum.ts';
import type { TreeHash } from '../domain/ids.ts';
import { ServiceError } from '../domain/service-error.ts';
import { TreeHasher } from '../domain/tree-hash.ts';
import { KiB, MiB } from '../lib/size.ts';
import type { JobOutput } from '../ports.ts';
import type { PartDeps, PartTask } from './part.ts';

/** What the bytes of a part were found to be. `checksum`: base64, by the task's algorithm. */
export interface Proven {
  readonly treeHash: TreeHash;
  readonly checksum: string;
}

type ReceiveDeps = Pick<PartDeps, 'vault' | 'bandwidth' | 'stallAfterMs' | 'onBytes'>;

/** Fewer bytes are not worth the calls that count them. */
const COUNTED_AT_ONCE = 256 * KiB;

/** Reads a part into `buffer`, which is as long as the part is. Resolves once it is proven. */
export async function fill(deps: ReceiveDeps, task: PartTask, buffer: Buffer, abort: AbortController): Promise<Proven> {
  const watch = new Watch(deps, task, abort);
  try {
    const output = await watch.open();
    const proof = new Proof(task, output);
    if (output.readInto) {
      const { atOnce } = deps.bandwidth;
      let counted = 0;
      const arrived = await output.readInto(
        buffer,
        (length) => {
          const isLast = length === buffer.length;
          // TLS delivers 16 KiB at a time
          if (length - counted < Math.min(COUNTED_AT_ONCE, atOnce) && !isLast) return watch.heard(0);
          proof.update(buffer.subarray(proof.length, isLast ? length : length - (length % MiB)));
          const turn = watch.heard(length - counted);
          counted = length;
          return turn;
        },
        atOnce,
      );
      // of a body that broke off
      proof.update(buffer.subarray(proof.length, arrived));
    } else {
      for await (const bytes of output.body) {
        if (proof.length + bytes.length > buffer.length) throw tooLong(task);
        buffer.set(bytes, proof.length);
        proof.update(bytes);
        await watch.heard(bytes.length);
      }
    }
    watch.check();
    return proof.conclude();
  } catch (error) {
    throw watch.reasonOf(error);
  } finally {
    watch.end();
  }
}

/** A part as it comes. */
export interface Arriving {
  /**
   * All of the part's bytes; the last ones only once all are proven, else it throws before them. To be read once. A piece
   * stays as it is until the next one is asked for.
   */
  readonly bytes: AsyncIterable<Uint8Array>;
  /** Known once all bytes have been read. */
  proven(): Proven | undefined;
}

/** Reads a part through `room` as fast as its reader takes it. */
export function stream(deps: ReceiveDeps, task: PartTask, room: Uint8Array, abort: AbortController): Arriving {
  let proven: Proven | undefined;
  async function* read(): AsyncGenerator<Uint8Array> {
    const watch = new Watch(deps, task, abort);
    try {
      const output = await watch.open();
      const proof = new Proof(task, output);
      let kept: Uint8Array | undefined;
      const arrived = () => void watch.heard(0);
      // granted as they are read from the room: what is ahead of that was not yet
      const ahead = deps.bandwidth.atOnce / 4;
      for await (const bytes of output.readPieces?.(room, arrived, ahead) ?? output.body) {
        // an empty piece at the end would let those before it go unproven
        if (bytes.length === 0) continue;
        if (proof.length + bytes.length > task.length) throw tooLong(task);
        proof.update(bytes);
        await watch.heard(bytes.length);
        // while the other side takes its time
        watch.pause();
        if (kept) yield kept;
        kept = bytes;
        watch.resume();
      }
      watch.check();
      proven = proof.conclude();
      watch.end();
      if (kept) yield kept;
    } catch (error) {
      throw watch.reasonOf(error);
    } finally {
      watch.end();
    }
  }
  return { bytes: read(), proven: () => proven };
}

/**
 * Cuts a body that sends nothing for `stallAfterMs`; the time that this side takes with the bytes is not counted. What the
 * bandwidth allows is waited for before the bytes are asked for: what has come can't be undone.
 */
class Watch {
  readonly #deps: ReceiveDeps;
  readonly #task: PartTask;
  readonly #abort: AbortController;
  #stall: ServiceError | undefined;
  #isOver = false;
  #timer: NodeJS.Timeout;
  /** Bytes that may come and have not; below 0, what came all the same. */
  #granted = 0;
  /** Bytes of the part that are still to be granted. */
  #left: number;
  /** Grants that are waited for. */
  #waits = 0;

  /** @param abort what it cuts the body with. */
  constructor(deps: ReceiveDeps, task: PartTask, abort: AbortController) {
    this.#deps = deps;
    this.#task = task;
    this.#abort = abort;
    this.#left = task.length;
    this.#timer = this.#start();
  }

  async open(): Promise<JobOutput> {
    await this.#grant(this.#deps.bandwidth.first);
    return await this.#deps.vault.readOutput(this.#task.jobId, this.#task.range, this.#abort.signal);
  }

  /** Bytes have come. @returns what to wait for before the next ones, where there is something. */
  heard(bytes: number): Promise<void> | undefined {
    const { onBytes, bandwidth } = this.#deps;
    this.#timer.refresh();
    if (bytes === 0) return undefined;
    onBytes?.(bytes);
    this.#granted -= bytes;
    return this.#grant(bandwidth.atOnce);
  }

  pause(): void {
    clearTimeout(this.#timer);
  }

  resume(): void {
    this.pause();
    if (!this.#isOver) this.#timer = this.#start();
  }

  /** All has come, or nothing more will: whatever still waits for its turn starts no timer any more. */
  end(): void {
    this.#isOver = true;
    this.pause();
    if (this.#granted > 0) this.#deps.bandwidth.giveBack(this.#granted);
    this.#granted = 0;
  }

  check(): void {
    this.#abort.signal.throwIfAborted();
  }

  /** The reason of the cut, not the broken connection that it made. */
  reasonOf(error: unknown): unknown {
    return this.#stall ?? error;
  }

  /** Lets so many bytes come next. @returns what to wait for before, where there is something. */
  #grant(wanted: number): Promise<void> | undefined {
    const bytes = Math.min(wanted - this.#granted, this.#left);
    if (bytes <= 0) return undefined;
    this.#left -= bytes;
    this.#granted += bytes;
    const turn = this.#deps.bandwidth.take(bytes, this.#abort.signal);
    if (!turn) return undefined;
    this.pause();
    this.#waits += 1;
    return turn.then(() => {
      this.#waits -= 1;
      if (this.#waits === 0) this.resume();
    });
  }

  #start(): NodeJS.Timeout {
    const { stallAfterMs } = this.#deps;
    return setTimeout(() => {
      const message = `Glacier sent nothing of ${describe(this.#task)} for ${stallAfterMs / 1000} s`;
      this.#stall = failure('stalled', message);
      this.#abort.abort(this.#stall);
    }, stallAfterMs);
  }
}

/** Hashes a part once, as it arrives, and holds it against what it must be. */
class Proof {
  readonly #task: PartTask;
  readonly #expected: TreeHash | undefined;
  readonly #hasher = new TreeHasher();
  readonly #checksum;

  constructor(task: PartTask, output: JobOutput) {
    this.#task = task;
    this.#expected = task.treeHash ?? output.treeHash;
    this.#checksum = newChecksum(task.checksum);
  }

  get length(): number {
    return this.#hasher.length;
  }

  update(bytes: Uint8Array): void {
    this.#hasher.update(bytes);
    this.#checksum.update(bytes);
  }

  conclude(): Proven {
    const task = this.#task;
    const { length } = this.#hasher;
    if (length !== task.length) throw failure('short_body', `Glacier sent ${length} bytes of ${describe(task)}`);
    const treeHash = this.#hasher.digest();
    if (this.#expected === undefined) {
      throw failure('tree_hash_mismatch', `Glacier sent no tree hash with ${describe(task)}`);
    }
    if (treeHash !== this.#expected) {
      throw failure(
        'tree_hash_mismatch',
        `${describe(task)} arrived with the tree hash ${treeHash}, not ${this.#expected}`,
      );
    }
    return { treeHash, checksum: this.#checksum.digest() };
  }
}

function tooLong(task: PartTask): ServiceError {
  return failure('short_body', `Glacier sent more than ${describe(task)} has`);
}

function failure(code: 'stalled' | 'short_body' | 'tree_hash_mismatch', message: string): ServiceError {
  return new ServiceError(code, message, { operation: 'GetJobOutput' });
}

function describe({ key, length, target }: PartTask): string {
  return target.type === 'part' ? `part ${target.partNumber} of ${key} (${length} bytes)` : `${key} (${length} bytes)`;
}
