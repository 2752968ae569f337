import { randomBytes } from 'node:crypto';
import { connect } from '../app.ts';
import { clockFrom } from '../lib/clock.ts';
import { openTransfer } from '../state/directory.ts';
import { lockTransfer } from '../state/lock.ts';
import type { InventoryDeps } from '../steps/inventory-loader.ts';
import { statusOf } from '../steps/status.ts';
import type { Io } from './io.ts';
import { createLog, type LogOptions } from './output/log.ts';
import { statusLine } from './output/progress.ts';
import { inventoryPathOf, signalsOf } from './run.ts';

/** The flags of `inventory get` and `inventory import`. */
export interface InventoryFlags extends LogOptions {
  readonly vault: string;
  readonly accountId: string;
  readonly region?: string;
  readonly profile?: string;
  readonly endpointUrl?: string;
  readonly refreshInventory?: boolean;
  readonly once?: boolean;
  readonly stateDir?: string;
}

/** Opens the state of an inventory that belongs to no transfer, holds it, runs `work`, and closes it again. Calls nothing by itself. */
export async function withInventory<T>(
  flags: InventoryFlags,
  io: Io,
  work: (deps: InventoryDeps) => Promise<T>,
): Promise<T> {
  const cloud = await connect({ region: undefined, profile: undefined, endpointUrl: undefined, ...flags }, 1);
  const { region } = cloud;
  const { vault, accountId } = flags;
  const clock = clockFrom(process.env.GLACIER2S3_CLOCK);
  const path = inventoryPathOf(flags, region);
  const lock = lockTransfer(path);
  try {
    const newId = () => randomBytes(6).toString('hex');
    const state = openTransfer(path, { vault, accountId, region, bucket: '', prefix: '' }, clock.now(), newId);
    try {
      const write = (line: string) => void process.stderr.write(`${line}\n`);
      const log = createLog(flags, write);
      io.onStatusSignal(() => write(statusLine(statusOf(state, { now: Date.now(), running: true }))));
      return await work({ vault: cloud.vault, state, clock, log, signals: signalsOf(io.stop, log) });
    } finally {
      state.close();
    }
  } finally {
    lock.release();
  }
}
