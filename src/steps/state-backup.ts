import { closeSync, openSync } from 'node:fs';
import { rm } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import type { ObjectKey } from '../domain/ids.ts';
import { MINUTE, SECOND } from '../lib/duration.ts';
import { messageOf } from '../lib/errors.ts';
import type { Bucket } from '../ports.ts';
import type { StateFile } from '../state/state-file.ts';
import type { Deps } from './deps.ts';
import { storeFile } from './store-file.ts';

/** Real milliseconds: how often it is looked whether a backup is due, after which time one is, and how close two may come. */
const LOOK_EVERY = 2 * SECOND;
const EVERY = 15 * MINUTE;
const LEAST = 20 * SECOND;

const CONTENT_TYPE = 'application/vnd.sqlite3';

export type BackupDeps = Pick<Deps, 'state' | 'clock' | 'log' | 'signals'> & { readonly bucket: Bucket };

export interface StateBackup {
  /** Makes the last one, if anything has changed since. A failure is logged, and nothing more. */
  end(): Promise<void>;
}

/** The key of a state file's backup: always the same for a transfer, so that it is found when nothing else is left. */
export function backupKeyOf(statePath: string, prefix: string): ObjectKey {
  return `${prefix}${basename(statePath)}` as ObjectKey;
}

/**
 * Backs the state file up at milestones and every quarter of an hour, one backup over the other, beside whatever else is done: the pages
 * are copied a few at a time, one backup at a time, and what fails is tried again when the next one is due.
 */
export function startBackups(deps: BackupDeps, prefix: string): StateBackup {
  const { state, log } = deps;
  let saved: string | undefined;
  let triedAt = Number.NEGATIVE_INFINITY;
  let running: Promise<void> | undefined;
  const back = (): Promise<void> => {
    triedAt = performance.now();
    const seen = fingerprintOf(state);
    running ??= backUp(deps, prefix)
      .then(() => {
        saved = seen;
        log.debug({}, 'the state file is backed up');
      })
      .catch((error: unknown) => {
        log.warn({ error: messageOf(error) }, 'the state file could not be backed up; tried again later');
      })
      .finally(() => {
        running = undefined;
      });
    return running;
  };
  let milestone = milestoneOf(state);
  const timer = setInterval(() => {
    const since = performance.now() - triedAt;
    const reached = milestoneOf(state);
    if (running || since < LEAST || (reached === milestone && since < EVERY) || fingerprintOf(state) === saved) return;
    milestone = reached;
    void back();
  }, LOOK_EVERY);
  return {
    async end() {
      clearInterval(timer);
      await running;
      if (fingerprintOf(state) !== saved) await back();
    },
  };
}

async function backUp(deps: BackupDeps, prefix: string): Promise<void> {
  const { path } = deps.state;
  const copy = join(dirname(path), `.${basename(path)}.backup`);
  try {
    // made here, since SQLite would make it readable for all
    closeSync(openSync(copy, 'w', 0o600));
    await deps.state.backup(copy);
    // a run that ends still has its last backup stored
    const signals = { ...deps.signals, stop: deps.signals.cut };
    await storeFile({ ...deps, signals }, copy, backupKeyOf(path, prefix), CONTENT_TYPE);
  } finally {
    await rm(copy, { force: true });
  }
}

/** Changes with what a lost machine would be missed for: paid requests have begun, all are made, something is done for good. */
function milestoneOf({ facts, totals }: StateFile): string {
  const { planned, requested, staged, transferring, verified } = totals.byState();
  return JSON.stringify([
    facts.get('inventory')?.loadedAt !== undefined,
    facts.get('plannedAt') !== undefined,
    facts.get('lookedUpAt') !== undefined,
    requested.count + staged.count + transferring.count > 0,
    planned.count === 0,
    verified.count > 0,
    planned.count + requested.count + staged.count + transferring.count === 0,
  ]);
}

/** Changes whenever an archive moves or a part has arrived. */
function fingerprintOf({ totals, facts, counters }: StateFile): string {
  return JSON.stringify([totals.byState(), facts.get('inventory'), facts.get('asked'), counters.read().copiedBytes]);
}
