import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { JobId } from '../../src/domain/ids.ts';
import { advance, END_STATES, type Event, type Progress, STATES } from '../../src/domain/progress.ts';
import { BugError } from '../../src/lib/errors.ts';

const jobId = 'job-1' as JobId;
const otherJob = 'job-2' as JobId;

const thirdJob = 'job-3' as JobId;

const PROGRESS = {
  listed: { state: 'listed' },
  skipped: { state: 'skipped', reason: 'exclude' },
  planned: { state: 'planned' },
  requested: { state: 'requested', jobId },
  staged: { state: 'staged', jobId, expiresAt: 5 },
  transferring: { state: 'transferring', jobId, expiresAt: 5 },
  transferred: { state: 'transferred' },
  verified: { state: 'verified' },
  failed: { state: 'failed', reason: 'network' },
  'staged and requested again': { state: 'staged', jobId, expiresAt: 5, nextJobId: otherJob },
  'transferring and requested again': { state: 'transferring', jobId, expiresAt: 5, nextJobId: otherJob },
} as const satisfies Record<string, Progress>;

const EVENTS: Readonly<Record<Event['type'] | 'staged by another job', Event>> = {
  planned: { type: 'planned' },
  skipped: { type: 'skipped', reason: 'min-size' },
  found: { type: 'found' },
  requested: { type: 'requested', jobId: otherJob },
  staged: { type: 'staged', jobId: otherJob, expiresAt: 9 },
  'staged by another job': { type: 'staged', jobId: thirdJob, expiresAt: 7 },
  requestedAgain: { type: 'requestedAgain', jobId: otherJob },
  jobFailed: { type: 'jobFailed' },
  expired: { type: 'expired' },
  began: { type: 'began' },
  paused: { type: 'paused' },
  transferred: { type: 'transferred' },
  verified: { type: 'verified' },
  disproved: { type: 'disproved' },
  failed: { type: 'failed', reason: 'not_proven' },
  retried: { type: 'retried' },
};

const planned: Progress = { state: 'planned' };
const skipped: Progress = { state: 'skipped', reason: 'min-size' };
const staged: Progress = { state: 'staged', jobId: otherJob, expiresAt: 9 };
const failed: Progress = { state: 'failed', reason: 'not_proven' };
const third = { jobId: thirdJob, expiresAt: 7 };

/** What follows; every pair that does not stand here is a bug. */
const FOLLOWS: Readonly<Record<keyof typeof PROGRESS, Partial<Record<keyof typeof EVENTS, Progress>>>> = {
  listed: { planned, skipped },
  skipped: { planned, skipped },
  planned: {
    skipped,
    found: { state: 'verified' },
    requested: { state: 'requested', jobId: otherJob },
    failed,
  },
  requested: {
    staged,
    'staged by another job': { state: 'staged', ...third },
    jobFailed: planned,
    expired: planned,
    failed,
  },
  staged: {
    staged,
    'staged by another job': { state: 'staged', ...third },
    requestedAgain: PROGRESS['staged and requested again'],
    began: { state: 'transferring', jobId, expiresAt: 5 },
    expired: planned,
    failed,
  },
  // what has arrived of it stays, whichever output it goes on with
  'staged and requested again': {
    staged,
    'staged by another job': { state: 'staged', ...third, nextJobId: otherJob },
    began: PROGRESS['transferring and requested again'],
    jobFailed: PROGRESS.staged,
    // not a third job: the second one is waited for
    expired: { state: 'requested', jobId: otherJob },
    failed,
  },
  'transferring and requested again': {
    staged: { state: 'transferring', jobId: otherJob, expiresAt: 9 },
    'staged by another job': { state: 'transferring', ...third, nextJobId: otherJob },
    jobFailed: PROGRESS.transferring,
    expired: { state: 'requested', jobId: otherJob },
    paused: PROGRESS['staged and requested again'],
    transferred: { state: 'transferred' },
    disproved: PROGRESS['staged and requested again'],
    failed,
  },
  transferring: {
    staged: { state: 'transferring', jobId: otherJob, expiresAt: 9 },
    'staged by another job': { state: 'transferring', ...third },
    requestedAgain: PROGRESS['transferring and requested again'],
    paused: { state: 'staged', jobId, expiresAt: 5 },
    transferred: { state: 'transferred' },
    expired: planned,
    disproved: { state: 'staged', jobId, expiresAt: 5 },
    failed,
  },
  transferred: { verified: { state: 'verified' }, disproved: planned, failed },
  verified: {},
  failed: { retried: planned },
};

const pairs = keysOf(PROGRESS).flatMap((state) =>
  keysOf(EVENTS).map((type) => ({ state, event: EVENTS[type], type, to: FOLLOWS[state][type] })),
);

function keysOf<Key extends string>(record: Readonly<Record<Key, unknown>>): Key[] {
  return Object.keys(record) as Key[];
}

describe('the progress of an archive', () => {
  it('has a place in the table for every state and event', () => {
    expect(pairs).toHaveLength((STATES.length + 2) * 16);
    expect(new Set(STATES)).toEqual(new Set(Object.values(PROGRESS).map(({ state }) => state)));
  });

  it.each(pairs.filter(({ to }) => to !== undefined))(
    '$state, when $type: goes on to $to.state',
    ({ state, event, to }) => {
      expect(advance(PROGRESS[state], event)).toEqual(to);
    },
  );

  it.each(pairs.filter(({ to }) => to === undefined))('$state can not be $type', ({ state, event }) => {
    expect(() => advance(PROGRESS[state], event)).toThrow(BugError);
  });

  it('keeps its promises over random histories', () => {
    const anyEvent = fc.constantFrom(...Object.values(EVENTS));
    fc.assert(
      fc.property(fc.array(anyEvent, { maxLength: 200 }), (events) => {
        let at: Progress = { state: 'listed' };
        for (const event of events) {
          const before = at;
          try {
            at = advance(at, event);
          } catch (error) {
            expect(error).toBeInstanceOf(BugError);
            continue;
          }
          // only what was fetched and compared, or found in the bucket, is verified
          if (at.state === 'verified') expect(['transferred', 'planned']).toContain(before.state);
          // a job is named exactly while there is one
          expect('jobId' in at).toBe(['requested', 'staged', 'transferring'].includes(at.state));
          if ('nextJobId' in at && at.nextJobId !== undefined) expect(at.nextJobId).not.toBe(at.jobId);
          expect('reason' in at).toBe(['skipped', 'failed'].includes(at.state));
          // an archive that was verified or has failed is left alone by all but `retried`
          expect(before.state).not.toBe('verified');
          if (before.state === 'failed') expect(event.type).toBe('retried');
          // once it has left the list it has a key for ever
          if (before.state !== 'listed') expect(at.state).not.toBe('listed');
        }
      }),
    );
  });

  it('ends where nothing is left to do', () => {
    expect(END_STATES).toEqual(['skipped', 'verified', 'failed']);
  });
});
