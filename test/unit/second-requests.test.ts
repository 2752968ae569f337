import { describe, expect, it } from 'vitest';
import { costOfCopy, costOfRequest } from '../../src/domain/price/costs.ts';
import { SHIPPED_PRICES } from '../../src/domain/price/prices.ts';
import { ratesFor } from '../../src/domain/price/rates.ts';
import { CallRate } from '../../src/domain/schedule/call-rate.ts';
import { RequestLog } from '../../src/domain/schedule/request-log.ts';
import { assumedThroughput } from '../../src/domain/schedule/throughput.ts';
import { ServiceError } from '../../src/domain/service-error.ts';
import { DAY, HOUR, MINUTE, SECOND } from '../../src/lib/duration.ts';
import { KiB, MiB } from '../../src/lib/size.ts';
import type { Tier } from '../../src/ports.ts';
import { requestArchives } from '../../src/steps/3-request.ts';
import { createAllowance } from '../../src/steps/allowance.ts';
import { costOf, keepRates } from '../../src/steps/cost.ts';
import type { Deps } from '../../src/steps/deps.ts';
import { createMeter } from '../../src/steps/meter.ts';
import { createPace } from '../../src/steps/pace.ts';
import { createWork } from '../../src/steps/work.ts';
import { FakeClock } from '../support/fakes/clock.ts';
import { FakeVault } from '../support/fakes/vault.ts';
import { plan, requested, staged, stateFile } from '../support/state.ts';

const forever = new AbortController().signal;
const ignore = () => undefined;
const regions = { region: 'us-east-1', destinationRegion: 'us-east-1' };
const rates = ratesFor(SHIPPED_PRICES, regions);
const COUNT = 10;
const SIZE = 16 * KiB;

interface Ceilings {
  readonly maxBytesPerDay: number;
  readonly maxCost: number | undefined;
  readonly maxTransfer: number | undefined;
  readonly policyBytesPerHour: number | undefined;
}

const NONE: Ceilings = {
  maxBytesPerDay: Number.POSITIVE_INFINITY,
  maxCost: undefined,
  maxTransfer: undefined,
  policyBytesPerHour: undefined,
};

interface Setting {
  readonly tier?: Tier;
  readonly count?: number;
  readonly perSecond?: number;
  /** The share of them that the line has time for. */
  readonly share?: number;
  readonly limits?: Partial<Ceilings>;
}

/** Outputs that expire in five hours. */
async function setup({ tier = 'Bulk', count = COUNT, perSecond = 25, share = 0.5, limits = {} }: Setting = {}) {
  const clock = new FakeClock();
  const vault = new FakeVault(clock);
  const state = stateFile();
  const expiresAt = clock.now() + 5 * HOUR;
  state.transaction(() => {
    keepRates(state, SHIPPED_PRICES, regions);
    state.facts.set('settings', { storageClass: 'DEEP_ARCHIVE', tier, checksum: 'CRC32', partSize: 8 * MiB });
  });
  const bytes = new Uint8Array(SIZE);
  plan(state, count, 1, { size: SIZE });
  state.transaction(() => {
    for (let id = 1; id <= count; id += 1) {
      // the last ones are asked for first
      if (id > count - 2000) vault.add(bytes, { archiveId: state.archives.byId(id).archiveId });
      state.archives.advance(id, [requested(id), staged(id, expiresAt + id)]);
    }
  });
  const deps = {
    clock,
    vault,
    state,
    signals: { stop: forever, cut: forever },
    log: { debug: ignore, info: ignore, warn: ignore, error: ignore },
  } as unknown as Deps;
  const rate = { start: perSecond, floor: Math.min(perSecond, 0.1), ceiling: perSecond };
  const pace = createPace(new CallRate(rate), clock);
  const work = createWork(deps, { pace: { request: pace, read: pace }, asked: new RequestLog() });
  const meter = createMeter(clock, assumedThroughput({ count }));
  const bwlimit = (share * count * SIZE * SECOND) / (5 * HOUR);
  const options = {
    tier,
    storageClass: 'DEEP_ARCHIVE',
    bwlimit,
    ...NONE,
    ...limits,
  } as const;
  const allowance = createAllowance(deps, work, meter, options);
  const ask = () => requestArchives(deps, work, { tier, topicArn: undefined, allowance, until: 'idle' });
  const renewed = () =>
    Array.from({ length: count }, (_, i) => state.archives.byId(i + 1)).flatMap(({ id, progress }) =>
      'nextJobId' in progress && progress.nextJobId !== undefined ? [id] : [],
    );
  return { clock, vault, state, work, ask, renewed };
}

