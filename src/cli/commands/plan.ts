import { readInventory } from '../../steps/1-inventory.ts';
import { checkGivenFiles, planArchives } from '../../steps/2-plan.ts';
import type { Io } from '../io.ts';
import { estimateOf, planHtml, planText } from '../output/plan.ts';
import { writeFileOf } from '../output/write-out.ts';
import { type TransferFlags, withRun } from '../run.ts';

export interface PlanFlags extends TransferFlags {
  readonly html?: string;
}

/** Says what a transfer would do and cost. @returns the exit code. */
export function plan(flags: PlanFlags, io: Io): Promise<number> {
  // the plan is the one document on stdout: no events of a run
  return withRun({ ...flags, json: false, planOnly: true }, io, async ({ deps, options }) => {
    const isNew = deps.state.facts.get('inventory')?.loadedAt === undefined;
    if (isNew) await checkGivenFiles(deps, options);
    const inventory = await readInventory(deps, { ...options, topicArn: undefined });
    if (inventory.type === 'pending') {
      process.stdout.write('the inventory is on its way: run the same command again\n');
      return 75;
    }
    await planArchives(deps, options);
    const estimate = await estimateOf(deps, flags, options);
    if (flags.html !== undefined) await writeFileOf(flags.html, [planHtml(estimate, deps, options)], io.stop);
    process.stdout.write(planText(estimate, flags));
    return 0;
  });
}
