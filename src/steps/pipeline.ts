import { CallRate, READ_RATE, REQUEST_RATE } from '../domain/schedule/call-rate.ts';
import { describeHold, type Hold } from '../domain/schedule/hold.ts';
import { RequestLog } from '../domain/schedule/request-log.ts';
import { SECOND } from '../lib/duration.ts';
import type { Channel } from '../ports.ts';
import { readInventory, sayIfUnused } from './1-inventory.ts';
import { checkGivenFiles, planArchives } from './2-plan.ts';
import { type RequestOptions, requestArchives } from './3-request.ts';
import { hearAll, hearNotifications, reconcile, reconcileAtIntervals } from './4-notify.ts';
import { resumeTransfers, transferArchives } from './5-transfer.ts';
import { finish } from './7-finish.ts';
import { createAllowance } from './allowance.ts';
import { openChannel } from './channel.ts';
import { keepRates } from './cost.ts';
import type { Deps } from './deps.ts';
import { checkBucket, lookUpExisting } from './destination.ts';
import { startingThroughput } from './measure-line.ts';
import { createMeter, type Meter } from './meter.ts';
import type { TransferOptions } from './options.ts';
import { createPace } from './pace.ts';
import type { TransferPartsOptions } from './parts-in-flight.ts';
import { persist } from './persist.ts';
import { createWork, isUnfinished, type Work } from './work.ts';

/** How a run ended. */
export type Outcome =
  /** Every archive is at its end. */
  | { readonly type: 'finished'; readonly failed: number }
  /** Work is pending at Glacier, and the run was not to wait. */
  | { readonly type: 'pending' }
  /** `--max-cost`, `--max-transfer`. */
  | { readonly type: 'cost' }
  | { readonly type: 'cap' }
  | { readonly type: 'duration' }
  | { readonly type: 'stopped' };

/** How often what was copied is measured, in real milliseconds. */
const MEASURE_EVERY = SECOND / 4;
/** How often what was measured is kept. */
const KEEP_EVERY = 5 * SECOND;
/** How often what is shown of it is kept. */
const SHOW_EVERY = SECOND;

/** Asks whoever pays. Both reject where it is not agreed to. */
export interface Consent {
  /** Before anything is asked of Glacier, be it an inventory. */
  mayBegin(): Promise<void>;
  /** Before archives are asked for: they are planned, and what they cost is known. */
  maySpend(): Promise<void>;
}

export interface Surroundings {
  watchHold?(hold: () => string | undefined): void;
  /** Absent: it is agreed to. */
  readonly consent?: Consent;
}

const GIVEN: Consent = { mayBegin: () => Promise.resolve(), maySpend: () => Promise.resolve() };

/** The main job: inventory, plan, request, notify, transfer, verify, finish. Run again, it goes on where it stopped. */
export async function transferVault(
  outer: Deps,
  options: TransferOptions,
  { watchHold = () => undefined, consent = GIVEN }: Surroundings = {},
): Promise<Outcome> {
  const { state, clock } = outer;
  const paces = state.facts.get('paces');
  const { requestRate, maxDuration } = options;
  const limits = { ...REQUEST_RATE, start: Math.min(REQUEST_RATE.start, requestRate), ceiling: requestRate };
  const work = createWork(outer, {
    pace: {
      request: createPace(new CallRate(limits, paces?.request), clock),
      read: createPace(new CallRate(READ_RATE, paces?.read), clock),
    },
    asked: new RequestLog(state.facts.get('asked')),
  });
  const deps = { ...outer, signals: { stop: work.closing, cut: work.cut } };
  const limit = new AbortController();
  if (maxDuration !== undefined) {
    clock.sleep(maxDuration, limit.signal).then(
      () => work.close('duration'),
      () => undefined,
    );
  }
  let isPrepared = false;
  try {
    isPrepared = await prepare(deps, options, consent);
    if (isPrepared) await copyAll(deps, work, options, watchHold);
  } catch (error) {
    work.fail(error);
  } finally {
    limit.abort();
  }
  if (work.fault) throw work.fault.error;
  const isDone = isPrepared && !work.unfinished();
  if (isDone || work.ending !== 'stopped') await finish(outer);
  if (!isDone) return { type: work.ending ?? 'pending' };
  return { type: 'finished', failed: state.totals.byState().failed.count + state.inventory.problemCount() };
}

/** Steps 1 and 2. @returns false where the inventory is on its way, and the run is not to wait for it. */
async function prepare(deps: Deps, options: TransferOptions, consent: Consent): Promise<boolean> {
  const { state } = deps;
  const isNew = state.facts.get('inventory')?.loadedAt === undefined;
  if (!isNew && !options.refreshInventory) {
    // other names or filters may have given a transfer that was at its end something to do
    await planArchives(deps, options);
    if (!isUnfinished(state)) {
      await sayIfUnused(deps, options);
      return true;
    }
  } else if (options.inventoryFile === undefined) await consent.mayBegin();
  if (isNew) await checkGivenFiles(deps, options);
  const destinationRegion = await checkBucket(deps, options);
  state.transaction(() => keepRates(state, options.prices, { region: options.region, destinationRegion }));
  const inventory = await readInventory(deps, { ...options, topicArn: undefined });
  if (inventory.type === 'pending') return false;
  await planArchives(deps, options);
  await lookUpExisting(deps, options);
  if (state.totals.byState().planned.count > 0) await consent.maySpend();
  return true;
}

