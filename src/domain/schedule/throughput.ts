import { DAY, HOUR, MINUTE, SECOND } from '../../lib/duration.ts';
import { MiB } from '../../lib/size.ts';

/** A number of archives and their bytes. */
export interface Work {
  readonly count: number;
  readonly bytes: number;
}

/**
 * What the line copies, per second of the clock. Both limits hold: large archives are bounded by their bytes, tiny ones
 * by what each of them costs however small it is.
 */
export interface LineRate {
  readonly bytesPerSecond: number;
  readonly archivesPerSecond: number;
}

/** One of the two limits: `rate` a second, averaged over `weightMs` of work; `measured` once it has been the limit. */
interface Average {
  readonly rate: number;
  readonly weightMs: number;
  readonly measured: boolean;
}

/** Plain JSON. Kept in the state file, so that a run begins with what the last one learned. */
export interface ThroughputState {
  readonly bytes: Average;
  readonly archives: Average;
  /** The last minutes' speed against the averages: 1 as they say, 0.1 a tenth of it, 0 at a standstill. */
  readonly speed: { readonly ratio: number; readonly weightMs: number };
  /** What was heard since the averages last moved. */
  readonly heard: {
    readonly ms: number;
    readonly backlogMs: number;
    readonly bytes: number;
    readonly archives: number;
  };
  /** How long nothing at all has come through although parts were in flight. */
  readonly stalledMs: number;
  /** Bytes a second of the upload by which the line was measured before anything was asked for; absent: none was made. */
  readonly upload?: number;
}

/** What was copied since the last call. */
export interface Span {
  /** Milliseconds of the clock with at least one part in flight: time without work says nothing about the line. */
  readonly activeMs: number;
  /** Bytes that came, less those that have to come again. */
  readonly bytes: number;
  /** Archives whose last part arrived. */
  readonly archives: number;
  /** Whether parts were waiting for a place all the while: only then can the figures show that the line is slower. */
  readonly backlog: boolean;
}

/** A line that nothing is known of can do this much: a home line at 84 Mbit/s, 50 ms an archive. */
export const CAREFUL: LineRate = { bytesPerSecond: 10 * MiB, archivesPerSecond: 20 };
/**
 * Where a short upload has measured the line, this share of it is counted on: of Bulk's window of 20 h, 16 h of work. The way
 * down from Glacier was not measured; if it has two thirds of the upload's speed, these 16 h take the 24 h that outputs live,
 * and nothing is lost yet. If the line is twice as fast as measured, its 8 h of work still last until jobs asked for at
 * the first byte are there (5 h later). `npm run simulate`, by five seeds: with 0.65, a noisy line measured at a bad moment takes
 * up to 0.6 % longer than the fixed policy, with 0.8 up to 0.2 %; of a line that copies half of what it uploads, nothing
 * is asked for again with 0.65, and 3 to 13 % with 0.8 (64 % by the fixed policy).
 */
const UPLOAD_SHARE = 0.8;
/**
 * The archives a second are not measured by it: their first figure is that all of the vault's are done in a month. Bytes need
 * no such guess (1 PiB took a home line for 400 MiB/s), but 100,000,000 tiny archives do: without it, a window of 20
 * a second is full after four hours of requests, and the line waits for the second lot: 1.024 x the ideal in `npm run simulate`
 * instead of 1.014, and slower than the fixed policy.
 */
const WHOLE_VAULT = 30 * DAY;
/** An assumption weighs as much as this much of measured work: it is outgrown in minutes. */
const ASSUMED_WEIGHT = MINUTE;
/** The averages' memory: long enough to know a line's days from its nights. */
const AVERAGE_MEMORY = 8 * HOUR;
/** The speed's memory: a line that slows is known within minutes, the noise between two parts is not taken for it. */
const SPEED_MEMORY = 10 * MINUTE;
/** Work is judged by the minute: parts arrive in lumps. */
const JUDGED = MINUTE;
/** A pause up to this long is a slow line's next part, a longer one is an outage and no measure of the line. */
const OUTAGE = 30 * MINUTE;
/** A line at a standstill keeps this share of its average: enough to be at work at once when it is back. */
const SLOWEST = 1 / 20;
/**
 * A line from which nothing at all comes through is away, not slow, and may be back at any time as it was: so much of its work is
 * kept ready that the first jobs asked for then are there before it is done.
 */
const STANDBY = 0.5;

/**
 * What is assumed of a line before anything was copied; `total` is the whole vault.
 * @param upload bytes a second that a short upload came to, where one was made (see line-measurement.ts).
 */
