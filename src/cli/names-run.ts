import { randomBytes } from 'node:crypto';
import { connect } from '../app.ts';
import { clockFrom } from '../lib/clock.ts';
import { FatalError, UsageError } from '../lib/errors.ts';
import { defaultStateDir, findTransfer, openTransfer, statePathOf } from '../state/directory.ts';
import { lockTransfer } from '../state/lock.ts';
import { openStateFile, type StateFile } from '../state/state-file.ts';
import { openStoredInventory } from '../state/stored-inventory.ts';
import { readInventory } from '../steps/1-inventory.ts';
import { planArchives } from '../steps/2-plan.ts';
import type { InventoryDeps } from '../steps/inventory-loader.ts';
import type { Io } from './io.ts';
import { createLog, type LogOptions } from './output/log.ts';
import { inventoryPathOf, signalsOf } from './run.ts';

/** The flags of `names` that say what is named. */
export interface NamesRunFlags extends LogOptions {
  readonly vault: string;
  readonly bucket: string;
  readonly accountId: string;
  readonly region?: string;
  readonly profile?: string;
  readonly endpointUrl?: string;
  readonly inventory?: string;
  readonly refreshInventory?: boolean;
  readonly prefix: string;
  readonly names?: string;
  readonly synologyMapping?: string;
  readonly partSize: number;
  readonly stateDir?: string;
}

/** What reads the names works with: nothing of it asks AWS for anything. */
export type NamesDeps = Pick<InventoryDeps, 'state' | 'log' | 'signals'>;

/**
 * Opens a transfer whose archives all have their keys, runs `work`, and closes it again. Where an inventory, names or keys are still to be
 * taken in, that is done first; else nothing is written, and a transfer that runs is not disturbed.
 * @throws {FatalError} `no_inventory`. @throws {UsageError} for what would ask Glacier for an inventory.
 */
export async function withNames<T>(flags: NamesRunFlags, io: Io, work: (deps: NamesDeps) => Promise<T>): Promise<T> {
  if (flags.refreshInventory && flags.inventory === undefined) {
    throw new UsageError(
      'names asks for no inventory: `plan --refresh-inventory` does, or give a file with --inventory',
    );
  }
  const log = createLog(flags, (line) => void process.stderr.write(`${line}\n`));
  const signals = signalsOf(io.stop, log);
  const known = flags.inventory === undefined ? pathOfKnown(flags) : undefined;
  if (known !== undefined && flags.names === undefined && flags.synologyMapping === undefined) {
    const state = openStateFile(known, { readonly: true });
    try {
      if (isPlanned(state)) return await work({ state, log, signals });
    } finally {
      state.close();
    }
  }
  const cloud = await connect({ region: undefined, profile: undefined, endpointUrl: undefined, ...flags }, 1);
  const { vault, bucket, accountId, prefix } = flags;
  const clock = clockFrom(process.env.GLACIER2S3_CLOCK);
  const identity = { vault, bucket, accountId, prefix, region: cloud.region };
  const path = known ?? statePathOf(flags.stateDir ?? defaultStateDir(process.env), identity);
  const lock = lockTransfer(path);
  try {
    const state = openTransfer(path, identity, clock.now(), () => randomBytes(6).toString('hex'));
    try {
      const deps = { vault: cloud.vault, state, clock, log, signals };
      await prepare(deps, flags, inventoryPathOf(flags, cloud.region));
      return await work(deps);
    } finally {
      state.close();
    }
  } finally {
    lock.release();
  }
}

function pathOfKnown({ vault, bucket, prefix, region, stateDir }: NamesRunFlags): string | undefined {
  try {
    return findTransfer(stateDir ?? defaultStateDir(process.env), { vault, bucket, prefix, region });
  } catch (error) {
    if (error instanceof FatalError && error.code === 'no_transfer') return undefined;
    throw error;
  }
}

function isPlanned({ facts, totals }: StateFile): boolean {
  const isUnderWay = facts.get('planning') !== undefined || facts.get('replan') !== undefined;
  return facts.get('plannedAt') !== undefined && !isUnderWay && totals.byState().listed.count === 0;
}

async function prepare(deps: InventoryDeps, flags: NamesRunFlags, storedInventory: string): Promise<void> {
  const { vault, bucket, prefix, partSize } = flags;
  const { state } = deps;
  const isThere = state.facts.get('inventory')?.loadedAt !== undefined;
  if (!isThere && flags.inventory === undefined && !hasInventory(storedInventory)) {
    throw new FatalError(
      'no_inventory',
      `there is no inventory of ${vault} yet: run \`glacier2s3 plan --vault ${vault} --bucket ${bucket}\`, or give one with --inventory`,
    );
  }
  await readInventory(deps, {
    vault,
    inventoryFile: flags.inventory,
    refreshInventory: flags.refreshInventory,
    storedInventory,
    once: true,
    topicArn: undefined,
  });
  await planArchives(deps, { prefix, partSize, namesFile: flags.names, synologyMapping: flags.synologyMapping });
}

/** Whether `inventory get` or `inventory import` has left one. */
function hasInventory(path: string): boolean {
  const stored = openStoredInventory(path);
  stored?.close();
  return stored !== undefined;
}
