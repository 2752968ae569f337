import { AGE_CLASSES, formatTallies, histogram, SIZE_CLASSES } from '../../domain/price/figures.ts';
import { STATES } from '../../domain/progress.ts';
import { accountOf } from '../../steps/account.ts';
import { type FiguresDeps, figuresOfAll } from '../../steps/plan-figures.ts';
import { type StatusOptions, UNREADABLE_ROW } from '../../steps/status.ts';
import { reportPage } from './report-html.ts';

/** The page of `report --html`, from the state: one pass over the archives. */
export async function reportHtml(deps: FiguresDeps, options: StatusOptions): Promise<string> {
  const { state } = deps;
  const account = accountOf(state, options);
  const figures = await figuresOfAll(deps);
  const named = (name: string, { count, bytes }: { readonly count: number; readonly bytes: number }) => ({
    name,
    archives: count,
    bytes,
  });
  const problems = state.inventory.problemCount();
  return reportPage({
    ...account,
    storageClass: account.storageClass ?? '',
    tier: account.tier ?? '',
    inventoryDate: account.inventoryDate ?? undefined,
    states: STATES.map((at) => ({
      state: at,
      archives: account.archives[at].count,
      bytes: account.archives[at].bytes,
    })),
    failures: [
      ...state.account.failures().map(({ code, ...sum }) => named(code, sum)),
      ...(problems > 0 ? [named(UNREADABLE_ROW, { count: problems, bytes: 0 })] : []),
    ],
    skips: account.skips.map(({ filter, ...sum }) => named(filter, sum)),
    flagged: account.flagged.map(({ original, ...sum }) => named(original, sum)),
    sizes: histogram(SIZE_CLASSES, figures.sizes),
    ages: histogram(AGE_CLASSES, figures.ages),
    formats: formatTallies(figures.formats),
  });
}
