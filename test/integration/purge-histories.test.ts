import fc from 'fast-check';
import { expect, it } from 'vitest';
import { checksumOf } from '../../src/domain/checksum.ts';
import type { ArchiveId, ObjectKey } from '../../src/domain/ids.ts';
import { provenanceOf } from '../../src/domain/provenance.ts';
import { ServiceError } from '../../src/domain/service-error.ts';
import { DAY, HOUR } from '../../src/lib/duration.ts';
import { MiB } from '../../src/lib/size.ts';
import type { ObjectAttributes } from '../../src/ports.ts';
import { openStateFile } from '../../src/state/state-file.ts';
import { checkObjects } from '../../src/steps/check-objects.ts';
import { purgeArchives } from '../../src/steps/purge-archives.ts';
import { FakeBucket } from '../support/fakes/bucket.ts';
import { FakeClock } from '../support/fakes/clock.ts';
import { type FakeArchive, FakeVault } from '../support/fakes/vault.ts';

const VAULT = 'photos';
const COUNT = 4;
const { signal } = new AbortController();
const silent = () => undefined;
const log = { debug: silent, info: silent, warn: silent, error: silent };

/** What befalls an object, by whoever can write to the bucket. */
const MISHAPS = ['vanish', 'resize', 'overwrite', 'lose metadata', 'another archive', 'copied right'] as const;
type Mishap = (typeof MISHAPS)[number];

/** A vault whose archives are all copied, and the purge in hands that can fail at each of its steps. */
function world() {
  const clock = new FakeClock();
  const vault = new FakeVault(clock, VAULT);
  const bucket = new FakeBucket(clock);
  const state = openStateFile(':memory:');
  // the last one is young
  const archives = Array.from({ length: COUNT }, (_, i) =>
    vault.add(Buffer.from(`the bytes of archive ${i}`), {
      archiveId: `archive-${i}` as ArchiveId,
      createdAt: clock.now() - (i === COUNT - 1 ? 10 : 500) * DAY,
    }),
  );
  const keyOf = (i: number) => `key/${i}` as ObjectKey;
  const attributesOf = ({ archiveId, description, createdAt, treeHash }: FakeArchive): ObjectAttributes => ({
    storageClass: 'DEEP_ARCHIVE',
    metadata: provenanceOf({ archiveId, description, creationDate: createdAt, treeHash, vault: VAULT }),
    tags: {},
  });
  const put = (i: number, bytes: Uint8Array, attributes: ObjectAttributes) => {
    const checksum = { algorithm: 'CRC32', value: checksumOf('CRC32', bytes) } as const;
    return bucket.put(keyOf(i), bytes, { checksum, attributes, ifAbsent: false }, signal);
  };
  const befall = async (i: number, mishap: Mishap) => {
    const archive = archives[i]!;
    const right = attributesOf(archive);
    const other = archives[(i + 1) % COUNT]!;
    switch (mishap) {
      case 'vanish':
        bucket.objects.delete(keyOf(i));
        break;
      case 'resize':
        await put(i, Buffer.concat([archive.bytes, Buffer.from('!')]), right);
        break;
      case 'overwrite':
        await put(i, Buffer.alloc(archive.bytes.length), right);
        break;
      case 'lose metadata':
        await put(i, archive.bytes, { ...right, metadata: {} });
        break;
      case 'another archive':
        await put(i, archive.bytes, attributesOf(other));
        break;
      default:
        await put(i, archive.bytes, right);
    }
  };
  const isRight = (i: number) => {
    const object = bucket.objects.get(keyOf(i));
    return (
      object !== undefined &&
      Buffer.compare(object.bytes, archives[i]!.bytes) === 0 &&
      JSON.stringify(object.attributes) === JSON.stringify(attributesOf(archives[i]!))
    );
  };
  return { clock, vault, bucket, state, archives, keyOf, put, attributesOf, befall, isRight };
}

async function copyAll({ state, bucket, archives, keyOf, put, attributesOf, clock }: ReturnType<typeof world>) {
  const transfer = { id: '0'.repeat(12), vault: VAULT, accountId: '-', region: 'eu-west-1', bucket: 'b', prefix: '' };
  state.transaction(() => state.facts.set('transfer', { ...transfer, createdAt: clock.now() }));
  for (const [i, archive] of archives.entries()) {
    const stored = await put(i, archive.bytes, attributesOf(archive));
    state.transaction(() => {
      state.archives.insert({ ...archive, size: archive.bytes.length });
      state.archives.advance(i + 1, [{ type: 'planned' }, { type: 'found' }], {
        key: keyOf(i),
        partSize: 8 * MiB,
        proof: { ...stored, verifiedAt: clock.now() },
      });
    });
  }
  bucket.calls.length = 0;
}

