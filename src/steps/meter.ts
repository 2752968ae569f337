import { observe, type ThroughputState } from '../domain/schedule/throughput.ts';
import type { Clock } from '../lib/clock.ts';
import { SECOND } from '../lib/duration.ts';

/** What a run copies, for the scheduler (by the services' clock) and for people (by the real one). */
export interface Meter {
  /** A part is on its way; call the result when it no longer is. */
  begin(): () => void;
  /** Bytes have come from Glacier. */
  arriving(bytes: number): void;
  /** A part of `bytes` had all come, and S3 did not take it: it comes again. */
  lost(bytes: number): void;
  archive(): void;
  /** Who tells whether parts are waiting for a place: only then can a low figure be the line's. */
  watchBacklog(isWaiting: () => boolean): void;
  /** Takes in what was copied since the last call. */
  read(): ThroughputState;
  readonly throughput: ThroughputState;
  /** Over the last half minute of real time. */
  readonly pace: { readonly bytesPerSecond: number; readonly archivesPerSecond: number };
}

/** Real milliseconds that the displayed pace looks back. */
const LOOK_BACK = 30 * SECOND;
const SAMPLE = SECOND;

/** @param known what the line is taken to copy to begin with. */
export function createMeter(clock: Clock, known: ThroughputState): Meter {
  let throughput = known;
  let inFlight = 0;
  let activeSince = 0;
  let activeMs = 0;
  let bytes = 0;
  let archives = 0;
  let isWaiting = () => false;
  const samples: { at: number; bytes: number; archives: number }[] = [];

  const sample = (moreBytes: number, moreArchives: number) => {
    const at = performance.now();
    const last = samples.at(-1);
    if (last && at - last.at < SAMPLE) {
      last.bytes += moreBytes;
      last.archives += moreArchives;
    } else samples.push({ at, bytes: moreBytes, archives: moreArchives });
    while (samples[0] && at - samples[0].at > LOOK_BACK) samples.shift();
  };

  return {
    begin() {
      if (inFlight === 0) activeSince = clock.now();
      inFlight += 1;
      return () => {
        inFlight -= 1;
        if (inFlight === 0) activeMs += clock.now() - activeSince;
      };
    },
    // as they come, not by whole parts: with a slow line, hours can pass between these
    arriving(more) {
      bytes += more;
      sample(more, 0);
    },
    lost(less) {
      bytes = Math.max(0, bytes - less);
    },
    archive() {
      archives += 1;
      sample(0, 1);
    },
    watchBacklog(tell) {
      isWaiting = tell;
    },
    read() {
      if (inFlight > 0) {
        const now = clock.now();
        activeMs += now - activeSince;
        activeSince = now;
      }
      throughput = observe(throughput, { activeMs, bytes, archives, backlog: isWaiting() });
      activeMs = 0;
      bytes = 0;
      archives = 0;
      return throughput;
    },
    get throughput() {
      return throughput;
    },
    get pace() {
      const now = performance.now();
      const recent = samples.filter(({ at }) => now - at <= LOOK_BACK);
      const first = recent[0];
      if (!first) return { bytesPerSecond: 0, archivesPerSecond: 0 };
      const seconds = Math.max(1, (now - first.at) / SECOND);
      const sumOf = (field: 'bytes' | 'archives') => recent.reduce((sum, one) => sum + one[field], 0);
      return { bytesPerSecond: sumOf('bytes') / seconds, archivesPerSecond: sumOf('archives') / seconds };
    },
  };
}
