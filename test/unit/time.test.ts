import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { createBandwidth, createBandwidthAccount } from '../../src/lib/bandwidth.ts';
import { createBell } from '../../src/lib/bell.ts';
import { clockFrom, systemClock } from '../../src/lib/clock.ts';
import { KiB, MiB } from '../../src/lib/size.ts';

const settled = () => new Promise((resolve) => setImmediate(resolve));
const forever = new AbortController().signal;

/** Whether a promise has resolved by now. */
async function isOver(promise: Promise<unknown>): Promise<boolean> {
  let over = false;
  void promise.then(() => {
    over = true;
  });
  await settled();
  return over;
}

describe('the bell', () => {
  it('wakes all that wait, once', async () => {
    const bell = createBell();
    const since = bell.count;
    const waiting = [bell.heard(since), bell.heard(since)];
    expect(await isOver(Promise.race(waiting))).toBe(false);
    bell.ring();
    await Promise.all(waiting);

    expect(await isOver(bell.heard(bell.count))).toBe(false);
  });

  it('is not missed by those who looked before it rang', async () => {
    const bell = createBell();
    const since = bell.count;
    bell.ring();
    bell.ring();

    await bell.heard(since);
    await bell.heard(since + 1);
    expect(await isOver(bell.heard(since + 2))).toBe(false);
  });
});

describe('the clock', () => {
  it('tells whole milliseconds at any speed', () => {
    for (const speed of [0.3, 1, 3600, 1234.567]) {
      const now = systemClock({ speed, origin: 1e12, since: Date.now() - 1001 }).now();
      expect(Number.isInteger(now)).toBe(true);
      expect(now).toBeGreaterThanOrEqual(Math.floor(1e12 + 1001 * speed));
    }
  });

  it('runs as fast as the simulator says, else as the machine does', () => {
    const since = Date.now();
    const fast = clockFrom(`1000000000000@3600@${since}`);
    expect(fast.now()).toBeGreaterThanOrEqual(1e12);
    expect((fast.now() - 1e12) % 3600).toBe(0);
    for (const text of [undefined, '', 'x', '1@2', '0@1@2', 'a@b@c']) {
      const before = Date.now();
      const now = clockFrom(text).now();
      expect(now).toBeGreaterThanOrEqual(before);
      expect(now).toBeLessThanOrEqual(Date.now());
    }
  });

  it('sleeps a day of fast time in a moment, and a moment never in none', async () => {
    const clock = systemClock({ speed: 86_400_000, origin: 1e12, since: Date.now() });
    const before = clock.now();
    await clock.sleep(86_400_000, forever);

    expect(clock.now()).toBeGreaterThan(before);
  });

  it('does not sleep for what lies behind', async () => {
    await systemClock().sleep(0, forever);
    await systemClock().sleep(-5, forever);
  });

  it('is woken by the signal, with its reason, from a sleep longer than timers can be', async () => {
    const abort = new AbortController();
    const sleeping = systemClock().sleep(2 ** 40, abort.signal);
    abort.abort(new Error('woken'));

    await expect(sleeping).rejects.toThrow('woken');
    await expect(systemClock().sleep(1, abort.signal)).rejects.toThrow('woken');
    await expect(systemClock().sleep(Number.POSITIVE_INFINITY, AbortSignal.timeout(5))).rejects.toThrow();
  });
});

describe('the bandwidth', () => {
  /** What is owed, in microseconds from now on. */
  const owed = (account: ReturnType<typeof createBandwidthAccount>) =>
    Number((account[0] ?? 0n) - process.hrtime.bigint() / 1000n);

  it('without a limit lets everything through', async () => {
    await createBandwidth(undefined, createBandwidthAccount(), 1).take(1e15, forever);
  });

  it('makes all who take bytes owe their time together, in all threads', async () => {
    const account = createBandwidthAccount();
    const abort = new AbortController();
    const lines = [createBandwidth(MiB, account, 1), createBandwidth(MiB, account, 1)];
    // 60 s of bytes; what idle time may have saved is a tenth of a second
    const taken = Array.from({ length: 60 }, (_, i) => lines[i % 2]!.take(MiB, abort.signal));
    const microseconds = owed(account);
    abort.abort(new Error('enough'));

    expect(microseconds).toBeLessThanOrEqual(60e6);
    expect(microseconds).toBeGreaterThan(58e6);
    for (const end of await Promise.allSettled(taken))
      expect(end).toMatchObject({ status: 'rejected', reason: { message: 'enough' } });
  });

  it('is taken in turns of a quarter of a second of all callers, small archives at first in one', () => {
    const rates = fc.integer({ min: 1, max: 2 ** 40 });
    fc.assert(
      fc.property(rates, fc.integer({ min: 1, max: 256 }), (rate, callers) => {
        const { atOnce, first } = createBandwidth(rate, createBandwidthAccount(), callers);
        expect(atOnce * callers).toBeLessThanOrEqual(Math.max(rate / 4, 64 * KiB * callers));
        expect(first).toBeLessThanOrEqual(Math.max(rate * 0.4, 64 * KiB));
        expect(first).toBeLessThanOrEqual(256 * KiB);
        expect(Math.min(atOnce, first)).toBeGreaterThanOrEqual(64 * KiB);
      }),
    );
    expect(createBandwidth(MiB, createBandwidthAccount(), 16).first).toBe(256 * KiB);
    expect(createBandwidth(undefined, createBandwidthAccount(), 16)).toMatchObject({
      atOnce: Infinity,
      first: Infinity,
    });
  });

  it('is owed nothing for what was given back', () => {
    const account = createBandwidthAccount();
    const line = createBandwidth(MiB, account, 1);
    const abort = new AbortController();
    const waiting = line.take(60 * MiB, abort.signal);
    line.giveBack(60 * MiB);

    expect(owed(account)).toBeLessThanOrEqual(0);
    abort.abort();
    return expect(waiting).rejects.toThrow();
  });

  it('waits for longer than a timer can be set', async () => {
    const abort = new AbortController();
    let isOver = false;
    // 30 days
    const waiting = createBandwidth(1, createBandwidthAccount(), 1)
      .take(30 * 24 * 3600, abort.signal)
      ?.then(() => {
        isOver = true;
      });
    await new Promise((resolve) => setTimeout(resolve, 50));

    expect(isOver).toBe(false);
    abort.abort(new Error('enough'));
    await expect(waiting).rejects.toThrow('enough');
  });

  it('saves up no more than a tenth of a second of idle time', () => {
    const account = createBandwidthAccount();
    const line = createBandwidth(MiB, account, 1);
    void line.take(0, forever);

    expect(owed(account)).toBeLessThanOrEqual(0);
    expect(owed(account)).toBeGreaterThan(-1e6);
  });

  it('lets a few bytes through at once, and has them paid with the next', async () => {
    const account = createBandwidthAccount();
    const line = createBandwidth(1000 * MiB, account, 1);
    for (let i = 0; i < 100; i += 1) await line.take(64, forever);

    expect(account[0]).toBeGreaterThan(0n);
  });
});
