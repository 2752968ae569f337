import { BugError } from '../../lib/errors.ts';

/**
 * What a run has spent and what it is bound to spend, against its cap. A value: each change gives a new one.
 * Amounts are whole billionths of a dollar, rounded up, so that a hundred million of them add up exactly.
 */
export interface SpendMeter {
  /** Absent: no cap. */
  readonly cap?: number;
  /** Asked for, and on the bill. */
  readonly spent: number;
  /** Bound to follow from what was asked for: the copies of archives that are requested. */
  readonly committed: number;
}

const PER_USD = 1_000_000_000;

/** The meter of a run that begins, or goes on from what the state file holds. */
export function openMeter({
  capUsd,
  spentUsd = 0,
  committedUsd = 0,
}: {
  readonly capUsd?: number;
  readonly spentUsd?: number;
  readonly committedUsd?: number;
}): SpendMeter {
  return {
    ...(capUsd !== undefined && { cap: Math.floor(capUsd * PER_USD) }),
    spent: billionths(spentUsd),
    committed: billionths(committedUsd),
  };
}

/** What an archive adds: its request at once, its copy later. */
export interface Spending {
  readonly requestUsd: number;
  readonly copyUsd: number;
}

/** Whether one more archive may be requested: what is spent and bound to be spent, and both of its costs, stay within the cap. */
export function mayRequest({ cap, spent, committed }: SpendMeter, { requestUsd, copyUsd }: Spending): boolean {
  return cap === undefined || spent + committed + billionths(requestUsd) + billionths(copyUsd) <= cap;
}

/** An archive is requested. To be asked first: `mayRequest`. */
export function requestMade(meter: SpendMeter, spending: Spending): SpendMeter {
  if (!mayRequest(meter, spending)) throw new BugError('a request was made past the cap');
  return {
    ...meter,
    spent: meter.spent + billionths(spending.requestUsd),
    committed: meter.committed + billionths(spending.copyUsd),
  };
}

/** The copy of a requested archive is made: what it was bound to cost is spent. */
export function copyMade(meter: SpendMeter, { copyUsd }: Pick<Spending, 'copyUsd'>): SpendMeter {
  return { ...copyGivenUp(meter, { copyUsd }), spent: meter.spent + billionths(copyUsd) };
}

/** The copy of a requested archive will not be made: its money is free again. The request stays paid. */
export function copyGivenUp(meter: SpendMeter, { copyUsd }: Pick<Spending, 'copyUsd'>): SpendMeter {
  // Not below zero: a run that goes on opens its meter with a sum, rounded once and not for each archive.
  return { ...meter, committed: Math.max(meter.committed - billionths(copyUsd), 0) };
}

export function spentUsd({ spent }: SpendMeter): number {
  return spent / PER_USD;
}

export function committedUsd({ committed }: SpendMeter): number {
  return committed / PER_USD;
}

function billionths(usd: number): number {
  return Math.ceil(usd * PER_USD);
}
