import { expect, it } from 'vitest';
import { CallRate } from '../../src/domain/schedule/call-rate.ts';
import { RequestLog } from '../../src/domain/schedule/request-log.ts';
import { assumedThroughput } from '../../src/domain/schedule/throughput.ts';
import { MINUTE } from '../../src/lib/duration.ts';
import { requestArchives } from '../../src/steps/3-request.ts';
import { createAllowance } from '../../src/steps/allowance.ts';
import type { Deps } from '../../src/steps/deps.ts';
import { createMeter } from '../../src/steps/meter.ts';
import { createPace } from '../../src/steps/pace.ts';
import { createWork } from '../../src/steps/work.ts';
import { FakeClock } from '../support/fakes/clock.ts';
import { FakeVault } from '../support/fakes/vault.ts';
import { plan, stateFile } from '../support/state.ts';

const forever = new AbortController().signal;
const ignore = () => undefined;
const SIZE = 1024;

/** So many planned archives, a line that has time for all, and a pace of calls. */
function setup({ count = 2, perSecond = 25 } = {}) {
  const clock = new FakeClock();
  const vault = new FakeVault(clock);
  const state = stateFile();
  plan(state, count, 1, { size: SIZE });
  const bytes = new Uint8Array(SIZE);
  for (let id = 1; id <= count; id += 1) vault.add(bytes, { archiveId: state.archives.byId(id).archiveId });
  const log = { debug: ignore, info: ignore, warn: ignore, error: ignore };
  const deps = { clock, vault, state, log, signals: { stop: forever, cut: forever } } as unknown as Deps;
  const pace = createPace(new CallRate({ start: perSecond, floor: 0.01, ceiling: perSecond }), clock);
  const work = createWork(deps, { pace: { request: pace, read: pace }, asked: new RequestLog() });
  const allowance = createAllowance(deps, work, createMeter(clock, assumedThroughput({ count })), {
    tier: 'Bulk',
    storageClass: 'DEEP_ARCHIVE',
    maxBytesPerDay: Number.POSITIVE_INFINITY,
    maxCost: undefined,
    maxTransfer: undefined,
    bwlimit: undefined,
    policyBytesPerHour: undefined,
  });
  const ask = () => requestArchives(deps, work, { tier: 'Bulk', topicArn: undefined, allowance, until: 'idle' });
  return { clock, state, vault, pace, allowance, ask };
}

it('gives a reason where what is left waits for its next try, and none once one may be asked for', () => {
  const { clock, state, allowance } = setup();
  const notBefore = clock.now() + MINUTE;
  state.transaction(() => {
    for (const id of [1, 2]) state.archives.notAsked(id, { tries: 1, notBefore: notBefore + id });
  });
  expect(allowance()).toMatchObject({ archives: 0, hold: { code: 'next_try', at: notBefore + 1 } });
  clock.advance(2 * MINUTE);
  expect(allowance()).toMatchObject({ archives: 2, hold: undefined });
});

it('gives a reason where no call has been answered', () => {
  const { clock, state, allowance } = setup();
  state.transaction(() => state.archives.asking([1, 2], clock.now()));
  expect(allowance()).toMatchObject({ archives: 0, hold: { code: 'unanswered' } });
});

it('gives a reason where throttling has left no more than a call now and then', async () => {
  const { clock, pace, allowance } = setup();
  pace.throttled();
  expect(allowance().hold).toBeUndefined();
  for (let i = 0; i < 10; i += 1) {
    clock.advance(6000);
    pace.throttled();
  }
  expect(allowance()).toMatchObject({ archives: 0, hold: { code: 'request_rate' } });
  await pace.turn(forever);
});

it('asks for all that it may at a slow pace, however long that takes', async () => {
  const { ask, vault, clock } = setup({ count: 120, perSecond: 0.2 });
  const begunAt = clock.now();
  await ask();
  expect(vault.requests).toHaveLength(120);
  expect(clock.now() - begunAt).toBeGreaterThanOrEqual(118 * 5000);
});
