import { randomBytes } from 'node:crypto';
import { resolve } from 'node:path';
import type { ChecksumAlgorithm } from '../../domain/checksum.ts';
import { thisMachine } from '../../lib/machine.ts';
import type { Tier } from '../../ports.ts';
import { defaultStateDir } from '../../state/directory.ts';
import { examine, type NamedFinding } from '../../steps/doctor/doctor.ts';
import type { Io } from '../io.ts';
import { openPlace, type PlaceFlags } from '../operate.ts';
import { findingLine, findingsSummary } from '../output/findings.ts';

export interface DoctorFlags extends PlaceFlags {
  readonly storageClass: string;
  readonly sse?: 'aws:kms' | 'AES256';
  readonly sseKmsKeyId?: string;
  readonly tag: Readonly<Record<string, string>>;
  readonly checksum: ChecksumAlgorithm;
  readonly allowCrossRegion?: boolean;
  readonly tier: Tier;
  readonly notifications: boolean;
  readonly topicArn?: string;
  readonly queueUrl?: string;
  readonly concurrency: number;
  readonly stateDir?: string;
  readonly json?: boolean;
}

/** Says what would stand in a transfer's way. @returns the exit code: 1 where there is a problem. */
export async function doctor(flags: DoctorFlags, io: Io): Promise<number> {
  const { cloud, bucket, operations } = await openPlace(flags);
  const { vault, notifications, region } = cloud;
  const deps = {
    ...operations,
    machine: thisMachine(),
    vault,
    bucket,
    notifications,
    signal: io.stop,
    newId: () => randomBytes(4).toString('hex'),
  };
  const options = {
    ...flags,
    region,
    encryption: flags.sse && { algorithm: flags.sse, ...(flags.sseKmsKeyId && { kmsKeyId: flags.sseKmsKeyId }) },
    tags: flags.tag,
    allowCrossRegion: flags.allowCrossRegion ?? false,
    topicArn: flags.topicArn,
    queueUrl: flags.queueUrl,
    stateDir: resolve(flags.stateDir ?? defaultStateDir(process.env)),
  };
  const tell = (finding: NamedFinding): void => void (flags.json || process.stdout.write(findingLine(finding)));
  const findings = await examine(deps, options, tell);
  const isWell = findings.every(({ status }) => status !== 'problem');
  process.stdout.write(
    flags.json ? `${JSON.stringify({ ok: isWell, checks: findings }, undefined, 2)}\n` : findingsSummary(findings),
  );
  return isWell ? 0 : 1;
}
