import { speedFrom, systemClock } from '../../lib/clock.ts';
import { defaultStateDir, findTransfer } from '../../state/directory.ts';
import { isLocked } from '../../state/lock.ts';
import { openStateFile } from '../../state/state-file.ts';
import type { Io } from '../io.ts';
import { createLog } from '../output/log.ts';
import { CONTENT_TYPES, formOf, reportPieces } from '../output/report.ts';
import { reportHtml } from '../output/report-figures.ts';
import { writeFileOf, writeStdout } from '../output/write-out.ts';
import { type BucketAccess, bucketUrlOf, storeInBucket } from '../store.ts';

export interface ReportFlags extends BucketAccess {
  readonly vault: string;
  readonly bucket: string;
  readonly prefix?: string;
  readonly json?: boolean;
  readonly csv?: boolean;
  readonly jsonl?: boolean;
  readonly output?: string;
  readonly html?: string;
  readonly stateDir?: string;
}

/** Accounts for every archive of the inventory. @returns the exit code. */
export async function report(flags: ReportFlags, io: Io): Promise<number> {
  const { vault, bucket, prefix, region, output } = flags;
  const target = output === undefined ? undefined : bucketUrlOf(output);
  const path = findTransfer(flags.stateDir ?? defaultStateDir(process.env), { vault, bucket, prefix, region });
  const form = formOf(flags);
  const state = openStateFile(path, { readonly: true });
  try {
    const speed = speedFrom(process.env.GLACIER2S3_CLOCK);
    const looked = { now: Date.now(), running: isLocked(path), speed };
    if (flags.html !== undefined) {
      const log = createLog({ quiet: true }, (line) => void process.stderr.write(`${line}\n`));
      const deps = { state, log, clock: systemClock(), signals: { stop: io.stop, cut: io.stop } };
      await writeFileOf(flags.html, [await reportHtml(deps, looked)], io.stop);
    }
    const pieces = reportPieces(state, form, looked);
    if (target !== undefined) {
      const access = { ...flags, region: region ?? state.facts.get('transfer')?.region };
      await storeInBucket(access, target, { pieces, contentType: CONTENT_TYPES[form], near: path }, io);
    } else if (output !== undefined) await writeFileOf(output, pieces, io.stop);
    else await writeStdout(pieces, io.stop);
  } finally {
    state.close();
  }
  if (output !== undefined && output !== '-') process.stderr.write(`the report is in ${output}\n`);
  return 0;
}
