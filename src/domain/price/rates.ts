import { BugError } from '../../lib/errors.ts';
import type { ClassPrices, Figure, Prices, RegionPrices, VaultPrices } from './prices.ts';
import type { StorageClass } from './storage-class.ts';

/** The part of a price list that holds for one transfer. */
export interface Rates {
  /** The vault's Region. */
  readonly region: string;
  /** The bucket's Region. */
  readonly destinationRegion: string;
  /** Regions that have no figures of their own, and the Region whose figures stand in for them. */
  readonly assumed?: { readonly from: string; readonly regions: readonly string[] };
  readonly bytesPerGb: number;
  readonly vault: VaultPrices;
  readonly s3: Readonly<Record<StorageClass, ClassPrices>>;
  /** Absent where vault and bucket are in one Region. */
  readonly crossRegionPerGb?: Figure;
  readonly internetPerGb: Figure;
}

/** The rates of a transfer from a vault in `region` to a bucket in `destinationRegion`. */
export function ratesFor(
  prices: Prices,
  { region, destinationRegion }: { readonly region: string; readonly destinationRegion: string },
): Rates {
  const source = regionPrices(prices, region);
  const destination = regionPrices(prices, destinationRegion);
  const missing = [...new Set([region, destinationRegion])].filter((name) => !Object.hasOwn(prices.regions, name));
  return {
    region,
    destinationRegion,
    ...(missing.length > 0 && { assumed: { from: prices.fallbackRegion, regions: missing } }),
    bytesPerGb: prices.bytesPerGb.value,
    vault: source.vault,
    s3: destination.s3,
    ...(region !== destinationRegion && { crossRegionPerGb: crossRegion(prices, region, destinationRegion) }),
    internetPerGb: source.transfer.internetPerGb,
  };
}

function regionPrices(prices: Prices, region: string): RegionPrices {
  const found = prices.regions[Object.hasOwn(prices.regions, region) ? region : prices.fallbackRegion];
  if (!found) throw new BugError(`the price list has no fallback Region ${prices.fallbackRegion}`);
  return found;
}

/** The exceptions of the Region that stands in are about its own neighbours, so they don't hold for another Region. */
function crossRegion(prices: Prices, from: string, to: string): Figure {
  const { otherRegionPerGb, toRegion } = regionPrices(prices, from).transfer;
  const exception = Object.hasOwn(prices.regions, from) && Object.hasOwn(toRegion, to) ? toRegion[to] : undefined;
  return exception ?? otherRegionPerGb;
}
