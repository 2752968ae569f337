import fc from 'fast-check';
import { expect, it } from 'vitest';
import { copyCosts, costOfCopy, costOfRequest } from '../../src/domain/price/costs.ts';
import { type Estimate, estimate } from '../../src/domain/price/estimate.ts';
import { addArchive, emptyFigures, type PricedArchive } from '../../src/domain/price/figures.ts';
import { SHIPPED_PRICES } from '../../src/domain/price/prices.ts';
import { ratesFor } from '../../src/domain/price/rates.ts';
import { STORAGE_CLASSES } from '../../src/domain/price/storage-class.ts';
import { partCount } from '../../src/domain/ranges.ts';
import { DAY } from '../../src/lib/duration.ts';
import { GiB, MiB, TiB } from '../../src/lib/size.ts';
import type { Tier } from '../../src/ports.ts';

const NOW = Date.UTC(2026, 10, 21);

const size = fc.oneof(fc.integer({ min: 1, max: 300_000 }), fc.integer({ min: 1, max: 200 * GiB }));
const archive: fc.Arbitrary<PricedArchive> = fc.record({
  size,
  createdAt: fc.integer({ min: 0, max: 4000 }).map((days) => NOW - days * DAY),
  partSize: fc.constantFrom(8 * MiB, 32 * MiB),
});
const archives = fc.array(archive, { maxLength: 20 });
const choice = fc.record({
  tier: fc.constantFrom<Tier>('Bulk', 'Standard', 'Expedited'),
  storageClass: fc.constantFrom(...STORAGE_CLASSES),
  region: fc.constantFrom('us-east-1', 'eu-west-1'),
  destinationRegion: fc.constantFrom('us-east-1', 'us-east-2'),
});
type Choice = typeof choice extends fc.Arbitrary<infer T> ? T : never;

function priced(list: readonly PricedArchive[], chosen: Choice): Estimate {
  const figures = emptyFigures(NOW);
  for (const each of list) addArchive(figures, each);
  const paces = {
    requestsPerSecond: 10,
    maxBytesPerDay: 100 * TiB,
    copying: { bytesPerSecond: 100 * MiB, known: 'given' as const },
  };
  return estimate({ figures, prices: SHIPPED_PRICES, paces, ...chosen });
}

/** Everything that may only grow. */
function amounts(plan: Estimate): Record<string, number> {
  return {
    low: plan.once.lowUsd,
    high: plan.once.highUsd,
    before: plan.monthBefore.usd,
    after: plan.monthAfter.usd,
    fee: plan.earlyDelete.usd,
    outside: plan.outsideAwsUsd,
    aws: plan.awsSolution.usd,
    time: plan.duration.total.max,
  };
}

function expectNotLess(more: Estimate, less: Estimate): void {
  const floor = amounts(less);
  for (const [name, amount] of Object.entries(amounts(more))) {
    expect(amount, name).toBeGreaterThanOrEqual((floor[name] ?? 0) * (1 - 1e-12));
  }
}

it('costs at least as much with one archive more', () => {
  fc.assert(
    fc.property(archives, archive, choice, (list, another, chosen) => {
      expectNotLess(priced([...list, another], chosen), priced(list, chosen));
    }),
  );
});

it('costs at least as much where an archive is larger', () => {
  fc.assert(
    fc.property(archives, archive, fc.integer({ min: 0, max: 10 * GiB }), choice, (list, one, bytes, chosen) => {
      const larger = { ...one, size: one.size + bytes };
      expectNotLess(priced([...list, larger], chosen), priced([...list, one], chosen));
    }),
  );
});

it('costs the same in whatever order the archives come', () => {
  fc.assert(
    fc.property(archives, choice, (list, chosen) => {
      const forwards = amounts(priced(list, chosen));
      const backwards = amounts(priced(list.toReversed(), chosen));
      for (const [name, amount] of Object.entries(forwards)) expect(backwards[name], name).toBeCloseTo(amount, 6);
    }),
  );
});

it('adds up: what each archive costs alone is the price of the plan, so that a cap stops where the plan said', () => {
  fc.assert(
    fc.property(archives, choice, (list, chosen) => {
      const { tier, storageClass } = chosen;
      const rates = ratesFor(SHIPPED_PRICES, chosen);
      let sum = 0;
      for (const { size: bytes, partSize } of list) {
        sum += costOfRequest(rates, { bytes, tier });
        sum += costOfCopy(rates, { bytes, parts: partCount(bytes, partSize), storageClass });
      }
      expect(priced(list, chosen).once.highUsd).toBeCloseTo(sum, 9);
    }),
  );
});

it('puts every archive into one class of size and one of age', () => {
  fc.assert(
    fc.property(archives, choice, (list, chosen) => {
      const plan = priced(list, chosen);
      for (const bars of [plan.sizes, plan.ages]) {
        expect(bars.reduce((sum, bar) => sum + bar.archives, 0)).toBe(list.length);
        expect(bars.reduce((sum, bar) => sum + bar.bytes, 0)).toBe(plan.archives.bytes);
      }
    }),
  );
});

it('makes a one-part copy cheaper than an upload of the same bytes', () => {
  fc.assert(
    fc.property(size, choice, (bytes, chosen) => {
      const rates = ratesFor(SHIPPED_PRICES, chosen);
      const put = costOfCopy(rates, { ...chosen, bytes, parts: 1 });
      const upload = copyCosts(rates, { ...chosen, bytes, requests: { puts: 0, uploads: 1, parts: 1 } });
      expect(put).toBeLessThan(upload.reduce((sum, { usd }) => sum + usd, 0));
    }),
  );
});
