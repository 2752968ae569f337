/**
 * Whole milliseconds to wait before try `failures + 1`: doubling from `first`, at most `most`, and of that a random half at
 * least, so that many callers do not come back at once.
 */
export function backoff(failures: number, first = 1000, most = 60_000): number {
  const full = Math.min(most, first * 2 ** Math.max(0, failures - 1));
  return Math.round(full / 2 + (Math.random() * full) / 2);
}
