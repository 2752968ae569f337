import type { PartResult, PartTask } from './part.ts';

/** Copies parts, wherever and however many at a time. */
export interface DataPlane {
  /**
   * Copies one part, once: what fails is tried again by the caller.
   * @throws {ServiceError} as `copyPart`; the signal's reason once it aborts and nothing of the part is on its way.
   */
  copy(task: PartTask, signal: AbortSignal): Promise<PartResult>;
  /** Ends its threads and connections. No part may be on its way. */
  close(): Promise<void>;
}

/** What the data plane may take. */
export interface DataPlaneLimits {
  /** No more than `concurrency`: another would never have a part, and its share of the memory would be wasted. */
  readonly threads: number;
  /** Parts in flight, for the connections that are kept. */
  readonly concurrency: number;
  /** Bytes that parts in flight may take in memory, over all threads. */
  readonly memory: number;
  /** Bytes a real second, over all threads. */
  readonly bwlimit: number | undefined;
}
