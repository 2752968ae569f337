import type { TreeHash } from '../../src/domain/ids.ts';
import { combineTreeHashes, treeHash } from '../../src/domain/tree-hash.ts';
import { MiB } from '../../src/lib/size.ts';

/** The tree hash of so many zeros. */
export function hashOfZeros(size: number): TreeHash {
  const leaves = new Array<TreeHash>(Math.floor(size / MiB)).fill(treeHash(Buffer.alloc(Math.min(size, MiB))));
  if (size % MiB > 0) leaves.push(treeHash(Buffer.alloc(size % MiB)));
  return combineTreeHashes(leaves);
}
