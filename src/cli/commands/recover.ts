import { recoverState } from '../../steps/recover.ts';
import { restore } from '../backing-up.ts';
import type { Io } from '../io.ts';
import { archivesOf } from '../output/amounts.ts';
import { type TransferFlags, withRun } from '../run.ts';

/** Makes the state of a transfer anew where it is lost. @returns 75 while the inventory is on its way. */
export async function recover(flags: TransferFlags, io: Io): Promise<number> {
  await restore(flags, io);
  return withRun(flags, io, async ({ deps, options }) => {
    const recovered = await recoverState(deps, options);
    if (!recovered) {
      process.stdout.write('the inventory is on its way: run the same command again\n');
      return 75;
    }
    const { verified, planned, requested, staged, transferring } = deps.state.totals.byState();
    const jobs = requested.count + staged.count + transferring.count;
    process.stdout.write(
      `the state is recovered from ${recovered.source === 'backup' ? 'its backup and the services' : 'the services'}: ` +
        `${archivesOf(verified.count)} copied, ${jobs} asked for, ${planned.count} still to be asked for; run transfer to go on\n`,
    );
    return 0;
  });
}
