import type { KnownNames } from '../domain/names/name-of.ts';
import { nameOf } from '../domain/names/name-of.ts';
import { disambiguate, keyOf, type NamedKey } from '../domain/object-key.ts';
import { copiesOf, partSizeFor } from '../domain/ranges.ts';
import type { Listed } from '../state/planning.ts';
import type { Deps } from './deps.ts';
import { checkNameFiles, knownNames, type NameFiles, takeNames } from './given-names.ts';
import { checkIdsFile, type SelectOptions, selectArchives } from './select.ts';
import { createTicker } from './ticker.ts';

/**
 * Archives in one transaction: so few that they are garbage before V8 takes them for something that stays. Giving a key costs 5.9 us
 * of CPU with 300, 7.3 with 2,000, and takes 30 MiB less.
 */
const BATCH = 300;

export interface PlanOptions extends NameFiles, SelectOptions {
  /** Bytes; a power of two MiB. */
  readonly partSize: number;
}

export type PlanDeps = Pick<Deps, 'state' | 'clock' | 'log' | 'signals'>;

/**
 * Gives every listed archive its key and its part size, and leaves out what the filters do not take. The keys depend on the inventory,
 * the names and the prefix alone: the same each time, whatever was interrupted. New names give new keys to all but what is copied
 * or being copied; other filters move what nothing was asked for in and out.
 */
export async function planArchives(deps: PlanDeps, options: PlanOptions): Promise<void> {
  const { state } = deps;
  await state.inBulk(async () => {
    await takeNames(deps, options);
    const isNew = state.totals.byState().listed.count > 0 || state.facts.get('replan') !== undefined;
    if (isNew || state.facts.get('planning') !== undefined) await giveKeys(deps, options);
    await selectArchives(deps, { ...options, isNew });
  });
}

/**
 * What a plan is made from beside the inventory can be read: the hours that an inventory takes are not for a misspelt path.
 * @throws {UsageError} where a line of a file is wrong by itself. @throws {FatalError} where a file is none.
 */
export async function checkGivenFiles(deps: PlanDeps, options: PlanOptions): Promise<void> {
  await checkNameFiles(deps, options);
  if (options.archiveIdsFrom !== undefined) await checkIdsFile(options.archiveIdsFrom);
}

/** The name of an archive and the key that it asks for: its own, unless another one has it. */
export function wantedKey(
  { archiveId, description }: Pick<Listed, 'archiveId' | 'description'>,
  prefix: string,
  names: KnownNames | undefined,
): NamedKey & { readonly name: ReturnType<typeof nameOf> } {
  const name = nameOf(archiveId, description, names);
  return { ...keyOf({ archiveId, name, prefix }), name };
}

async function giveKeys(deps: PlanDeps, { prefix, partSize }: PlanOptions): Promise<void> {
  const { state, log } = deps;
  const { planning, facts } = state;
  const all = facts.get('replan') ?? false;
  state.transaction(() => {
    planning.unsealKeys();
    // rows up to here have their keys from an earlier plan, however often this one is begun again
    if (facts.get('planning') === undefined || all) {
      facts.set('planning', { settled: all || facts.get('plannedAt') === undefined ? 0 : settledRow(state) });
    }
  });
  const names = knownNames(state);
  const rows = planning.lastRow();
  const ticker = createTicker(log, 'the archives are being given their keys', deps.signals.stop);
  for (let after = 0; ; ) {
    const batch = all ? planning.movable(after, BATCH) : planning.listed(after, BATCH);
    const last = batch.at(-1);
    if (!last) break;
    state.transaction(() => {
      for (const archive of batch) {
        const { key } = wantedKey(archive, prefix, names);
        if (archive.state === 'listed') {
          const size = partSizeFor(archive.size, partSize);
          planning.plan(archive, key, size, copiesOf(archive.size, size));
        } else if (archive.key !== key) planning.changeKey(archive.id, key);
      }
    });
    after = last.id;
    await ticker.tick(after, rows);
  }
  log.info({ archives: rows }, 'the keys are being held against each other');
  const renamed = await tellApart(deps, facts.get('planning')?.settled ?? 0);
  log.info({ archives: rows }, 'the index over the keys is being made');
  state.transaction(() => {
    planning.sealKeys();
    facts.remove('planning');
    facts.remove('replan');
    facts.remove('lookedUpAt');
    facts.set('plannedAt', deps.clock.now());
  });
  if (renamed > 0) log.info({ renamed }, 'archives of the same name were told apart by their creation date');
}

/** The last row that has its key from a plan that was brought to its end. */
function settledRow({ planning }: PlanDeps['state']): number {
  const [first] = planning.listed(0, 1);
  return first ? first.id - 1 : planning.lastRow();
}

/** The first of those with the same key keeps it, each of the others takes the first of its own that is free. */
async function tellApart({ state, log, signals }: PlanDeps, settled: number): Promise<number> {
  const { planning } = state;
  const rivals = state.transaction(() => planning.findRivals(settled));
  const ticker = createTicker(log, 'archives of the same name are being told apart', signals.stop);
  let renamed = 0;
  let kept: string | undefined;
  for (let after = 0; ; ) {
    const batch = planning.rivals(after, BATCH);
    const last = batch.at(-1);
    if (!last) break;
    state.transaction(() => {
      for (const { id, archiveId, createdAt, key } of batch) {
        if (key === kept) {
          let attempt = 1;
          let free = disambiguate({ key, creationDate: createdAt, archiveId, attempt });
          while (planning.isTaken(free)) {
            attempt += 1;
            free = disambiguate({ key, creationDate: createdAt, archiveId, attempt });
          }
          planning.rename(id, free);
          renamed += 1;
        }
        kept = key;
      }
    });
    after = last.place;
    await ticker.tick(after, rivals);
  }
  state.transaction(() => planning.endRivals());
  const renaming = createTicker(log, 'archives that were told apart are being given their keys', signals.stop);
  let done = 0;
  for (let after: number | undefined = 0; after !== undefined; done += BATCH) {
    await renaming.tick(done, renamed);
    const from: number = after;
    after = state.transaction(() => planning.takeRenames(from, BATCH));
  }
  return renamed;
}
