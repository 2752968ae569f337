import fc from 'fast-check';
import { expect, it } from 'vitest';
import { costOfCopy, costOfRequest } from '../../src/domain/price/costs.ts';
import { SHIPPED_PRICES } from '../../src/domain/price/prices.ts';
import { ratesFor } from '../../src/domain/price/rates.ts';
import { usdOfCopies, usdOfRequests } from '../../src/domain/price/spent.ts';
import { STORAGE_CLASSES } from '../../src/domain/price/storage-class.ts';
import { copiesOf, partCount } from '../../src/domain/ranges.ts';
import { GiB, MiB } from '../../src/lib/size.ts';

const rates = ratesFor(SHIPPED_PRICES, { region: 'us-east-1', destinationRegion: 'eu-west-1' });
const archives = fc.array(
  fc.record({ size: fc.integer({ min: 1, max: 20 * GiB }), partSize: fc.constantFrom(16 * MiB, GiB) }),
  {
    minLength: 1,
    maxLength: 50,
  },
);

it('costs as much in sums as archive by archive', () => {
  fc.assert(
    fc.property(
      archives,
      fc.constantFrom(...STORAGE_CLASSES),
      fc.constantFrom('Bulk' as const, 'Standard' as const, 'Expedited' as const),
      (all, storageClass, tier) => {
        const sum = { count: 0, bytes: 0, uploads: 0, parts: 0 };
        let requests = 0;
        let copies = 0;
        for (const { size, partSize } of all) {
          const { uploads, parts } = copiesOf(size, partSize);
          sum.count += 1;
          sum.bytes += size;
          sum.uploads += uploads;
          sum.parts += parts;
          requests += costOfRequest(rates, { bytes: size, tier });
          copies += costOfCopy(rates, { bytes: size, parts: partCount(size, partSize), storageClass });
        }

        expect(usdOfRequests(rates, tier, sum)).toBeCloseTo(requests, 9);
        expect(usdOfCopies(rates, storageClass, sum)).toBeCloseTo(copies, 9);
      },
    ),
  );
});
