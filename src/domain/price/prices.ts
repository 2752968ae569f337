import { parsePrices } from './parse-prices.ts';
import shipped from './prices.json' with { type: 'json' };
import type { StorageClass } from './storage-class.ts';

/** How sure a figure is: read in AWS's own text; seen in real data or others' tables; inference. */
export type Confidence = 'A' | 'B' | 'C';

/** A price and where it is from. */
export interface Figure {
  readonly usd: number;
  readonly source: string;
  readonly confidence: Confidence;
}

/** The rate of a month's storage up to a volume; the last step of a class has no bound. */
export interface StorageStep extends Figure {
  /** The volume at which the step ends, counted from zero. */
  readonly upToGb?: number;
}

/** One reading of what a retrieval costs. Where sources disagree a tier has several, and the dearest counts. */
export interface RetrievalPrice {
  readonly variant: string;
  readonly perGb: Figure;
  readonly perThousandRequests: Figure;
}

export interface VaultPrices {
  readonly storagePerGbMonth: Figure;
  readonly retrieval: Readonly<
    Record<'Bulk' | 'Standard' | 'Expedited', readonly [RetrievalPrice, ...RetrievalPrice[]]>
  >;
}

/** The tiers that have a price: all of them. */
export type Tier = keyof VaultPrices['retrieval'];

export interface ClassPrices {
  readonly storagePerGbMonth: readonly StorageStep[];
  /** PUT, COPY, POST and LIST. */
  readonly requestsPerThousand: Figure;
  /** A month, INTELLIGENT_TIERING only. */
  readonly monitoringPerThousandObjects?: Figure;
}

export interface RegionPrices {
  readonly vault: VaultPrices;
  readonly s3: Readonly<Record<StorageClass, ClassPrices>>;
  readonly transfer: {
    readonly otherRegionPerGb: Figure;
    /** Regions that cost something else to send to. */
    readonly toRegion: Readonly<Record<string, Figure>>;
    readonly internetPerGb: Figure;
  };
}

/** What AWS publishes as the cost of its own solution: two examples, enough for a price per archive and one per GB. */
export interface AwsSolutionPrices {
  readonly source: string;
  readonly confidence: Confidence;
  readonly examples: readonly [AwsSolutionExample, AwsSolutionExample];
}

export interface AwsSolutionExample {
  readonly archives: number;
  readonly gb: number;
  readonly usd: number;
}

/** A price list: the file of `--prices`, or the one that comes with the program. */
export interface Prices {
  /** The day the figures were collected, as `2026-11-21`. */
  readonly asOf: string;
  readonly currency: 'USD';
  readonly bytesPerGb: { readonly value: number; readonly source: string; readonly confidence: Confidence };
  /** Stands in for Regions that have no figures. */
  readonly fallbackRegion: string;
  readonly awsSolution: AwsSolutionPrices;
  readonly regions: Readonly<Record<string, RegionPrices>>;
}

/** The price list that comes with the program. */
export const SHIPPED_PRICES: Prices = parsePrices(shipped);
