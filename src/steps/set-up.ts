import { dashboardBody } from '../domain/dashboard.ts';
import { partitionOf } from '../domain/partition.ts';
import { channelName, deadLettersName, lifecycleRuleId, type SetUp } from '../domain/set-up-names.ts';
import type { BucketInspection, ChannelNames, Provision } from '../ports-operate.ts';
import type { Deps } from './deps.ts';
import { persist } from './persist.ts';

export interface SetUpDeps extends Pick<Deps, 'clock' | 'log' | 'signals'> {
  readonly provision: Provision;
  readonly bucketSettings: BucketInspection;
}

export interface SetUpOptions extends SetUp {
  readonly region: string;
  /** Whether the bucket gets, or loses, its rule for unfinished uploads. */
  readonly lifecycle: boolean;
  readonly dashboard: string | undefined;
  /** CloudWatch's, for the dashboard. */
  readonly namespace: string;
}

/** What is there after `setUp`. */
export interface Made {
  readonly topicArn: string;
  readonly queueUrl: string;
  readonly deadLettersUrl: string;
  readonly lifecycleRule?: string;
  readonly dashboard?: string;
}

/** Long enough for the largest archive, whose parts come over several download windows. */
const ABORT_DAYS = 30;

/** Makes what lasts beyond a transfer, or puts it right where it is there. May be run again. */
export async function setUp(deps: SetUpDeps, options: SetUpOptions): Promise<Made> {
  const { provision, bucketSettings, signals } = deps;
  const { prefix, dashboard } = options;
  const channel = await persist(deps, () => provision.makeChannel(namesOf(options), signals.stop));
  const rule = lifecycleRuleId(prefix);
  if (options.lifecycle) {
    await persist(deps, () =>
      bucketSettings.putLifecycleRule({ id: rule, prefix, abortsUploadsAfterDays: ABORT_DAYS }, signals.stop),
    );
  }
  if (dashboard !== undefined) {
    await persist(deps, () => provision.putDashboard(dashboard, dashboardBody(options), signals.stop));
  }
  return {
    ...channel,
    ...(options.lifecycle && { lifecycleRule: rule }),
    ...(dashboard !== undefined && { dashboard }),
  };
}

/** Removes what `setUp` makes, and nothing else. May be run again. @returns the names of what was there. */
export async function tearDown(
  deps: SetUpDeps,
  options: SetUpOptions & { readonly accountId: string },
): Promise<readonly string[]> {
  const { provision, bucketSettings, signals } = deps;
  const { prefix, dashboard, region, accountId } = options;
  const names = namesOf(options);
  const topicArn = `arn:${partitionOf(region)}:sns:${region}:${accountId}:${names.topic}`;
  const removed = [...(await persist(deps, () => provision.removeChannel(names, topicArn, signals.stop)))];
  const rule = lifecycleRuleId(prefix);
  if (options.lifecycle && (await persist(deps, () => bucketSettings.removeLifecycleRule(rule, signals.stop)))) {
    removed.push(rule);
  }
  if (dashboard !== undefined && (await persist(deps, () => provision.removeDashboard(dashboard, signals.stop)))) {
    removed.push(dashboard);
  }
  return removed;
}

function namesOf(setUp: SetUp): ChannelNames {
  return { topic: channelName(setUp), queue: channelName(setUp), deadLetters: deadLettersName(setUp) };
}
