import { connect } from '../../app.ts';
import { leastPolicy, type PolicyTask } from '../../domain/iam-policy.ts';
import type { Tier } from '../../ports.ts';
import type { Io } from '../io.ts';

export interface IamPolicyFlags {
  readonly for: PolicyTask;
  readonly vault: string;
  readonly bucket: string;
  readonly prefix: string;
  readonly accountId: string;
  readonly region?: string;
  readonly profile?: string;
  readonly endpointUrl?: string;
  readonly kmsKey?: string;
  readonly topicArn?: string;
  readonly queueUrl?: string;
  readonly notifications: boolean;
  readonly tag: Readonly<Record<string, string>>;
  readonly tier: Tier;
  readonly cloudwatch: string;
  readonly notifyTopic?: string;
  readonly stateBackup?: { readonly bucket: string; readonly prefix: string };
}

/** Prints the least policy for a task. Asks AWS for nothing but the account, where it is not said. @returns the exit code. */
export async function iamPolicy(flags: IamPolicyFlags, io: Io): Promise<number> {
  const cloud = await connect({ region: undefined, profile: undefined, endpointUrl: undefined, ...flags }, 1);
  const accountId = flags.accountId === '-' ? await cloud.identity.accountId(io.stop) : flags.accountId;
  const policy = leastPolicy(flags.for, {
    ...flags,
    region: cloud.region,
    accountId,
    kmsKey: flags.kmsKey,
    topicArn: flags.topicArn,
    queueUrl: flags.queueUrl,
    tags: Object.keys(flags.tag).length > 0,
    namespace: flags.cloudwatch,
    notifyTopicArn: flags.notifyTopic,
    stateBackup: flags.stateBackup,
  });
  process.stdout.write(`${JSON.stringify(policy, undefined, 2)}\n`);
  return 0;
}
