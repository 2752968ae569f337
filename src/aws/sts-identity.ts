import { GetCallerIdentityCommand, type STSClient } from '@aws-sdk/client-sts';
import { BugError } from '../lib/errors.ts';
import type { Identity } from '../ports.ts';
import { call } from './errors.ts';

/** The account that the credentials belong to, as STS tells it. Needs no permission. */
export function stsIdentity({ client }: { readonly client: STSClient }): Identity {
  return {
    async accountId(signal) {
      const context = { service: 'sts', operation: 'GetCallerIdentity', subject: 'the credentials' } as const;
      const { Account } = await call(context, signal, () =>
        client.send(new GetCallerIdentityCommand({}), { abortSignal: signal }),
      );
      if (!Account) throw new BugError('GetCallerIdentity answered without an account');
      return Account;
    },
  };
}
