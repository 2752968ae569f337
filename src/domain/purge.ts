import { DAY } from '../lib/duration.ts';
import { evaluate, parsePolicy } from './access-policy.ts';
import type { CheckResult } from './comparison.ts';
import { VAULT_MINIMUM_AGE } from './price/storage-class.ts';
import type { State } from './progress.ts';

/** What decides on the deletion of one archive. Dates are milliseconds since 1970. */
export interface PurgeCandidate {
  readonly state: State;
  readonly createdAt: number;
  /** When it was found to be copied right. */
  readonly verifiedAt: number | undefined;
  /** What `verify` has last found in S3, and when. */
  readonly check: { readonly result: CheckResult; readonly at: number } | undefined;
  readonly purgedAt: number | undefined;
}

export interface PurgeRules {
  readonly now: number;
  /** The age, in milliseconds, up to which a proof counts. */
  readonly proofAge: number;
  readonly acceptEarlyDeleteFee: boolean;
  /** Whether the vault lock forbids the deletion of an archive made then. */
  readonly isLocked: (createdAt: number) => boolean;
}

/** Why an archive stays in the vault; `purged` is one that is there no more. */
export type Keeping = 'purged' | 'not_copied' | 'not_proven' | 'proof_too_old' | 'locked' | 'too_young';
export type PurgeVerdict = 'purge' | Keeping;

/**
 * Whether an archive may be deleted from its vault, as far as the state file can tell; the object is looked at once more right before.
 *
 * | deleted already | state    | last check       | its age              | lock forbids | 90 days old, or fee accepted | verdict         |
 * |-----------------|----------|------------------|----------------------|--------------|------------------------------|-----------------|
 * | yes             | any      | any              | any                  | any          | any                          | `purged`        |
 * | no              | other    | any              | any                  | any          | any                          | `not_copied`    |
 * | no              | verified | none, or not `=` | any                  | any          | any                          | `not_proven`    |
 * | no              | verified | `=`              | older than the copy  | any          | any                          | `not_proven`    |
 * | no              | verified | `=`              | too old, or to come  | any          | any                          | `proof_too_old` |
 * | no              | verified | `=`              | good                 | yes          | any                          | `locked`        |
 * | no              | verified | `=`              | good                 | no           | no                           | `too_young`     |
 * | no              | verified | `=`              | good                 | no           | yes                          | `purge`         |
 */
export function purgeVerdict(archive: PurgeCandidate, rules: PurgeRules): PurgeVerdict {
  const { state, createdAt, verifiedAt, check, purgedAt } = archive;
  const { now, proofAge, acceptEarlyDeleteFee, isLocked } = rules;
  if (purgedAt !== undefined) return 'purged';
  if (state !== 'verified' || verifiedAt === undefined) return 'not_copied';
  if (check?.result !== '=' || check.at < verifiedAt) return 'not_proven';
  const age = now - check.at;
  // a proof of the future is a clock that was wrong: nobody knows how old it is
  if (age < 0 || age > proofAge) return 'proof_too_old';
  if (isLocked(createdAt)) return 'locked';
  if (now - createdAt < VAULT_MINIMUM_AGE && !acceptEarlyDeleteFee) return 'too_young';
  return 'purge';
}

/** The only condition of a lock that is understood here (Glacier developer guide, vault-lock-policy). */
const AGE_KEY = 'glacier:archiveageindays';

/**
 * Whether a vault lock's policy forbids whoever asks to delete an archive of an age. Where it can't be told, it does: a policy that
 * isn't understood, or a denial under any other condition than the archive's age.
 * @param policy the lock's, in force or being tried; undefined: there is no lock.
 */
export function lockOn(
  policy: string | undefined,
  { accountId, vaultArn, now }: { readonly accountId: string; readonly vaultArn: string; readonly now: number },
): (createdAt: number) => boolean {
  if (policy === undefined) return () => false;
  const parsed = parsePolicy(policy);
  const isOpaque =
    !parsed ||
    parsed.some(({ effect, conditions }) => effect === 'Deny' && conditions.some(({ key }) => key !== AGE_KEY));
  if (isOpaque) return () => true;
  return (createdAt) => {
    const context = { [AGE_KEY]: String(Math.floor((now - createdAt) / DAY)) };
    const request = { principal: { accountId }, action: 'glacier:DeleteArchive', resource: vaultArn, context };
    return evaluate(parsed, request) === 'deny';
  };
}
