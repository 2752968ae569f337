import type { Paces } from '../../domain/price/duration.ts';
import { type Estimate, estimate } from '../../domain/price/estimate.ts';
import { isMeasured, lineRate } from '../../domain/schedule/throughput.ts';
import type { TransferFacts } from '../../state/facts.ts';
import type { TransferOptions } from '../../steps/options.ts';
import { type FiguresDeps, figuresOf } from '../../steps/plan-figures.ts';
import { planPage } from './plan-html.ts';
import { renderPlan } from './plan-text.ts';

/** The flags that a plan depends on beside the options. */
interface PlanFlags {
  readonly destRegion?: string;
  readonly json?: boolean;
}

/** What is planned and not yet asked for, and what it costs. One pass over the archives. */
export async function estimateOf(deps: FiguresDeps, flags: PlanFlags, options: TransferOptions): Promise<Estimate> {
  const { prices, tier, storageClass, region } = options;
  const rates = deps.state.facts.get('rates');
  return estimate({
    figures: await figuresOf(deps),
    prices,
    tier,
    storageClass,
    region,
    destinationRegion: rates?.destinationRegion ?? flags.destRegion ?? region,
    paces: {
      requestsPerSecond: options.requestRate,
      maxBytesPerDay: options.maxBytesPerDay,
      copying: copyPace(deps.state.facts.get('throughput'), options.bwlimit),
    },
  });
}

/** What earlier runs have measured, where `--bwlimit` does not hold them below it. */
function copyPace(throughput: TransferFacts['throughput'] | undefined, bwlimit: number | undefined): Paces['copying'] {
  const measured = throughput && isMeasured(throughput) ? lineRate(throughput) : undefined;
  if (bwlimit !== undefined && bwlimit < (measured?.bytesPerSecond ?? Number.POSITIVE_INFINITY)) {
    return { ...measured, bytesPerSecond: bwlimit, known: 'given' };
  }
  return measured && { ...measured, known: 'measured' };
}

/** The plan as text, or with `--json` as one document. */
export function planText(plan: Estimate, { json }: PlanFlags): string {
  return json ? `${JSON.stringify(plan)}\n` : renderPlan(plan);
}

/** The page of `plan --html`. */
export function planHtml(
  plan: Estimate,
  { state }: Pick<FiguresDeps, 'state'>,
  { vault, bucket }: TransferOptions,
): string {
  const date = state.facts.get('inventory')?.date;
  const inventoryDate = date === undefined ? undefined : new Date(date).toISOString();
  return planPage(plan, { vault, bucket, ...(inventoryDate !== undefined && { inventoryDate }) });
}
