import { type CopyRequests, type CostLine, copyCosts, type RetrievalCost, retrievalCosts, sumOf } from './costs.ts';
import { type DurationEstimate, estimateDuration, type Paces } from './duration.ts';
import {
  AGE_CLASSES,
  formatTallies,
  histogram,
  type NamedTally,
  type PlanFigures,
  SIZE_CLASSES,
  type Tally,
} from './figures.ts';
import type { AwsSolutionPrices, Confidence, Prices, Tier } from './prices.ts';
import { type Rates, ratesFor } from './rates.ts';
import { bucketMonth, earlyDeleteUsd, vaultMonth } from './storage.ts';
import { BILLING, DAYS_A_MONTH, type StorageClass } from './storage-class.ts';

export interface EstimateInput {
  readonly figures: PlanFigures;
  readonly prices: Prices;
  readonly tier: Tier;
  readonly storageClass: StorageClass;
  /** The vault's Region. */
  readonly region: string;
  /** The bucket's Region. */
  readonly destinationRegion: string;
  readonly paces: Paces;
}

/** Costs that come together. */
export interface Bill {
  readonly lines: readonly CostLine[];
  readonly usd: number;
}

/** What a transfer costs and how long it takes, before it is begun. Plain JSON: `plan --json` prints it. All amounts are USD. */
export interface Estimate {
  readonly pricesAsOf: string;
  readonly region: string;
  readonly destinationRegion: string;
  /** Regions without figures of their own, and the Region whose figures stand in for them. */
  readonly assumed?: Rates['assumed'];
  readonly storageClass: StorageClass;
  readonly tier: Tier;

  readonly archives: Tally;
  readonly sizes: readonly NamedTally[];
  readonly ages: readonly NamedTally[];
  readonly formats: readonly NamedTally[];
  readonly requests: { readonly retrieval: number } & CopyRequests;

  /** By each reading of the price list, the dearest in front: that one counts. */
  readonly retrieval: readonly [RetrievalCost, ...RetrievalCost[]];
  /** Requests to S3, and the way to another Region. */
  readonly copy: Bill;
  /** Retrieval and copy, with the cheapest and the dearest reading. */
  readonly once: { readonly lowUsd: number; readonly highUsd: number };
  /** Should the archives be deleted from the vault today. */
  readonly earlyDelete: Tally & { readonly usd: number };

  readonly monthBefore: Bill;
  readonly monthAfter: Bill;
  /** Negative where the bucket costs more than the vault. */
  readonly monthlySavingUsd: number;
  /**
   * Months until the saving has paid for retrieval, copy and early-delete fee, by the dearest reading, once the vault is
   * empty. Absent where nothing is saved.
   */
  readonly paysOffAfterMonths?: number;
  /** What is billed for the objects at least, however soon they are deleted. Absent where the class has no minimum. */
  readonly minimumStay?: { readonly days: number; readonly usd: number };

  readonly duration: DurationEstimate;
  /** Not part of any sum above: what the download adds where the run is outside AWS. */
  readonly outsideAwsUsd: number;
  /** What AWS publishes for its own solution, brought to this vault's archives and bytes. */
  readonly awsSolution: AwsSolutionCost;
}

export interface AwsSolutionCost {
  readonly usd: number;
  readonly usdPerArchive: number;
  readonly usdPerGb: number;
  readonly source: string;
  readonly confidence: Confidence;
}

/** What nobody has put a figure to: said beside every plan. */
export const NOT_COUNTED: readonly string[] = [
  'the machine that the run is on',
  'parts of unfinished uploads: STANDARD storage until they are completed',
  'requests to KMS, SNS and SQS, and listings of the bucket',
  'requests made again after an error, taxes, discounts and free tiers',
];

export function estimate({
  figures,
  prices,
  tier,
  storageClass,
  region,
  destinationRegion,
  paces,
}: EstimateInput): Estimate {
  const rates = ratesFor(prices, { region, destinationRegion });
  const { archives, bytes } = figures.total;
  const requests: CopyRequests = { puts: figures.puts, uploads: figures.uploads, parts: figures.parts };

  const [dearest, ...cheaper] = retrievalCosts(rates, { archives, bytes, tier });
  const copy = billOf(copyCosts(rates, { requests, bytes, storageClass }));
  const once = {
    lowUsd: Math.min(dearest.usd, ...cheaper.map(({ usd }) => usd)) + copy.usd,
    highUsd: dearest.usd + copy.usd,
  };
  const fee = earlyDeleteUsd(figures, rates);
  const monthBefore = billOf(vaultMonth(figures, rates));
  const monthAfter = billOf(bucketMonth(figures, storageClass, rates));
  const monthlySavingUsd = monthBefore.usd - monthAfter.usd;
  const { minimumDays } = BILLING[storageClass];

  return {
    pricesAsOf: prices.asOf,
    region,
    destinationRegion,
    ...(rates.assumed && { assumed: rates.assumed }),
    storageClass,
    tier,
    archives: { archives, bytes },
    sizes: histogram(SIZE_CLASSES, figures.sizes),
    ages: histogram(AGE_CLASSES, figures.ages),
    formats: formatTallies(figures.formats),
    requests: { retrieval: archives, ...requests },
    retrieval: [dearest, ...cheaper],
    copy,
    once,
    earlyDelete: { archives: figures.young.archives, bytes: figures.young.bytes, usd: fee },
    monthBefore,
    monthAfter,
    monthlySavingUsd,
    ...(monthlySavingUsd > 0 && { paysOffAfterMonths: (once.highUsd + fee) / monthlySavingUsd }),
    ...(minimumDays > 0 && {
      minimumStay: { days: minimumDays, usd: (monthAfter.usd / DAYS_A_MONTH) * minimumDays },
    }),
    duration: estimateDuration({ archives, bytes, tier }, paces),
    outsideAwsUsd: (bytes / rates.bytesPerGb) * rates.internetPerGb.usd,
    awsSolution: awsSolutionCost(prices.awsSolution, archives, bytes / rates.bytesPerGb),
  };
}

function billOf(lines: readonly CostLine[]): Bill {
  return { lines, usd: sumOf(lines) };
}

/** Two examples, two unknowns: the price of an archive and that of a GB. */
function awsSolutionCost(
  { examples, source, confidence }: AwsSolutionPrices,
  archives: number,
  gb: number,
): AwsSolutionCost {
  const [one, two] = examples;
  const determinant = one.archives * two.gb - two.archives * one.gb;
  const usdPerArchive = (one.usd * two.gb - two.usd * one.gb) / determinant;
  const usdPerGb = (one.archives * two.usd - two.archives * one.usd) / determinant;
  return { usd: archives * usdPerArchive + gb * usdPerGb, usdPerArchive, usdPerGb, source, confidence };
}
