import { systemClock } from './clock.ts';
import { SECOND } from './duration.ts';
import { KiB } from './size.ts';

/**
 * Holds a stream of bytes to a rate of real time. Each caller waits until its bytes are due, so that the sum over all
 * callers stays below the rate from the first byte on; of idle time no more than `BURST_MS` is saved up.
 */
export interface Bandwidth {
  /** Bytes to take at a time, so that nobody waits long for the others; without a limit infinite. */
  readonly atOnce: number;
  /** Bytes to take to begin with: small archives come whole and one by one, not many of them slowly and then all at once. */
  readonly first: number;
  /** @returns undefined where there is nothing to wait for. */
  take(bytes: number, signal: AbortSignal): Promise<void> | undefined;
  /** Bytes that were taken, and did not come. */
  giveBack(bytes: number): void;
}

/** What several threads share to keep one rate together: when the next byte is due, in microseconds. */
export type BandwidthAccount = BigInt64Array<SharedArrayBuffer>;

const BURST_MS = 100;
/** All callers together take what passes in this time. */
const ROUND_MS = 250;
/** What a read may bring whatever was asked for: with a head, and over TLS. */
const LEAST = 64 * KiB;
const MOST_FIRST = 256 * KiB;
/** A first turn may come at the end of ten seconds that were full without it: 4 % of them. */
const FIRST_MS = 400;
/** A debt below this is carried on instead of slept off: timers are no finer. */
const LEAST_SLEEP_MS = 2;

const realTime = systemClock();

export function createBandwidthAccount(): BandwidthAccount {
  return new BigInt64Array(new SharedArrayBuffer(BigInt64Array.BYTES_PER_ELEMENT));
}

/**
 * @param bytesPerSecond undefined: no limit.
 * @param callers how many take from it at the same time, in all threads.
 */
export function createBandwidth(
  bytesPerSecond: number | undefined,
  account: BandwidthAccount,
  callers: number,
): Bandwidth {
  if (bytesPerSecond === undefined) {
    return {
      atOnce: Number.POSITIVE_INFINITY,
      first: Number.POSITIVE_INFINITY,
      take: () => undefined,
      giveBack: () => undefined,
    };
  }
  const costOf = (bytes: number) => BigInt(Math.round((bytes / bytesPerSecond) * 1e6));
  // one clock for all threads; performance.now() has an origin of its own in each
  const clock = () => process.hrtime.bigint() / 1000n;
  const within = (ms: number) => Math.floor((bytesPerSecond * ms) / SECOND);
  return {
    atOnce: Math.max(LEAST, Math.floor(within(ROUND_MS) / callers)),
    first: Math.max(LEAST, Math.min(MOST_FIRST, within(FIRST_MS))),
    take(bytes, signal) {
      const now = clock();
      const due = book(account, now, costOf(bytes));
      const wait = Number(due - now) / 1000;
      if (wait < LEAST_SLEEP_MS) return undefined;
      return realTime.sleep(wait, signal);
    },
    giveBack(bytes) {
      book(account, clock(), -costOf(bytes));
    },
  };
}

/** Adds `cost`, which may be below 0, to what all threads owe. @returns when it is paid off. */
function book(account: BandwidthAccount, now: bigint, cost: bigint): bigint {
  const earliest = now - BigInt(BURST_MS * 1000);
  for (;;) {
    const before = Atomics.load(account, 0);
    const after = (before > earliest ? before : earliest) + cost;
    if (Atomics.compareExchange(account, 0, before, after) === before) return after;
  }
}
