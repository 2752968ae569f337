import { describe, expect, it } from 'vitest';
import { CallRate } from '../../src/domain/schedule/call-rate.ts';
import { RequestLog } from '../../src/domain/schedule/request-log.ts';
import { DAY, HOUR, MINUTE } from '../../src/lib/duration.ts';
import { MiB } from '../../src/lib/size.ts';
import { reconcile } from '../../src/steps/4-notify.ts';
import { resumeTransfers } from '../../src/steps/5-transfer.ts';
import type { Deps } from '../../src/steps/deps.ts';
import { createPace } from '../../src/steps/pace.ts';
import type { TransferPartsOptions } from '../../src/steps/parts-in-flight.ts';
import { MOST_LOST_OUTPUTS } from '../../src/steps/tries.ts';
import { createWork } from '../../src/steps/work.ts';
import { FakeBucket } from '../support/fakes/bucket.ts';
import { FakeClock } from '../support/fakes/clock.ts';
import { FakeVault } from '../support/fakes/vault.ts';
import { listed, stateFile } from '../support/state.ts';

const forever = new AbortController().signal;
const ignore = () => undefined;

/** A vault whose outputs live for 26 hours, and archives with nothing but their keys. Jobs take five hours. */
function setup(count = 3) {
  const clock = new FakeClock();
  const vault = new FakeVault(clock, 'photos');
  vault.lifetime = 26 * HOUR;
  const state = stateFile();
  const log = { debug: ignore, info: ignore, warn: ignore, error: ignore };
  const signals = { stop: forever, cut: forever };
  const deps = { clock, vault, state, bucket: new FakeBucket(clock), log, signals } as unknown as Deps;
  state.transaction(() => {
    const facts = { id: 'abcdef012345', vault: 'photos', accountId: '-', region: 'eu-west-1' };
    state.facts.set('transfer', { ...facts, bucket: 'copies', prefix: '', createdAt: clock.now() });
    for (let id = 1; id <= count; id += 1) {
      const { archiveId, treeHash } = vault.add(new Uint8Array(1000 + id), { archiveId: listed(id).archiveId });
      state.archives.insert(listed(id, { treeHash, size: 1000 + id }));
      const key = `key/${id}` as never;
      state.archives.advance(id, [{ type: 'planned' }], { key, partSize: 8 * MiB });
      expect(archiveId).toBe(listed(id).archiveId);
    }
  });
  const pace = createPace(new CallRate({ start: 25, floor: 1, ceiling: 25 }), clock);
  const work = createWork(deps, { pace: { request: pace, read: pace }, asked: new RequestLog() });
  const request = async (id: number) => {
    const { archiveId } = state.archives.byId(id);
    const description = 'glacier2s3 archive abcdef012345';
    const jobId = await vault.requestArchive({ archiveId, tier: 'Bulk', description, topicArn: undefined });
    state.transaction(() => {
      state.archives.asking([id], clock.now());
      state.archives.advance(id, [{ type: 'requested', jobId }]);
    });
  };
  const states = () => Array.from({ length: count }, (_, i) => state.archives.byId(i + 1).progress.state);
  return { clock, vault, state, deps, work, request, states, pass: () => reconcile(deps, work) };
}

describe('a pass over ListJobs', () => {
  it('takes no output for there whose day is over, although it is still listed', async () => {
    const { clock, request, states, pass } = setup();
    await request(1);
    clock.advance(2 * HOUR);
    await request(2);
    clock.advance(6 * HOUR);
    await pass();
    expect(states()).toEqual(['staged', 'staged', 'planned']);

    clock.advance(21 * HOUR + 30 * MINUTE);
    await pass();
    expect(states()).toEqual(['planned', 'staged', 'planned']);
  });

  it('asks once more for a job that completed and expired unheard, and does not take its output for that of the next', async () => {
    const { clock, request, states, pass } = setup();
    await request(1);
    clock.advance(5 * HOUR + DAY);
    await pass();
    expect(states()[0]).toBe('planned');

    await request(1);
    await pass();
    expect(states()[0]).toBe('requested');
    clock.advance(5 * HOUR);
    await pass();
    expect(states()[0]).toBe('staged');
  });

  it('judges what a run that was killed was reading as it does the rest', async () => {
    const { clock, state, deps, request, states, pass } = setup();
    for (const id of [3, 1]) await request(id);
    clock.advance(2 * HOUR);
    await request(2);
    clock.advance(6 * HOUR);
    await pass();
    state.transaction(() => {
      for (const id of [1, 2, 3]) state.archives.advance(id, [{ type: 'began' }]);
    });
    clock.advance(21 * HOUR + 30 * MINUTE);
    const options = { checksum: 'CRC32', storageClass: 'DEEP_ARCHIVE', tags: {}, onExisting: 'skip' };
    await resumeTransfers(deps, options as unknown as TransferPartsOptions);
    expect(states()).toEqual(['staged', 'staged', 'staged']);
    await pass();

    expect(states()).toEqual(['planned', 'staged', 'planned']);
    expect(state.archives.nextPlanned(10, clock.now()).map(({ id }) => id)).toEqual([1, 3]);
  });

  it(`gives an archive up after ${MOST_LOST_OUTPUTS} outputs of which nothing was fetched`, async () => {
    const { clock, state, request, states, pass } = setup(1);
    for (let jobs = 1; jobs <= MOST_LOST_OUTPUTS; jobs += 1) {
      expect(states()).toEqual(['planned']);
      await request(1);
      clock.advance(2 * DAY);
      await pass();
    }
    expect(state.archives.byId(1)).toMatchObject({
      progress: { state: 'failed', reason: 'output_expired' },
      requests: MOST_LOST_OUTPUTS,
    });
  });

  it('gives no archive up for which a second job may have been made: ListJobs tells of that first', async () => {
    const { clock, state, request, pass } = setup(1);
    for (let jobs = 1; jobs < MOST_LOST_OUTPUTS; jobs += 1) {
      await request(1);
      clock.advance(2 * DAY);
      await pass();
    }
    await request(1);
    clock.advance(6 * HOUR);
    await pass();
    clock.advance(23 * HOUR + 30 * MINUTE);
    state.transaction(() => state.outputs.asking(1, clock.now()));
    await pass();
    expect(state.archives.byId(1)).toMatchObject({ progress: { state: 'planned' } });
    expect(state.archives.asked().map(({ id }) => id)).toEqual([1]);
  });
});
