import { newChecksum } from '../domain/checksum.ts';
import type { TreeHash } from '../domain/ids.ts';
import { ServiceError } from '../domain/service-error.ts';
import { TreeHasher } from '../domain/tree-hash.ts';
import { BugError } from '../lib/errors.ts';
import type { JobOutput } from '../ports.ts';
import type { PartDeps, PartTask } from './part.ts';

/** What the bytes of a part were found to be. `checksum`: base64, by the task's algorithm. */
export interface Proven {
  readonly treeHash: TreeHash;
  readonly checksum: string;
}

type ReceiveDeps = Pick<PartDeps, 'vault' | 'bandwidth' | 'stallAfterMs' | 'onBytes'>;

/** Reads a part into `buffer`, which is as long as the part is. Resolves once it is proven. */
export async function fill(deps: ReceiveDeps, task: PartTask, buffer: Buffer, signal: AbortSignal): Promise<Proven> {
  const watch = new Watch(deps, task, signal);
  try {
    const output = await watch.open();
    const proof = new Proof(task, output);
    let at = 0;
    for await (const bytes of output.body) {
      watch.pause(bytes.length);
      if (at + bytes.length > buffer.length) throw tooLong(task);
      buffer.set(bytes, at);
      at += bytes.length;
      proof.update(bytes);
      await deps.bandwidth.take(bytes.length, signal);
      watch.resume();
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
  /** All of the part's bytes; the last ones only once all are proven, else it throws before them. To be read once. */
  readonly bytes: AsyncIterable<Uint8Array>;
  /** Known once all bytes have been read. */
  proven(): Proven;
}

/** Reads a part as fast as its reader takes it. */
export function stream(deps: ReceiveDeps, task: PartTask, signal: AbortSignal): Arriving {
  let proven: Proven | undefined;
  async function* read(): AsyncGenerator<Uint8Array> {
    const watch = new Watch(deps, task, signal);
    try {
      const output = await watch.open();
      const proof = new Proof(task, output);
      let kept: Uint8Array | undefined;
      for await (const bytes of output.body) {
        watch.pause(bytes.length);
        if (proof.length + bytes.length > task.length) throw tooLong(task);
        proof.update(bytes);
        await deps.bandwidth.take(bytes.length, signal);
        if (kept) yield kept;
        kept = bytes;
        watch.resume();
      }
      watch.check();
      proven = proof.conclude();
      if (kept) yield kept;
    } catch (error) {
      throw watch.reasonOf(error);
    } finally {
      watch.end();
    }
  }
  return {
    bytes: read(),
    proven() {
      if (!proven) throw new BugError('a part was asked for its proof before all of it was read');
      return proven;
    },
  };
}

/** Cuts a body that sends nothing for `stallAfterMs`; the time that this side takes with the bytes is not counted. */
class Watch {
  readonly #deps: ReceiveDeps;
  readonly #task: PartTask;
  readonly #stall = new AbortController();
  readonly #signal: AbortSignal;
  #timer: NodeJS.Timeout;

  constructor(deps: ReceiveDeps, task: PartTask, signal: AbortSignal) {
    this.#deps = deps;
    this.#task = task;
    this.#signal = AbortSignal.any([signal, this.#stall.signal]);
    this.#timer = this.#start();
  }

  open(): Promise<JobOutput> {
    return this.#deps.vault.readOutput(this.#task.jobId, this.#task.range, this.#signal);
  }

  pause(bytes: number): void {
    clearTimeout(this.#timer);
    this.#deps.onBytes?.(bytes);
  }

  resume(): void {
    this.#timer = this.#start();
  }

  check(): void {
    this.#signal.throwIfAborted();
  }

  /** The reason of the cut, not the broken connection that it made. */
  reasonOf(error: unknown): unknown {
    return this.#stall.signal.aborted ? this.#stall.signal.reason : error;
  }

  end(): void {
    clearTimeout(this.#timer);
  }

  #start(): NodeJS.Timeout {
    const { stallAfterMs } = this.#deps;
    return setTimeout(() => {
      const message = `Glacier sent nothing of ${describe(this.#task)} for ${stallAfterMs / 1000} s`;
      this.#stall.abort(failure('stalled', message));
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
