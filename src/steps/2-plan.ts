import type { ObjectKey } from '../domain/ids.ts';
import type { KnownNames } from '../domain/names/name-of.ts';
import { nameOf } from '../domain/names/name-of.ts';
import { disambiguate, keyOf } from '../domain/object-key.ts';
import { partSizeFor } from '../domain/ranges.ts';
import { BugError } from '../lib/errors.ts';
import type { Unplanned } from '../state/planning.ts';
import type { Deps } from './deps.ts';

/** Archives in one transaction. */
const BATCH = 10_000;

export interface PlanOptions {
  readonly prefix: string;
  /** Bytes; a power of two MiB. */
  readonly partSize: number;
  readonly names?: KnownNames;
}

/**
 * Gives every listed archive its key and its part size. The keys depend on the inventory, the names and the prefix alone: the same
 * each time, whatever was interrupted.
 */
export function planArchives(deps: Pick<Deps, 'state' | 'clock' | 'log'>, options: PlanOptions): void {
  const { state } = deps;
  if (state.totals.byState().listed.count === 0) return;
  state.transaction(() => state.planning.unsealKeys());
  for (let after = 0; ; ) {
    const batch = state.planning.listed(after, BATCH);
    const last = batch.at(-1);
    if (!last) break;
    state.transaction(() => {
      for (const archive of batch) {
        state.planning.setKey(archive.id, wantedKey(archive, options), partSizeFor(archive.size, options.partSize));
      }
    });
    after = last.id;
  }
  state.transaction(() => {
    if (!state.planning.sealKeys()) {
      const renamed = tellApart(deps, state.planning.doubledKeys());
      if (!state.planning.sealKeys()) throw new BugError('keys are still not unique');
      deps.log.info({ renamed }, 'archives of the same name were told apart by their creation date');
    }
    state.planning.planAll();
    state.facts.set('plannedAt', deps.clock.now());
  });
}

function wantedKey({ archiveId, description }: Unplanned, { prefix, names }: PlanOptions): ObjectKey {
  return keyOf({ archiveId, name: nameOf(archiveId, description, names), prefix }).key;
}

/** The first of those with the same key keeps it, each of the others takes the first of its own that is free. */
function tellApart({ state: { planning } }: Pick<Deps, 'state'>, keys: readonly ObjectKey[]): number {
  let renamed = 0;
  for (const key of keys) {
    for (const { id, archiveId, createdAt } of planning.withKey(key).slice(1)) {
      let attempt = 1;
      let free = disambiguate({ key, creationDate: createdAt, archiveId, attempt });
      while (planning.withKey(free).length > 0) {
        attempt += 1;
        free = disambiguate({ key, creationDate: createdAt, archiveId, attempt });
      }
      planning.changeKey(id, free);
      renamed += 1;
    }
  }
  return renamed;
}
