import type { ChecksumAlgorithm } from '../../src/domain/checksum.ts';
import type { JobId, ObjectKey, UploadId } from '../../src/domain/ids.ts';
import { MiB } from '../../src/lib/size.ts';
import type { DataPlane } from '../../src/transfer/data-plane.ts';
import type { PartTask } from '../../src/transfer/part.ts';
import { built } from './built.ts';

interface PartPoolOptions {
  readonly endpointUrl: string;
  /** Parts in flight. */
  readonly concurrency: number;
  readonly threads: number;
  /** MiB. */
  readonly memory: number;
  /** MiB a second; absent: no limit. */
  readonly bwlimit?: number;
  /** As the pool's own. */
  readonly onBytes?: (bytes: number) => void;
}

/** The pool that copies parts, as the program makes it. */
export async function partPool({
  endpointUrl,
  concurrency,
  threads,
  memory,
  bwlimit,
  onBytes = () => undefined,
}: PartPoolOptions): Promise<DataPlane> {
  const { createPool } = await built<typeof import('../../src/transfer/pool.ts')>('transfer/pool.js');
  const share = { concurrency: Math.ceil(concurrency / threads), region: 'us-east-1', endpointUrl };
  return createPool({
    threads,
    concurrency,
    memory: memory * MiB,
    bwlimit: bwlimit === undefined ? undefined : bwlimit * MiB,
    entry: new URL('../../dist/worker.js', import.meta.url),
    connections: {
      source: { ...share, vaultName: 'bench', accountId: '-' },
      destination: { ...share, bucket: 'bench' },
    },
    stallAfterMs: 60_000,
    onBytes,
    onDeath: (error) => {
      throw error;
    },
  });
}

/** The part of that number, from 0, of an archive that has more of them. @param length bytes. */
export function partTask(number: number, length: number, checksum: ChecksumAlgorithm = 'CRC32'): PartTask {
  const start = number * length;
  return {
    // never the whole of a job's output
    jobId: `job-0-${start + 2 * length}` as JobId,
    range: { start, end: start + length - 1 },
    length,
    checksum,
    key: 'bench' as ObjectKey,
    target: { type: 'part', uploadId: 'bench' as UploadId, partNumber: number + 1 },
  };
}
