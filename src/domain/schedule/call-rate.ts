import { MINUTE, SECOND } from '../../lib/duration.ts';

/** The bounds that a kind of call is paced within, in calls a second. */
export interface CallRateLimits {
  /** A rate to begin with. */
  readonly start: number;
  /** Throttling never lowers the rate below this. */
  readonly floor: number;
  /** Never exceeded. */
  readonly ceiling: number;
}

/**
 * InitiateJob: no limit is published for vaults; AWS's own solution comes to nearly 100 a second (its developer guide).
 * `--request-rate` takes the place of the ceiling.
 */
export const REQUEST_RATE: CallRateLimits = { start: 25, floor: 0.1, ceiling: 100 };
/** GetJobOutput: no limit is published either, and throttling was seen all the same. */
export const READ_RATE: CallRateLimits = { start: 100, floor: 0.5, ceiling: 1000 };

/** Plain JSON. */
export interface CallRateState {
  /** Calls a second. */
  readonly perSecond: number;
  /** When the next call may be made; milliseconds since 1970. */
  readonly nextAt: number;
  /** Since when the rate has been what it is. */
  readonly changedAt: number;
  readonly throttledAt?: number;
  /** How often throttling has lowered the rate. */
  readonly lowered: number;
}

/** The time after which a calm rate is raised. */
const CALM = MINUTE;
/** It is raised by this share of the ceiling: from the floor to the top in an hour. Doubled while nothing was ever refused. */
const RAISE = 1 / 60;
/** Calls that were on their way when one was throttled say nothing new: the rate falls once in this time. */
const SETTLE = 5 * SECOND;
/** A pause saves up this much time's worth of calls at most. */
const BURST = SECOND;

/**
 * Paces one kind of call: halved when the service throttles, raised slowly while it doesn't. One instance for each kind;
 * whoever is about to call waits for `delayUntil`, and says `took` before it calls.
 */
export class CallRate {
  readonly #limits: CallRateLimits;
  #state: CallRateState;

  /** @param state where an earlier run left off; a rate outside of the limits is moved inside. */
  constructor(limits: CallRateLimits, state?: CallRateState) {
    const floor = Math.min(limits.floor, limits.ceiling);
    this.#limits = { ...limits, floor };
    const wanted = state?.perSecond ?? limits.start;
    const perSecond = Math.min(limits.ceiling, Math.max(floor, wanted));
    this.#state = { nextAt: 0, changedAt: 0, lowered: 0, ...state, perSecond };
  }

  get state(): CallRateState {
    return this.#state;
  }

  /** When the next call may be made: `now`, or later. */
  delayUntil(now: number): number {
    return Math.max(now, this.#state.nextAt);
  }

  /** `calls` are made at `now`. */
  took(now: number, calls = 1): void {
    const { perSecond, nextAt, changedAt } = this.#state;
    const from = Math.max(nextAt, now - BURST);
    this.#state = { ...this.#state, nextAt: from + (calls * SECOND) / perSecond, changedAt: changedAt || now };
    // a rate that is not made use of proves nothing: only a call can raise it
    if (now - this.#state.changedAt < CALM) return;
    const { ceiling } = this.#limits;
    const raised = this.#state.throttledAt === undefined ? perSecond * 2 : perSecond + ceiling * RAISE;
    this.#state = { ...this.#state, perSecond: Math.min(ceiling, raised), changedAt: now };
  }

  /** The service refused a call as too much. */
  throttled(now: number): void {
    const { perSecond, nextAt, throttledAt, lowered } = this.#state;
    if (throttledAt !== undefined && now - throttledAt < SETTLE) return;
    const halved = Math.max(this.#limits.floor, perSecond / 2);
    this.#state = {
      perSecond: halved,
      nextAt: Math.max(nextAt, now + SECOND / halved),
      changedAt: now,
      throttledAt: now,
      lowered: lowered + 1,
    };
  }
}