export function assumedThroughput(total: Pick<Work, 'count'>, upload?: number): ThroughputState {
  const assume = (rate: number): Average => ({ rate, weightMs: ASSUMED_WEIGHT, measured: false });
  return {
    bytes: assume(upload === undefined ? CAREFUL.bytesPerSecond : upload * UPLOAD_SHARE),
    archives: assume(Math.max(CAREFUL.archivesPerSecond, total.count / (WHOLE_VAULT / SECOND))),
    speed: { ratio: 1, weightMs: ASSUMED_WEIGHT },
    heard: { ms: 0, backlogMs: 0, bytes: 0, archives: 0 },
    stalledMs: 0,
    ...(upload !== undefined && { upload }),
  };
}

/** Whether anything has been measured yet. */
export function isMeasured({ bytes, archives }: ThroughputState): boolean {
  return bytes.measured || archives.measured;
}

/**
 * The rates to count on: the last minutes' where they are below the average, the average where they are above it, yet
 * at least half of the last minutes' (a line that became faster is not starved for hours).
 */
export function lineRate({ bytes, archives, speed, stalledMs }: ThroughputState): LineRate {
  const slowest = stalledMs < OUTAGE ? SLOWEST : STANDBY;
  const factor = Math.max(slowest, Math.min(speed.ratio, Math.max(1, speed.ratio / 2)));
  return { bytesPerSecond: bytes.rate * factor, archivesPerSecond: archives.rate * factor };
}

/** The state after another span of work; call it every few seconds, and as soon as work begins or runs out. */
export function observe(state: ThroughputState, span: Span): ThroughputState {
  const heard = {
    ms: state.heard.ms + span.activeMs,
    backlogMs: state.heard.backlogMs + (span.backlog ? span.activeMs : 0),
    bytes: state.heard.bytes + span.bytes,
    archives: state.heard.archives + span.archives,
  };
  if (heard.ms < JUDGED) return { ...state, heard };
  const next = { ...state, heard: { ms: 0, backlogMs: 0, bytes: 0, archives: 0 } };
  if (heard.bytes === 0 && heard.archives === 0) {
    return { ...next, speed: paced(state.speed, 0, heard.ms), stalledMs: state.stalledMs + heard.ms };
  }
  const ms = heard.ms + (state.stalledMs < OUTAGE ? state.stalledMs : 0);
  const seen = { bytes: heard.bytes / (ms / SECOND), archives: heard.archives / (ms / SECOND) };
  const averages = learn(state, seen, ms, heard.backlogMs * 2 >= heard.ms);
  const now = heard.ms / SECOND;
  const ratio = Math.max(heard.bytes / now / averages.bytes.rate, heard.archives / now / averages.archives.rate);
  // without a backlog a low figure is the lack of work, not of speed
  const slower = ratio < state.speed.ratio && heard.backlogMs * 2 < heard.ms;
  return { ...next, ...averages, speed: slower ? state.speed : paced(state.speed, ratio, heard.ms), stalledMs: 0 };
}

/**
 * The averages after `ms` of work at the rates seen. The limit that was closer to its average is the one that held the
 * line back, and it moves either way. The other one was not reached and moves only where more was seen than it says;
 * as long as it is a mere assumption, it falls along.
 */
function learn(
  { bytes, archives }: ThroughputState,
  seen: { readonly bytes: number; readonly archives: number },
  ms: number,
  backlog: boolean,
): { readonly bytes: Average; readonly archives: Average } {
  const bytesLimit = seen.bytes / bytes.rate >= seen.archives / archives.rate;
  const [limit, other] = bytesLimit ? [bytes, archives] : [archives, bytes];
  const [limitSeen, otherSeen] = bytesLimit ? [seen.bytes, seen.archives] : [seen.archives, seen.bytes];
  if (!backlog && limitSeen <= limit.rate) return { bytes, archives };
  const moved = averaged(limit, limitSeen, ms);
  const rest =
    otherSeen > other.rate
      ? averaged(other, otherSeen, ms)
      : !other.measured && moved.rate < limit.rate
        ? { ...other, rate: other.rate * (moved.rate / limit.rate) }
        : other;
  return bytesLimit ? { bytes: moved, archives: rest } : { bytes: rest, archives: moved };
}

function averaged({ rate, weightMs }: Average, seen: number, ms: number): Average {
  const gain = ms / (Math.min(weightMs, AVERAGE_MEMORY) + ms);
  return { rate: rate + gain * (seen - rate), weightMs: Math.min(weightMs + ms, AVERAGE_MEMORY), measured: true };
}

function paced(speed: ThroughputState['speed'], ratio: number, ms: number): ThroughputState['speed'] {
  const gain = ms / (Math.min(speed.weightMs, SPEED_MEMORY) + ms);
  return {
    ratio: speed.ratio + gain * (ratio - speed.ratio),
    weightMs: Math.min(speed.weightMs + ms, SPEED_MEMORY),
  };
}
