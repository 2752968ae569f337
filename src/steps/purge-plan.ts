import { addArchive, emptyFigures, type Tally } from '../domain/price/figures.ts';
import type { Rates } from '../domain/price/rates.ts';
import { earlyDeleteUsd } from '../domain/price/storage.ts';
import { type Keeping, lockOn, type PurgeRules, type PurgeVerdict, purgeVerdict } from '../domain/purge.ts';
import type { Identity, Vault } from '../ports.ts';
import type { VaultInspection } from '../ports-operate.ts';
import type { Purgeable } from '../state/purges.ts';
import type { Total } from '../state/totals.ts';
import type { Deps } from './deps.ts';
import { persist } from './persist.ts';
import { createTicker } from './ticker.ts';

/** Archives looked at in one go. */
const PAGE = 1000;

export interface PurgeConditions {
  /** Milliseconds. */
  readonly proofAge: number;
  readonly acceptEarlyDeleteFee: boolean;
}

/** What a purge would do as things stand. */
export interface PurgePlan {
  readonly purge: Total;
  readonly kept: Readonly<Record<Keeping, Total>>;
  /** Those that would be deleted and are younger than 90 days, or would be but for that; and what Glacier takes for them. */
  readonly young: Tally & { readonly usd: number };
}

/** What the vault's lock forbids, as it is now. */
export async function readLock(
  deps: Pick<Deps, 'clock' | 'log' | 'signals'> & {
    readonly vault: Vault;
    readonly identity: Identity;
    readonly inspection: Pick<VaultInspection, 'lock'>;
  },
): Promise<PurgeRules['isLocked']> {
  const { vault, identity, inspection, clock, signals } = deps;
  const { vaultArn } = await persist(deps, () => vault.describe(signals.stop));
  const lock = await persist(deps, () => inspection.lock(signals.stop));
  if (!lock) return () => false;
  const accountId = await persist(deps, () => identity.accountId(signals.stop));
  return lockOn(lock.policy, { accountId, vaultArn, now: clock.now() });
}

export function verdictOn({ archive, check, purgedAt }: Purgeable, rules: PurgeRules): PurgeVerdict {
  const { progress, createdAt, proof } = archive;
  return purgeVerdict({ state: progress.state, createdAt, verifiedAt: proof?.verifiedAt, check, purgedAt }, rules);
}

/** One pass over the archives. */
export async function planPurge(
  deps: Pick<Deps, 'state' | 'clock' | 'log' | 'signals'>,
  conditions: PurgeConditions,
  { isLocked, rates }: { readonly isLocked: PurgeRules['isLocked']; readonly rates: Rates },
): Promise<PurgePlan> {
  const { state, clock, log, signals } = deps;
  const now = clock.now();
  const sums: Record<PurgeVerdict, { count: number; bytes: number }> = {
    purge: none(),
    purged: none(),
    not_copied: none(),
    not_proven: none(),
    proof_too_old: none(),
    locked: none(),
    too_young: none(),
  };
  const figures = emptyFigures(now);
  const ticker = createTicker(log, 'the archives are being looked at', signals.stop);
  const { verified } = state.totals.byState();
  for (let after = 0; ; ) {
    const page = state.purges.page(after, PAGE);
    const last = page.at(-1);
    if (!last) break;
    for (const one of page) {
      const verdict = verdictOn(one, { now, isLocked, ...conditions });
      const { size, createdAt, partSize = size } = one.archive;
      sums[verdict].count += 1;
      sums[verdict].bytes += size;
      if (verdict === 'purge' || verdict === 'too_young') addArchive(figures, { size, createdAt, partSize });
    }
    after = last.archive.id;
    await ticker.tick(after, verified.count);
  }
  const { purge, ...kept } = sums;
  const { archives, bytes } = figures.young;
  return { purge, kept, young: { archives, bytes, usd: earlyDeleteUsd(figures, rates) } };
}

function none(): { count: number; bytes: number } {
  return { count: 0, bytes: 0 };
}
