import { randomBytes } from 'node:crypto';
import { type Cloud, connect, type Destination } from '../app.ts';
import type { ChecksumAlgorithm } from '../domain/checksum.ts';
import type { Prices } from '../domain/price/prices.ts';
import type { StorageClass } from '../domain/price/storage-class.ts';
import type { GlobRule } from '../domain/selection.ts';
import { type Clock, clockFrom, speedFrom } from '../lib/clock.ts';
import { SECOND } from '../lib/duration.ts';
import { messageOf } from '../lib/errors.ts';
import type { Log } from '../lib/log.ts';
import { countedBucket, countedVault } from '../observe/counted-calls.ts';
import type { Observation } from '../observe/observe.ts';
import type { Tier } from '../ports.ts';
import { defaultStateDir, openTransfer, statePathOf } from '../state/directory.ts';
import { lockTransfer } from '../state/lock.ts';
import type { StateFile } from '../state/state-file.ts';
import { keepRates } from '../steps/cost.ts';
import type { Deps, Signals } from '../steps/deps.ts';
import type { TransferOptions } from '../steps/options.ts';
import { statusOf, type TransferStatus } from '../steps/status.ts';
import type { Io } from './io.ts';
import { threadsOf } from './machine.ts';
import { type ObserveFlags, observing } from './observing.ts';
import { createLog, type LogOptions } from './output/log.ts';
import { createProgress, type ProgressOptions, type ProgressView, statusLine } from './output/progress.ts';
import { readPrices } from './prices.ts';

/** The flags of `transfer` and `plan` as commander gives them. */
export interface TransferFlags extends LogOptions, ProgressOptions, ObserveFlags {
  readonly vault: string;
  readonly bucket: string;
  readonly accountId: string;
  readonly region?: string;
  readonly profile?: string;
  readonly endpointUrl?: string;
  readonly inventory?: string;
  readonly refreshInventory?: boolean;
  readonly names?: string;
  readonly synologyMapping?: string;
  /** `--include` and `--exclude`, in their order. */
  readonly rules?: readonly GlobRule[];
  readonly minSize?: number;
  readonly maxSize?: number;
  readonly createdAfter?: number;
  readonly createdBefore?: number;
  readonly archiveIdsFrom?: string;
  readonly limit?: number;
  readonly prices?: string;
  readonly maxCost?: number;
  readonly prefix: string;
  readonly storageClass: StorageClass;
  readonly destRegion?: string;
  readonly destProfile?: string;
  readonly destEndpointUrl?: string;
  readonly expectedBucketOwner?: string;
  readonly sse?: 'aws:kms' | 'AES256';
  readonly sseKmsKeyId?: string;
  readonly tag: Readonly<Record<string, string>>;
  readonly checksum: ChecksumAlgorithm;
  readonly onExisting: TransferOptions['onExisting'];
  readonly allowCrossRegion?: boolean;
  readonly tier: Tier;
  readonly requestRate: number;
  readonly maxBytesPerDay: number;
  readonly queueUrl?: string;
  readonly topicArn?: string;
  readonly notifications: boolean;
  readonly reconcileEvery: number;
  readonly concurrency: number;
  readonly threads?: number;
  readonly memory: number;
  readonly partSize: number;
  /** 0: no limit, whatever a variable or the config file says. */
  readonly bwlimit?: number;
  readonly maxTransfer?: number;
  readonly maxDuration?: number;
  readonly once?: boolean;
  readonly dryRun?: boolean;
  readonly yes?: boolean;
  readonly stateDir?: string;
  readonly stateBackup?: { readonly bucket: string; readonly prefix: string };
}

interface RunFlags extends TransferFlags {
  /** It asks for no archives, and is not shown as if it did. */
  readonly planOnly?: boolean;
}

/** One run of `transfer` or `plan`: the state is open and held, the log and the progress are on. */
export interface Run {
  readonly deps: Deps;
  readonly options: TransferOptions;
  readonly cloud: Cloud;
  status(): TransferStatus;
  setHold(hold: () => string | undefined): void;
  /** Takes the live block away while `work` has the terminal. */
  pausing<R>(work: () => Promise<R>): Promise<R>;
}

/** After the first signal, what is in flight has so long (real milliseconds) to be finished and recorded. */
const GRACE = 30 * SECOND;

/** Opens all that a run needs, runs `work`, and closes it again, whatever happens. */
export async function withRun<T>(flags: RunFlags, io: Io, work: (run: Run) => Promise<T>): Promise<T> {
  const cloud = await connect(
    { region: undefined, profile: undefined, endpointUrl: undefined, ...flags },
    flags.concurrency,
  );
  const clock = clockFrom(process.env.GLACIER2S3_CLOCK);
  const name = { ...flags, region: cloud.region };
  const { vault, accountId, region, bucket, prefix } = name;
  const path = statePathOf(flags.stateDir ?? defaultStateDir(process.env), name);
  const lock = lockTransfer(path);
  try {
    const newId = () => randomBytes(6).toString('hex');
    const state = openTransfer(path, { vault, accountId, region, bucket, prefix }, clock.now(), newId);
    try {
      return await inRun(flags, io, { cloud, clock, state }, work);
    } finally {
      state.close();
    }
  } finally {
    lock.release();
  }
}

