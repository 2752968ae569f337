import type { Clock } from '../lib/clock.ts';
import type { Log } from '../lib/log.ts';
import type { NoticeMemory } from '../state/facts.ts';
import type { StateFile } from '../state/state-file.ts';
import type { TransferStatus } from '../steps/status.ts';
import { deliver, type Target } from './deliver.ts';
import { type NoticeType, noticeOf, noticesAt } from './notices.ts';

/** Sends notices as they fall due, in the background. */
export interface Notifier {
  look(): void;
  /** Called inside a transaction: records what has been told. */
  remember(): void;
  /** Resolves once nothing is on its way any more; what is when `signal` aborts is given up. */
  settled(signal: AbortSignal): Promise<void>;
}

const TOLD: Readonly<Record<NoticeType, keyof NoticeMemory['told']>> = {
  completion: 'completion',
  standstill: 'standstill',
  first_failure: 'firstFailure',
};

export function createNotifier(
  run: { readonly state: StateFile; readonly clock: Clock; readonly log: Log; status(): TransferStatus },
  targets: readonly Target[],
  standstillAfter: number,
): Notifier {
  const { state, clock, log } = run;
  const giveUp = new AbortController();
  const underWay = new Set<Promise<void>>();
  /** What no target has taken: the next run tells it. */
  const untold = new Set<NoticeType>();
  let memory = state.facts.get('notices');

  const tell = async (type: NoticeType, status: TransferStatus, now: number, movedAt: number) => {
    const notice = noticeOf(type, status, now, movedAt);
    const taken = await Promise.all(targets.map((target) => deliver(target, notice, { log, signal: giveUp.signal })));
    if (taken.some(Boolean)) log.info({ notice: type }, 'a notice was sent');
    else untold.add(type);
  };

  return {
    look() {
      if (targets.length === 0) return;
      const status = run.status();
      const now = clock.now();
      const movedAt = memory?.movedAt ?? now;
      const { copiedBytes } = state.counters.read();
      const next = noticesAt(memory, { now, status, copiedBytes, standstillAfter });
      memory = next.memory;
      for (const type of next.due) {
        const telling = tell(type, status, now, movedAt).finally(() => underWay.delete(telling));
        underWay.add(telling);
      }
    },
    remember() {
      if (!memory) return;
      const failed = Object.fromEntries([...untold].map((type) => [TOLD[type], false]));
      state.facts.set('notices', { ...memory, told: { ...memory.told, ...failed } });
    },
    async settled(signal) {
      signal.addEventListener('abort', () => giveUp.abort(signal.reason), { once: true });
      await Promise.all(underWay);
    },
  };
}
