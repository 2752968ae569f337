import { BugError } from '../lib/errors.ts';
import type { JobId } from './ids.ts';

/** How far an archive has come. Every archive of the inventory is in exactly one state. */
export type Progress =
  | { readonly state: 'listed' }
  | { readonly state: 'skipped'; readonly reason: string }
  | { readonly state: 'planned' }
  | { readonly state: 'requested'; readonly jobId: JobId }
  | ({ readonly state: 'staged' } & Output)
  | ({ readonly state: 'transferring' } & Output)
  | { readonly state: 'transferred' }
  | { readonly state: 'verified' }
  | { readonly state: 'failed'; readonly reason: string };

/** What Glacier holds ready of an archive. */
interface Output {
  readonly jobId: JobId;
  /** Milliseconds since 1970; from then on Glacier may forget the job. */
  readonly expiresAt: number;
  /** A second job, on its way because this output will expire before it is fetched. */
  readonly nextJobId?: JobId;
}

export type State = Progress['state'];

/** In the order in which an archive passes through them. */
export const STATES = [
  'listed',
  'skipped',
  'planned',
  'requested',
  'staged',
  'transferring',
  'transferred',
  'verified',
  'failed',
] as const satisfies readonly State[];

/** The states from which a run has nothing more to do. */
export const END_STATES: readonly State[] = ['skipped', 'verified', 'failed'];

export type Event =
  /** It has a key and a part size. */
  | { readonly type: 'planned' }
  /** A filter leaves it out; `reason` names the filter. */
  | { readonly type: 'skipped'; readonly reason: string }
  /** The bucket already holds it, with the proof. */
  | { readonly type: 'found' }
  | { readonly type: 'requested'; readonly jobId: JobId }
  /** There is a second job, made while the output of the first is still there. */
  | { readonly type: 'requestedAgain'; readonly jobId: JobId }
  /** A job (the one requested, or another one that was quicker) has succeeded: its output takes the place of an older one. */
  | { readonly type: 'staged'; readonly jobId: JobId; readonly expiresAt: number }
  /** The job that is waited for has failed; of two, the second. */
  | { readonly type: 'jobFailed' }
  /** Glacier has forgotten the job; parts that have arrived stay, and a second job is waited for. */
  | { readonly type: 'expired' }
  | { readonly type: 'began' }
  /** The run that was reading it has ended: it waits for its turn again, and what has arrived stays. */
  | { readonly type: 'paused' }
  | { readonly type: 'transferred' }
  | { readonly type: 'verified' }
  /** What arrived is not what the inventory says, or is of no use any more: from the first part again, while its output is there. */
  | { readonly type: 'disproved' }
  | { readonly type: 'failed'; readonly reason: string }
  | { readonly type: 'retried' };

/** The progress after `event`. Throws where the event can't follow: that is a bug, never bad luck. */
export function advance(from: Progress, event: Event): Progress {
  switch (event.type) {
    case 'planned':
      if (from.state === 'listed' || from.state === 'skipped') return { state: 'planned' };
      break;
    case 'skipped':
      if (from.state === 'listed' || from.state === 'planned' || from.state === 'skipped') {
        return { state: 'skipped', reason: event.reason };
      }
      break;
    case 'found':
      if (from.state === 'planned') return { state: 'verified' };
      break;
    case 'requested':
      if (from.state === 'planned') return { state: 'requested', jobId: event.jobId };
      break;
    case 'requestedAgain':
      if (hasOutput(from) && from.nextJobId === undefined && from.jobId !== event.jobId) {
        return { ...from, nextJobId: event.jobId };
      }
      break;
    case 'staged': {
      const output = { jobId: event.jobId, expiresAt: event.expiresAt };
      if (from.state === 'requested') return { state: 'staged', ...output };
      if (hasOutput(from)) return { ...(from.nextJobId === event.jobId ? withoutNext(from) : from), ...output };
      break;
    }
    case 'jobFailed':
      if (from.state === 'requested') return { state: 'planned' };
      if (hasOutput(from) && from.nextJobId !== undefined) return withoutNext(from);
      break;
    case 'expired':
      if (from.state === 'requested') return { state: 'planned' };
      if (hasOutput(from)) {
        return from.nextJobId === undefined ? { state: 'planned' } : { state: 'requested', jobId: from.nextJobId };
      }
      break;
    case 'began':
      if (from.state === 'staged') return { ...from, state: 'transferring' };
      break;
    case 'paused':
      if (from.state === 'transferring') return { ...from, state: 'staged' };
      break;
    case 'transferred':
      if (from.state === 'transferring') return { state: 'transferred' };
      break;
    case 'verified':
      if (from.state === 'transferred') return { state: 'verified' };
      break;
    case 'disproved':
      if (from.state === 'transferring') return { ...from, state: 'staged' };
      if (from.state === 'transferred') return { state: 'planned' };
      break;
    case 'failed':
      // one that is only listed has no key yet, with which it could be retried
      if (!END_STATES.includes(from.state) && from.state !== 'listed') {
        return { state: 'failed', reason: event.reason };
      }
      break;
    case 'retried':
      if (from.state === 'failed') return { state: 'planned' };
      break;
    default:
      event satisfies never;
  }
  throw new BugError(`an archive that is ${from.state} can't be ${event.type}`);
}

type Held = Extract<Progress, { readonly state: 'staged' | 'transferring' }>;

/** Whether there is an output to read. */
export function hasOutput(progress: Progress): progress is Held {
  return progress.state === 'staged' || progress.state === 'transferring';
}

function withoutNext({ state, jobId, expiresAt }: Held): Held {
  return { state, jobId, expiresAt };
}
