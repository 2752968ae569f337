import { checksumOf } from '../../domain/checksum.ts';
import type { ObjectKey } from '../../domain/ids.ts';
import { lifecycleRuleId } from '../../domain/set-up-names.ts';
import type { LifecycleRule } from '../../ports-operate.ts';
import {
  type Check,
  type DoctorDeps,
  type DoctorOptions,
  type Finding,
  look,
  ok,
  problem,
  warning,
} from './finding.ts';

/** A large archive's parts may come over several download windows: an upload lives for days. */
const FEWEST_ABORT_DAYS = 7;

export const BUCKET_CHECKS: readonly Check[] = [
  {
    name: 'bucket',
    needs: ['credentials'],
    async run({ bucket, signal }, { region, allowCrossRegion }) {
      const there = await bucket.describe(signal);
      if (there.region === region) return ok(`in ${there.region}, as the vault`);
      const found = `the bucket is in ${there.region}, the vault in ${region}: each byte is paid for as transfer between Regions`;
      if (allowCrossRegion) return warning(found, `a bucket in ${region} would spare that`);
      return problem(found, `take a bucket in ${region}, or say --allow-cross-region`);
    },
  },
  {
    name: 'bucket versioning',
    needs: ['bucket'],
    run: ({ bucketSettings, signal }) =>
      look(async () => {
        const versioning = await bucketSettings.versioning(signal);
        if (versioning === 'Enabled') return ok('on: what is overwritten or deleted stays, and is paid for');
        return ok(`${versioning === 'Suspended' ? 'suspended' : 'off'}: what is overwritten or deleted is gone`);
      }),
  },
  {
    name: 'object lock',
    needs: ['bucket'],
    run: ({ bucketSettings, signal }) =>
      look(async () => {
        const lock = await bucketSettings.objectLock(signal);
        if (!lock) return ok('off');
        if (lock.mode === undefined) return ok('on, without a retention of its own');
        return warning(
          `each object is locked for ${lock.period} (${lock.mode}): a copy that was not meant cannot be deleted`,
          'run a pilot first (--limit 10), and look at its keys',
        );
      }),
  },
  {
    name: 'encryption',
    needs: ['bucket'],
    run: ({ bucketSettings, signal }, { encryption }) =>
      look(async () => {
        if (encryption)
          return ok(`${encryption.algorithm} ${encryption.kmsKeyId ?? ''}, as --sse says`.replace(' ,', ','));
        const byDefault = await bucketSettings.encryption(signal);
        if (!byDefault) return ok("the bucket's default");
        const { algorithm, kmsKeyId } = byDefault;
        if (!algorithm.startsWith('aws:kms')) return ok(`${algorithm} by the bucket's default`);
        if (kmsKeyId === undefined) return ok(`${algorithm} with AWS's own key by the bucket's default`);
        return ok(
          `${algorithm} with ${kmsKeyId} by the bucket's default: it takes kms:GenerateDataKey and kms:Decrypt`,
        );
      }),
  },
  {
    name: 'lifecycle',
    needs: ['bucket'],
    run: ({ bucketSettings, signal }, { prefix }) =>
      look(async () => judge(await bucketSettings.lifecycle(signal), prefix)),
  },
  {
    name: 'writing',
    needs: ['bucket'],
    async run(deps, options) {
      await tryWriting(deps, options);
      return ok('an upload was begun, got a part, was listed and given up again; nothing is left of it');
    },
  },
];

/** What the bucket's own rules do to what a transfer writes. */
function judge(rules: readonly LifecycleRule[], prefix: string): Finding {
  const touching = rules.filter(
    (rule) => rule.enabled && (rule.prefix.startsWith(prefix) || prefix.startsWith(rule.prefix)),
  );
  const expiring = touching.find(({ expiresAfterDays }) => expiresAfterDays !== undefined);
  if (expiring) {
    return warning(
      `the rule "${expiring.id}" deletes objects after ${expiring.expiresAfterDays} days`,
      'take another --prefix or change the rule, unless that is meant',
    );
  }
  const aborting = touching.filter(({ abortsUploadsAfterDays }) => abortsUploadsAfterDays !== undefined);
  const hasty = aborting.find(({ abortsUploadsAfterDays = 0 }) => abortsUploadsAfterDays < FEWEST_ABORT_DAYS);
  if (hasty) {
    return warning(
      `the rule "${hasty.id}" gives up unfinished uploads after ${hasty.abortsUploadsAfterDays} days: large archives may need longer, and begin again`,
      `give them ${FEWEST_ABORT_DAYS} days or more`,
    );
  }
  const covering = aborting.find((rule) => !rule.isNarrowed && prefix.startsWith(rule.prefix));
  if (covering) return ok(`"${covering.id}" gives up unfinished uploads after ${covering.abortsUploadsAfterDays} days`);
  return warning(
    'no rule gives up unfinished uploads: what a lost transfer leaves behind is paid for, unseen',
    `setup --lifecycle makes one ("${lifecycleRuleId(prefix)}")`,
  );
}

/** Every call of a transfer to the bucket but the last, which makes an object: it needs no other permission than the others. */
async function tryWriting({ bucket, signal, newId }: DoctorDeps, options: DoctorOptions): Promise<void> {
  const { prefix, checksum, storageClass, encryption, tags } = options;
  const key = `${prefix}glacier2s3-doctor-${newId()}` as ObjectKey;
  for await (const _ of bucket.list(key, signal)) break;
  await bucket.head(key, signal);
  for await (const _ of bucket.uploads(key, signal)) break;
  const attributes = { storageClass, metadata: {}, tags, encryption };
  const uploadId = await bucket.createUpload(key, {
    checksumAlgorithm: checksum,
    attributes: withoutUndefined(attributes),
  });
  try {
    const body = Buffer.from('glacier2s3 doctor');
    const part = {
      key,
      uploadId,
      partNumber: 1,
      body,
      checksum: { algorithm: checksum, value: checksumOf(checksum, body) },
    };
    await bucket.uploadPart(part, signal);
    for await (const _ of bucket.parts(key, uploadId, signal)) break;
  } finally {
    await bucket.abortUpload(key, uploadId, AbortSignal.timeout(30_000));
  }
}

function withoutUndefined({
  encryption,
  ...rest
}: {
  readonly storageClass: string;
  readonly metadata: Readonly<Record<string, string>>;
  readonly tags: Readonly<Record<string, string>>;
  readonly encryption: DoctorOptions['encryption'];
}) {
  return { ...rest, ...(encryption && { encryption }) };
}
