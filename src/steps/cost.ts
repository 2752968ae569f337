import { costOfCopy, costOfRequest } from '../domain/price/costs.ts';
import type { Prices } from '../domain/price/prices.ts';
import { type Rates, ratesFor } from '../domain/price/rates.ts';
import { mayRequest, openMeter, requestMade, type SpendMeter } from '../domain/price/spend-meter.ts';
import { usdOfCopies, usdOfRequests } from '../domain/price/spent.ts';
import { parseStorageClass, type StorageClass } from '../domain/price/storage-class.ts';
import { hasOutput } from '../domain/progress.ts';
import { partCount } from '../domain/ranges.ts';
import type { Tier } from '../ports.ts';
import type { PlannedArchive } from '../state/archives.ts';
import type { StateFile } from '../state/state-file.ts';

/** What a transfer costs, in USD: estimates, by the prices of the last run. */
export interface Cost {
  /** Asked for and copied so far, in all runs. */
  readonly spentUsd: number;
  /** Bound to follow: the copies of what was asked for. */
  readonly committedUsd: number;
  /** The whole transfer: what is spent, bound to follow, and still to be asked for and copied. */
  readonly plannedUsd: number;
}

/** The cap is held to this, so that the sum of a plan, given as the cap, lets through what the plan is of. */
const ROUNDING_USD = 1e-7;

const TIERS: readonly Tier[] = ['Bulk', 'Standard', 'Expedited'];

/** From counters alone: the same cost for ten archives and for a hundred million. Zeros before the first plan. */
export function costOf({ facts, totals }: Pick<StateFile, 'facts' | 'totals'>): Cost {
  const rates = facts.get('rates');
  const settings = facts.get('settings');
  const storageClass = parseStorageClass(settings?.storageClass);
  if (!rates || !settings || !storageClass) return { spentUsd: 0, committedUsd: 0, plannedUsd: 0 };
  let spentUsd = 0;
  for (const { kind, name, ...archives } of totals.spent()) {
    if (kind === 'request') spentUsd += usdOfRequests(rates, tierOf(name) ?? settings.tier, archives);
    else spentUsd += usdOfCopies(rates, parseStorageClass(name) ?? storageClass, archives);
  }
  const by = totals.copies();
  const underWay = [by.requested, by.staged, by.transferring];
  const committedUsd = underWay.reduce((sum, archives) => sum + usdOfCopies(rates, storageClass, archives), 0);
  const toAsk = usdOfRequests(rates, settings.tier, by.planned) + usdOfCopies(rates, storageClass, by.planned);
  return { spentUsd, committedUsd, plannedUsd: spentUsd + committedUsd + toAsk };
}

function tierOf(name: string): Tier | undefined {
  return TIERS.find((tier) => tier === name);
}

/** Remembers what the prices are, for `costOf`. Inside a transaction. */
export function keepRates(
  { facts }: Pick<StateFile, 'facts'>,
  prices: Prices,
  regions: { readonly region: string; readonly destinationRegion: string },
): void {
  facts.set('rates', ratesFor(prices, regions));
}

/** How many of `next`, in their order, the cap leaves room for: their requests, and their copies where these do not follow anyway. */
export function withinCap(
  state: StateFile,
  next: readonly PlannedArchive[],
  options: { readonly maxCost: number; readonly tier: Tier; readonly storageClass: StorageClass },
): { readonly count: number; readonly bytes: number } {
  const rates = state.facts.get('rates');
  if (!rates) return { count: 0, bytes: 0 };
  const { spentUsd, committedUsd } = costOf(state);
  let meter = openMeter({ capUsd: options.maxCost + ROUNDING_USD, spentUsd, committedUsd });
  // there may be a job for each of these: nobody has heard
  for (const unsure of [...state.archives.asked(), ...state.outputs.asked()])
    meter = added(meter, rates, unsure, options) ?? meter;
  let count = 0;
  let bytes = 0;
  for (const archive of next) {
    const more = added(meter, rates, archive, options);
    if (!more) break;
    meter = more;
    count += 1;
    bytes += archive.size;
  }
  return { count, bytes };
}

/** The meter with one archive more; undefined where that would pass the cap. */
function added(
  meter: SpendMeter,
  rates: Rates,
  { size, partSize, progress }: PlannedArchive,
  { tier, storageClass }: { readonly tier: Tier; readonly storageClass: StorageClass },
): SpendMeter | undefined {
  const spending = {
    requestUsd: costOfRequest(rates, { bytes: size, tier }),
    // one copy follows from an archive that was asked for, however often it is asked for again
    copyUsd: hasOutput(progress)
      ? 0
      : costOfCopy(rates, { bytes: size, parts: partCount(size, partSize), storageClass }),
  };
  return mayRequest(meter, spending) ? requestMade(meter, spending) : undefined;
}
