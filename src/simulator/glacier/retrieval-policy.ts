import { DAY, HOUR } from '../../lib/duration.ts';
import { GiB } from '../../lib/size.ts';
import { isObject, parseObject } from './job-request.ts';
import { invalid, missing, Refusal } from './refusal.ts';

interface Rule {
  readonly strategy: 'BytesPerHour' | 'FreeTier' | 'None';
  readonly bytesPerHour?: number;
}

/** The free tier: 10 GB a month, given out by the day (Glacier developer guide, data-retrieval-policy). */
const FREE_BYTES_A_DAY = (10 * GiB) / 30;

/** One Region's data retrieval policy, and what was retrieved under it. It holds for Standard retrievals only. */
export class RetrievalPolicy {
  #rule: Rule = { strategy: 'None' };
  #retrieved: { readonly at: number; readonly bytes: number }[] = [];
  readonly #now: () => number;

  constructor(now: () => number) {
    this.#now = now;
  }

  toJSON(): unknown {
    const { strategy, bytesPerHour = null } = this.#rule;
    return { Policy: { Rules: [{ BytesPerHour: bytesPerHour, Strategy: strategy }] } };
  }

  /** Takes a PUT's body. @throws {Refusal} */
  set(body: Buffer): void {
    const { Policy: policy } = parseObject(body);
    const rules = isObject(policy) ? policy.Rules : undefined;
    if (!Array.isArray(rules)) throw missing('Policy');
    const [rule]: unknown[] = rules;
    if (rules.length !== 1 || !isObject(rule)) throw invalid('A data retrieval policy has exactly one rule.');
    const { Strategy: strategy, BytesPerHour: bytes } = rule;
    if (strategy !== 'BytesPerHour' && strategy !== 'FreeTier' && strategy !== 'None') {
      throw invalid(`Invalid strategy: ${String(strategy)}`);
    }
    const given = bytes !== undefined && bytes !== null;
    if (given !== (strategy === 'BytesPerHour'))
      throw invalid('BytesPerHour goes with the strategy BytesPerHour, and only with it.');
    if (given && (typeof bytes !== 'number' || !Number.isSafeInteger(bytes) || bytes < 1))
      throw invalid('Invalid BytesPerHour.');
    this.#rule = { strategy, ...(typeof bytes === 'number' ? { bytesPerHour: bytes } : {}) };
  }

  /** Counts a Standard retrieval in. @throws {Refusal} where it is beyond the policy; then it is not counted. */
  admit(bytes: number): void {
    const { strategy, bytesPerHour } = this.#rule;
    const [limit, window] =
      strategy === 'BytesPerHour'
        ? [bytesPerHour ?? 0, HOUR]
        : strategy === 'FreeTier'
          ? [FREE_BYTES_A_DAY, DAY]
          : [Number.POSITIVE_INFINITY, HOUR];
    this.#retrieved = this.#retrieved.filter(({ at }) => at > this.#now() - DAY);
    const recent = this.#retrieved.filter(({ at }) => at > this.#now() - window);
    if (recent.reduce((sum, each) => sum + each.bytes, bytes) > limit) {
      throw new Refusal(400, 'PolicyEnforcedException', 'InitiateJob request denied by current data retrieval policy.');
    }
    if (strategy !== 'None') this.#retrieved.push({ at: this.#now(), bytes });
  }
}
