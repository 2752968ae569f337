import { estimate } from '../../domain/price/estimate.ts';
import { SHIPPED_PRICES } from '../../domain/price/prices.ts';
import type { Deps } from '../../steps/deps.ts';
import type { TransferOptions } from '../../steps/options.ts';
import { figuresOf } from '../../steps/plan-figures.ts';
import type { TransferFlags } from '../run.ts';
import { renderPlan } from './plan-text.ts';

/** The plan as text, or with `--json` as one document. */
export function planText(deps: Pick<Deps, 'state' | 'clock'>, flags: TransferFlags, options: TransferOptions): string {
  const result = estimate({
    figures: figuresOf(deps),
    prices: SHIPPED_PRICES,
    tier: flags.tier,
    storageClass: flags.storageClass,
    region: options.region,
    destinationRegion: flags.destRegion ?? options.region,
    paces: {
      requestsPerSecond: options.requestRate,
      maxBytesPerDay: options.maxBytesPerDay,
      bytesPerSecond: options.bwlimit,
    },
  });
  return flags.json ? `${JSON.stringify(result)}\n` : renderPlan(result);
}
