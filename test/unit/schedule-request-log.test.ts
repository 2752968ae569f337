import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { RequestLog, type RequestLogState } from '../../src/domain/schedule/request-log.ts';
import { DAY, HOUR, MINUTE } from '../../src/lib/duration.ts';

const requests = fc.array(
  fc.record({ pause: fc.integer({ min: 0, max: 3 * HOUR }), bytes: fc.integer({ min: 1, max: 1000 }) }),
  { maxLength: 60 },
);

describe('the log of what was asked for', () => {
  it('never tells less than was asked for, and at most five minutes too much', () => {
    fc.assert(
      fc.property(requests, fc.constantFrom(HOUR, DAY), (events, span) => {
        const log = new RequestLog();
        const all: { readonly at: number; readonly bytes: number }[] = [];
        let now = 1000 * DAY;
        const asked = (since: number): number =>
          all.filter(({ at }) => at > since).reduce((total, { bytes }) => total + bytes, 0);
        for (const { pause, bytes } of events) {
          now += pause;
          log.add(now, bytes);
          all.push({ at: now, bytes });
          expect(log.within(span, now)).toBeGreaterThanOrEqual(asked(now - span));
          expect(log.within(span, now)).toBeLessThanOrEqual(asked(now - span - 5 * MINUTE - 1));
        }
      }),
    );
  });

  it('tells when enough will have passed', () => {
    fc.assert(
      fc.property(requests, fc.integer({ min: 0, max: 20_000 }), (events, bytes) => {
        const log = new RequestLog();
        let now = 1000 * DAY;
        for (const event of events) {
          now += event.pause;
          log.add(now, event.bytes);
        }
        const freeAt = log.freeAt(DAY, bytes, now);
        expect(log.within(DAY, freeAt)).toBeLessThanOrEqual(bytes);
        if (freeAt > now) expect(log.within(DAY, freeAt - 1)).toBeGreaterThan(bytes);
      }),
    );
  });

  it('forgets what was not asked for after all, and nothing else', () => {
    const log = new RequestLog();
    const start = 1000 * DAY;
    log.add(start, 10);
    log.add(start + MINUTE, 5);
    log.add(start + HOUR, 7);
    log.takeBack(start + MINUTE, 5);
    expect(log.within(DAY, start + HOUR)).toBe(17);
    log.takeBack(start + HOUR, 100);
    expect(log.within(DAY, start + HOUR)).toBe(10);
    // of what is long forgotten, nothing is taken back
    log.takeBack(start + 3 * DAY, 10);
    expect(log.within(DAY, start + HOUR)).toBe(10);
  });

  it('stays small and survives a restart', () => {
    const log = new RequestLog();
    for (let minute = 0; minute < 5000; minute += 1) log.add(1000 * DAY + minute * MINUTE, 1);
    expect(log.state.asked.length).toBeLessThanOrEqual(290);
    const restored = new RequestLog(JSON.parse(JSON.stringify(log.state)) as RequestLogState);
    const now = 1000 * DAY + 5000 * MINUTE;
    expect(restored.within(DAY, now)).toBe(log.within(DAY, now));
  });

  it('counts on when the clock was set back', () => {
    const log = new RequestLog();
    log.add(1000 * DAY, 5);
    log.add(1000 * DAY - HOUR, 7);
    expect(log.within(DAY, 1000 * DAY - HOUR)).toBe(12);
  });
});
