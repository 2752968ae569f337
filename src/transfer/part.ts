import type { ChecksumAlgorithm, ObjectChecksum } from '../domain/checksum.ts';
import type { JobId, ObjectKey, TreeHash, UploadId } from '../domain/ids.ts';
import type { ByteRange } from '../domain/ranges.ts';
import { ServiceError } from '../domain/service-error.ts';
import type { Bandwidth } from '../lib/bandwidth.ts';
import { BugError } from '../lib/errors.ts';
import type { Bucket, ObjectAttributes, StreamedBody, Vault } from '../ports.ts';
import type { Arena } from './arena.ts';
import { fill, type Proven, stream } from './receive.ts';

/** One part to bring from a job's output to S3. Plain JSON: whoever copies it needs nothing else. */
export interface PartTask {
  readonly jobId: JobId;
  /** Absent: the whole output. */
  readonly range?: ByteRange;
  /** Bytes. */
  readonly length: number;
  /** What the bytes must hash to. Absent: what Glacier sends with them; there must be one. */
  readonly treeHash?: TreeHash;
  readonly checksum: ChecksumAlgorithm;
  readonly key: ObjectKey;
  readonly target:
    | { readonly type: 'object'; readonly attributes: ObjectAttributes; readonly ifAbsent: boolean }
    | { readonly type: 'part'; readonly uploadId: UploadId; readonly partNumber: number };
}

/** A part that S3 has taken. Plain JSON. */
export interface PartResult {
  readonly etag: string;
  readonly versionId?: string;
  readonly treeHash: TreeHash;
  /** Ours, base64. */
  readonly checksum: string;
  /** What S3 says of a whole object. */
  readonly stored?: ObjectChecksum;
}

export interface PartDeps {
  readonly vault: Pick<Vault, 'readOutput'>;
  readonly bucket: Pick<Bucket, 'put' | 'uploadPart'>;
  readonly arena: Arena;
  readonly bandwidth: Bandwidth;
  /** A body that sends nothing for so long (real milliseconds) is cut. */
  readonly stallAfterMs: number;
  /** Bytes that have arrived from Glacier. */
  readonly onBytes?: (bytes: number) => void;
}

/**
 * Copies one part, once: nothing is completed at S3 whose length and tree hash are not proven. Holds no state and tries
 * nothing again.
 *
 * A part that fits its share of the memory is held, proven, and then sent with its checksum. A longer one is sent while
 * it arrives: its last bytes are kept back until all are proven, and where they are not, the request is broken off, so
 * that S3 keeps nothing of it; its checksum follows as a trailer. To read such a part twice (to hash it, then to send it
 * with the checksum in the header) would work as well and need no trailer, at twice the time and twice the
 * reading for every archive above some hundred GiB.
 * @param abort ends the part; it is aborted too where the part fails.
 * @throws {ServiceError} what the services refuse, S3 an object with its `provenChecksum`; `short_body`, `tree_hash_mismatch`,
 *   `stalled`, `bad_checksum`.
 */
export async function copyPart(deps: PartDeps, task: PartTask, abort: AbortController): Promise<PartResult> {
  const { arena } = deps;
  const { signal } = abort;
  const held = task.length <= arena.longest;
  const room = await arena.take(held ? task.length : arena.streamRoom, signal);
  try {
    if (held) {
      const proven = await fill(deps, task, room, abort);
      return await send(deps, task, room, proven.checksum, () => proven, signal);
    }
    const arriving = stream(deps, task, room, abort);
    const body = { stream: arriving.bytes, length: task.length };
    return await send(deps, task, body, () => sure(arriving.proven).checksum, arriving.proven, signal);
  } catch (error) {
    // a part that was refused may still be arriving, or going: nothing may use memory that will be another part's
    abort.abort(error);
    throw error;
  } finally {
    arena.giveBack(room);
  }
}

async function send(
  { bucket }: PartDeps,
  { key, target, checksum: algorithm }: PartTask,
  body: Uint8Array | StreamedBody,
  value: string | (() => string),
  proven: () => Proven | undefined,
  signal: AbortSignal,
): Promise<PartResult> {
  const summed = { algorithm, value };
  if (target.type === 'object') {
    const { attributes, ifAbsent } = target;
    try {
      const stored = await bucket.put(key, body, { checksum: summed, attributes, ifAbsent }, signal);
      return { etag: stored.etag, versionId: stored.versionId, ...sure(proven), stored: stored.checksum };
    } catch (error) {
      const checksum = proven()?.checksum;
      // an object that stands there already is ours only if it has the same
      throw error instanceof ServiceError && checksum !== undefined ? error.ofProven(checksum) : error;
    }
  }
  const { uploadId, partNumber } = target;
  const part = await bucket.uploadPart({ key, uploadId, partNumber, body, checksum: summed }, signal);
  if (part.checksum !== undefined && part.checksum !== sure(proven).checksum) {
    throw new ServiceError('bad_checksum', `S3 took part ${partNumber} of ${key} with another checksum`, {
      operation: 'UploadPart',
    });
  }
  return { etag: part.etag, ...sure(proven) };
}

function sure(proven: () => Proven | undefined): Proven {
  const found = proven();
  if (!found) throw new BugError('a part was asked for its proof before all of it was read');
  return found;
}
