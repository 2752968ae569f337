import { nameOf } from '../domain/names/name-of.ts';
import { addArchive, emptyFigures, type PlanFigures } from '../domain/price/figures.ts';
import type { State } from '../domain/progress.ts';
import { keepYoungGenerationSmall } from '../lib/young-generation.ts';
import type { Listed } from '../state/planning.ts';
import type { Deps } from './deps.ts';
import { knownNames } from './given-names.ts';
import { createTicker } from './ticker.ts';

/** Archives looked at between two turns of other work: a third quicker than 2,000, which outlive V8's young generation. */
const BATCH = 300;

export type FiguresDeps = Pick<Deps, 'state' | 'clock' | 'log' | 'signals'>;

/** The sums of what is planned: what a transfer would still ask for, copy and pay. One pass over the archives. */
export function figuresOf(deps: FiguresDeps): Promise<PlanFigures> {
  return sumsOf(deps, (state) => state === 'planned');
}

/** The sums of everything that the transfer is of: what was left out is not. */
export function figuresOfAll(deps: FiguresDeps): Promise<PlanFigures> {
  return sumsOf(deps, (state) => state !== 'skipped');
}

async function sumsOf(deps: FiguresDeps, counts: (state: State) => boolean): Promise<PlanFigures> {
  const figures = emptyFigures(deps.clock.now());
  const names = knownNames(deps.state);
  await eachArchive(deps, 'the archives are being summed up', ({ archiveId, description, ...archive }) => {
    const { state, size, createdAt, partSize } = archive;
    if (partSize === undefined || !counts(state)) return;
    addArchive(figures, { size, createdAt, partSize, format: nameOf(archiveId, description, names).format });
  });
  return figures;
}

/** Shows `work` every archive, by row, and says how far it is with `message`. */
export async function eachArchive(
  { state, log, signals }: Pick<Deps, 'state' | 'log' | 'signals'>,
  message: string,
  work: (archive: Listed) => void,
): Promise<void> {
  keepYoungGenerationSmall();
  const rows = state.planning.lastRow();
  const ticker = createTicker(log, message, signals.stop);
  for (let after = 0; ; ) {
    const batch = state.planning.page(after, BATCH);
    const last = batch.at(-1);
    if (!last) return;
    batch.forEach(work);
    after = last.id;
    await ticker.tick(after, rows);
  }
}
