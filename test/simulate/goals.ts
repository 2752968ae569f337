import type { Result, Scenario } from './run.ts';

/** Runs this close together count as equal: less than the draw of one job's latency makes. */
const EQUAL = 1.002;

/** What a scenario's pair of runs misses of its goals, in words; empty where all are reached. */
export function missed({ goals }: Scenario, scheduler: Result, fixed: Result): readonly string[] {
  const misses: string[] = [];
  const { overIdeal, askedAgainShare, mayBeSlower = false } = goals;
  if (overIdeal !== undefined && scheduler.overIdeal > overIdeal)
    misses.push(`takes more than ${overIdeal} x the ideal`);
  if (askedAgainShare !== undefined && scheduler.askedAgainShare > askedAgainShare) {
    misses.push(`asks again for more than ${askedAgainShare * 100} %`);
  }
  if (!mayBeSlower && scheduler.totalMs > fixed.totalMs * EQUAL) misses.push('is slower than the fixed policy');
  if (scheduler.askedAgain > fixed.askedAgain) misses.push('asks again for more archives than the fixed policy');
  if (scheduler.requests > fixed.requests) misses.push('makes more requests than the fixed policy');
  return misses;
}
