import { createHash, type Hash } from 'node:crypto';
import { MiB } from '../lib/size.ts';
import type { TreeHash } from './ids.ts';

/** Combines neighbouring nodes to one root: pairs are hashed left to right, an odd last node is promoted unchanged. */
export function combineTreeHashes(nodes: readonly TreeHash[]): TreeHash {
  let level: Buffer[] = nodes.map((node) => Buffer.from(node, 'hex'));
  if (level.length === 0) return createHash('sha256').digest('hex') as TreeHash;
  while (level.length > 1) {
    const next: Buffer[] = [];
    for (let i = 0; i < level.length; i += 2) {
      const left = level[i] as Buffer;
      const right = level[i + 1];
      next.push(right ? createHash('sha256').update(left).update(right).digest() : left);
    }
    level = next;
  }
  return (level[0] as Buffer).toString('hex') as TreeHash;
}

/**
 * SHA-256 tree hash of bytes as they arrive (Glacier developer guide, checksum-calculations): chunks of 1 MiB are hashed
 * once each; nothing is held but 32 bytes a chunk.
 */
export class TreeHasher {
  #leaves: TreeHash[] = [];
  #leaf: Hash = createHash('sha256');
  #inLeaf = 0;
  #length = 0;

  /** The bytes seen so far. */
  get length(): number {
    return this.#length;
  }

  update(bytes: Uint8Array): void {
    let offset = 0;
    while (offset < bytes.length) {
      if (this.#inLeaf === MiB) this.#closeLeaf();
      const take = Math.min(bytes.length - offset, MiB - this.#inLeaf);
      this.#leaf.update(bytes.subarray(offset, offset + take));
      this.#inLeaf += take;
      offset += take;
    }
    this.#length += bytes.length;
  }

  /** The root. No more bytes may follow. */
  digest(): TreeHash {
    if (this.#inLeaf > 0) this.#closeLeaf();
    return combineTreeHashes(this.#leaves);
  }

  #closeLeaf(): void {
    this.#leaves.push(this.#leaf.digest('hex') as TreeHash);
    this.#leaf = createHash('sha256');
    this.#inLeaf = 0;
  }
}

/** The tree hash of bytes that are at hand. */
export function treeHash(bytes: Uint8Array): TreeHash {
  const hasher = new TreeHasher();
  hasher.update(bytes);
  return hasher.digest();
}
