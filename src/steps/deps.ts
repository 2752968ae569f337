import type { Clock } from '../lib/clock.ts';
import type { Log } from '../lib/log.ts';
import type { Bucket, Notifications, Vault } from '../ports.ts';
import type { StateFile } from '../state/state-file.ts';
import type { DataPlane, DataPlaneLimits } from '../transfer/data-plane.ts';

/** What every step of a run works with. */
export interface Deps {
  readonly vault: Vault;
  readonly bucket: Bucket;
  readonly notifications: Notifications;
  /** Makes what copies parts; the caller closes it. `onBytes` hears, now and then, of bytes that have come from Glacier. */
  openDataPlane(limits: DataPlaneLimits, onBytes: (bytes: number) => void): DataPlane;
  readonly state: StateFile;
  readonly clock: Clock;
  readonly log: Log;
  readonly signals: Signals;
}

export interface Signals {
  /** No new work: what is in flight is let finish and recorded. */
  readonly stop: AbortSignal;
  /** What is in flight is cut as well. */
  readonly cut: AbortSignal;
}

/** For what has to be brought to its end once it was begun: it goes on after the stop, until the cut. */
export function untilCut<T extends Pick<Deps, 'signals'>>(deps: T): T {
  return { ...deps, signals: { ...deps.signals, stop: deps.signals.cut } };
}
