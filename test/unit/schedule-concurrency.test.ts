import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { Concurrency } from '../../src/domain/schedule/concurrency.ts';

describe('the calls in flight', () => {
  it('are as many as wanted, until a service throttles', () => {
    const concurrency = new Concurrency(16);
    for (let i = 0; i < 100; i += 1) {
      concurrency.begin();
      concurrency.succeeded();
    }

    expect(concurrency.limit).toBe(16);
  });

  it('are halved once for all that were on their way together', () => {
    const concurrency = new Concurrency(16);
    const calls = Array.from({ length: 16 }, () => concurrency.begin());
    for (const call of calls) concurrency.throttled(call);
    expect(concurrency.limit).toBe(8);

    concurrency.throttled(concurrency.begin());
    expect(concurrency.limit).toBe(4);
  });

  it('grow by one for a round of calls that all went well, up to what is wanted', () => {
    const concurrency = new Concurrency(8);
    concurrency.throttled(concurrency.begin());
    const limits = Array.from({ length: 40 }, () => {
      concurrency.succeeded();
      return concurrency.limit;
    });

    expect(limits.slice(0, 5)).toEqual([4, 4, 4, 5, 5]);
    expect(limits.indexOf(6)).toBe(8);
    expect(limits.at(-1)).toBe(8);
  });

  it('are never fewer than one nor more than wanted, and recover from anything', () => {
    const step = fc.constantFrom('begin', 'succeeded', 'throttled', 'late');
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 1000 }), fc.array(step, { maxLength: 200 }), (most, steps) => {
        const concurrency = new Concurrency(most);
        let call = 1;
        for (const one of steps) {
          if (one === 'begin') call = concurrency.begin();
          else if (one === 'succeeded') concurrency.succeeded();
          else concurrency.throttled(one === 'late' ? 1 : call);
          expect(concurrency.limit).toBeGreaterThanOrEqual(1);
          expect(concurrency.limit).toBeLessThanOrEqual(most);
        }
        for (let i = 0; i < most * most && concurrency.limit < most; i += 1) concurrency.succeeded();
        expect(concurrency.limit).toBe(most);
      }),
      { numRuns: 50 },
    );
  });
});
