import { createReadStream } from 'node:fs';
import { stat } from 'node:fs/promises';
import type { ListedArchive } from '../domain/inventory-file.ts';
import { ServiceError } from '../domain/service-error.ts';
import { backoff } from '../lib/backoff.ts';
import { FatalError, messageOf } from '../lib/errors.ts';
import { KiB, MiB } from '../lib/size.ts';
import type { VaultJob } from '../ports.ts';
import type { InventoryFact } from '../state/facts.ts';
import { openStoredInventory } from '../state/stored-inventory.ts';
import { BATCH, createLoader, type InventoryDeps, type LoadTarget, parserFor } from './inventory-loader.ts';
import { createTicker } from './ticker.ts';

/** Bytes of a file that are read at once: some 300 rows. */
const PIECE = 128 * KiB;
/** Bytes asked for at once. */
const RANGE = 32 * MiB;

/** Reads a job's output by ranges; a range that breaks off is taken up where the last whole row ended. */
export async function readInventoryJob(
  deps: InventoryDeps,
  target: LoadTarget,
  job: VaultJob,
  vault: string,
): Promise<void> {
  const { facts } = deps.state;
  const format = job.inventory?.format ?? 'JSON';
  const known = facts.get(target.fact);
  const size = job.inventory?.size ?? known?.size;
  if (size === undefined) throw new FatalError('inventory_damaged', `the inventory job ${job.jobId} names no size`);
  const fact: InventoryFact = { source: 'job', askedAt: known?.askedAt, jobId: job.jobId, format, size };
  let offset = known?.offset ?? 0;
  let failures = 0;
  // what is there may be of another source, that broke off
  if (offset === 0) deps.state.transaction(() => target.clear());
  deps.log.info({ size, offset }, 'the inventory is being read');
  const loader = createLoader(deps, target, { ...known, ...fact }, parserFor(format, offset), vault);
  let position = offset;
  while (position < size) {
    const range = { start: position, end: Math.min(position + RANGE, size) - 1 };
    try {
      const output = await deps.vault.readOutput(job.jobId, range, deps.signals.stop);
      for await (const bytes of output.body) {
        if (position + bytes.length > range.end + 1) break;
        loader.push(bytes);
        position += bytes.length;
      }
      deps.signals.stop.throwIfAborted();
      if (position !== range.end + 1) {
        throw new ServiceError('short_body', `the inventory broke off at byte ${position}`, {
          operation: 'GetJobOutput',
        });
      }
      failures = 0;
    } catch (error) {
      loader.flush();
      if (!(error instanceof ServiceError) || error.scope !== 'part') throw error;
      failures += 1;
      if (error.code !== 'throttled' && failures > 8) throw error;
      deps.log.warn({ code: error.code, error: error.message, position }, 'the inventory broke off; taken up again');
      await deps.clock.sleep(backoff(failures), deps.signals.stop);
      offset = loader.restart(format);
      position = offset;
    }
  }
  loader.finish();
}

/** Reads a file from its beginning; its name tells CSV from JSON. */
export async function readInventoryFile(
  deps: InventoryDeps,
  target: LoadTarget,
  vault: string,
  path: string,
): Promise<void> {
  const format = path.toLowerCase().endsWith('.csv') ? 'CSV' : 'JSON';
  let size: number;
  try {
    size = (await stat(path)).size;
  } catch (error) {
    throw new FatalError('inventory_unreadable', `the inventory ${path} can't be read (${messageOf(error)})`, {
      cause: error,
    });
  }
  deps.state.transaction(() => target.clear());
  const loader = createLoader(deps, target, { source: path, format, size }, parserFor(format, 0), vault);
  try {
    for await (const bytes of createReadStream(path, { highWaterMark: PIECE, signal: deps.signals.stop })) {
      loader.push(bytes as Uint8Array);
    }
  } catch (error) {
    deps.signals.stop.throwIfAborted();
    if (error instanceof Error && 'syscall' in error) {
      throw new FatalError('inventory_unreadable', `the inventory ${path} can't be read (${messageOf(error)})`, {
        cause: error,
      });
    }
    throw error;
  }
  loader.finish();
}

/** Copies an inventory that was taken before. @returns false where there is none. */
export async function copyStoredInventory(deps: InventoryDeps, target: LoadTarget, path: string): Promise<boolean> {
  const { state, log, clock } = deps;
  const stored = openStoredInventory(path);
  if (!stored) return false;
  try {
    const { date, vaultArn, rows } = stored.fact;
    state.transaction(() => {
      target.clear();
      state.facts.set(target.fact, { source: 'vault' });
    });
    let batch: ListedArchive[] = [];
    let copied = 0;
    const ticker = createTicker(log, 'the inventory that was taken before is being copied', deps.signals.stop);
    const flush = async () => {
      await ticker.tick(copied, rows ?? 0);
      state.transaction(() => target.insertAll(batch));
      copied += batch.length;
      batch = [];
    };
    for (const archive of stored.archives()) {
      batch.push(archive);
      if (batch.length >= BATCH) await flush();
    }
    await flush();
    state.transaction(() => {
      for (const problem of stored.problems()) target.problem(problem);
      target.seal();
      state.facts.set(target.fact, { source: 'vault', date, vaultArn, rows, loadedAt: clock.now() });
    });
    const inventoryDate = date === undefined ? 'unknown' : new Date(date).toISOString();
    log.info(
      { inventoryDate, rows },
      'the inventory that was taken before is used; --refresh-inventory takes a new one',
    );
    return true;
  } finally {
    stored.close();
  }
}
