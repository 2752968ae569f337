import { Worker } from 'node:worker_threads';
import { createBandwidthAccount } from '../lib/bandwidth.ts';
import { BugError, messageOf } from '../lib/errors.ts';
import { serveLine } from '../lib/line.ts';
import { MiB } from '../lib/size.ts';
import { planArena } from './arena.ts';
import type { DataPlane, DataPlaneLimits } from './data-plane.ts';
import { errorFrom, type FromWorker, type ToWorker } from './messages.ts';
import type { PartResult, PartTask } from './part.ts';
import type { WorkerShare } from './serve.ts';

export interface PoolOptions extends DataPlaneLimits {
  /** The module that a worker runs: it reads `WorkerData` and calls `serveParts`. */
  readonly entry: URL;
  /** What the entry makes its connections of; plain data. */
  readonly connections: unknown;
  /** A body that sends nothing for so long (real milliseconds) is cut. */
  readonly stallAfterMs: number;
  /** Called at intervals with the bytes that have arrived from Glacier since. */
  readonly onBytes: (bytes: number) => void;
  /** Called when a thread has died and another has taken its place. */
  readonly onDeath: (error: unknown) => void;
}

/** `workerData` of the entry. */
export interface WorkerData {
  readonly share: WorkerShare;
  readonly connections: unknown;
}

/** How often the bytes are told, in milliseconds. */
const TELL_EVERY = 250;
/**
 * What a thread may keep of young garbage, in MiB: its bytes are outside of the heap. Measured with two threads and 64 MiB parts: a
 * peak of 418 MiB instead of 435, at the same CPU seconds.
 */
const LIMITS = { maxYoungGenerationSizeMb: 8 };
/** Of its share of the memory, a thread itself takes this much: 31 MiB measured with 64 MiB parts, more with TLS. */
export const THREAD_ITSELF = 32 * MiB;
/** A part on which so many threads have died is not given to another. */
const MOST_DEATHS = 3;
/** What a part weighs beside its bytes, when the thread with the least to do is looked for. */
const CALL_WEIGHT = MiB;

interface Job {
  readonly id: number;
  readonly task: PartTask;
  readonly signal: AbortSignal;
  readonly resolve: (result: PartResult) => void;
  readonly reject: (error: unknown) => void;
  deaths: number;
  /** Absent: it waits for one with room. */
  thread?: Thread | undefined;
}

interface Thread {
  readonly worker: Worker;
  readonly jobs: Set<Job>;
  weight: number;
  /** Bytes of its memory that are free. */
  room: number;
}

/**
 * Worker threads that copy parts, each with its own connections and its share of the memory; a part waits here until a
 * thread has room for it. A thread is started with its first part; where one has died, another is started with the next.
 */
