import type { Figure, RetrievalPrice, Tier } from './prices.ts';
import type { Rates } from './rates.ts';
import { BILLING, type StorageClass } from './storage-class.ts';

/** One line of a bill. */
export interface CostLine {
  readonly item: string;
  readonly quantity: number;
  readonly unit: 'GB' | 'GB a month' | 'requests' | 'objects';
  readonly usd: number;
  /** Of one GB, or of a thousand requests or objects. A class with steps gives the step that the line is in. */
  readonly rate: Figure;
}

/** What a retrieval costs by one reading of the price list. */
export interface RetrievalCost {
  readonly variant: string;
  readonly lines: readonly CostLine[];
  readonly usd: number;
}

/** How many requests a copy takes. */
export interface CopyRequests {
  /** Archives of one part: a PutObject each. */
  readonly puts: number;
  /** Archives of several parts: creation and completion of an upload each. */
  readonly uploads: number;
  /** The parts of those uploads. */
  readonly parts: number;
}

export function gbLine(item: string, bytes: number, rate: Figure, rates: Rates): CostLine {
  const quantity = bytes / rates.bytesPerGb;
  return { item, quantity, unit: 'GB', usd: quantity * rate.usd, rate };
}

function requestLine(item: string, quantity: number, rate: Figure): CostLine {
  return { item, quantity, unit: 'requests', usd: (quantity * rate.usd) / 1000, rate };
}

/** USD of all the lines together. */
export function sumOf(lines: readonly { readonly usd: number }[]): number {
  return lines.reduce((sum, { usd }) => sum + usd, 0);
}

/** What it costs to have archives staged: one result for each reading of the price list, the dearest in front. */
export function retrievalCosts(
  rates: Rates,
  { archives, bytes, tier }: { readonly archives: number; readonly bytes: number; readonly tier: Tier },
): readonly [RetrievalCost, ...RetrievalCost[]] {
  const costOf = ({ variant, perGb, perThousandRequests }: RetrievalPrice): RetrievalCost => {
    const lines = [
      gbLine(`${tier} retrieval, bytes`, bytes, perGb, rates),
      requestLine(`${tier} retrieval, requests`, archives, perThousandRequests),
    ];
    return { variant, lines, usd: sumOf(lines) };
  };
  const [first, ...others] = rates.vault.retrieval[tier];
  return others.map(costOf).reduce(dearestFirst, [costOf(first)]);
}

function dearestFirst(
  [dearest, ...cheaper]: readonly [RetrievalCost, ...RetrievalCost[]],
  next: RetrievalCost,
): readonly [RetrievalCost, ...RetrievalCost[]] {
  return next.usd > dearest.usd ? [next, dearest, ...cheaper] : [dearest, ...cheaper, next];
}

/** What it costs to write archives to the bucket: requests, and the way to another Region. */
export function copyCosts(
  rates: Rates,
  {
    requests: { puts, uploads, parts },
    bytes,
    storageClass,
  }: { readonly requests: CopyRequests; readonly bytes: number; readonly storageClass: StorageClass },
): readonly CostLine[] {
  const ofClass = rates.s3[storageClass].requestsPerThousand;
  const ofParts = BILLING[storageClass].partsAsStandard ? rates.s3.STANDARD.requestsPerThousand : ofClass;
  return [
    requestLine('PutObject', puts, ofClass),
    requestLine('CreateMultipartUpload', uploads, ofParts),
    requestLine('UploadPart', parts, ofParts),
    requestLine('CompleteMultipartUpload', uploads, ofClass),
    ...(rates.crossRegionPerGb
      ? [gbLine(`transfer to ${rates.destinationRegion}`, bytes, rates.crossRegionPerGb, rates)]
      : []),
  ];
}

/** USD that one InitiateJob adds to the bill, by the dearest reading of the price list. */
export function costOfRequest(rates: Rates, request: { readonly bytes: number; readonly tier: Tier }): number {
  return retrievalCosts(rates, { ...request, archives: 1 })[0].usd;
}

/** USD that the copy of one archive of `parts` parts adds to the bill: every request once, the whole of its bytes. */
export function costOfCopy(
  rates: Rates,
  copy: { readonly bytes: number; readonly parts: number; readonly storageClass: StorageClass },
): number {
  const { bytes, parts, storageClass } = copy;
  const requests = parts <= 1 ? { puts: 1, uploads: 0, parts: 0 } : { puts: 0, uploads: 1, parts };
  return sumOf(copyCosts(rates, { requests, bytes, storageClass }));
}
