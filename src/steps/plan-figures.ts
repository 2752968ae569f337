import { nameOf } from '../domain/names/name-of.ts';
import { addArchive, emptyFigures, type PlanFigures } from '../domain/price/figures.ts';
import type { Deps } from './deps.ts';

/** The sums of what is planned or on its way: what a transfer would still ask for, copy and pay. One pass over the archives. */
export function figuresOf({ state, clock }: Pick<Deps, 'state' | 'clock'>): PlanFigures {
  const figures = emptyFigures(clock.now());
  for (const { archiveId, description, size, createdAt, partSize, progress } of state.archives.all()) {
    if (partSize === undefined || progress.state === 'skipped') continue;
    addArchive(figures, { size, createdAt, partSize, format: nameOf(archiveId, description).format });
  }
  return figures;
}
