import { type Cloud, connect, type Destination, type Source } from '../app.ts';
import { clockFrom } from '../lib/clock.ts';
import { BugError } from '../lib/errors.ts';
import type { Bucket } from '../ports.ts';
import { defaultStateDir, findTransfer } from '../state/directory.ts';
import type { TransferFacts } from '../state/facts.ts';
import { lockTransfer } from '../state/lock.ts';
import { openStateFile } from '../state/state-file.ts';
import type { Deps } from '../steps/deps.ts';
import type { Io } from './io.ts';
import { createLog, type LogOptions } from './output/log.ts';
import { signalsOf } from './run.ts';
import type { BucketAccess } from './store.ts';

/** Flags of the commands that work on a transfer that is there. */
export interface FinishFlags extends BucketAccess, LogOptions {
  readonly vault: string;
  readonly bucket: string;
  readonly prefix?: string;
  readonly stateDir?: string;
}

export interface FinishRun {
  readonly deps: Pick<Deps, 'vault' | 'state' | 'clock' | 'log' | 'signals'> & { readonly bucket: Bucket };
  readonly cloud: Cloud;
  readonly transfer: TransferFacts['transfer'];
  readonly source: Source & { readonly region: string };
  readonly destination: Destination;
}

/** Opens the state of a transfer that is there, holds it, runs `work`, and closes it again, whatever happens. */
export async function withTransfer<T>(
  flags: FinishFlags,
  io: Io,
  concurrency: number,
  work: (run: FinishRun) => Promise<T>,
): Promise<T> {
  const { vault, bucket, prefix, region: wanted, profile, endpointUrl } = flags;
  const path = findTransfer(flags.stateDir ?? defaultStateDir(process.env), { vault, bucket, prefix, region: wanted });
  const lock = lockTransfer(path);
  try {
    const state = openStateFile(path);
    try {
      const transfer = state.facts.get('transfer');
      if (!transfer) throw new BugError(`${path} is the state of no transfer`);
      const { accountId, region } = transfer;
      const source = { vault, accountId, region, profile, endpointUrl };
      const cloud = await connect(source, concurrency);
      const destination: Destination = {
        bucket,
        region: flags.destRegion,
        profile: flags.destProfile,
        endpointUrl: flags.destEndpointUrl,
        expectedBucketOwner: flags.expectedBucketOwner,
      };
      const log = createLog(flags, (line) => void process.stderr.write(`${line}\n`));
      const deps = {
        vault: cloud.vault,
        bucket: cloud.bucket(destination),
        state,
        clock: clockFrom(process.env.GLACIER2S3_CLOCK),
        log,
        signals: signalsOf(io.stop, log),
      };
      return await work({ deps, cloud, transfer, source, destination });
    } finally {
      state.close();
    }
  } finally {
    lock.release();
  }
}
