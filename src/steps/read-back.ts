import { isFailure, ServiceError } from '../domain/service-error.ts';
import { TreeHasher } from '../domain/tree-hash.ts';
import { MiB } from '../lib/size.ts';
import type { ObjectReader } from '../ports-finish.ts';
import type { PlannedArchive } from '../state/archives.ts';
import type { Deps } from './deps.ts';
import type { Pace } from './pace.ts';
import { persistAt } from './persist-at.ts';

/** Bytes asked for at once: what a connection that breaks may cost again. */
const RANGE = 256 * MiB;

export type ReadBack =
  | { readonly type: 'right' }
  | { readonly type: 'wrong'; readonly detail: string }
  /** Its storage class has to be restored before it can be read. */
  | { readonly type: 'archived' };

/** Reads an object's bytes and holds their tree hash against the inventory's. Holds a piece of it at a time. */
export async function readBack(
  deps: Pick<Deps, 'clock' | 'log' | 'signals'>,
  reader: ObjectReader,
  { key, size, treeHash }: PlannedArchive,
  pace: Pace,
): Promise<ReadBack> {
  const { signals } = deps;
  const hasher = new TreeHasher();
  try {
    while (hasher.length < size) {
      const isThere = await persistAt(deps, pace, async () => {
        // a try that broke off has left its bytes: the next one goes on behind them
        const range = { start: hasher.length, end: Math.min(hasher.length + RANGE, size) - 1 };
        const bytes = await reader.read(key, range, signals.stop);
        if (!bytes) return false;
        for await (const piece of bytes.body) {
          if (hasher.length + piece.length > range.end + 1) throw shortBody(`more than ${range.end + 1} bytes came`);
          hasher.update(piece);
        }
        if (hasher.length !== range.end + 1) throw shortBody(`the bytes ended at ${hasher.length}`);
        return true;
      });
      if (!isThere) return { type: 'wrong', detail: 'it went away while it was read' };
    }
  } catch (error) {
    if (isFailure(error, 'object_archived')) return { type: 'archived' };
    throw error;
  }
  const found = hasher.digest();
  return found === treeHash
    ? { type: 'right' }
    : { type: 'wrong', detail: `its tree hash is ${found}, not ${treeHash}` };
}

function shortBody(message: string): ServiceError {
  return new ServiceError('short_body', message, { operation: 'GetObject' });
}
