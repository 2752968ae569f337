import { checksumOf } from '../domain/checksum.ts';
import type { ObjectKey, UploadId } from '../domain/ids.ts';
import { needsMeasuring, type SentPart, uploadRate } from '../domain/schedule/line-measurement.ts';
import { assumedThroughput, isMeasured, type ThroughputState } from '../domain/schedule/throughput.ts';
import { isFailure, ServiceError } from '../domain/service-error.ts';
import { SECOND } from '../lib/duration.ts';
import { formatSize, GiB, MiB } from '../lib/size.ts';
import type { StateFile } from '../state/state-file.ts';
import type { Deps } from './deps.ts';
import type { TransferOptions } from './options.ts';
import { persist } from './persist.ts';

/** Real milliseconds from the first part on: no other is begun after the first of them, none goes on after the second. */
const BEGIN_FOR = 5 * SECOND;
const SEND_FOR = 8 * SECOND;
/** Four seconds of a line of 10 Gbit/s, in some 500 requests. */
const MOST_BYTES = 4 * GiB;
const PART = 8 * MiB;
/** So that even 1 Mbit/s gets something through. */
const FIRST_PART = MiB;
/** Parts at once: what one thread keeps busy. */
const MOST_LANES = 32;
/** A connection that breaks is no reason to know nothing. */
const MOST_BROKEN = 3;

export type MeasureOptions = Pick<
  TransferOptions,
  | 'tier'
  | 'storageClass'
  | 'encryption'
  | 'tags'
  | 'checksum'
  | 'concurrency'
  | 'memory'
  | 'bwlimit'
  | 'maxBytesPerDay'
  | 'maxTransfer'
>;

/**
 * What the line is taken to copy when a run begins: what is known of it, else what a short upload to the bucket comes to where that
 * matters, else a careful guess. That it can't be measured is said, and nothing more.
 */
export async function startingThroughput(deps: Deps, options: MeasureOptions): Promise<ThroughputState> {
  const { facts, totals } = deps.state;
  const known = facts.get('throughput');
  if (known && (isMeasured(known) || known.upload !== undefined)) return known;
  const by = totals.byState();
  const outstanding = by.requested.bytes + by.staged.bytes + by.transferring.bytes;
  const { tier, bwlimit, maxBytesPerDay, maxTransfer } = options;
  const limits = {
    bytesPerSecond: bwlimit,
    maxBytesPerDay,
    transferLeft: maxTransfer === undefined ? undefined : maxTransfer - outstanding,
  };
  const isNeeded = needsMeasuring(known, { tier, plannedBytes: by.planned.bytes, limits });
  const upload = isNeeded ? await measure(deps, options) : undefined;
  const total = Object.values(by).reduce((sum, { count }) => sum + count, 0);
  const throughput = assumedThroughput({ count: total }, upload);
  if (upload !== undefined) deps.state.transaction(() => facts.set('throughput', throughput));
  return throughput;
}

/** Ends what a killed measurement has left in the bucket. Asks S3 only where there was one. */
async function dropMeasurement(deps: Pick<Deps, 'bucket' | 'state' | 'signals'>): Promise<void> {
  const { state, bucket, signals } = deps;
  if (state.facts.get('measuring') === undefined) return;
  const key = measurementKey(state);
  for await (const upload of bucket.uploads(key, signals.cut)) {
    if (upload.key === key) await bucket.abortUpload(key, upload.uploadId, signals.cut);
  }
  state.transaction(() => state.facts.remove('measuring'));
}

/** As `dropMeasurement`, at the end of a transfer, which has not failed because S3 refuses it. */
export async function leaveNoMeasurement(deps: Deps): Promise<void> {
  try {
    await persist(deps, () => dropMeasurement(deps));
  } catch (error) {
    if (!(error instanceof ServiceError)) throw error;
    const { code, message } = error;
    const key = measurementKey(deps.state);
    deps.log.warn({ code, key, error: message }, 'an unfinished upload of no use is left: abort it by hand');
  }
}

/** Where the measuring upload is: of this transfer alone, and never an object. */
export function measurementKey({ facts }: Pick<StateFile, 'facts'>): ObjectKey {
  const { prefix = '', id = '' } = facts.get('transfer') ?? {};
  return `${prefix}glacier2s3-measurement-${id}` as ObjectKey;
}

