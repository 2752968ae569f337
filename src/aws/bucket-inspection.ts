import {
  DeleteBucketLifecycleCommand,
  GetBucketEncryptionCommand,
  GetBucketLifecycleConfigurationCommand,
  type GetBucketLifecycleConfigurationCommandOutput,
  GetBucketVersioningCommand,
  GetObjectLockConfigurationCommand,
  PutBucketLifecycleConfigurationCommand,
  type LifecycleRule as S3Rule,
} from '@aws-sdk/client-s3';
import type { BucketInspection, LifecycleRule } from '../ports-operate.ts';
import { type CallContext, call } from './errors.ts';
import type { S3BucketOptions } from './s3-bucket.ts';

/** How S3 says that a setting is not set. */
const NOT_SET =
  /^(ObjectLockConfigurationNotFoundError|ServerSideEncryptionConfigurationNotFoundError|NoSuchLifecycleConfiguration)$/;

/** What a bucket is set to, and the one setting that this program changes: a lifecycle rule of its own. */
export function bucketInspection({ client, bucket, expectedBucketOwner }: S3BucketOptions): BucketInspection {
  const target = {
    Bucket: bucket,
    ...(expectedBucketOwner !== undefined && { ExpectedBucketOwner: expectedBucketOwner }),
  };
  const about = (operation: string): CallContext => ({ service: 's3', operation, subject: `bucket "${bucket}"` });

  const orNone = <T>(operation: string, signal: AbortSignal, send: () => Promise<T>): Promise<T | undefined> =>
    call(about(operation), signal, () =>
      send().catch((error: unknown) => {
        if (error instanceof Error && NOT_SET.test(error.name)) return undefined;
        throw error;
      }),
    );
  const getLifecycle = (signal: AbortSignal): Promise<GetBucketLifecycleConfigurationCommandOutput | undefined> =>
    orNone('GetBucketLifecycleConfiguration', signal, () =>
      client.send(new GetBucketLifecycleConfigurationCommand(target), { abortSignal: signal }),
    );
  /** Replaces all rules: there is no other way. What goes with them is said again, or it would be forgotten. */
  const putRules = async (
    Rules: S3Rule[],
    before: GetBucketLifecycleConfigurationCommandOutput | undefined,
    signal: AbortSignal,
  ): Promise<void> => {
    const minimum = before?.TransitionDefaultMinimumObjectSize;
    const command = new PutBucketLifecycleConfigurationCommand({
      ...target,
      LifecycleConfiguration: { Rules },
      ...(minimum !== undefined && { TransitionDefaultMinimumObjectSize: minimum }),
    });
    await call(about('PutBucketLifecycleConfiguration'), signal, () => client.send(command, { abortSignal: signal }));
  };

  return {
    async versioning(signal) {
      const { Status } = await call(about('GetBucketVersioning'), signal, () =>
        client.send(new GetBucketVersioningCommand(target), { abortSignal: signal }),
      );
      return Status;
    },

    async objectLock(signal) {
      const got = await orNone('GetObjectLockConfiguration', signal, () =>
        client.send(new GetObjectLockConfigurationCommand(target), { abortSignal: signal }),
      );
      if (got?.ObjectLockConfiguration?.ObjectLockEnabled !== 'Enabled') return undefined;
      const { Mode, Days, Years } = got.ObjectLockConfiguration.Rule?.DefaultRetention ?? {};
      if (Mode === undefined) return {};
      return { mode: Mode, period: Days === undefined ? `${Years} years` : `${Days} days` };
    },

    async encryption(signal) {
      const got = await orNone('GetBucketEncryption', signal, () =>
        client.send(new GetBucketEncryptionCommand(target), { abortSignal: signal }),
      );
      const byDefault = got?.ServerSideEncryptionConfiguration?.Rules?.[0]?.ApplyServerSideEncryptionByDefault;
      if (byDefault?.SSEAlgorithm === undefined) return undefined;
      const { SSEAlgorithm: algorithm, KMSMasterKeyID: kmsKeyId } = byDefault;
      return { algorithm, ...(kmsKeyId !== undefined && { kmsKeyId }) };
    },

    async lifecycle(signal) {
      return ((await getLifecycle(signal))?.Rules ?? []).map(ruleOf);
    },

    async putLifecycleRule({ id, prefix, abortsUploadsAfterDays }, signal) {
      const before = await getLifecycle(signal);
      const others = (before?.Rules ?? []).filter(({ ID }) => ID !== id);
      const rule: S3Rule = {
        ID: id,
        Status: 'Enabled',
        Filter: { Prefix: prefix },
        AbortIncompleteMultipartUpload: { DaysAfterInitiation: abortsUploadsAfterDays },
      };
      await putRules([...others, rule], before, signal);
    },

    async removeLifecycleRule(id, signal) {
      const before = await getLifecycle(signal);
      const rules = before?.Rules ?? [];
      const others = rules.filter(({ ID }) => ID !== id);
      if (others.length === rules.length) return false;
      if (others.length > 0) await putRules(others, before, signal);
      else {
        // S3 takes no configuration without rules
        await call(about('DeleteBucketLifecycle'), signal, () =>
          client.send(new DeleteBucketLifecycleCommand(target), { abortSignal: signal }),
        );
      }
      return true;
    },
  };
}

function ruleOf({ ID, Status, Filter, Prefix, AbortIncompleteMultipartUpload, Expiration }: S3Rule): LifecycleRule {
  const { Prefix: prefix, And, Tag, ObjectSizeGreaterThan, ObjectSizeLessThan } = Filter ?? {};
  const others = [
    Tag,
    ObjectSizeGreaterThan,
    ObjectSizeLessThan,
    And?.Tags,
    And?.ObjectSizeGreaterThan,
    And?.ObjectSizeLessThan,
  ];
  const abortsAfter = AbortIncompleteMultipartUpload?.DaysAfterInitiation;
  const expiresAfter = Expiration?.Days;
  return {
    id: ID ?? '',
    enabled: Status === 'Enabled',
    // the rules of old had the prefix beside them
    prefix: prefix ?? And?.Prefix ?? Prefix ?? '',
    isNarrowed: others.some((other) => other !== undefined),
    ...(abortsAfter !== undefined && { abortsUploadsAfterDays: abortsAfter }),
    ...(expiresAfter !== undefined && { expiresAfterDays: expiresAfter }),
  };
}
