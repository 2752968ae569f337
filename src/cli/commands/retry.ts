import { defaultStateDir, findTransfer } from '../../state/directory.ts';
import { lockTransfer } from '../../state/lock.ts';
import { openStateFile } from '../../state/state-file.ts';
import { retryFailed } from '../../steps/retry.ts';
import { archivesOf } from '../output/amounts.ts';

export interface RetryFlags {
  readonly vault: string;
  readonly bucket: string;
  readonly code?: string;
  readonly prefix?: string;
  readonly region?: string;
  readonly stateDir?: string;
}

/** Puts failed archives back in the queue. @returns the exit code. */
export async function retry(flags: RetryFlags): Promise<number> {
  const { vault, bucket, prefix, region, code } = flags;
  const path = findTransfer(flags.stateDir ?? defaultStateDir(process.env), { vault, bucket, prefix, region });
  const lock = lockTransfer(path);
  try {
    const state = openStateFile(path);
    try {
      const count = retryFailed(state, code);
      process.stdout.write(
        count === 0
          ? 'no archive has failed: there is nothing to put back\n'
          : `${archivesOf(count)} put back: transfer asks for ${count === 1 ? 'it' : 'them'} again\n`,
      );
    } finally {
      state.close();
    }
  } finally {
    lock.release();
  }
  return 0;
}
