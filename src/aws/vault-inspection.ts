import {
  DescribeJobCommand,
  GetJobOutputCommand,
  GetVaultAccessPolicyCommand,
  GetVaultLockCommand,
  GetVaultNotificationsCommand,
  InitiateJobCommand,
} from '@aws-sdk/client-glacier';
import { isFailure } from '../domain/service-error.ts';
import type { VaultInspection } from '../ports-operate.ts';
import { type CallContext, call } from './errors.ts';
import type { GlacierVaultOptions } from './glacier-vault.ts';

/** An id that no archive and no job has: theirs are 138 and 92 characters long. */
const NOBODY = 'glacier2s3-doctor';

/** What a vault is set to, looked at without changing it. */
export function vaultInspection({ client, vaultName, accountId }: GlacierVaultOptions): VaultInspection {
  const vault = { vaultName, accountId };
  const about = (operation: string): CallContext => ({
    service: 'glacier',
    operation,
    subject: `vault "${vaultName}"`,
  });

  /** Undefined where the vault has none: Glacier says so by the error that an unknown vault has, too. */
  const orNone = async <T>(operation: string, signal: AbortSignal, send: () => Promise<T>): Promise<T | undefined> => {
    const context = about(operation);
    return call(context, signal, () =>
      send().catch((error: unknown) => {
        const { name, message } = error as Error;
        if (name === 'ResourceNotFoundException' && !/vault not found/i.test(message)) return undefined;
        throw error;
      }),
    );
  };

  return {
    async accessPolicy(signal) {
      const got = await orNone('GetVaultAccessPolicy', signal, () =>
        client.send(new GetVaultAccessPolicyCommand(vault), { abortSignal: signal }),
      );
      return got?.policy?.Policy || undefined;
    },

    async lock(signal) {
      const got = await orNone('GetVaultLock', signal, () =>
        client.send(new GetVaultLockCommand(vault), { abortSignal: signal }),
      );
      return got?.Policy ? { policy: got.Policy, isLocked: got.State === 'Locked' } : undefined;
    },

    async notifications(signal) {
      const got = await orNone('GetVaultNotifications', signal, () =>
        client.send(new GetVaultNotificationsCommand(vault), { abortSignal: signal }),
      );
      const topicArn = got?.vaultNotificationConfig?.SNSTopic;
      return topicArn ? { topicArn } : undefined;
    },

    async tryRequest(signal) {
      const jobParameters = { Type: 'archive-retrieval', ArchiveId: NOBODY, Tier: 'Bulk' };
      await refused(about('InitiateJob'), signal, () =>
        client.send(new InitiateJobCommand({ ...vault, jobParameters }), { abortSignal: signal }),
      );
    },

    async tryReading(signal) {
      const job = { ...vault, jobId: NOBODY };
      await refused(about('DescribeJob'), signal, () =>
        client.send(new DescribeJobCommand(job), { abortSignal: signal }),
      );
      await refused(about('GetJobOutput'), signal, () =>
        client.send(new GetJobOutputCommand(job), { abortSignal: signal }),
      );
    },
  };
}

/** A call that is refused for what it names has passed the check of permissions, which comes first. */
async function refused(context: CallContext, signal: AbortSignal, send: () => Promise<unknown>): Promise<void> {
  try {
    await call(context, signal, send);
  } catch (error) {
    if (!isFailure(error, 'archive_not_found', 'job_not_found', 'invalid_request')) throw error;
  }
}
