import { createReadStream } from 'node:fs';
import { type FileHandle, mkdtemp, open, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { BugError } from '../../lib/errors.ts';

/** Bytes that have arrived. */
export interface StoredBody {
  readonly size: number;
  /** Bytes `start` to `end`, both included. Undefined where bodies are not kept. */
  readonly read: ((start: number, end: number) => AsyncIterable<Uint8Array>) | undefined;
  /** Gives its place back. A read that is under way goes on. */
  release(): Promise<void>;
}

/** Takes a body piece by piece. Ends with either `finish` or `discard`. */
export interface BodyWriter {
  write(bytes: Buffer): Promise<void> | void;
  finish(): Promise<StoredBody>;
  discard(): Promise<void>;
}

/** Where bodies are: in memory up to a total of `memoryBudget` bytes, then in a temporary folder; or nowhere. */
export class BodyStore {
  readonly #memoryBudget: number;
  readonly #temporaryFolder: string;
  readonly #discardBodies: boolean;
  #inMemory = 0;
  #folder: Promise<string> | undefined;
  #count = 0;

  constructor(options: { memoryBudget: number; temporaryFolder: string; discardBodies: boolean }) {
    this.#memoryBudget = options.memoryBudget;
    this.#temporaryFolder = options.temporaryFolder;
    this.#discardBodies = options.discardBodies;
  }

  /** @param length announced; no more than that may be written. */
  async writer(length: number): Promise<BodyWriter> {
    if (this.#discardBodies) return nowhere();
    if (this.#inMemory + length <= this.#memoryBudget) return this.#memory(length);
    this.#folder ??= mkdtemp(join(this.#temporaryFolder, 'glacier2s3-simulator-'));
    this.#count += 1;
    const name = String(this.#count);
    return onDisk(join(await this.#folder, name));
  }

  /** Removes the temporary folder. Nothing may be read or written afterwards. */
  async close(): Promise<void> {
    if (this.#folder !== undefined) await rm(await this.#folder, { recursive: true, force: true });
  }

  #memory(length: number): BodyWriter {
    const pieces: Buffer[] = [];
    let held = length;
    this.#inMemory += held;
    const release = async () => {
      this.#inMemory -= held;
      held = 0;
    };
    return {
      // A piece may be a sliver of a socket's 64 KiB buffer, which it would keep alive.
      write: (bytes) => void pieces.push(bytes.length * 2 < bytes.buffer.byteLength ? Buffer.from(bytes) : bytes),
      finish: async () => ({ size: sizeOf(pieces), read: (start, end) => slice(pieces, start, end), release }),
      discard: release,
    };
  }
}

function sizeOf(pieces: readonly Buffer[]): number {
  return pieces.reduce((sum, { length }) => sum + length, 0);
}

async function* slice(pieces: readonly Buffer[], start: number, end: number): AsyncGenerator<Uint8Array> {
  let offset = 0;
  for (const piece of pieces) {
    if (offset > end) return;
    const wanted = piece.subarray(Math.max(0, start - offset), Math.max(0, end + 1 - offset));
    if (wanted.length > 0) yield wanted;
    offset += piece.length;
  }
}

async function onDisk(path: string): Promise<BodyWriter> {
  const file: FileHandle = await open(path, 'wx');
  let size = 0;
  const release = () => rm(path, { force: true });
  return {
    async write(bytes) {
      await file.writev([bytes]);
      size += bytes.length;
    },
    async finish() {
      await file.close();
      return { size, read: (start, end) => createReadStream(path, { start, end }), release };
    },
    async discard() {
      await file.close();
      await release();
    },
  };
}

function nowhere(): BodyWriter {
  let size = 0;
  const release = async () => {};
  return {
    write: (bytes) => {
      size += bytes.length;
    },
    finish: async () => ({ size, read: undefined, release }),
    discard: release,
  };
}

/** Bytes `start` to `end` of bodies laid end to end. Throws where they are not kept: ask `areKept` first. */
export async function* readBodies(
  bodies: readonly StoredBody[],
  start: number,
  end: number,
): AsyncGenerator<Uint8Array> {
  let offset = 0;
  for (const body of bodies) {
    const first = Math.max(0, start - offset);
    const last = Math.min(body.size - 1, end - offset);
    if (first <= last) {
      if (!body.read) throw new BugError('bodies are discarded: there is nothing to read');
      yield* body.read(first, last);
    }
    offset += body.size;
  }
}

export function areKept(bodies: readonly StoredBody[]): boolean {
  return bodies.every(({ read }) => read !== undefined);
}
