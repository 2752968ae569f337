import { createCipheriv, hash } from 'node:crypto';
import { setImmediate as breathe } from 'node:timers/promises';
import type { TreeHash } from '../../domain/ids.ts';
import type { ByteRange } from '../../domain/ranges.ts';
import { MiB } from '../../lib/size.ts';

/** Where an archive's bytes come from. Sizes are in bytes, from 1 to 40,000 GiB. */
export type ContentSource =
  /**
   * Noise made from the seed: the same seed gives the same bytes, every chunk (1 MiB) differs from every other.
   * @property period after so many chunks the bytes begin again, so that the tree hash of an archive of any size
   *   needs only so many chunks to be hashed.
   */
  | { readonly kind: 'seeded'; readonly seed: string; readonly size: number; readonly period?: number }
  | { readonly kind: 'zeros'; readonly size: number }
  | { readonly kind: 'bytes'; readonly bytes: Uint8Array };

const ZEROS = Buffer.alloc(MiB);
const AES_BLOCK = 16;
/** Chunks that are hashed in one go (some 10 ms) before others have their turn. */
const HASHED_AT_ONCE = 16;

/** An archive's bytes, made when they are read: nothing is kept but 32 bytes a chunk once its hash was asked for. */
export class ArchiveContent {
  readonly size: number;
  readonly #source: ContentSource;
  readonly #period: number;
  /** Hashes of chunks by their number within the period; `-1` is the last, short one. */
  #chunkHashes: Map<number, Buffer> | undefined;
  #root: TreeHash | undefined;

  constructor(source: ContentSource) {
    this.#source = source;
    this.size = source.kind === 'bytes' ? source.bytes.length : source.size;
    this.#period =
      source.kind === 'zeros' ? 1 : (source.kind === 'seeded' && source.period) || Number.POSITIVE_INFINITY;
  }

  /** The bytes of the range, in pieces that end where a chunk ends. */
  *read({ start, end }: ByteRange): Generator<Uint8Array> {
    for (let from = start; from <= end; ) {
      const to = Math.min(end + 1, (Math.floor(from / MiB) + 1) * MiB);
      yield this.#bytes(from, to);
      from = to;
    }
  }

  /** The tree hash of the archive. */
  async treeHash(): Promise<TreeHash> {
    // the most common case by far in a large vault
    if (this.size <= MiB) this.#root ??= sha256(this.#bytes(0, this.size)).toString('hex') as TreeHash;
    this.#root ??= await this.treeHashOf({ start: 0, end: this.size - 1 });
    return this.#root;
  }

  /** The tree hash of a range by itself. It begins where a chunk begins, and ends where a chunk or the archive ends. */
  async treeHashOf({ start, end }: ByteRange): Promise<TreeHash> {
    const first = start / MiB;
    const stop = Math.ceil((end + 1) / MiB);
    const hashes = this.#chunkHashes ?? new Map<number, Buffer>();
    const distinct = Math.min(stop, first + this.#period);
    for (let chunk = first; chunk < distinct; chunk += 1) {
      if ((chunk - first) % HASHED_AT_ONCE === HASHED_AT_ONCE - 1) await breathe();
      this.#hashChunk(chunk, hashes);
    }
    this.#hashChunk(stop - 1, hashes);
    this.#chunkHashes = hashes;
    return this.#combine(first, stop, hashes, new Map()).toString('hex') as TreeHash;
  }

  #bytes(from: number, to: number): Uint8Array {
    switch (this.#source.kind) {
      case 'zeros':
        return ZEROS.subarray(0, to - from);
      case 'bytes':
        return this.#source.bytes.subarray(from, to);
      case 'seeded': {
        const chunk = Math.floor(from / MiB) % this.#period;
        const inChunk = from % MiB;
        const skipped = inChunk % AES_BLOCK;
        const counter = Buffer.alloc(AES_BLOCK);
        counter.writeBigUInt64BE(BigInt(chunk), 0);
        counter.writeUInt32BE((inChunk - skipped) / AES_BLOCK, 12);
        const noise = createCipheriv('aes-128-ctr', sha256(this.#source.seed).subarray(0, 16), counter).update(
          ZEROS.subarray(0, skipped + to - from),
        );
        return noise.subarray(skipped);
      }
      default:
        return this.#source satisfies never;
    }
  }

  #nameOf(chunk: number): number {
    return (chunk + 1) * MiB > this.size ? -1 : chunk % this.#period;
  }

  #hashChunk(chunk: number, hashes: Map<number, Buffer>): void {
    const name = this.#nameOf(chunk);
    if (hashes.has(name)) return;
    const bytes = this.#bytes(chunk * MiB, Math.min((chunk + 1) * MiB, this.size));
    hashes.set(name, sha256(bytes));
  }

  /**
   * The node above chunks `first` to `stop`. Its left side is the largest power of two that leaves something for
   * the right one, which is the same tree as pairing level by level. Full nodes repeat with the period, so that
   * each is made once.
   */
  #combine(first: number, stop: number, hashes: ReadonlyMap<number, Buffer>, nodes: Map<string, Buffer>): Buffer {
    const count = stop - first;
    if (count === 1) return hashes.get(this.#nameOf(first)) as Buffer;
    const full = stop * MiB <= this.size;
    const name = `${count} ${first % this.#period}`;
    const known = full ? nodes.get(name) : undefined;
    if (known) return known;
    const middle = first + 2 ** (Math.ceil(Math.log2(count)) - 1);
    const node = sha256(
      Buffer.concat([this.#combine(first, middle, hashes, nodes), this.#combine(middle, stop, hashes, nodes)]),
    );
    if (full && this.#period !== Number.POSITIVE_INFINITY) nodes.set(name, node);
    return node;
  }
}

function sha256(data: string | Uint8Array): Buffer {
  return hash('sha256', data, 'buffer');
}