async function inRun<T>(
  flags: RunFlags,
  io: Io,
  { cloud, clock, state }: { cloud: Cloud; clock: Clock; state: StateFile },
  work: (run: Run) => Promise<T>,
): Promise<T> {
  const options = optionsOf(flags, cloud.region, await readPrices(flags.prices));
  const since = clock.now();
  state.transaction(() => {
    state.facts.set('run', { pid: process.pid, since });
    const { storageClass, tier, checksum, partSize } = options;
    state.facts.set('settings', { storageClass, tier, checksum, partSize });
    keepRates(state, options.prices, { region: cloud.region, destinationRegion: flags.destRegion ?? cloud.region });
  });
  let hold: () => string | undefined = () => undefined;
  const speed = speedFrom(process.env.GLACIER2S3_CLOCK);
  const status = () => statusOf(state, { now: Date.now(), running: !flags.planOnly, speed });
  const openView = () => createProgress(flags, { status, hold: () => hold() });
  let view: ProgressView | undefined;
  const say = (line: string) => (view ? view.log(line) : void process.stderr.write(`${line}\n`));
  let observation: Observation | undefined;
  try {
    // before the view: a log that can't be written ends the run, and nothing of it may be left running
    const shown = createLog(flags, say);
    view = openView();
    if (flags.json) printEvents(state);
    io.onStatusSignal(() => say(statusLine(status())));
    observation = await observing(flags, { state, clock, log: shown, status }, cloud, say);
    const { log } = observation;
    const destination = destinationOf(flags);
    const { vault, notifications } = cloud;
    const deps: Deps = {
      vault: countedVault(vault, state.counters),
      bucket: countedBucket(cloud.bucket(destination), state.counters),
      notifications,
      openDataPlane: (limits, onBytes) =>
        // threads keep real time
        cloud.dataPlane(destination, limits.bwlimit ? { ...limits, bwlimit: limits.bwlimit * speed } : limits, {
          onBytes,
          onDeath: (error) => log.error({ error: messageOf(error) }, 'a thread died; its parts are copied by another'),
        }),
      state,
      clock,
      log,
      signals: signalsOf(io.stop, log),
    };
    const setHold: Run['setHold'] = (next) => {
      hold = next;
    };
    const pausing: Run['pausing'] = async (pause) => {
      view?.stop();
      view = undefined;
      try {
        return await pause();
      } finally {
        view = openView();
      }
    };
    return await work({ deps, options, cloud, status, setHold, pausing });
  } finally {
    await observation?.end();
    view?.stop();
    state.transaction(() => state.facts.set('run', { pid: process.pid, since, endedAt: clock.now() }));
  }
}

function destinationOf(flags: TransferFlags): Destination {
  return {
    bucket: flags.bucket,
    region: flags.destRegion,
    profile: flags.destProfile,
    endpointUrl: flags.destEndpointUrl,
    expectedBucketOwner: flags.expectedBucketOwner,
  };
}

export function signalsOf(stop: AbortSignal, log: Log): Signals {
  const cut = new AbortController();
  stop.addEventListener(
    'abort',
    () => {
      log.info(
        { signal: stop.reason },
        'ending: what is in flight is finished and recorded; another signal ends at once',
      );
      setTimeout(() => cut.abort(stop.reason), GRACE).unref();
    },
    { once: true },
  );
  return { stop, cut: cut.signal };
}

function printEvents(state: StateFile): void {
  state.onEnd(({ archiveId, key, size, progress, message }) => {
    const reason = 'reason' in progress ? progress.reason : undefined;
    const event = { type: 'archive', archiveId, key, size, state: progress.state, reason, message };
    process.stdout.write(`${JSON.stringify(event)}\n`);
  });
}

/** Where the vault's inventory is that belongs to no transfer. */
export function inventoryPathOf(
  { vault, accountId, stateDir }: Pick<TransferFlags, 'vault' | 'accountId' | 'stateDir'>,
  region: string,
): string {
  return statePathOf(stateDir ?? defaultStateDir(process.env), { vault, accountId, region, bucket: '', prefix: '' });
}

function optionsOf(flags: TransferFlags, region: string, prices: Prices): TransferOptions {
  return {
    ...flags,
    region,
    encryption: flags.sse && { algorithm: flags.sse, kmsKeyId: flags.sseKmsKeyId },
    tags: flags.tag,
    allowCrossRegion: flags.allowCrossRegion ?? false,
    inventoryFile: flags.inventory,
    storedInventory: inventoryPathOf(flags, region),
    refreshInventory: flags.refreshInventory ?? false,
    namesFile: flags.names,
    synologyMapping: flags.synologyMapping,
    selection: {
      rules: flags.rules,
      minSize: flags.minSize,
      maxSize: flags.maxSize,
      createdAfter: flags.createdAfter,
      createdBefore: flags.createdBefore,
      limit: flags.limit,
    },
    archiveIdsFrom: flags.archiveIdsFrom,
    threads: threadsOf(flags),
    prices,
    maxCost: flags.maxCost,
    bwlimit: flags.bwlimit === 0 ? undefined : flags.bwlimit,
    maxTransfer: flags.maxTransfer,
    maxDuration: flags.maxDuration,
    queueUrl: flags.queueUrl,
    topicArn: flags.topicArn,
    once: flags.once ?? false,
  };
}
