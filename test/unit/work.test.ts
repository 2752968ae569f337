import { describe, expect, it } from 'vitest';
import { CallRate } from '../../src/domain/schedule/call-rate.ts';
import { RequestLog } from '../../src/domain/schedule/request-log.ts';
import type { Clock } from '../../src/lib/clock.ts';
import { MINUTE, SECOND } from '../../src/lib/duration.ts';
import type { Deps } from '../../src/steps/deps.ts';
import { createPace } from '../../src/steps/pace.ts';
import { createWork } from '../../src/steps/work.ts';
import { FakeClock } from '../support/fakes/clock.ts';
import { plan, requested, stateFile } from '../support/state.ts';

const forever = new AbortController().signal;
const LIMITS = { start: 10, floor: 1, ceiling: 10 };

function setup() {
  const clock = new FakeClock();
  const stop = new AbortController();
  const state = stateFile();
  const deps = { clock, state, signals: { stop: stop.signal, cut: forever } } as unknown as Deps;
  const pace = createPace(new CallRate(LIMITS), clock);
  return {
    clock,
    stop,
    state,
    work: createWork(deps, { pace: { request: pace, read: pace }, asked: new RequestLog() }),
  };
}

describe('the work of a run', () => {
  it('waits for as long as it is told to, where nothing happens', async () => {
    const { clock, work } = setup();
    const before = clock.now();
    await work.wait(work.bell.count, 5 * MINUTE);

    expect(clock.now() - before).toBe(5 * MINUTE);
  });

  it('is woken by the bell, also by one that rang since it looked', async () => {
    const { clock, work } = setup();
    const before = clock.now();
    const since = work.bell.count;
    const waiting = work.wait(since, 5 * MINUTE);
    work.bell.ring();
    await waiting;
    await work.wait(since, 5 * MINUTE);
    await work.wait(since);

    expect(clock.now()).toBe(before);
  });

  it('is woken when it is closed, and waits no more', async () => {
    const { clock, work } = setup();
    const before = clock.now();
    const waiting = [work.wait(work.bell.count, MINUTE), work.wait(work.bell.count)];
    work.close('duration');
    await Promise.all(waiting);
    await work.wait(work.bell.count);

    expect(clock.now()).toBe(before);
    expect(work.ending).toBe('duration');
    expect(work.closing.aborted).toBe(true);
  });

  it('is closed by the user, too', async () => {
    const { stop, work } = setup();
    const waiting = work.wait(work.bell.count);
    stop.abort();
    await waiting;

    expect(work.ending).toBe('stopped');
  });

  it('keeps to the first reason for its end', () => {
    const { stop, work } = setup();
    work.close('cap');
    work.close('duration');
    stop.abort();

    expect(work.ending).toBe('cap');
  });

  it('keeps the first error, and closes for it', () => {
    const { work } = setup();
    work.fail(new Error('first'));
    work.fail(new Error('second'));

    expect(work.fault?.error).toMatchObject({ message: 'first' });
    expect(work.closing.aborted).toBe(true);
  });

  it('keeps an error that is nothing', () => {
    const { work } = setup();
    work.fail(undefined);

    expect(work.fault).toEqual({ error: undefined });
  });

  it('that is all done ends without a reason', () => {
    const { work } = setup();
    work.end();

    expect(work.closing.aborted).toBe(true);
    expect(work.ending).toBeUndefined();
    expect(work.fault).toBeUndefined();
  });

  it('is unfinished while any archive has not reached its end', () => {
    const { state, work } = setup();
    expect(work.unfinished()).toBe(false);
    plan(state, 2);
    expect(work.unfinished()).toBe(true);
    state.transaction(() => state.archives.advance(1, [{ type: 'failed', reason: 'network' }]));
    state.transaction(() => state.archives.advance(2, [requested(2)]));
    expect(work.unfinished()).toBe(true);
    state.transaction(() => state.archives.advance(2, [{ type: 'failed', reason: 'network' }]));
    expect(work.unfinished()).toBe(false);
  });
});

describe('the pace of calls', () => {
  it('lets calls through one after another, as many a second as the rate says', async () => {
    const clock = new FakeClock();
    const pace = createPace(new CallRate(LIMITS), clock);
    const before = clock.now();
    const turns: number[] = [];
    // one second's worth may be saved up before the first
    await Promise.all(
      Array.from({ length: 50 }, () => pace.turn(forever).then(() => turns.push(clock.now() - before))),
    );

    expect(turns).toEqual([...turns].sort((a, b) => a - b));
    expect(turns.filter((at) => at === 0).length).toBeLessThanOrEqual(11);
    expect(turns.at(-1)).toBeGreaterThanOrEqual(3.9 * SECOND);
    expect(turns.at(-1)).toBeLessThanOrEqual(5 * SECOND);
  });

  it('slows down those that already wait when a call is throttled', async () => {
    // a clock in which the second call waits while the first one is answered
    const clock = new FakeClock();
    const rate = new CallRate({ start: 1, floor: 0.1, ceiling: 1 });
    const pace = createPace(rate, clock);
    for (let i = 0; i < 2; i += 1) await pace.turn(forever);
    const waiting = pace.turn(forever);
    await Promise.resolve();
    await Promise.resolve();
    pace.throttled();
    const throttledAt = clock.now();
    await waiting;

    expect(clock.now() - throttledAt).toBeGreaterThanOrEqual(2 * SECOND);
  });

  it('does not count one that gives up, nor hold back those behind it', async () => {
    const clock = new FakeClock();
    const pace = createPace(new CallRate({ start: 1, floor: 1, ceiling: 1 }), clock);
    await pace.turn(forever);
    const abort = new AbortController();
    const gone = pace.turn(abort.signal);
    const behind = pace.turn(forever);
    const { nextAt } = pace.state;
    abort.abort(new Error('enough'));

    await expect(gone).rejects.toThrow('enough');
    await behind;
    expect(pace.state.nextAt - nextAt).toBeLessThanOrEqual(SECOND);
    await expect(pace.turn(abort.signal)).rejects.toThrow('enough');
  });

  it('passes on what goes wrong with the clock', async () => {
    const broken: Clock = { now: () => 0, sleep: () => Promise.reject(new Error('broken')) };
    const pace = createPace(new CallRate(LIMITS, { perSecond: 1, nextAt: 5000, changedAt: 0, lowered: 0 }), broken);

    await expect(pace.turn(forever)).rejects.toThrow('broken');
  });
});
