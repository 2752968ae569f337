import { readInventory } from '../../steps/1-inventory.ts';
import { planArchives } from '../../steps/2-plan.ts';
import type { Io } from '../io.ts';
import { planText } from '../output/plan.ts';
import { type TransferFlags, withRun } from '../run.ts';

/** Says what a transfer would do. @returns the exit code. */
export function plan(flags: TransferFlags, io: Io): Promise<number> {
  return withRun(flags, io, async (run) => {
    const inventory = await readInventory(run.deps, { ...run.options, topicArn: undefined });
    if (inventory.type === 'pending') {
      process.stdout.write('the inventory is on its way: run the same command again\n');
      return 75;
    }
    planArchives(run.deps, run.options);
    process.stdout.write(planText(run.deps, flags, run.options));
    return 0;
  });
}
