import { BugError } from '../lib/errors.ts';
import type { JobId } from './ids.ts';

/** How far an archive has come. Every archive of the inventory is in exactly one state. */
export type Progress =
  | { readonly state: 'listed' }
  | { readonly state: 'skipped'; readonly reason: string }
  | { readonly state: 'planned' }
  | { readonly state: 'requested'; readonly jobId: JobId }
  /** `expiresAt`: milliseconds since 1970; from then on Glacier may forget the job. */
  | { readonly state: 'staged'; readonly jobId: JobId; readonly expiresAt: number }
  | { readonly state: 'transferring'; readonly jobId: JobId; readonly expiresAt: number }
  | { readonly state: 'transferred' }
  | { readonly state: 'verified' }
  | { readonly state: 'failed'; readonly reason: string };

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
  /** A job (the one requested, or another one that was quicker) has succeeded. */
  | { readonly type: 'staged'; readonly jobId: JobId; readonly expiresAt: number }
  | { readonly type: 'jobFailed' }
  /** Glacier has forgotten the job; parts that have arrived stay. */
  | { readonly type: 'expired' }
  | { readonly type: 'began' }
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
    case 'staged':
      if (from.state === 'requested' || from.state === 'staged') {
        return { state: 'staged', jobId: event.jobId, expiresAt: event.expiresAt };
      }
      break;
    case 'jobFailed':
      if (from.state === 'requested') return { state: 'planned' };
      break;
    case 'expired':
      if (from.state === 'requested' || from.state === 'staged' || from.state === 'transferring') {
        return { state: 'planned' };
      }
      break;
    case 'began':
      if (from.state === 'staged') return { state: 'transferring', jobId: from.jobId, expiresAt: from.expiresAt };
      break;
    case 'transferred':
      if (from.state === 'transferring') return { state: 'transferred' };
      break;
    case 'verified':
      if (from.state === 'transferred') return { state: 'verified' };
      break;
    case 'disproved':
      if (from.state === 'transferring') return { state: 'staged', jobId: from.jobId, expiresAt: from.expiresAt };
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
