import { type ChecksumAlgorithm, newChecksum, type ObjectChecksum } from '../domain/checksum.ts';
import type { JobId, ObjectKey, TreeHash, UploadId } from '../domain/ids.ts';
import type { ByteRange } from '../domain/ranges.ts';
import { ServiceError } from '../domain/service-error.ts';
import { TreeHasher } from '../domain/tree-hash.ts';
import type { Bandwidth } from '../lib/bandwidth.ts';
import type { Bucket, ObjectAttributes, Vault } from '../ports.ts';
import type { Buffers } from './buffers.ts';

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
  readonly buffers: Buffers;
  readonly bandwidth: Bandwidth;
  /** A body that sends nothing for so long (real milliseconds) is cut. */
  readonly stallAfterMs: number;
  /** Bytes that have arrived from Glacier. */
  readonly onBytes?: (bytes: number) => void;
}

/**
 * Copies one part, once: nothing is sent to S3 whose length and tree hash are not proven. Holds no state and tries nothing again.
 * @throws {ServiceError} what the services refuse; `short_body`, `tree_hash_mismatch`, `stalled`, `bad_checksum`.
 */
export async function copyPart(deps: PartDeps, task: PartTask, signal: AbortSignal): Promise<PartResult> {
  const buffer = await deps.buffers.take(task.length, signal);
  try {
    const { treeHash, checksum } = await fetchPart(deps, task, buffer, signal);
    const summed = { algorithm: task.checksum, value: checksum };
    if (task.target.type === 'object') {
      const { attributes, ifAbsent } = task.target;
      const stored = await deps.bucket.put(task.key, buffer, { checksum: summed, attributes, ifAbsent }, signal);
      return { etag: stored.etag, versionId: stored.versionId, treeHash, checksum, stored: stored.checksum };
    }
    const { uploadId, partNumber } = task.target;
    const part = await deps.bucket.uploadPart(
      { key: task.key, uploadId, partNumber, body: buffer, checksum: summed },
      signal,
    );
    if (part.checksum !== undefined && part.checksum !== checksum) {
      throw new ServiceError('bad_checksum', `S3 took part ${partNumber} of ${task.key} with another checksum`, {
        operation: 'UploadPart',
      });
    }
    return { etag: part.etag, treeHash, checksum };
  } finally {
    deps.buffers.giveBack(buffer);
  }
}

async function fetchPart(
  deps: PartDeps,
  task: PartTask,
  buffer: Buffer,
  signal: AbortSignal,
): Promise<{ treeHash: TreeHash; checksum: string }> {
  const stall = new AbortController();
  const cut = () =>
    stall.abort(failure('stalled', `Glacier sent nothing of ${describe(task)} for ${deps.stallAfterMs / 1000} s`));
  let timer = setTimeout(cut, deps.stallAfterMs);
  try {
    const both = AbortSignal.any([signal, stall.signal]);
    const output = await deps.vault.readOutput(task.jobId, task.range, both);
    const expected = task.treeHash ?? output.treeHash;
    const hasher = new TreeHasher();
    const running = newChecksum(task.checksum);
    for await (const bytes of output.body) {
      // from here until the next bytes are waited for it is this side that takes its time
      clearTimeout(timer);
      deps.onBytes?.(bytes.length);
      const at = hasher.length;
      if (at + bytes.length > buffer.length)
        throw failure('short_body', `Glacier sent more than ${describe(task)} has`);
      buffer.set(bytes, at);
      hasher.update(bytes);
      running.update(bytes);
      await deps.bandwidth.take(bytes.length, signal);
      timer = setTimeout(cut, deps.stallAfterMs);
    }
    both.throwIfAborted();
    if (hasher.length !== buffer.length) {
      throw failure('short_body', `Glacier sent ${hasher.length} bytes of ${describe(task)}`);
    }
    const treeHash = hasher.digest();
    if (expected === undefined) throw failure('tree_hash_mismatch', `Glacier sent no tree hash with ${describe(task)}`);
    if (treeHash !== expected) {
      throw failure('tree_hash_mismatch', `${describe(task)} arrived with the tree hash ${treeHash}, not ${expected}`);
    }
    return { treeHash, checksum: running.digest() };
  } catch (error) {
    // the reason of the cut, not the broken connection that it made
    stall.signal.throwIfAborted();
    throw error;
  } finally {
    clearTimeout(timer);
  }
}

function failure(code: 'stalled' | 'short_body' | 'tree_hash_mismatch', message: string): ServiceError {
  return new ServiceError(code, message, { operation: 'GetJobOutput' });
}

function describe({ key, length, target }: PartTask): string {
  return target.type === 'part' ? `part ${target.partNumber} of ${key} (${length} bytes)` : `${key} (${length} bytes)`;
}
