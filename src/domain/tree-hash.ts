import { createHash, type Hash, hash } from 'node:crypto';
import { MiB } from '../lib/size.ts';
import type { TreeHash } from './ids.ts';

/** Bytes of a node. */
const NODE = 32;

/** Combines neighbouring nodes to one root: pairs are hashed left to right, an odd last node is promoted unchanged. */
export function combineTreeHashes(nodes: readonly TreeHash[]): TreeHash {
  return rootOf(Buffer.from(nodes.join(''), 'hex'));
}

/** @param nodes one behind the other; written over. */
function rootOf(nodes: Buffer): TreeHash {
  if (nodes.length === 0) return hash('sha256', '') as TreeHash;
  let level = nodes;
  while (level.length > NODE) {
    let end = 0;
    for (let at = 0; at < level.length; at += 2 * NODE) {
      const pair = level.subarray(at, at + 2 * NODE);
      level.set(pair.length > NODE ? hash('sha256', pair, 'buffer') : pair, end);
      end += NODE;
    }
    level = level.subarray(0, end);
  }
  return level.toString('hex') as TreeHash;
}

/**
 * SHA-256 tree hash of bytes as they arrive (Glacier developer guide, checksum-calculations): chunks of 1 MiB are hashed
 * once each; nothing is held but 32 bytes a chunk. Chunks that come whole cost least.
 */
export class TreeHasher {
  readonly #leaves: Buffer[] = [];
  #leaf: Hash | undefined;
  #inLeaf = 0;
  #length = 0;

  /** The bytes seen so far. */
  get length(): number {
    return this.#length;
  }

  update(bytes: Uint8Array): void {
    let offset = 0;
    while (offset < bytes.length) {
      const part = bytes.subarray(offset, offset + MiB - this.#inLeaf);
      if (part.length === MiB) this.#leaves.push(hash('sha256', part, 'buffer'));
      else this.#addToLeaf(part);
      offset += part.length;
    }
    this.#length += bytes.length;
  }

  /** The root. No more bytes may follow. */
  digest(): TreeHash {
    if (this.#inLeaf > 0) this.#closeLeaf();
    return rootOf(Buffer.concat(this.#leaves));
  }

  #addToLeaf(bytes: Uint8Array): void {
    this.#leaf ??= createHash('sha256');
    this.#leaf.update(bytes);
    this.#inLeaf += bytes.length;
    if (this.#inLeaf === MiB) this.#closeLeaf();
  }

  #closeLeaf(): void {
    if (this.#leaf) this.#leaves.push(this.#leaf.digest());
    this.#leaf = undefined;
    this.#inLeaf = 0;
  }
}

/** The tree hash of bytes that are at hand. */
export function treeHash(bytes: Uint8Array): TreeHash {
  const hasher = new TreeHasher();
  hasher.update(bytes);
  return hasher.digest();
}
