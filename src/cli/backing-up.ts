import { existsSync, statSync } from 'node:fs';
import { connect } from '../app.ts';
import { connectReader } from '../app-finish.ts';
import { clockFrom } from '../lib/clock.ts';
import { FatalError } from '../lib/errors.ts';
import { defaultStateDir, statePathOf } from '../state/directory.ts';
import { lockTransfer } from '../state/lock.ts';
import { openStateFile } from '../state/state-file.ts';
import { restoreBackup } from '../steps/restore-backup.ts';
import { type StateBackup, startBackups } from '../steps/state-backup.ts';
import type { Io } from './io.ts';
import { createLog } from './output/log.ts';
import { type Run, signalsOf, type TransferFlags } from './run.ts';

/** The state file goes to where it can be recovered from, beside all else. */
export function backingUp({ stateBackup, ...flags }: TransferFlags, { deps, cloud }: Run): StateBackup | undefined {
  if (!stateBackup) return undefined;
  const bucket = cloud.bucket({
    bucket: stateBackup.bucket,
    region: flags.destRegion,
    profile: flags.destProfile,
    endpointUrl: flags.destEndpointUrl,
    expectedBucketOwner: flags.expectedBucketOwner,
  });
  deps.state.transaction(() => deps.state.facts.set('stateBackup', stateBackup));
  return startBackups({ ...deps, bucket }, stateBackup.prefix);
}

/** Puts the backup in place, where there is one and the state file is not there. */
export async function restore(flags: TransferFlags, io: Io): Promise<void> {
  const { profile, endpointUrl, vault, accountId, bucket, prefix, stateBackup } = flags;
  const { region } = await connect({ vault, accountId, region: flags.region, profile, endpointUrl }, 1);
  const transfer = { vault, accountId, region, bucket, prefix };
  const path = statePathOf(flags.stateDir ?? defaultStateDir(process.env), transfer);
  const lock = lockTransfer(path);
  try {
    if (isThere(path) || !stateBackup) return;
    const log = createLog(flags, (line) => void process.stderr.write(`${line}\n`));
    const destination = { region: flags.destRegion, profile: flags.destProfile, endpointUrl: flags.destEndpointUrl };
    const reader = connectReader(
      { region, profile, endpointUrl },
      { ...destination, bucket: stateBackup.bucket, expectedBucketOwner: flags.expectedBucketOwner },
      1,
    );
    const clock = clockFrom(process.env.GLACIER2S3_CLOCK);
    const deps = { reader, clock, log, signals: signalsOf(io.stop, log) };
    const isRestored = await restoreBackup(deps, path, { prefix: stateBackup.prefix, transfer });
    if (!isRestored) log.warn({ bucket: stateBackup.bucket }, 'there is no backup; the services are asked instead');
  } finally {
    lock.release();
  }
}

/** Whether a recovery has begun there. @throws {FatalError} `state_exists` where there is a state that is not lost. */
function isThere(path: string): boolean {
  if (!existsSync(path) || statSync(path).size === 0) return false;
  const state = openStateFile(path);
  try {
    const recovery = state.facts.get('recovery');
    if (recovery && recovery.endedAt === undefined) return true;
    if (state.facts.get('inventory') === undefined) return false;
    throw new FatalError(
      'state_exists',
      `the state of this transfer is there (${path}): run transfer to go on; move the file away first if it is to be made anew`,
    );
  } finally {
    state.close();
  }
}
