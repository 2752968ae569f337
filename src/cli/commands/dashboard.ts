import { once } from 'node:events';
import { clockFrom, speedFrom } from '../../lib/clock.ts';
import { UsageError } from '../../lib/errors.ts';
import type { ListenAddress } from '../../lib/web-server.ts';
import { defaultStateDir, findTransfer } from '../../state/directory.ts';
import { liveTimes, startDashboard } from '../dashboard/server.ts';
import { viewsOf } from '../dashboard/view.ts';
import type { Io } from '../io.ts';
import { createLog } from '../output/log.ts';

export interface DashboardFlags {
  readonly vault?: string;
  readonly bucket?: string;
  readonly prefix?: string;
  readonly region?: string;
  readonly stateDir?: string;
  readonly listen: ListenAddress;
}

/** Serves the page of one transfer, or of all in the state directory, until it is stopped. @returns the exit code. */
export async function dashboard(flags: DashboardFlags, io: Io): Promise<number> {
  const { vault, bucket, prefix, region, listen } = flags;
  const dir = flags.stateDir ?? defaultStateDir(process.env);
  if ((vault === undefined) !== (bucket === undefined)) {
    throw new UsageError('name both --vault and --bucket, or neither for all transfers of the state directory');
  }
  const path =
    vault !== undefined && bucket !== undefined ? findTransfer(dir, { vault, bucket, prefix, region }) : undefined;
  const speed = speedFrom(process.env.GLACIER2S3_CLOCK);
  const views = viewsOf({ dir, path }, { clock: clockFrom(process.env.GLACIER2S3_CLOCK), speed });
  const log = createLog({}, (line) => void process.stderr.write(`${line}\n`));
  const served = await startDashboard(views, listen, { log, times: liveTimes(speed) });
  process.stdout.write(`${served.url}\n`);
  process.stderr.write('open this address in a browser of this machine; it is read-only; end it with Ctrl-C\n');
  if (!io.stop.aborted) await once(io.stop, 'abort');
  await served.close();
  return 0;
}