export function createPool(options: PoolOptions): DataPlane {
  const { threads: count, concurrency, memory, bwlimit, stallAfterMs } = options;
  const arrived = new BigInt64Array(new SharedArrayBuffer(BigInt64Array.BYTES_PER_ELEMENT));
  const share: WorkerShare = {
    memory: Math.floor(memory / count) - THREAD_ITSELF,
    bwlimit,
    concurrency,
    bandwidth: createBandwidthAccount(),
    arrived,
    stallAfterMs,
  };
  const arena = planArena(share.memory);
  const threads: Thread[] = [];
  const jobs = new Map<number, Job>();
  /** Those that no thread has room for, the longest waiting first. */
  const waiting: Job[] = [];
  let lastId = 0;
  let closing = false;

  const hear = (thread: Thread, message: FromWorker) => {
    const job = jobs.get(message.id);
    if (!job) return;
    thread.jobs.delete(job);
    thread.weight -= weightOf(job.task);
    thread.room += arena.roomOf(job.task.length);
    jobs.delete(job.id);
    serve();
    if (message.type === 'copied') job.resolve(message.result);
    else if (job.signal.aborted) job.reject(job.signal.reason);
    else job.reject(errorFrom(message.error));
  };
  const start = (): Thread => {
    const data: WorkerData = { share, connections: options.connections };
    const worker = new Worker(options.entry, { workerData: data, name: 'parts', resourceLimits: LIMITS });
    const thread: Thread = { worker, jobs: new Set(), weight: 0, room: arena.size };
    let cause: unknown;
    worker.on('message', (message: FromWorker) => hear(thread, message));
    worker.on('error', (error) => {
      cause = error;
    });
    worker.on('exit', (code) => {
      if (!closing) bury(thread, cause ?? new BugError(`a worker thread ended with ${code}`));
    });
    return thread;
  };
  /** Gives the parts of a thread that has died to another one. */
  const bury = (thread: Thread, error: unknown) => {
    const orphans = [...thread.jobs];
    const worn = orphans.filter((job) => job.deaths + 1 >= MOST_DEATHS || job.signal.aborted);
    for (const job of worn) {
      jobs.delete(job.id);
      job.reject(job.signal.aborted ? job.signal.reason : deathOf(job, error));
    }
    threads.splice(threads.indexOf(thread), 1);
    options.onDeath(error);
    const again = orphans.filter((job) => !worn.includes(job));
    for (const job of again) {
      job.deaths += 1;
      job.thread = undefined;
    }
    waiting.unshift(...again);
    serve();
  };
  const give = (thread: Thread, job: Job) => {
    job.thread = thread;
    thread.jobs.add(job);
    thread.weight += weightOf(job.task);
    thread.room -= arena.roomOf(job.task.length);
    say(thread, { type: 'copy', id: job.id, task: job.task });
  };
  /** The thread with the least to do of those that have room; not `kept`. */
  const threadFor = (task: PartTask, kept: Thread | undefined): Thread | undefined => {
    const room = arena.roomOf(task.length);
    const able = threads.filter((thread) => thread !== kept && thread.room >= room);
    const least = able.reduce<Thread | undefined>((a, b) => (a && a.weight <= b.weight ? a : b), undefined);
    if (least?.weight === 0 || threads.length >= count) return least;
    const started = start();
    threads.push(started);
    return started;
  };
  const serve = () =>
    serveLine(
      waiting,
      (job, kept: Thread | undefined) => {
        const thread = threadFor(job.task, kept);
        if (thread) give(thread, job);
        return thread !== undefined;
      },
      () => threads.reduce((a, b) => (b.room > a.room ? b : a)),
    );
  let told = 0n;
  const tell = () => {
    const now = Atomics.load(arrived, 0);
    if (now !== told) options.onBytes(Number(now - told));
    told = now;
  };
  const telling = setInterval(tell, TELL_EVERY).unref();

  return {
    async copy(task, signal) {
      signal.throwIfAborted();
      lastId += 1;
      const id = lastId;
      const abort = () => {
        const job = jobs.get(id);
        if (job?.thread) say(job.thread, { type: 'abort', id });
        else if (job) {
          waiting.splice(waiting.indexOf(job), 1);
          jobs.delete(id);
          job.reject(signal.reason);
        }
      };
      signal.addEventListener('abort', abort, { once: true });
      try {
        return await new Promise<PartResult>((resolve, reject) => {
          const job: Job = { id, task, signal, resolve, reject, deaths: 0 };
          jobs.set(id, job);
          waiting.push(job);
          serve();
        });
      } finally {
        signal.removeEventListener('abort', abort);
      }
    },
    async close() {
      closing = true;
      clearInterval(telling);
      tell();
      await Promise.all(threads.map(({ worker }) => worker.terminate()));
    },
  };
}

function say({ worker }: Thread, message: ToWorker): void {
  worker.postMessage(message);
}

function weightOf({ length }: PartTask): number {
  return length + CALL_WEIGHT;
}

function deathOf({ task }: Job, error: unknown): BugError {
  return new BugError(`${MOST_DEATHS} worker threads have died on ${task.key}: ${messageOf(error)}`, { cause: error });
}