/** @returns bytes a second by the services' clock; undefined where it could not be measured. */
async function measure(deps: Deps, options: MeasureOptions): Promise<number | undefined> {
  const { log, signals } = deps;
  const failed = (fields: object) => log.warn(fields, 'the line could not be measured: the first requests are careful');
  try {
    signals.stop.throwIfAborted();
    await dropMeasurement(deps);
    const { parts, lastBegunAt } = await sendParts(deps, options);
    const rate = uploadRate(parts, lastBegunAt);
    if (rate === undefined) failed({ error: `nothing arrived within ${SEND_FOR / SECOND} s` });
    else {
      const sent = formatSize(parts.reduce((sum, { bytes }) => sum + bytes, 0));
      log.info(
        { up: `${formatSize(rate)}/s`, sent, requests: parts.length },
        'line measured by an upload to the bucket',
      );
    }
    return rate;
  } catch (error) {
    if (error instanceof ServiceError) failed({ code: error.code, operation: error.operation, error: error.message });
    else if (signals.stop.aborted && error === signals.stop.reason) failed({ error: 'stopped' });
    else throw error;
    return undefined;
  }
}

interface Sent {
  readonly parts: readonly SentPart[];
  /** By the services' clock. */
  readonly lastBegunAt: number;
}

/** Sends zeros as parts of an upload that is never completed. That one was begun is on the disk before it is. */
async function sendParts(deps: Deps, options: MeasureOptions): Promise<Sent> {
  const { state, bucket, signals } = deps;
  const { storageClass, encryption, tags, checksum } = options;
  const key = measurementKey(state);
  await state.write(() => state.facts.set('measuring', true));
  // as the objects will be written, so that a bucket's policy that lets these in lets it in
  const attributes = { storageClass, encryption, tags, metadata: {} };
  const uploadId = await bucket.createUpload(key, { checksumAlgorithm: checksum, attributes });
  try {
    const sent = await sendZeros(deps, options, { key, uploadId });
    signals.stop.throwIfAborted();
    return sent;
  } finally {
    await abort(deps, key, uploadId);
  }
}

/** What can't be aborted now is at the end of the transfer. */
async function abort({ state, bucket, signals, log }: Deps, key: ObjectKey, uploadId: UploadId): Promise<void> {
  try {
    await bucket.abortUpload(key, uploadId, signals.cut);
    await state.write(() => state.facts.remove('measuring'));
  } catch (error) {
    if (!(error instanceof ServiceError)) throw error;
    log.warn({ code: error.code, key, error: error.message }, 'the measuring upload is aborted later');
  }
}

/**
 * Begins with one small part, and with each that arrives one lane more, so that a slow line is not given more at once than comes
 * through in time. Resolves when no part is on its way any more.
 */
async function sendZeros(
  { bucket, clock, signals, state }: Deps,
  { checksum, concurrency, memory, bwlimit = Infinity }: MeasureOptions,
  upload: { readonly key: ObjectKey; readonly uploadId: UploadId },
): Promise<Sent> {
  const zeros = Buffer.alloc(PART);
  const contentOf = (length: number) => {
    const body = zeros.subarray(0, length);
    return { body, checksum: { algorithm: checksum, value: checksumOf(checksum, body) } };
  };
  const [first, whole] = [contentOf(FIRST_PART), contentOf(PART)];
  const most = Math.max(1, Math.min(concurrency, MOST_LANES, Math.floor(memory / PART)));
  const fault = new AbortController();
  const over = AbortSignal.any([signals.stop, fault.signal, AbortSignal.timeout(SEND_FOR)]);
  const start = { at: clock.now(), real: performance.now() };
  const parts: SentPart[] = [];
  let lastBegunAt = start.at;
  let begun = 0;
  let bytes = 0;
  let lanes = 1;
  let broken = 0;

  const isTime = () => !over.aborted && performance.now() - start.real < BEGIN_FOR;
  const sendOne = async (): Promise<void> => {
    const content = begun === 0 ? first : whole;
    begun += 1;
    const partNumber = begun;
    bytes += content.body.length;
    // the limit's time for a part passes before it is begun
    const wait = start.at + (bytes / bwlimit) * SECOND - clock.now();
    if (wait > 0) await clock.sleep(wait, over);
    if (!isTime()) return;
    const begunAt = clock.now();
    lastBegunAt = begunAt;
    state.counters.called('UploadPart');
    await bucket.uploadPart({ ...upload, ...content, partNumber }, over);
    parts.push({ begunAt, endedAt: clock.now(), bytes: content.body.length });
  };
  const lane = async (): Promise<void> => {
    const others: Promise<void>[] = [];
    while (isTime() && bytes < MOST_BYTES) {
      try {
        await sendOne();
        if (lanes < most) {
          lanes += 1;
          others.push(lane());
        }
      } catch (error) {
        if (over.aborted) break;
        broken += 1;
        if (!isFailure(error, 'network', 'stalled', 'unavailable') || broken > MOST_BROKEN) fault.abort(error);
      }
    }
    await Promise.all(others);
  };
  await lane();
  if (fault.signal.aborted) throw fault.signal.reason;
  return { parts, lastBegunAt };
}
