import { leastPolicy } from '../../domain/iam-policy.ts';
import { isFailure } from '../../domain/service-error.ts';
import { formatDuration, MINUTE, SECOND } from '../../lib/duration.ts';
import type { Permission } from '../../ports-operate.ts';
import { type Check, type DoctorOptions, ok, problem, warning } from './finding.ts';

/** AWS refuses what is signed 15 minutes off; long before that, the times of jobs' ends are reckoned wrongly. */
const MOST_SKEW = 5 * MINUTE;
const LITTLE_SKEW = 30 * SECOND;

export const ACCOUNT_CHECKS: readonly Check[] = [
  {
    name: 'credentials',
    needs: [],
    async run({ account, signal }, _, known) {
      known.caller = await account.caller(signal);
      return ok(`account ${known.caller.accountId}, ${known.caller.arn}`);
    },
  },
  {
    name: 'clock',
    needs: ['credentials'],
    async run(_deps, _options, { caller }) {
      const skew = caller?.skewMs;
      if (skew === undefined)
        return warning('AWS has not said what time it is', 'see that this machine keeps time, for instance with NTP');
      const text = `${formatDuration(Math.abs(skew))} ${skew > 0 ? 'behind' : 'ahead of'} AWS's`;
      if (Math.abs(skew) < LITTLE_SKEW) return ok("this machine's clock agrees with AWS's");
      const fix = 'set the clock, for instance with NTP';
      return Math.abs(skew) < MOST_SKEW
        ? warning(`this machine's clock is ${text}`, fix)
        : problem(`this machine's clock is ${text}`, fix);
    },
  },
  {
    name: 'iam',
    needs: ['credentials'],
    async run({ account, signal }, options, { caller }) {
      if (!caller) return ok('nobody to ask about');
      try {
        const decisions = await account.decisions(caller.arn, neededBy(options, caller.accountId), signal);
        const list = (wanted: string): string =>
          decisions
            .filter(({ decision }) => decision === wanted)
            .map(({ permission: { action, resource } }) => `${action} on ${resource}`)
            .join(', ');
        const fix = 'allow what `glacier2s3 iam-policy --for transfer` prints';
        if (list('denied') !== '') return problem(`IAM does not allow ${list('denied')}`, fix);
        if (list('unsure') === '') return ok(`IAM allows all ${decisions.length} actions of a transfer`);
        return warning(
          `it depends on conditions whether IAM allows ${list('unsure')}`,
          'see whether the checks below, which try them, go well',
        );
      } catch (error) {
        // roots and roles with a path can't be asked about either
        if (!isFailure(error, 'access_denied', 'invalid_request')) throw error;
        return ok('IAM may not be asked (iam:SimulatePrincipalPolicy): the calls are tried instead');
      }
    },
  },
];

/** Each action that a transfer needs, on an example of what it needs it on. */
function neededBy(options: DoctorOptions, accountId: string): readonly Permission[] {
  const { encryption, tags, ...rest } = options;
  const policy = leastPolicy('transfer', {
    ...rest,
    accountId,
    ...(options.accountId !== '-' && { vaultAccountId: options.accountId }),
    kmsKey: encryption?.kmsKeyId,
    tags: Object.keys(tags).length > 0,
    namespace: '',
    notifyTopicArn: undefined,
    stateBackup: undefined,
  });
  return policy.Statement.flatMap(({ Action, Resource }) => {
    const resource = Resource === '*' ? '*' : Resource.replace(/\*$/, 'doctor').replace(/\$\{([*?$])\}/g, '$1');
    return Action.map((action) => ({ action, resource }));
  });
}
