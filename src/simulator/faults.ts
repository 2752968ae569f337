import { type Random, seededRandom } from './random.ts';

/** What goes wrong with a call, or with the job or notification that comes of it. */
export type Fault =
  /**
   * Refused instead of done, or with `done` although it was done, in the shape of the service's protocol. Status 200
   * with an S3 error is what CompleteMultipartUpload may answer.
   */
  | {
      readonly kind: 'error';
      readonly status: number;
      readonly code: string;
      readonly message: string;
      readonly done?: boolean;
    }
  /** Done after `ms` of real time. */
  | { readonly kind: 'delay'; readonly ms: number }
  /** Not done: the connection is dropped before anything is answered. */
  | { readonly kind: 'reset' }
  /** Done, but the connection is dropped instead of an answer. */
  | { readonly kind: 'lost-response' }
  /** Done; the connection is dropped after this many bytes of the reply's body. */
  | { readonly kind: 'cut'; readonly afterBytes: number }
  /** Done; the reply is chunked and ends in good order after this many bytes of its body. */
  | { readonly kind: 'short-body'; readonly afterBytes: number }
  /** Done; the reply's body stops after this many bytes and the connection stays open. */
  | { readonly kind: 'stall'; readonly afterBytes: number }
  /** Done; one bit of the byte at this offset of the reply's body is wrong. */
  | { readonly kind: 'flip-byte'; readonly offset: number }
  /** InitiateJob: the job is taken and fails when its time comes. */
  | { readonly kind: 'fail-job'; readonly message?: string }
  /** JobNotification: the message never arrives. */
  | { readonly kind: 'drop-notification' }
  /** JobNotification: the message arrives twice. */
  | { readonly kind: 'double-notification' };

/** When a fault happens. A rule without conditions holds for every call. */
export interface FaultRule {
  /** glacier, s3, sqs, sns, sts. */
  readonly service?: string;
  /** As AWS writes it; `JobNotification` for the message that a finished job sends. */
  readonly operation?: string;
  /** All of these stand in the call's detail (see call-log.ts), compared as text: archiveId, key, partNumber, ... */
  readonly match?: Readonly<Record<string, string | number>>;
  /** The first so many matching calls are let pass. */
  readonly after?: number;
  /** Only each nth of the matching calls that follow. */
  readonly every?: number;
  /** Only so often in all. */
  readonly times?: number;
  /** 0 to 1: by chance, the same chance for the same `seed`. */
  readonly probability?: number;
  readonly seed?: number;
  readonly fault: Fault;
}

interface LiveRule {
  readonly id: number;
  readonly rule: FaultRule;
  readonly random: Random;
  seen: number;
  hits: number;
}

export interface FaultTarget {
  readonly service: string;
  readonly operation: string;
  readonly detail: Readonly<Record<string, unknown>>;
}

/** The rules in force. */
export class Faults {
  #rules: LiveRule[] = [];
  #lastId = 0;

  /** Adds a rule; gives its number, by which it can be removed. */
  add(rule: FaultRule): number {
    this.#lastId += 1;
    this.#rules.push({ id: this.#lastId, rule, random: seededRandom(rule.seed ?? this.#lastId), seen: 0, hits: 0 });
    return this.#lastId;
  }

  /** Removes one rule, or all. */
  clear(id?: number): void {
    this.#rules = id === undefined ? [] : this.#rules.filter((live) => live.id !== id);
  }

  /** Each rule with how often it has matched a call, and how often it has made one go wrong. */
  list(): readonly { readonly id: number; readonly rule: FaultRule; readonly seen: number; readonly hits: number }[] {
    return this.#rules.map(({ id, rule, seen, hits }) => ({ id, rule, seen, hits }));
  }

  /** What happens to this call: the faults of all rules that hold for it, counted as having happened. */
  take(target: FaultTarget): readonly Fault[] {
    return this.#rules.filter((live) => matches(live.rule, target) && happens(live)).map(({ rule }) => rule.fault);
  }
}

function matches({ service, operation, match = {} }: FaultRule, target: FaultTarget): boolean {
  if (service !== undefined && service !== target.service) return false;
  if (operation !== undefined && operation !== target.operation) return false;
  return Object.entries(match).every(([name, wanted]) => String(target.detail[name]) === String(wanted));
}

function happens(live: LiveRule): boolean {
  const { after = 0, every = 1, times = Number.POSITIVE_INFINITY, probability = 1 } = live.rule;
  live.seen += 1;
  const turn = live.seen - after;
  if (turn <= 0 || turn % every !== 0 || live.hits >= times) return false;
  if (probability < 1 && live.random() >= probability) return false;
  live.hits += 1;
  return true;
}
