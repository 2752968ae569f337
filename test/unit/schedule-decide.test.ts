import { describe, expect, it } from 'vitest';
import { decide, type Situation } from '../../src/domain/schedule/decide.ts';
import { type Expiring, forecastLost, timeLeft } from '../../src/domain/schedule/forecast.ts';
import { describeHold } from '../../src/domain/schedule/hold.ts';
import { RequestLog } from '../../src/domain/schedule/request-log.ts';
import { assumedThroughput, observe, type ThroughputState, type Work } from '../../src/domain/schedule/throughput.ts';
import { DAY, HOUR, MINUTE } from '../../src/lib/duration.ts';
import { GiB, MiB, TiB } from '../../src/lib/size.ts';

const NOW = 20_000 * DAY;
const NOTHING: Work = { count: 0, bytes: 0 };

/** A line that has done `bytesPerSecond`, in archives of 1 GiB, for two days. */
function measured(bytesPerSecond: number): ThroughputState {
  let state = assumedThroughput(NOTHING);
  for (let minute = 0; minute < 2880; minute += 1) {
    const bytes = bytesPerSecond * 60;
    state = observe(state, { activeMs: MINUTE, bytes, archives: bytes / GiB, backlog: true });
  }
  return state;
}

const LINE = measured(100 * MiB);

function situation(changes: Partial<Situation> = {}): Situation {
  return {
    now: NOW,
    tier: 'Bulk',
    planned: { count: 100_000, bytes: 100_000 * GiB },
    nextBytes: GiB,
    requested: NOTHING,
    staged: [],
    throughput: LINE,
    asked: new RequestLog(),
    limits: {},
    ...changes,
  };
}

function staged(hoursLeft: number, count: number, largest = GiB): Expiring {
  return { expiresAt: NOW + hoursLeft * HOUR, count, bytes: count * GiB, largest };
}

function askedWithin(bytes: number, at = NOW): RequestLog {
  const log = new RequestLog();
  log.add(at, bytes);
  return log;
}

describe('how much to ask for', () => {
  it('asks for all of a small vault at once, before anything was measured', () => {
    const planned = { count: 200, bytes: 500 * GiB };
    const decision = decide(situation({ planned, throughput: assumedThroughput(planned) }));
    expect(decision.request.count).toBe(200);
    expect(decision.request.bytes).toBeGreaterThanOrEqual(500 * GiB);
  });

  it('asks for as much as the measured line fetches in 20 hours, less what is outstanding', () => {
    const window = 100 * MiB * 20 * 3600;
    expect(decide(situation()).request.bytes / window).toBeCloseTo(1, 2);
    const requested = { count: 5000, bytes: 5000 * GiB };
    expect(decide(situation({ requested })).request.bytes).toBeCloseTo(
      decide(situation()).request.bytes - 5000 * GiB,
      0,
    );
  });

  it('says what is outstanding once the window is full, and comes back when the next archive may fit', () => {
    const decision = decide(situation({ requested: { count: 12 * 1024, bytes: 12 * TiB } }));
    expect(decision.request).toEqual(NOTHING);
    expect(decision.hold && describeHold(decision.hold, NOW)).toBe(
      '12 TiB outstanding: what this line can fetch in 20h',
    );
    expect(decision.wakeAt).toBeGreaterThan(NOW);
    expect(decision.wakeAt).toBeLessThanOrEqual(NOW + 5 * MINUTE);
  });

  it('counts tiny archives by their number', () => {
    const planned = { count: 50_000_000, bytes: 50_000_000 * 1024 };
    const throughput = assumedThroughput({ count: 50_000_000 });
    const decision = decide(situation({ planned, nextBytes: 1024, throughput }));
    expect(decision.request.count).toBe(20 * 20 * 3600);
    const hold = decide(
      situation({ planned, nextBytes: 1024, throughput, requested: { count: 1_440_000, bytes: TiB / 64 } }),
    ).hold;
    expect(hold).toMatchObject({ code: 'window_full', limitedBy: 'count', measured: false });
    expect(hold && describeHold(hold, NOW)).toBe(
      '1440000 archives outstanding: what an unknown line is trusted to fetch in 20h',
    );
  });

  it('asks by what an upload has measured, and calls the line known then', () => {
    const throughput = assumedThroughput(NOTHING, 100 * MiB);
    const window = 100 * MiB * 20 * 3600;
    const { request } = decide(situation({ throughput }));
    expect(request.bytes).toBeGreaterThan(window / 2);
    expect(request.bytes).toBeLessThan(window);
    expect(decide(situation({ throughput, requested: { count: 9, bytes: window } })).hold).toMatchObject({
      ...{ code: 'window_full', measured: true },
    });
  });

  it('asks for an archive larger than the window when the line would run out of work, and for no other with it', () => {
    const next = { planned: { count: 9, bytes: 100 * TiB }, nextBytes: 40 * TiB };
    expect(decide(situation(next)).request.bytes).toBe(40 * TiB);
    const busy = decide(situation({ ...next, requested: { count: 6000, bytes: 6000 * GiB } }));
    expect(busy.hold?.code).toBe('window_full');
  });

  it('does not take the line for faster than --bwlimit', () => {
    const decision = decide(situation({ limits: { bytesPerSecond: MiB } }));
    expect(decision.request.bytes).toBe(MiB * 20 * 3600);
  });

  it('asks for nothing when nothing is planned', () => {
    expect(decide(situation({ planned: NOTHING, nextBytes: 0 })).hold).toEqual({ code: 'nothing_planned' });
  });
});

