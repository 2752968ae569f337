import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { DueQueue } from '../../src/simulator/due-queue.ts';
import { type FaultRule, Faults } from '../../src/simulator/faults.ts';

const RESET = { kind: 'reset' } as const;

function hits(
  rule: Omit<FaultRule, 'fault'>,
  calls: number,
  target = { service: 's3', operation: 'UploadPart' },
): string {
  const faults = new Faults();
  faults.add({ ...rule, fault: RESET });
  const befallen = Array.from({ length: calls }, (_, i) => faults.take({ ...target, detail: { partNumber: i + 1 } }));
  return befallen.map((each) => (each.length > 0 ? 'x' : '.')).join('');
}

describe('a rule of faults', () => {
  it('holds for every call where it names no condition', () => {
    expect(hits({}, 3)).toBe('xxx');
  });

  it('holds for its service, its operation and the details it names', () => {
    expect(hits({ service: 's3', operation: 'UploadPart' }, 2)).toBe('xx');
    expect(hits({ service: 'glacier' }, 2)).toBe('..');
    expect(hits({ operation: 'PutObject' }, 2)).toBe('..');
    expect(hits({ match: { partNumber: '2' } }, 3)).toBe('.x.');
    expect(hits({ match: { partNumber: 2, key: 'a' } }, 3)).toBe('...');
  });

  it('lets the first calls pass, takes each nth, and ends after so many times', () => {
    expect(hits({ after: 2 }, 4)).toBe('..xx');
    expect(hits({ every: 3 }, 7)).toBe('..x..x.');
    expect(hits({ times: 2 }, 4)).toBe('xx..');
    expect(hits({ after: 1, every: 2, times: 2 }, 8)).toBe('..x.x...');
  });

  it('happens by the same chance for the same seed', () => {
    const by = (seed: number): string => hits({ probability: 0.3, seed }, 1000);
    expect(by(1)).toBe(by(1));
    expect(by(1)).not.toBe(by(2));
    const happened = by(1).replaceAll('.', '').length;
    expect(happened).toBeGreaterThan(230);
    expect(happened).toBeLessThan(370);
  });

  it('is removed by its number, and counted', () => {
    const faults = new Faults();
    const first = faults.add({ times: 1, fault: RESET });
    const second = faults.add({ fault: { kind: 'delay', ms: 1 } });
    const target = { service: 'sqs', operation: 'ReceiveMessage', detail: {} };
    expect(faults.take(target)).toEqual([RESET, { kind: 'delay', ms: 1 }]);
    expect(faults.take(target)).toEqual([{ kind: 'delay', ms: 1 }]);
    expect(faults.list().map(({ id, seen, hits: happened }) => [id, seen, happened])).toEqual([
      [first, 2, 1],
      [second, 2, 2],
    ]);
    faults.clear(second);
    expect(faults.take(target)).toEqual([]);
  });
});

describe('what waits for its time', () => {
  it('comes out by due time, and by order of arrival where that is the same', () => {
    fc.assert(
      fc.property(fc.array(fc.nat(20)), (dues) => {
        const queue = new DueQueue<number>();
        for (const [i, due] of dues.entries()) queue.push(due, i);
        const out: number[] = [];
        for (let value = queue.pop(20); value !== undefined; value = queue.pop(20)) out.push(value);
        const wanted = dues.map((due, i) => ({ due, i })).sort((a, b) => a.due - b.due || a.i - b.i);
        expect(out).toEqual(wanted.map(({ i }) => i));
      }),
    );
  });

  it('stays in until it is due', () => {
    const queue = new DueQueue<string>();
    queue.push(10, 'later');
    expect([queue.next, queue.pop(9), queue.pop(10), queue.pop(10)]).toEqual([10, undefined, 'later', undefined]);
  });
});
