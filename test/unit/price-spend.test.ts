import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  committedUsd,
  copyGivenUp,
  copyMade,
  mayRequest,
  openMeter,
  requestMade,
  type Spending,
  type SpendMeter,
  spentUsd,
} from '../../src/domain/price/spend-meter.ts';

/** In billionths of a dollar. */
const billionths = fc.integer({ min: 0, max: 2_000_000_000 });
type Event = { kind: 'ask' | 'copied' | 'given up' | 'restart'; request: number; copy: number };
const events = fc.array(
  fc.record<Event>({
    kind: fc.constantFrom('ask', 'ask', 'ask', 'copied', 'given up', 'restart'),
    request: billionths,
    copy: billionths,
  }),
  { maxLength: 60 },
);

function spending({ request, copy }: { request: number; copy: number }): Spending {
  return { requestUsd: request / 1e9, copyUsd: copy / 1e9 };
}

describe('a spend meter', () => {
  it('never lets the sum of what was asked for pass the cap', () => {
    fc.assert(
      fc.property(billionths, events, (cap, list) => {
        let meter: SpendMeter = openMeter({ capUsd: cap / 1e9 });
        let exact = 0;
        const open: Event[] = [];
        for (const event of list) {
          if (event.kind === 'ask') {
            if (!mayRequest(meter, spending(event))) continue;
            meter = requestMade(meter, spending(event));
            exact += event.request + event.copy;
            open.push(event);
          } else if (event.kind === 'restart') {
            meter = openMeter({ capUsd: cap / 1e9, spentUsd: spentUsd(meter), committedUsd: committedUsd(meter) });
          } else {
            const settled = open.pop();
            if (!settled) continue;
            meter = (event.kind === 'copied' ? copyMade : copyGivenUp)(meter, spending(settled));
            if (event.kind === 'given up') exact -= settled.copy;
          }
          expect(exact).toBeLessThanOrEqual(cap);
          // Each restart may round up by a billionth, to the safe side.
          expect(meter.spent + meter.committed).toBeLessThanOrEqual(cap + list.length);
        }
      }),
    );
  });

  it('allows what fits to the last billionth', () => {
    const meter = openMeter({ capUsd: 1, spentUsd: 0.25, committedUsd: 0.25 });

    expect(mayRequest(meter, { requestUsd: 0.25, copyUsd: 0.25 })).toBe(true);
    expect(mayRequest(meter, { requestUsd: 0.25, copyUsd: 0.250000001 })).toBe(false);
  });

  it('counts a copy as soon as its archive is requested, and frees it where it is given up', () => {
    const each = { requestUsd: 0.5, copyUsd: 0.5 };
    const full = requestMade(openMeter({ capUsd: 1 }), each);

    expect([spentUsd(full), committedUsd(full)]).toEqual([0.5, 0.5]);
    expect(mayRequest(full, { requestUsd: 0.1, copyUsd: 0 })).toBe(false);
    expect(mayRequest(copyMade(full, each), { requestUsd: 0.1, copyUsd: 0 })).toBe(false);
    expect(mayRequest(copyGivenUp(full, each), { requestUsd: 0.1, copyUsd: 0 })).toBe(true);
  });

  it('goes on with a higher cap', () => {
    const each = { requestUsd: 1, copyUsd: 0 };
    const stopped = requestMade(openMeter({ capUsd: 1 }), each);

    expect(mayRequest(stopped, each)).toBe(false);
    expect(mayRequest(openMeter({ capUsd: 2, spentUsd: spentUsd(stopped) }), each)).toBe(true);
  });

  it('has no limit without a cap, and none left with a cap of zero', () => {
    expect(mayRequest(openMeter({}), { requestUsd: 1e6, copyUsd: 1e6 })).toBe(true);
    expect(mayRequest(openMeter({ capUsd: 0 }), { requestUsd: 0.000025, copyUsd: 0 })).toBe(false);
    expect(mayRequest(openMeter({ capUsd: 0 }), { requestUsd: 0, copyUsd: 0 })).toBe(true);
  });

  it('refuses to record a request that passes the cap', () => {
    expect(() => requestMade(openMeter({ capUsd: 1 }), { requestUsd: 2, copyUsd: 0 })).toThrow('past the cap');
  });

  it('loses nothing over a million requests of a fraction of a cent', () => {
    let meter = openMeter({ capUsd: 100 });
    const each = { requestUsd: 0.000025, copyUsd: 0.00005 };
    for (let index = 0; index < 1_000_000; index += 1) meter = requestMade(meter, each);

    // 0.000025 x 1,000,000 and 0.00005 x 1,000,000, each rounded up by a billionth at most
    expect(spentUsd(meter)).toBeCloseTo(25, 2);
    expect(committedUsd(meter)).toBeCloseTo(50, 2);
  });
});
