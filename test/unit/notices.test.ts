import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { STATES } from '../../src/domain/progress.ts';
import { DAY, HOUR } from '../../src/lib/duration.ts';
import { type NoticeType, noticeOf, noticesAt } from '../../src/observe/notices.ts';
import type { NoticeMemory } from '../../src/state/facts.ts';
import type { TransferStatus } from '../../src/steps/status.ts';

interface Moment {
  readonly now: number;
  readonly phase?: TransferStatus['phase'];
  readonly failed?: number;
  readonly copiedBytes?: number;
}

function statusAt({ phase = 'transferring', failed = 0 }: Moment): TransferStatus {
  const none = { count: 0, bytes: 0 };
  const archives = Object.fromEntries(STATES.map((state) => [state, none]));
  return {
    vault: 'photos',
    bucket: 'my-archive',
    phase,
    archives: { ...archives, failed: { count: failed, bytes: failed }, total: { count: 10, bytes: 10 } },
    failures: failed > 0 ? [{ code: 'archive_not_found', count: failed }] : [],
  } as unknown as TransferStatus;
}

/** What is told at each of the moments. */
function told(...moments: readonly Moment[]): NoticeType[][] {
  let memory: NoticeMemory | undefined;
  return moments.map((moment) => {
    const { now, copiedBytes = 0 } = moment;
    const next = noticesAt(memory, { now, status: statusAt(moment), copiedBytes, standstillAfter: DAY });
    memory = next.memory;
    return [...next.due];
  });
}

describe('what is told of a transfer', () => {
  it('is its completion, once', () => {
    expect(told({ now: 0 }, { now: HOUR, phase: 'complete' }, { now: 2 * HOUR, phase: 'complete' })).toEqual([
      [],
      ['completion'],
      [],
    ]);
  });

  it('is its completion again after failures were put back', () => {
    const retried: Moment[] = [{ now: 0, phase: 'incomplete', failed: 2 }, { now: 1 }, { now: 2, phase: 'complete' }];
    expect(told(...retried)).toEqual([['first_failure', 'completion'], [], ['completion']]);
  });

  it('is the first failure, not the ones after it', () => {
    expect(told({ now: 0 }, { now: 1, failed: 1 }, { now: 2, failed: 5 })).toEqual([[], ['first_failure'], []]);
  });

  it('is a standstill once nothing was copied for the time that was given, and the next one after something was', () => {
    const looks = [0, 12, 23, 24, 30, 40, 50, 60, 65].map((hour) => ({
      now: hour * HOUR,
      copiedBytes: hour >= 40 ? 5 : 0,
    }));
    expect(told(...looks)).toEqual([[], [], [], ['standstill'], [], [], [], [], ['standstill']].map((due) => due));
  });

  it('is no standstill where all is done, or where no run looked for all that time', () => {
    expect(told({ now: 0, phase: 'complete' }, { now: 30 * HOUR, phase: 'complete' })[1]).toEqual([]);
    expect(told({ now: 0 }, { now: 30 * DAY }, { now: 30 * DAY + HOUR })).toEqual([[], [], []]);
  });

  it('is never the same thing twice in a row without its cause being gone between', () => {
    const moment = fc.record({
      gap: fc.integer({ min: 1, max: 20 * HOUR }),
      phase: fc.constantFrom('transferring' as const, 'complete' as const),
      failed: fc.nat(2),
      copied: fc.nat(1),
    });
    fc.assert(
      fc.property(fc.array(moment, { maxLength: 60 }), (moments) => {
        let now = 0;
        let copiedBytes = 0;
        const looks = moments.map(({ gap, copied, ...rest }) => {
          now += gap;
          copiedBytes += copied;
          return { now, copiedBytes, ...rest };
        });
        const all = told(...looks);
        for (const [index, look] of looks.entries()) {
          const before = looks[index - 1];
          const due = all[index] ?? [];
          if (before?.phase === 'complete') expect(due).not.toContain('completion');
          if (before && before.failed > 0) expect(due).not.toContain('first_failure');
          expect(due.includes('completion')).toBe(look.phase === 'complete' && before?.phase !== 'complete');
          expect(due.includes('first_failure')).toBe(look.failed > 0 && !(before && before.failed > 0));
          if (due.includes('standstill')) {
            const moved = looks
              .slice(0, index + 1)
              .findLast(
                (one, at) => at === 0 || one.copiedBytes !== looks[at - 1]?.copiedBytes || one.phase === 'complete',
              );
            expect(look.now - (moved?.now ?? 0)).toBeGreaterThanOrEqual(DAY);
          }
        }
      }),
    );
  });

  it('says in a line what it is about', () => {
    const failed = noticeOf('first_failure', statusAt({ now: 0, failed: 1 }), 5, 0);
    expect(failed.text).toBe(
      'glacier2s3: photos to my-archive: an archive failed (archive_not_found); 0 of 10 archives (0 B) are copied',
    );
    expect(noticeOf('standstill', statusAt({ now: 0 }), 26 * HOUR, 0).text).toContain('nothing was copied for 1d 2h');
    expect(noticeOf('completion', statusAt({ now: 0, phase: 'incomplete', failed: 3 }), 5, 0).text).toContain(
      '3 failed',
    );
  });
});
