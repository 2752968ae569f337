import { randomInt } from 'node:crypto';
import pLimit from 'p-limit';
import { compareObject } from '../domain/comparison.ts';
import { sampler } from '../domain/sample.ts';
import { CallRate } from '../domain/schedule/call-rate.ts';
import { isFailure, ServiceError } from '../domain/service-error.ts';
import { DAY } from '../lib/duration.ts';
import { BugError } from '../lib/errors.ts';
import type { ObjectReader } from '../ports-finish.ts';
import type { Archive, PlannedArchive, Proof } from '../state/archives.ts';
import type { CheckCounts, NewCheck } from '../state/checks.ts';
import type { CheckFact } from '../state/facts.ts';
import type { Deps } from './deps.ts';
import { createPace, type Pace } from './pace.ts';
import { persistAt } from './persist-at.ts';
import { readBack } from './read-back.ts';
import { createTicker } from './ticker.ts';

/** Archives looked at in one go. */
const PAGE = 1000;
/** An interrupted run is gone on with for so long; then what it has found is old. */
const RESUMED_WITHIN = DAY;
/** So many refusals before anything was answered are no matter of single objects. */
const DENIED = 20;

export type CheckDeps = Pick<Deps, 'bucket' | 'state' | 'clock' | 'log' | 'signals'>;

export interface CheckOptions {
  /** The keys' prefix: what is below it and is no copy is only on the destination. */
  readonly prefix: string;
  /** That objects should have; undefined: any will do. */
  readonly storageClass: string | undefined;
  /** S3 calls a second. */
  readonly requestRate: number;
  /** Objects looked at at once. */
  readonly concurrency: number;
  /** Reads the objects back; undefined: they are looked at only. */
  readonly reader: ObjectReader | undefined;
  /** Only so many, chosen at random. */
  readonly sample: number | undefined;
  /** What is only in the bucket is not looked for. */
  readonly oneWay: boolean;
  /** Objects that are no copies, and are known not to be. */
  readonly isOwn: (key: string) => boolean;
}

export interface CheckReport extends CheckCounts {
  readonly run: number;
  readonly extras: number;
}

/**
 * Holds every copied object against the state and against S3 as it is now, and records what it finds, each with its time. Goes on with a
 * run that was interrupted; what it has recorded is on the disk, whatever happens.
 */
export async function checkObjects(deps: CheckDeps, options: CheckOptions): Promise<CheckReport> {
  const { state, clock } = deps;
  const fact = begin(deps, options);
  const rate = { start: options.requestRate, floor: Math.min(1, options.requestRate), ceiling: options.requestRate };
  const pace = createPace(new CallRate(rate), clock);
  await checkAll(deps, options, fact, pace);
  state.transaction(() => state.checks.clearExtras());
  if (!options.oneWay && options.sample === undefined) await findExtras(deps, options, pace);
  state.transaction(() => state.facts.set('check', { ...fact, endedAt: clock.now() }));
  return { ...state.checks.counts(fact.run), run: fact.run, extras: state.checks.extraCount() };
}

/** The run that is gone on with, or a new one. */
function begin({ state, clock, log }: CheckDeps, { reader, storageClass, sample }: CheckOptions): CheckFact {
  const now = clock.now();
  const before = state.facts.get('check');
  const deep = reader !== undefined;
  const isSame =
    before !== undefined &&
    before.endedAt === undefined &&
    now - before.begunAt < RESUMED_WITHIN &&
    before.deep === deep &&
    before.storageClass === storageClass &&
    before.sample?.size === sample;
  if (isSame) {
    log.info({ since: new Date(before.begunAt).toISOString() }, 'an interrupted run is gone on with');
    return before;
  }
  const fact: CheckFact = {
    run: (before?.run ?? 0) + 1,
    begunAt: now,
    deep,
    storageClass,
    sample: sample === undefined ? undefined : { size: sample, seed: randomInt(2 ** 32) },
  };
  state.transaction(() => state.facts.set('check', fact));
  return fact;
}

