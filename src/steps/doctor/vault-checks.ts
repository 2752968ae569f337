import { evaluate, parsePolicy } from '../../domain/access-policy.ts';
import { formatSize } from '../../lib/size.ts';
import { type Check, type DoctorDeps, type Finding, type Known, look, ok, problem, warning } from './finding.ts';

/** What a transfer does to the vault. */
const ACTIONS = ['DescribeVault', 'InitiateJob', 'ListJobs', 'DescribeJob', 'GetJobOutput'];

export const VAULT_CHECKS: readonly Check[] = [
  {
    name: 'vault',
    needs: ['credentials'],
    async run({ vault, signal }, { region }, known) {
      const { vaultArn, lastInventoryDate, numberOfArchives, sizeInBytes } = await vault.describe(signal);
      known.vaultArn = vaultArn;
      if (lastInventoryDate === undefined) {
        return problem(
          'the vault has no inventory yet',
          'wait: Glacier makes the first about a day after the first archive has come',
        );
      }
      known.archives = numberOfArchives ?? 0;
      const amount = `${known.archives} archives, ${formatSize(sizeInBytes ?? 0)}`;
      return ok(`in ${region}, ${amount} as of the inventory of ${lastInventoryDate}`);
    },
  },
  {
    name: 'vault access policy',
    needs: ['vault'],
    run: (deps, _, known) =>
      look(async () => judge('the access policy', await deps.vaultSettings.accessPolicy(deps.signal), known)),
  },
  {
    name: 'vault lock',
    needs: ['vault'],
    run: (deps, _, known) =>
      look(async () => {
        const lock = await deps.vaultSettings.lock(deps.signal);
        const name = lock?.isLocked === false ? 'the lock, which is being tried for a day,' : 'the lock';
        return judge(name, lock?.policy, known);
      }),
  },
  {
    name: 'vault notifications',
    needs: ['vault'],
    run: ({ vaultSettings, signal }, { topicArn }) =>
      look(async () => {
        const own = await vaultSettings.notifications(signal);
        if (!own) return ok('the vault itself reports to nobody');
        if (own.topicArn !== topicArn) return ok(`the vault itself reports every job to ${own.topicArn}, too`);
        return warning(
          `the vault itself reports every job to ${own.topicArn}: each message comes twice`,
          "harmless; to spare the second one, remove the vault's notification configuration",
        );
      }),
  },
  {
    name: 'data retrieval policy',
    needs: ['vault'],
    run: ({ vault, signal }, { tier }) =>
      look(async () => {
        const { strategy, bytesPerHour = 0 } = await vault.retrievalPolicy(signal);
        if (strategy === 'None') return ok('no limit');
        const limit = strategy === 'FreeTier' ? 'the free tier only' : `${formatSize(bytesPerHour)} an hour`;
        if (tier !== 'Standard') return ok(`${limit}, which holds for Standard retrievals only`);
        return warning(
          `Standard retrievals are limited to ${limit} in this Region`,
          'take --tier Bulk, which it does not hold for, or raise the limit',
        );
      }),
  },
  {
    name: 'requests',
    needs: ['vault'],
    async run({ vaultSettings, signal }) {
      await vaultSettings.tryRequest(signal);
      return ok('glacier:InitiateJob is allowed (tried with an archive that cannot be)');
    },
  },
  {
    name: 'jobs',
    needs: ['vault'],
    async run(deps) {
      await deps.vaultSettings.tryReading(deps.signal);
      const known = await firstJobs(deps);
      return ok(`glacier:ListJobs, DescribeJob and GetJobOutput are allowed; ${known} in the vault's list`);
    },
  },
];

/** What a policy of the vault means for a transfer, and for what may come after it. */
function judge(name: string, text: string | undefined, { caller, vaultArn = '' }: Known): Finding {
  if (text === undefined) return ok('none');
  const policy = parsePolicy(text);
  if (!policy) {
    return warning(
      `${name} says things that this program does not understand`,
      `see for yourself that it denies you none of ${ACTIONS.join(', ')}`,
    );
  }
  const denies = (action: string, days: number): boolean =>
    evaluate(policy, {
      principal: { accountId: caller?.accountId ?? '', ...(caller && { arn: caller.arn }) },
      action: `glacier:${action}`,
      resource: vaultArn,
      context: { 'glacier:ArchiveAgeInDays': String(days) },
    }) === 'deny';
  const denied = ACTIONS.filter((action) => denies(action, 0));
  if (denied.length > 0) {
    return problem(
      `${name} denies ${denied.join(', ')}`,
      'change the policy; a lock that is complete cannot be changed',
    );
  }
  // a century: an age that no archive has
  if (denies('DeleteArchive', 36_500)) {
    return ok(`${name} lets a transfer do its work, and forbids to delete archives afterwards`);
  }
  return ok(denies('DeleteArchive', 0) ? `${name} forbids to delete young archives only` : `${name} denies nothing`);
}

async function firstJobs({ vault, signal }: DoctorDeps): Promise<string> {
  for await (const _ of vault.jobs({}, signal)) return 'there are jobs';
  return 'there is no job';
}
