import { connectReader } from '../../app-finish.ts';
import { checkObjects } from '../../steps/check-objects.ts';
import { type FinishFlags, withTransfer } from '../finish-run.ts';
import type { Io } from '../io.ts';
import { checkJson, combinedLines, differencesOf, isAllRight, renderCheck } from '../output/check.ts';
import { writeFileOf, writeStdout } from '../output/write-out.ts';

export interface VerifyFlags extends FinishFlags {
  readonly combined?: string;
  readonly deep?: boolean;
  readonly sample?: number;
  readonly oneWay?: boolean;
  readonly storageClass?: string;
  readonly requestRate: number;
  readonly concurrency: number;
}

/** Holds every copied object against the state and against S3 as it is now. @returns 3 where one differs. */
export function verify(flags: VerifyFlags, io: Io): Promise<number> {
  const { requestRate, concurrency, sample, combined } = flags;
  return withTransfer(flags, io, concurrency, async ({ deps, transfer, source, destination }) => {
    const { facts } = deps.state;
    const backup = facts.get('stateBackup');
    const backups = backup?.bucket === transfer.bucket ? `${backup.prefix}${transfer.vault}--${transfer.bucket}--` : '';
    const wanted = flags.storageClass ?? facts.get('settings')?.storageClass;
    const report = await checkObjects(deps, {
      prefix: transfer.prefix,
      storageClass: wanted === 'any' ? undefined : wanted,
      requestRate,
      concurrency,
      reader: flags.deep ? connectReader(source, destination, concurrency) : undefined,
      sample,
      oneWay: flags.oneWay ?? false,
      isOwn: (key) => backups !== '' && key.startsWith(backups),
    });
    if (combined !== undefined) await writeFileOf(combined, combinedLines(deps.state, report), io.stop);
    if (flags.json && combined !== '-') {
      await writeStdout([checkJson(report, transfer, facts.get('check'))], io.stop);
    } else if (combined !== '-') {
      await writeStdout(differencesOf(deps.state, report), io.stop);
      await writeStdout([renderCheck(report, transfer, flags.deep ?? false)], io.stop);
    }
    return isAllRight(report) ? 0 : 3;
  });
}
