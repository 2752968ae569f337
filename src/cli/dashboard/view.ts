import { basename } from 'node:path';
import type { Sample } from '../../domain/history.ts';
import type { Clock } from '../../lib/clock.ts';
import { SECOND } from '../../lib/duration.ts';
import { sampleOf } from '../../observe/recorder.ts';
import type { Counts } from '../../state/counters.ts';
import { findTransfers } from '../../state/directory.ts';
import type { FailedArchive } from '../../state/failures-page.ts';
import { isLocked } from '../../state/lock.ts';
import type { LogLine } from '../../state/log-tail.ts';
import type { ExpiringOutputs } from '../../state/outputs.ts';
import { openStateFile } from '../../state/state-file.ts';
import { statusOf, type TransferStatus } from '../../steps/status.ts';

/** What the page of a transfer shows, as of one moment. */
export interface Snapshot {
  /** By the services' clock, as history and expiry are. */
  readonly now: number;
  /** The services' seconds in a real one. */
  readonly speed: number;
  readonly status: TransferStatus;
  readonly counts: Counts;
  readonly staged: readonly ExpiringOutputs[];
  /** In order of time; while a run is at work, the last is of now. */
  samples(): readonly Sample[];
  /** Newest first. */
  readonly lines: readonly LogLine[];
}

/** A transfer's state file, open for reading only. */
export interface View {
  snapshot(): Snapshot;
  failures(code: string, after: number, limit: number): FailedArchive[];
  close(): void;
}

/** The transfers that a dashboard shows. */
export interface Views {
  /** `key` is part of an address. */
  list(): readonly { readonly key: string; readonly title: string }[];
  /** @returns undefined where there is none of that key. @throws {FatalError} where its file can't be read. */
  open(key: string): View | undefined;
}

const LINES = 100;
/** Above so many staged archives their sums are taken anew at intervals only, in real milliseconds. */
const MANY = 10_000;
const MANY_EVERY = 30 * SECOND;

/** The transfers of a state directory, or the one of `path`; lone inventories are none. */
export function viewsOf(
  { dir, path }: { readonly dir: string; readonly path?: string },
  time: { readonly clock: Clock; readonly speed: number },
): Views {
  const paths = () =>
    findTransfers(dir).flatMap((found) => {
      if (path !== undefined && found.path !== path) return [];
      const key = basename(found.path, '.sqlite');
      if ('error' in found) return [{ key, path: found.path, title: `${key}: ${found.error.message}` }];
      const { vault, bucket, prefix } = found.transfer;
      return bucket === '' ? [] : [{ key, path: found.path, title: `${vault} to ${bucket}/${prefix}` }];
    });
  return {
    list: () => paths().map(({ key, title }) => ({ key, title })),
    open(key) {
      const found = paths().find((one) => one.key === key);
      return found && openView(found.path, time);
    },
  };
}

function openView(path: string, { clock, speed }: { readonly clock: Clock; readonly speed: number }): View {
  const state = openStateFile(path, { readonly: true });
  let staged: Snapshot['staged'] = [];
  let stagedAt = Number.NEGATIVE_INFINITY;
  const sums = ({ archives }: TransferStatus) => {
    const held = archives.staged.count + archives.transferring.count;
    if (held < MANY || performance.now() - stagedAt > MANY_EVERY) {
      staged = state.outputs.byExpiry();
      stagedAt = performance.now();
    }
    return staged;
  };
  const samples = (status: TransferStatus, counts: Counts, now: number): readonly Sample[] => {
    const kept = state.history.samples();
    // while a run is at work, what is true now stands at the end
    return status.running && now > (kept.at(-1)?.at ?? 0) ? [...kept, sampleOf(status, counts, now)] : kept;
  };
  return {
    snapshot() {
      const now = clock.now();
      const status = statusOf(state, { now: Date.now(), running: isLocked(path), speed });
      const counts = state.counters.read();
      return {
        now,
        speed,
        status,
        counts,
        staged: sums(status),
        samples: () => samples(status, counts, now),
        lines: state.logTail.last(LINES),
      };
    },
    failures: (code, after, limit) => state.failuresPage(code, after, limit),
    close: () => state.close(),
  };
}