describe('the ceilings', () => {
  it('keeps to the bytes of a day and says when it goes on', () => {
    const limits = { maxBytesPerDay: TiB };
    const asked = askedWithin(TiB - 10 * GiB, NOW - 20 * HOUR);
    expect(decide(situation({ limits, asked })).request.bytes).toBe(10 * GiB);
    const decision = decide(situation({ limits, asked: askedWithin(TiB, NOW - 20 * HOUR) }));
    expect(decision.hold).toEqual({
      code: 'bytes_per_day',
      asked: TiB,
      ceiling: TiB,
      freeAt: NOW + 4 * HOUR + 5 * MINUTE,
    });
    expect(decision.hold && describeHold(decision.hold, NOW)).toBe(
      '1 TiB asked for within a day of at most 1 TiB: on in 4h 5m',
    );
  });

  it('keeps to the data retrieval policy with the Standard tier, and only there', () => {
    const limits = { policyBytesPerHour: 100 * GiB };
    const asked = askedWithin(100 * GiB);
    expect(decide(situation({ limits, asked, tier: 'Standard' })).hold?.code).toBe('retrieval_policy');
    expect(decide(situation({ limits, asked })).request.count).toBeGreaterThan(0);
  });

  it('names an archive that is larger than a ceiling will ever allow', () => {
    const hold = decide(situation({ limits: { maxBytesPerDay: TiB }, nextBytes: 2 * TiB })).hold;
    expect(hold).toEqual({ code: 'archive_above_ceiling', by: 'bytes_per_day', bytes: 2 * TiB, ceiling: TiB });
    expect(hold && describeHold(hold, NOW)).toBe('the next archive has 2 TiB, more than --max-bytes-per-day (1 TiB)');
  });

  it('stops at --max-transfer and --max-cost', () => {
    expect(decide(situation({ limits: { transferLeft: 3 * GiB } })).request.bytes).toBe(3 * GiB);
    expect(decide(situation({ limits: { transferLeft: GiB / 2 } })).hold?.code).toBe('max_transfer');
    expect(decide(situation({ limits: { costLeft: { count: 7, bytes: TiB } } })).request.count).toBe(7);
    expect(decide(situation({ limits: { costLeft: { count: 0, bytes: TiB } } })).hold?.code).toBe('max_cost');
  });

  it('says when all that is left waits for its next try, or for an answer', () => {
    const later = decide(situation({ nextBytes: 0, nextTryAt: NOW + 40_000 }));
    expect(later).toMatchObject({ request: NOTHING, wakeAt: NOW + 40_000 });
    expect(later.hold && describeHold(later.hold, NOW)).toBe(
      'what is left to be asked for waits for its next try, in 40s',
    );
    const unknown = decide(situation({ nextBytes: 0, nextTryAt: Number.POSITIVE_INFINITY }));
    expect(unknown).toMatchObject({ request: NOTHING, hold: { code: 'unanswered' }, wakeAt: NOW + MINUTE });
    // nothing is left to wait for
    const done = situation({ planned: NOTHING, nextBytes: 0, nextTryAt: Number.POSITIVE_INFINITY });
    expect(decide(done).hold?.code).toBe('nothing_planned');
  });

  it('waits for the pace of the calls', () => {
    const decision = decide(situation({ nextCallAt: NOW + 8000 }));
    expect(decision).toMatchObject({ request: NOTHING, hold: { code: 'request_rate' }, wakeAt: NOW + 8000 });
  });
});

