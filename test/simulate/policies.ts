import { CallRate, REQUEST_RATE } from '../../src/domain/schedule/call-rate.ts';
import { type Decision, decide, type Limits } from '../../src/domain/schedule/decide.ts';
import { RequestLog } from '../../src/domain/schedule/request-log.ts';
import {
  assumedThroughput,
  observe,
  type Span,
  type ThroughputState,
  type Work,
} from '../../src/domain/schedule/throughput.ts';
import type { TierName } from '../../src/domain/schedule/tiers.ts';
import { HOUR, MINUTE } from '../../src/lib/duration.ts';
import { TiB } from '../../src/lib/size.ts';
import type { SimulatedVault } from './vault.ts';

/** Who decides what to ask for. */
export interface Policy {
  /** Asks for what it wants between `now` and `until`. */
  turn(vault: SimulatedVault, now: number, until: number): void;
  observed(span: Span): void;
  /** What it went by last; only the scheduler tells. */
  readonly decision?: Decision;
}

/** The program's own scheduler, called as the pipeline calls it. */
export class Scheduler implements Policy {
  readonly #tier: TierName;
  readonly #limits: Limits;
  readonly #calls: CallRate;
  readonly #log = new RequestLog();
  #throughput: ThroughputState;
  decision?: Decision;

  constructor(options: {
    readonly tier: TierName;
    readonly limits: Limits;
    readonly total: Work;
    /** Bytes a second by which the line was measured; absent: nothing is known of it. */
    readonly upload?: number;
  }) {
    this.#tier = options.tier;
    this.#limits = options.limits;
    this.#throughput = assumedThroughput(options.total, options.upload);
    this.#calls = new CallRate(REQUEST_RATE);
  }

  get log(): RequestLog {
    return this.#log;
  }

  observed(span: Span): void {
    this.#throughput = observe(this.#throughput, span);
  }

  turn(vault: SimulatedVault, now: number, until: number): void {
    let at = this.#calls.delayUntil(now);
    if (at >= until) return;
    const decision = decide({
      now,
      tier: this.#tier,
      planned: vault.planned,
      nextBytes: vault.bytesLeft(vault.next),
      requested: vault.requested,
      staged: vault.groups(now),
      throughput: this.#throughput,
      asked: this.#log,
      limits: this.#limits,
    });
    this.decision = decision;
    const ask = (lot: number): boolean => {
      const bytes = vault.bytesLeft(lot);
      const answer = vault.request(lot, at);
      this.#calls.took(at, vault.lotCount);
      if (answer === 'taken') this.#log.add(at, bytes);
      if (answer === 'throttled') this.#calls.throttled(at);
      at = this.#calls.delayUntil(at);
      return answer === 'taken';
    };
    if (decision.again) {
      const { expiresAt } = decision.again;
      const lots = vault.expiring(expiresAt, expiresAt + 15 * MINUTE).reverse();
      this.#askWithin(decision.again, lots, vault, ask, () => at < until);
    }
    this.#askWithin(decision.request, following(vault), vault, ask, () => at < until);
  }

  #askWithin(
    allowed: Work,
    lots: Iterable<number>,
    vault: SimulatedVault,
    ask: (lot: number) => boolean,
    inTime: () => boolean,
  ): void {
    let { count, bytes } = allowed;
    for (const lot of lots) {
      const left = vault.bytesLeft(lot);
      if (count < vault.lotCount || left > bytes || !inTime()) return;
      if (!ask(lot)) continue;
      count -= vault.lotCount;
      bytes -= left;
    }
  }
}

/** Planned lots in order, the next one each time it is asked. */
function* following(vault: SimulatedVault): Generator<number> {
  for (let lot = vault.next; lot !== undefined; lot = vault.next) yield lot;
}

/**
 * The fixed policy of AWS's serverless solution (v1.1.3): blocks of 40 TiB, 100 TiB a day; every 30 minutes it asks again
 * for what is staged with less than five hours left, and for what has expired. Taken at its best: parts are kept, and the
 * soonest expiry comes first.
 */
export class FixedPolicy implements Policy {
  static readonly #BLOCK = 40 * TiB;
  static readonly #BLOCK_EVERY = (24 * HOUR * 40) / 100;
  #blockLeft = 0;
  #nextBlockAt = 0;
  #nextCheckAt = 0;
  #calls = new CallRate({ ...REQUEST_RATE, start: 100 });
  #again: number[] = [];
  #fresh = 0;

  observed(): void {}

  turn(vault: SimulatedVault, now: number, until: number): void {
    if (now >= this.#nextBlockAt && this.#blockLeft <= 0) {
      this.#blockLeft += FixedPolicy.#BLOCK;
      this.#nextBlockAt = now + FixedPolicy.#BLOCK_EVERY;
    }
    if (now >= this.#nextCheckAt) {
      this.#nextCheckAt = now + 30 * MINUTE;
      this.#again = vault.expiring(now, now + 5 * HOUR).reverse();
    }
    let at = this.#calls.delayUntil(now);
    // what is refused for want of capacity comes back by itself
    const ask = (lot: number): boolean => {
      const answer = vault.request(lot, at);
      this.#calls.took(at, vault.lotCount);
      if (answer === 'throttled') this.#calls.throttled(at);
      at = this.#calls.delayUntil(at);
      return answer !== 'throttled';
    };
    while (at < until) {
      const lot = this.#again.pop();
      if (lot === undefined) break;
      if (vault.isStaged(lot) && !ask(lot)) this.#again.push(lot);
    }
    while (at < until) {
      const lot = vault.next;
      if (lot === undefined) break;
      const expired = lot < this.#fresh;
      if (!expired && this.#blockLeft <= 0) break;
      const bytes = vault.bytesLeft(lot);
      if (!ask(lot)) continue;
      if (!expired) {
        this.#blockLeft -= bytes;
        this.#fresh = lot + 1;
      }
    }
  }
}
