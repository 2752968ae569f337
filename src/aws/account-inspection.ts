import { type IAMClient, SimulatePrincipalPolicyCommand } from '@aws-sdk/client-iam';
import { GetCallerIdentityCommand, type STSClient } from '@aws-sdk/client-sts';
import { roleOf } from '../domain/access-policy.ts';
import { BugError } from '../lib/errors.ts';
import type { AccountInspection, Permission } from '../ports-operate.ts';
import { call } from './errors.ts';

interface WithHeaders {
  readonly response?: { readonly headers?: Readonly<Record<string, string>> };
}

/** Who the credentials belong to, what they may do, and how AWS's clock differs from ours. */
export function accountInspection({
  sts,
  iam,
}: {
  readonly sts: STSClient;
  readonly iam: IAMClient;
}): AccountInspection {
  return {
    async caller(signal) {
      const command = new GetCallerIdentityCommand({});
      let skewMs: number | undefined;
      command.middlewareStack.add(
        (next) => async (args) => {
          const sentAt = Date.now();
          const result = await next(args);
          const date = Date.parse((result as WithHeaders).response?.headers?.date ?? '');
          // the header has whole seconds: half a second late on average
          if (!Number.isNaN(date)) skewMs = date + 500 - (sentAt + Date.now()) / 2;
          return result;
        },
        { step: 'deserialize', priority: 'low', name: 'serverDate' },
      );
      const context = { service: 'sts', operation: 'GetCallerIdentity', subject: 'the credentials' } as const;
      const { Account, Arn } = await call(context, signal, () => sts.send(command, { abortSignal: signal }));
      if (!Account || !Arn) throw new BugError('GetCallerIdentity answered without an account');
      return {
        accountId: Account,
        arn: Arn,
        skewMs: skewMs === undefined ? undefined : Math.round(skewMs / 1000) * 1000,
      };
    },

    async decisions(principalArn, permissions, signal) {
      const subject = `the user or role ${principalArn}`;
      const context = { service: 'iam', operation: 'SimulatePrincipalPolicy', subject } as const;
      const byResource = Map.groupBy(permissions, ({ resource }) => resource);
      const decided: { permission: Permission; decision: 'allowed' | 'denied' | 'unsure' }[] = [];
      for (const [resource, group] of byResource) {
        const command = new SimulatePrincipalPolicyCommand({
          PolicySourceArn: roleOf(principalArn),
          ActionNames: group.map(({ action }) => action),
          ResourceArns: [resource],
        });
        const { EvaluationResults = [] } = await call(context, signal, () =>
          iam.send(command, { abortSignal: signal }),
        );
        for (const { EvalActionName: action = '', EvalDecision, MissingContextValues = [] } of EvaluationResults) {
          const denied = MissingContextValues.length > 0 ? 'unsure' : 'denied';
          decided.push({ permission: { action, resource }, decision: EvalDecision === 'allowed' ? 'allowed' : denied });
        }
      }
      return decided;
    },
  };
}