/** Steps 3 to 6, all at once: each has work as soon as the one before it has done some. */
async function copyAll(
  deps: Deps,
  work: Work,
  options: TransferOptions,
  watchHold: (hold: () => string | undefined) => void,
): Promise<void> {
  if (!work.unfinished()) return;
  // before anything else is on the line
  const meter = createMeter(deps.clock, await startingThroughput(deps, options));
  const plane = deps.openDataPlane(options, meter.arriving);
  const transfer: TransferPartsOptions = { ...options, meter, plane };
  let holding: () => Hold | undefined = () => ({ code: 'listing_jobs' });
  const timers = [
    repeat(work, MEASURE_EVERY, () => void meter.read()),
    repeat(work, KEEP_EVERY, () => keep(deps, work, meter)),
    repeat(work, SHOW_EVERY, () => keepShown(deps, meter, holding())),
  ];
  try {
    const channel = options.notifications ? await openChannel(deps, options) : undefined;
    const policy =
      options.tier === 'Standard'
        ? await persist(deps, () => deps.vault.retrievalPolicy(deps.signals.stop))
        : undefined;
    const allowance = createAllowance(deps, work, meter, { ...options, policyBytesPerHour: policy?.bytesPerHour });
    watchHold(() => {
      const hold = holding();
      return hold && describeHold(hold, deps.clock.now());
    });
    const request: RequestOptions = { tier: options.tier, topicArn: channel?.topicArn, allowance };
    await resumeTransfers(deps, transfer);
    const told = reconcile(deps, work).then(() => {
      holding = () => allowance().hold;
    });
    if (options.once) await told.then(() => round(deps, work, request, transfer, channel));
    else await loops(deps, work, request, transfer, channel, { told, every: options.reconcileEvery });
  } catch (error) {
    work.fail(error);
  } finally {
    for (const timer of timers) clearInterval(timer);
    await plane.close();
    // a state that can't be written has been told of already
    if (!work.fault) keep(deps, work, meter);
  }
}

/** What is kept now and then must not end the program from within a timer. */
function repeat(work: Work, every: number, keepIt: () => void): NodeJS.Timeout {
  return setInterval(() => {
    try {
      keepIt();
    } catch (error) {
      work.fail(error);
    }
  }, every);
}

/**
 * Until nothing is left to do. The end of one is the end of all. Nothing is asked for before ListJobs has told what a lost run
 * asked for; what is known to be staged is copied meanwhile: 100,000 jobs are 2,000 pages.
 */
async function loops(
  deps: Deps,
  work: Work,
  request: RequestOptions,
  transfer: TransferPartsOptions,
  channel: Channel | undefined,
  { told, every }: { readonly told: Promise<void>; readonly every: number },
): Promise<void> {
  // after a standstill, nothing is read before ListJobs has told which outputs are gone
  const isLate = deps.state.outputs.hasExpired(deps.clock.now());
  const running = [
    told.then(() =>
      Promise.all([
        requestArchives(deps, work, { ...request, until: 'done' }),
        reconcileAtIntervals(deps, work, every),
      ]),
    ),
    channel ? hearNotifications(deps, work, channel) : undefined,
    (isLate ? told : Promise.resolve())
      .then(() => transferArchives(deps, work, transfer, 'done'))
      .then(() => work.end()),
  ];
  await Promise.all(running.map((loop) => loop?.catch((error: unknown) => work.fail(error))));
}

/** What can be done now, once ListJobs has told, for `--once`: completions are heard, what may be is asked for, what is staged is copied. */
async function round(
  deps: Deps,
  work: Work,
  request: RequestOptions,
  transfer: TransferPartsOptions,
  channel: Channel | undefined,
): Promise<void> {
  do {
    if (channel) await hearAll(deps, work, channel);
    await Promise.all([
      requestArchives(deps, work, { ...request, until: 'idle' }).catch((error: unknown) => work.fail(error)),
      transferArchives(deps, work, transfer, 'idle').catch((error: unknown) => work.fail(error)),
    ]);
  } while (!work.closing.aborted && deps.state.archives.nextStaged(1, deps.clock.now()).length > 0);
  // what was copied makes room for more
  await requestArchives(deps, work, { ...request, until: 'idle' });
}

function keep(deps: Deps, work: Work, meter: Meter): void {
  const { facts } = deps.state;
  const throughput = meter.read();
  deps.state.transaction(() => {
    facts.set('throughput', throughput);
    facts.set('paces', { request: work.pace.request.state, read: work.pace.read.state });
    deps.state.counters.flush();
  });
}

/** For whoever has only the state file: `status`, and the live block. */
function keepShown({ state, clock }: Deps, meter: Meter, hold: Hold | undefined): void {
  state.transaction(() => {
    state.facts.set('rate', { ...meter.pace, at: Date.now() });
    if (hold) state.facts.set('hold', { code: hold.code, text: describeHold(hold, clock.now()) });
    else state.facts.remove('hold');
  });
}