async function checkAll(deps: CheckDeps, options: CheckOptions, fact: CheckFact, pace: Pace): Promise<void> {
  const { state, log, signals } = deps;
  const total = state.totals.byState().verified.count;
  const isPicked = fact.sample ? sampler(total, fact.sample.size, fact.sample.seed) : () => true;
  const ticker = createTicker(log, 'the objects are being looked at', signals.stop);
  const limit = pLimit(options.concurrency);
  const look = createLook(deps, options, pace);
  let done = 0;
  for (let after = 0; ; ) {
    const page = state.checks.copied(after, PAGE);
    const last = page.at(-1);
    if (!last) return;
    const wanted = page.filter(({ run }) => isPicked() && run !== fact.run);
    const looking = wanted.map(({ archive }) =>
      limit(() => {
        signals.stop.throwIfAborted();
        return look(archive);
      }).then(async (check) => {
        // the next one is looked at while this is being written
        await state.write(() => state.checks.record(archive.id, fact.run, check));
        done += 1;
      }),
    );
    // all are let end: what was found is recorded, whatever became of the others
    const fault = (await Promise.allSettled(looking)).find((end) => end.status === 'rejected');
    if (fault) throw fault.reason;
    done += page.length - wanted.length;
    after = last.archive.id;
    await ticker.tick(done, total);
  }
}

/** Looks at one object. A refusal is the object's own as long as others were answered; else it ends the run. */
function createLook(
  deps: CheckDeps,
  { storageClass, reader }: CheckOptions,
  pace: Pace,
): (archive: Archive) => Promise<NewCheck> {
  const { bucket, clock, signals, state } = deps;
  const vault = state.facts.get('transfer')?.vault ?? '';
  let answered = 0;
  let denied = 0;
  return async (archive) => {
    const copied = copiedOf(archive);
    // a proof is as old as its beginning: what befalls the object while it is read is not seen
    const at = Math.round(clock.now());
    try {
      const object = await persistAt(deps, pace, () => bucket.head(copied.key, signals.stop));
      answered += 1;
      const compared = compareObject(copied, object, { vault, storageClass });
      if (compared.result !== '=' || reader === undefined) return { ...compared, at };
      const back = await readBack(deps, reader, copied, pace);
      if (back.type === 'wrong') return { result: '*', detail: back.detail, at };
      return { result: '=', readBack: back.type, at };
    } catch (error) {
      if (!(error instanceof ServiceError)) throw error;
      const isDenial = isFailure(error, 'access_denied');
      if (isDenial) denied += 1;
      if (error.scope === 'run' && !(isDenial && (answered > 0 || denied < DENIED))) throw error;
      return { result: '!', detail: error.message, at };
    }
  };
}

/** A copied archive with the proof of its copy: it is a bug where it has none. */
export function copiedOf(archive: Archive): PlannedArchive & { readonly proof: Proof } {
  const { id, key, partSize, proof } = archive;
  if (key === undefined || partSize === undefined || proof === undefined) {
    throw new BugError(`archive row ${id} is ${archive.progress.state} and has no proof`);
  }
  return { ...archive, key, partSize, proof };
}

/** Objects below the prefix that are the copy of no archive. */
async function findExtras(deps: CheckDeps, { prefix, isOwn }: CheckOptions, pace: Pace): Promise<void> {
  const { bucket, state, signals } = deps;
  let found: Parameters<typeof state.checks.addExtra>[0][] = [];
  const keep = () =>
    state.transaction(() => {
      for (const key of found) state.checks.addExtra(key);
      found = [];
    });
  for await (const { key } of bucket.list(prefix, signals.stop, (call) => persistAt(deps, pace, call))) {
    if (isOwn(key) || state.archives.byKey(key)?.progress.state === 'verified') continue;
    found.push(key);
    if (found.length >= PAGE) keep();
  }
  keep();
}
