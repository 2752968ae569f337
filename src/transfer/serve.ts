import type { MessagePort } from 'node:worker_threads';
import { type BandwidthAccount, createBandwidth } from '../lib/bandwidth.ts';
import type { Bucket, Vault } from '../ports.ts';
import { createArena } from './arena.ts';
import { type FromWorker, plainError, type ToWorker } from './messages.ts';
import { copyPart, type PartDeps, type PartTask } from './part.ts';

/** What a worker is started with. Arrays are shared with the main thread and the other workers. */
export interface WorkerShare {
  /** Bytes that this worker's parts may take in memory. */
  readonly memory: number;
  readonly bwlimit: number | undefined;
  /** Parts in flight at most, in all threads. */
  readonly concurrency: number;
  readonly bandwidth: BandwidthAccount;
  /** Counts the bytes that have arrived from Glacier. */
  readonly arrived: BigInt64Array<SharedArrayBuffer>;
  readonly stallAfterMs: number;
}

/** Copies the parts that the other side of the port asks for, until the port is closed. Keeps nothing from one to the next. */
export function serveParts(
  port: MessagePort,
  share: WorkerShare,
  ports: { readonly vault: Pick<Vault, 'readOutput'>; readonly bucket: Pick<Bucket, 'put' | 'uploadPart'> },
): void {
  const deps: PartDeps = {
    ...ports,
    arena: createArena(share.memory),
    bandwidth: createBandwidth(share.bwlimit, share.bandwidth, share.concurrency),
    stallAfterMs: share.stallAfterMs,
    onBytes: (bytes) => void Atomics.add(share.arrived, 0, BigInt(bytes)),
  };
  const running = new Map<number, AbortController>();

  const copy = async (id: number, task: PartTask): Promise<FromWorker> => {
    const abort = new AbortController();
    running.set(id, abort);
    try {
      return { type: 'copied', id, result: await copyPart(deps, task, abort) };
    } catch (error) {
      return { type: 'failed', id, error: plainError(error) };
    } finally {
      running.delete(id);
    }
  };
  port.on('message', (message: ToWorker) => {
    switch (message.type) {
      case 'copy':
        void copy(message.id, message.task).then((answer) => port.postMessage(answer));
        break;
      case 'abort':
        running.get(message.id)?.abort();
        break;
      default:
        message satisfies never;
    }
  });
}