interface Trouble {
  /** What happens at the n-th moment of a purge: while it looks at an object, or writes into its log. */
  readonly mishaps: readonly { readonly at: number; readonly archive: number; readonly mishap: Mishap }[];
  readonly headFails: readonly ('no' | 'throttled' | 'killed')[];
  readonly deleteFails: readonly ('no' | 'refused' | 'lost' | 'killed')[];
  readonly logFailsAt: number | undefined;
}

type Step =
  | { readonly type: 'mishap'; readonly archive: number; readonly mishap: Mishap }
  | { readonly type: 'wait'; readonly hours: number }
  | { readonly type: 'verify' }
  | {
      readonly type: 'purge';
      readonly proofAge: number;
      readonly fee: boolean;
      readonly locked: boolean;
      readonly limit: number | undefined;
      readonly trouble: Trouble;
    };

const CALM: Trouble = { mishaps: [], headFails: [], deleteFails: [], logFailsAt: undefined };

const archive = fc.nat(COUNT - 1);
const mishap = fc.constantFrom(...MISHAPS);
const trouble: fc.Arbitrary<Trouble> = fc.record({
  mishaps: fc.array(fc.record({ at: fc.nat(14), archive, mishap }), { maxLength: 3 }),
  headFails: fc.array(fc.constantFrom('no', 'no', 'no', 'throttled', 'killed'), { maxLength: 4 }),
  deleteFails: fc.array(fc.constantFrom('no', 'no', 'refused', 'lost', 'killed'), { maxLength: 4 }),
  logFailsAt: fc.option(fc.nat(12), { nil: undefined, freq: 2 }),
});
const step: fc.Arbitrary<Step> = fc.oneof(
  { weight: 3, arbitrary: fc.record({ type: fc.constant('mishap' as const), archive, mishap }) },
  { weight: 1, arbitrary: fc.record({ type: fc.constant('wait' as const), hours: fc.nat(40) }) },
  { weight: 3, arbitrary: fc.constant({ type: 'verify' as const }) },
  {
    weight: 4,
    arbitrary: fc.record({
      type: fc.constant('purge' as const),
      proofAge: fc.constantFrom(HOUR, DAY, 3 * DAY),
      fee: fc.boolean(),
      locked: fc.oneof({ weight: 1, arbitrary: fc.constant(true) }, { weight: 5, arbitrary: fc.constant(false) }),
      limit: fc.option(fc.integer({ min: 1, max: 3 }), { nil: undefined }),
      trouble,
    }),
  },
);

