import { connectDeletion } from '../../app-finish.ts';
import { SHIPPED_PRICES } from '../../domain/price/prices.ts';
import { ratesFor } from '../../domain/price/rates.ts';
import { FatalError, UsageError } from '../../lib/errors.ts';
import { openAuditLog } from '../../steps/audit-log.ts';
import { purgeArchives } from '../../steps/purge-archives.ts';
import { planPurge, readLock } from '../../steps/purge-plan.ts';
import { ask } from '../consent.ts';
import { type FinishFlags, withTransfer } from '../finish-run.ts';
import type { Io } from '../io.ts';
import { isEmptied, purgeJson, renderPurge, renderPurgePlan } from '../output/purge.ts';

export interface PurgeFlags extends FinishFlags {
  readonly confirm?: string;
  readonly proofAge: number;
  readonly acceptEarlyDeleteFee?: boolean;
  readonly limit?: number;
  readonly dryRun?: boolean;
  readonly requestRate: number;
  readonly auditLog?: string;
}

/** Deletes from the vault what is proven to be in the bucket. @returns 3 where archives were kept that are copied. */
export function purge(flags: PurgeFlags, io: Io): Promise<number> {
  const { proofAge, acceptEarlyDeleteFee = false, requestRate, limit, dryRun = false } = flags;
  const conditions = { proofAge, acceptEarlyDeleteFee };
  return withTransfer(flags, io, 16, async ({ deps, cloud, source }) => {
    const { deletion, inspection } = connectDeletion(source, 16);
    const isLocked = await readLock({ ...deps, identity: cloud.identity, inspection });
    const { region } = source;
    const rates = deps.state.facts.get('rates') ?? ratesFor(SHIPPED_PRICES, { region, destinationRegion: region });
    const plan = await planPurge(deps, conditions, { isLocked, rates });
    if (!flags.json || !dryRun) process.stderr.write(renderPurgePlan(plan, flags));
    if (dryRun && flags.json) process.stdout.write(purgeJson(flags, plan));
    if (dryRun) return 0;
    if (plan.purge.count === 0) return isEmptied(plan, undefined) ? 0 : 3;
    await confirm(flags, io.stop);
    const path = flags.auditLog ?? `${deps.state.path.replace(/\.sqlite$/, '')}.purge.jsonl`;
    const audit = await openAuditLog(path);
    try {
      const report = await purgeArchives({ ...deps, deletion, audit }, { ...conditions, isLocked, requestRate, limit });
      process.stdout.write(flags.json ? purgeJson(flags, plan, report) : renderPurge(report, path));
      return isEmptied(plan, report) ? 0 : 3;
    } finally {
      await audit.close();
    }
  });
}

/** The name of the vault, typed by whoever sits at the terminal or given in a script. */
async function confirm({ vault, confirm: given }: PurgeFlags, stop: AbortSignal): Promise<void> {
  const isTerminal = process.stdin.isTTY === true && process.stderr.isTTY === true;
  if (given === undefined && !isTerminal) {
    throw new UsageError(`this deletes archives for good, and there is no terminal to ask on: say --confirm ${vault}`);
  }
  const name = given ?? (await ask('Type the name of the vault to delete these archives for good: ', stop)).trim();
  if (name !== vault) throw new FatalError('declined', `nothing was deleted: "${name}" is not the name of the vault`);
}
