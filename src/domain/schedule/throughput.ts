import { DAY, HOUR, MINUTE, SECOND } from '../../lib/duration.ts';
import { MiB, TiB } from '../../lib/size.ts';
import { TIER_TIMES, type TierName } from './tiers.ts';

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
const CAREFUL: LineRate = { bytesPerSecond: 10 * MiB, archivesPerSecond: 20 };
/**
 * It can do this much in the first window, where a vault has so much: what a slow line then loses is asked for once more, for
 * $26 at most by Bulk (at 0.0025 USD a GB), and a fast one does not wait half a day for a second lot of jobs.
 */
const FIRST_WINDOW = 10 * TiB;
/** A little more, so that the last archives of such a vault are not left behind for a second lot. */
const REST = 1.05;
/**
 * And it can do the whole vault in a month: who starts on a vault has a line to match. Where that is wrong, the first
 * window is 20 h / 30 d = 2.8 % of the vault, and no more than that is asked for twice.
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

/** What is assumed of a line before anything was copied; `total` is the whole vault. Other tiers than Bulk are too dear to try. */
export function assumedThroughput(total: Work, tier: TierName): ThroughputState {
  const tried = tier === 'Bulk' ? (Math.min(total.bytes, FIRST_WINDOW) * REST) / (TIER_TIMES.Bulk.window / SECOND) : 0;
  const assume = (careful: number, amount: number): Average => ({
    rate: Math.max(careful, amount / (WHOLE_VAULT / SECOND)),
    weightMs: ASSUMED_WEIGHT,
    measured: false,
  });
  return {
    bytes: assume(Math.max(CAREFUL.bytesPerSecond, tried), total.bytes),
    archives: assume(CAREFUL.archivesPerSecond, total.count),
    speed: { ratio: 1, weightMs: ASSUMED_WEIGHT },
    heard: { ms: 0, backlogMs: 0, bytes: 0, archives: 0 },
    stalledMs: 0,
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
