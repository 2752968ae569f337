import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { CallRate, type CallRateState, REQUEST_RATE } from '../../src/domain/schedule/call-rate.ts';
import { HOUR, MINUTE, SECOND } from '../../src/lib/duration.ts';

/** Calls as fast as it may from `from` to `to`; returns how many. */
function callUntil(rate: CallRate, from: number, to: number): number {
  let calls = 0;
  for (let at = rate.delayUntil(from); at < to; at = rate.delayUntil(at)) {
    rate.took(at);
    calls += 1;
  }
  return calls;
}

describe('the pace of calls', () => {
  it('begins where it is told, and doubles each minute until it was ever throttled', () => {
    const rate = new CallRate(REQUEST_RATE);
    expect(callUntil(rate, HOUR, HOUR + MINUTE)).toBeGreaterThan(24 * 60);
    callUntil(rate, HOUR + MINUTE, HOUR + 5 * MINUTE);
    expect(rate.state.perSecond).toBe(100);
  });

  it('is halved by throttling, once for the calls that were on their way together', () => {
    const rate = new CallRate(REQUEST_RATE);
    rate.took(HOUR);
    for (let call = 0; call < 20; call += 1) rate.throttled(HOUR + call);
    expect(rate.state).toMatchObject({ perSecond: 12.5, lowered: 1, throttledAt: HOUR });
    rate.throttled(HOUR + MINUTE);
    expect(rate.state.perSecond).toBe(6.25);
  });

  it('rises slowly after throttling, and only while calls are made', () => {
    const rate = new CallRate(REQUEST_RATE);
    rate.throttled(HOUR);
    callUntil(rate, HOUR, HOUR + 10 * MINUTE);
    expect(rate.state.perSecond).toBeGreaterThan(20);
    expect(rate.state.perSecond).toBeLessThan(35);
    const before = rate.state.perSecond;
    rate.took(5 * HOUR);
    rate.took(5 * HOUR + SECOND);
    expect(rate.state.perSecond - before).toBeLessThan(2);
  });

  it('never falls below its floor', () => {
    const rate = new CallRate(REQUEST_RATE);
    for (let storm = 0; storm < 1000; storm += 1) rate.throttled(HOUR + storm * MINUTE);
    expect(rate.state.perSecond).toBe(0.1);
    expect(rate.delayUntil(HOUR + 999 * MINUTE)).toBe(HOUR + 999 * MINUTE + 10 * SECOND);
  });

  it('takes over its state after a restart, within the limits of today', () => {
    const rate = new CallRate(REQUEST_RATE);
    callUntil(rate, HOUR, HOUR + 3 * MINUTE);
    const state = JSON.parse(JSON.stringify(rate.state)) as CallRateState;
    expect(new CallRate(REQUEST_RATE, state).state).toEqual(rate.state);
    expect(new CallRate({ ...REQUEST_RATE, ceiling: 2 }, state).state.perSecond).toBe(2);
    expect(new CallRate({ ...REQUEST_RATE, ceiling: 0.01 }, state).state.perSecond).toBe(0.01);
  });

  it('never lets more calls through than the ceiling, whatever happens', () => {
    const event = fc.record({
      pause: fc.integer({ min: 0, max: 3 * MINUTE }),
      calls: fc.integer({ min: 0, max: 300 }),
      throttled: fc.boolean(),
    });
    fc.assert(
      fc.property(
        fc.array(event, { maxLength: 40 }),
        fc.double({ min: 0.5, max: 200, noNaN: true }),
        (events, ceiling) => {
          const rate = new CallRate({ ...REQUEST_RATE, ceiling });
          const made: number[] = [];
          let now = HOUR;
          for (const { pause, calls, throttled } of events) {
            now += pause;
            for (let call = 0; call < calls; call += 1) {
              now = rate.delayUntil(now);
              rate.took(now);
              made.push(now);
            }
            if (throttled) rate.throttled(now);
          }
          // one second's worth may have been saved up, and the first call is free
          let first = 0;
          for (let last = 0; last < made.length; last += 1) {
            while (made[last]! - made[first]! > 10 * SECOND) first += 1;
            expect(last - first + 1).toBeLessThanOrEqual(ceiling * 11 + 2);
          }
        },
      ),
    );
  });
});