/** Lives a history; whatever is deleted is judged at the very moment. */
async function live(steps: readonly Step[]) {
  const it = world();
  const { clock, vault, bucket, state, archives, befall, isRight } = it;
  await copyAll(it);
  const deps = { bucket, state, clock, log, signals: { stop: signal, cut: signal } };
  const audit: { readonly event: string; readonly archiveId: string }[] = [];

  const purge = async ({ proofAge, fee, locked, limit, trouble: { mishaps, ...fails } }: Step & { type: 'purge' }) => {
    let moments = 0;
    const moment = async () => {
      moments += 1;
      for (const { at, archive: i, mishap: what } of mishaps) if (at === moments) await befall(i, what);
    };
    const heads = [...fails.headFails];
    const deletes = [...fails.deleteFails];
    let lines = 0;
    // what was last done about each archive: nothing may come between the look that finds it right and its deletion
    const last = new Map<string, string>();
    await purgeArchives(
      {
        ...deps,
        bucket: Object.assign(Object.create(bucket), {
          async head(key: ObjectKey) {
            await moment();
            const fail = heads.shift();
            if (fail === 'killed') throw new Error('killed');
            if (fail === 'throttled') throw new ServiceError('throttled', 'slow down', { operation: 'HeadObject' });
            const i = archives.findIndex((_, n) => it.keyOf(n) === key);
            last.set(archives[i]!.archiveId, isRight(i) ? 'found right' : 'found wrong');
            return bucket.head(key, signal);
          },
        }) as FakeBucket,
        deletion: {
          async deleteArchive(archiveId) {
            const i = archives.findIndex((one) => one.archiveId === archiveId);
            const check = state.checks.of(i + 1);
            expect({ archiveId, last: last.get(archiveId), result: check?.result, locked }).toEqual({
              ...{ archiveId, last: 'found right', result: '=', locked: false },
            });
            last.set(archiveId, 'deleted');
            expect(clock.now() - (check?.at ?? 0)).toBeLessThanOrEqual(proofAge);
            expect(fee || clock.now() - archives[i]!.createdAt >= 90 * DAY).toBe(true);
            expect(audit.filter((line) => line.archiveId === archiveId).at(-1)?.event).toBe('deleting');
            const fail = deletes.shift();
            if (fail === 'refused') throw new ServiceError('throttled', 'no', { operation: 'DeleteArchive' });
            await vault.deleteArchive(archiveId);
            if (fail === 'lost') {
              throw new ServiceError('network', 'no answer', { operation: 'DeleteArchive', outcomeUnknown: true });
            }
            if (fail === 'killed') throw new Error('killed');
          },
          deleteVault: () => Promise.reject(new Error('nobody asked for that')),
        },
        audit: {
          async write(line) {
            await moment();
            lines += 1;
            if (lines === fails.logFailsAt) throw new Error('killed');
            const said = line as (typeof audit)[number];
            last.set(said.archiveId, 'written down');
            audit.push(said);
          },
          close: () => Promise.resolve(),
        },
      },
      { proofAge, acceptEarlyDeleteFee: fee, isLocked: () => locked, requestRate: 100, limit },
    ).catch((error: unknown) => {
      if (!(error instanceof Error && error.message === 'killed')) throw error;
    });
  };

  const verify = () =>
    checkObjects(deps, {
      ...{ prefix: '', storageClass: 'DEEP_ARCHIVE', requestRate: 100, concurrency: 4, reader: undefined },
      ...{ sample: undefined, oneWay: false, isOwn: () => false },
    });

  for (const one of steps) {
    if (one.type === 'mishap') await befall(one.archive, one.mishap);
    else if (one.type === 'wait') clock.advance(one.hours * HOUR);
    else if (one.type === 'verify') await verify();
    else await purge(one);
  }
  return { ...it, audit, verify, purge };
}

it('deletes no archive without its proof, whatever happens between the copy and the purge', {
  timeout: 120_000,
}, async () => {
  let deleted = 0;
  await fc.assert(
    fc.asyncProperty(fc.array(step, { minLength: 2, maxLength: 12 }), async (steps) => {
      const { vault, state, archives, audit } = await live(steps);
      for (const [i, { archiveId }] of archives.entries()) {
        const events = audit.filter((line) => line.archiveId === archiveId).map(({ event }) => event);
        // what is gone is written down as begun; what is written down as deleted, or so known to the state, is gone
        if (!vault.has(archiveId)) expect(events).toContain('deleting');
        if (events.includes('deleted') || state.purges.purgedAt(i + 1) !== undefined)
          expect(vault.has(archiveId)).toBe(false);
        if (!vault.has(archiveId)) deleted += 1;
      }
      state.close();
    }),
    { numRuns: 150 },
  );
  // else nothing was proven
  expect(deleted).toBeGreaterThan(30);
});

it('empties the vault in the end, once all is copied and proven, whatever a history has left', {
  timeout: 120_000,
}, async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(step, { maxLength: 8 }), async (steps) => {
      const { vault, state, archives, befall, verify, purge, audit } = await live(steps);
      for (let i = 0; i < COUNT; i += 1) await befall(i, 'copied right');
      await verify();

      await purge({ type: 'purge', proofAge: DAY, fee: true, locked: false, limit: undefined, trouble: CALM });

      for (const [i, { archiveId }] of archives.entries()) {
        expect(vault.has(archiveId)).toBe(false);
        expect(state.purges.of(i + 1)).toMatchObject({ isUnsure: false });
        expect(audit.filter((line) => line.archiveId === archiveId).map(({ event }) => event)).toContain('deleted');
      }
      state.close();
    }),
    { numRuns: 60 },
  );
});

it('sees that the copies differ once a purge has looked, so that the next one does not even begin', async () => {
  const { vault, state, archives, verify, purge, befall, audit } = await live([{ type: 'verify' }]);
  await befall(0, 'vanish');
  const step: Step = { type: 'purge', proofAge: DAY, fee: false, locked: false, limit: undefined, trouble: CALM };

  await purge(step);
  const lines = audit.length;
  await purge(step);

  expect(archives.map(({ archiveId }) => vault.has(archiveId))).toEqual([true, false, false, true]);
  expect(state.checks.of(1)).toMatchObject({ result: '-' });
  expect(audit.length).toBe(lines);
  await befall(0, 'copied right');
  await verify();
  await purge(step);
  expect(vault.has(archives[0]!.archiveId)).toBe(false);
});