describe('archives asked for again before their outputs expire', () => {
  it('are those that the line has no time for, the last to be fetched first, and each once', async () => {
    const { ask, renewed, vault } = await setup();
    await ask();
    await ask();

    expect(renewed().length).toBeGreaterThanOrEqual(4);
    expect(renewed().length).toBeLessThanOrEqual(6);
    expect(renewed()).toEqual(Array.from({ length: renewed().length }, (_, i) => COUNT - renewed().length + 1 + i));
    expect(vault.requests).toHaveLength(renewed().length);
  });

  it('are no more than the line has no time for where thousands are staged, too', async () => {
    const count = 10_200;
    const limits = { maxBytesPerDay: 1500 * SIZE };
    const { ask, renewed } = await setup({ count, perSecond: 1000, share: 0.97, limits });
    await ask();

    expect(renewed().length).toBeGreaterThan(count * 0.02);
    expect(renewed().length).toBeLessThan(count * 0.08);
  });

  it('count for --max-bytes-per-day, as whole archives', async () => {
    const { ask, renewed, work, clock } = await setup({ limits: { maxBytesPerDay: 2.5 * SIZE } });
    await ask();
    expect(renewed()).toEqual([9, 10]);
    expect(work.asked.within(DAY, clock.now())).toBe(2 * SIZE);
    await ask();
    expect(renewed()).toEqual([9, 10]);
  });

  it('come after what was asked for before, within the same day', async () => {
    const { ask, renewed, work, clock } = await setup({ limits: { maxBytesPerDay: 2.5 * SIZE } });
    work.asked.add(clock.now(), SIZE);
    await ask();
    expect(renewed()).toEqual([10]);
  });

  it("count for the data retrieval policy's bytes an hour, with the Standard tier", async () => {
    const { ask, renewed, clock } = await setup({ tier: 'Standard', limits: { policyBytesPerHour: 2 * SIZE } });
    await ask();
    expect(renewed()).toEqual([9, 10]);
    clock.advance(HOUR + 5 * MINUTE);
    await ask();
    expect(renewed()).toEqual([7, 8, 9, 10]);
  });

  it('keep to --request-rate', async () => {
    const { ask, renewed, clock } = await setup({ perSecond: 0.5 });
    const begunAt = clock.now();
    await ask();
    expect(renewed().length).toBeGreaterThanOrEqual(4);
    // the first one waits for nothing, and a pause saves up half a call
    expect(clock.now() - begunAt).toBeGreaterThanOrEqual((renewed().length - 1.5) * 2 * SECOND);
  });

  it('are paid for within --max-cost, by their requests alone: their copies are paid for already', async () => {
    const request = costOfRequest(rates, { bytes: SIZE, tier: 'Bulk' });
    const copy = costOfCopy(rates, { bytes: SIZE, parts: 1, storageClass: 'DEEP_ARCHIVE' });
    const maxCost = COUNT * (request + copy) + 2.5 * request;
    const { ask, renewed, state } = await setup({ limits: { maxCost } });
    await ask();

    expect(renewed()).toEqual([9, 10]);
    const { spentUsd, committedUsd } = costOf(state);
    expect(spentUsd).toBeCloseTo((COUNT + 2) * request, 9);
    expect(committedUsd).toBeCloseTo(COUNT * copy, 9);
    expect(spentUsd + committedUsd).toBeLessThanOrEqual(maxCost);
    await ask();
    expect(renewed()).toEqual([9, 10]);
  });

  it('whose call was not answered count for --max-cost: there may be a job for each', async () => {
    const request = costOfRequest(rates, { bytes: SIZE, tier: 'Bulk' });
    const copy = costOfCopy(rates, { bytes: SIZE, parts: 1, storageClass: 'DEEP_ARCHIVE' });
    const { ask, renewed, vault, state } = await setup({
      limits: { maxCost: COUNT * (request + copy) + 2.5 * request },
    });
    const lost = new ServiceError('network', 'no answer', { operation: 'InitiateJob', outcomeUnknown: true });
    vault.failures.add('requestArchive', lost, lost);
    await ask();
    await ask();

    expect(renewed()).toEqual([]);
    expect(state.outputs.asked().map(({ id }) => id)).toEqual([9, 10]);
  });

  it('are none that this run may not copy: --max-transfer', async () => {
    const beyond = await setup({ limits: { maxTransfer: (COUNT - 1) * SIZE } });
    await beyond.ask();
    expect(beyond.renewed()).toEqual([]);

    const within = await setup({ limits: { maxTransfer: COUNT * SIZE } });
    await within.ask();
    expect(within.renewed().length).toBeGreaterThanOrEqual(4);
  });

  it('are none where the policy refuses them: the run ends and says so', async () => {
    const { ask, renewed, vault, work, state } = await setup({ tier: 'Standard' });
    const refusal = new ServiceError('retrieval_policy', 'refused', { operation: 'InitiateJob' });
    vault.failures.add('requestArchive', ...Array.from({ length: COUNT }, () => refusal));
    await ask();

    expect(work.fault?.error).toBe(refusal);
    expect(renewed()).toEqual([]);
    expect(state.totals.byState().staged.count).toBe(COUNT);
    expect(state.outputs.asked()).toEqual([]);
  });
});