describe('what expires too soon', () => {
  // 100 MiB/s are 351 GiB an hour
  it('asks again for what cannot be fetched in time, as late as a job still helps', () => {
    expect(decide(situation({ staged: [staged(6, 3000)] })).again).toMatchObject({ expiresAt: NOW + 6 * HOUR });
    expect(decide(situation({ staged: [staged(6, 3000)] })).again?.count).toBeGreaterThan(950);
    expect(decide(situation({ staged: [staged(6, 1900)] })).again).toBeUndefined();
    expect(decide(situation({ staged: [staged(14, 6000)] })).again).toBeUndefined();
  });

  it('does not answer a line that slowed with a burst: what is asked again has to fit the window', () => {
    const slow = measured(MiB);
    const { again, window, request } = decide(situation({ throughput: slow, staged: [staged(6, 3000)] }));
    expect((again?.bytes ?? 0) + request.bytes).toBeLessThanOrEqual(window.bytes);
    const full = { count: 100, bytes: window.bytes };
    expect(decide(situation({ throughput: slow, staged: [staged(6, 3000)], requested: full })).again).toBeUndefined();
  });

  it('asks again for an archive that takes longer than its output lives', () => {
    const giant = { expiresAt: NOW + 12 * HOUR, count: 1, bytes: 30 * TiB, largest: 30 * TiB };
    const rest = { planned: NOTHING, nextBytes: 0 };
    expect(decide(situation({ ...rest, staged: [giant] })).again).toMatchObject({ count: 1, bytes: 30 * TiB });
    const pending = { count: 1, bytes: 30 * TiB };
    expect(decide(situation({ ...rest, requested: pending })).again).toBeUndefined();
  });

  it('keeps to the ceilings when it asks again', () => {
    const limits = { maxBytesPerDay: TiB };
    const asked = askedWithin(TiB - 5 * GiB);
    const decision = decide(situation({ limits, asked, staged: [staged(6, 3000)] }));
    expect((decision.again?.bytes ?? 0) + decision.request.bytes).toBeLessThanOrEqual(5 * GiB);
  });

  it('foresees losses in the order of expiry', () => {
    const rate = { bytesPerSecond: GiB / 3600, archivesPerSecond: 100 };
    const groups = [staged(2.25, 1), staged(3.25, 4), staged(9.25, 2)];
    expect(forecastLost(groups, rate, NOW).map(({ count, bytes }) => [count, bytes / GiB])).toEqual([
      [0, 0],
      [2, 2],
      [0, 0],
    ]);
  });
});

describe('the time left', () => {
  const rate = { bytesPerSecond: GiB, archivesPerSecond: 10 };

  it('is what the line needs, or the jobs where the line is faster', () => {
    const much = { count: 36_000, bytes: 72_000 * GiB };
    expect(timeLeft({ planned: much, requested: NOTHING, staged: NOTHING }, rate, 'Bulk')).toBe(20 * HOUR);
    const little = { count: 1, bytes: GiB };
    expect(timeLeft({ planned: NOTHING, requested: little, staged: NOTHING }, rate, 'Bulk')).toBe(5 * HOUR);
    expect(timeLeft({ planned: NOTHING, requested: NOTHING, staged: little }, rate, 'Bulk')).toBe(1000);
    expect(timeLeft({ planned: NOTHING, requested: NOTHING, staged: NOTHING }, rate, 'Bulk')).toBe(0);
  });
});
