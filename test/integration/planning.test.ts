import { join } from 'node:path';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { ArchiveId } from '../../src/domain/ids.ts';
import type { ListedArchive } from '../../src/domain/inventory-file.ts';
import { disambiguate } from '../../src/domain/object-key.ts';
import { MiB } from '../../src/lib/size.ts';
import { openStateFile, type StateFile } from '../../src/state/state-file.ts';
import { planArchives, wantedKey } from '../../src/steps/2-plan.ts';
import { temporaryFolder } from '../support/program.ts';
import { listed, stateFile } from '../support/state.ts';

const OPTIONS = { prefix: '', partSize: 8 * MiB, selection: {} };
const silent = { debug: () => {}, info: () => {}, warn: () => {}, error: () => {} };

/** Plans until the signal has been looked at so many times. @returns whether it came to its end. */
async function planFor(state: StateFile, looks = Number.POSITIVE_INFINITY): Promise<boolean> {
  const clock = { now: () => 0, sleep: () => Promise.resolve() };
  let left = looks;
  const controller = new AbortController();
  const stop = Object.assign(controller.signal, {
    throwIfAborted() {
      left -= 1;
      if (left < 0) throw new Error('interrupted');
    },
  });
  try {
    await planArchives({ state, clock, log: silent, signals: { stop, cut: stop } }, OPTIONS);
    return true;
  } catch (error) {
    if (!(error instanceof Error && error.message === 'interrupted')) throw error;
    return false;
  }
}

function insert(state: StateFile, archives: readonly ListedArchive[]): void {
  state.transaction(() => state.archives.insertAll(archives));
}

const keysIn = (state: StateFile) => new Map([...state.archives.all()].map(({ archiveId, key }) => [archiveId, key]));

/** The keys by their definition: key by key, the oldest archive's first, each of the others gets the first that is free. */
function keysByDefinition(archives: readonly ListedArchive[]): ReadonlyMap<ArchiveId, string> {
  const wanted = archives.map((archive) => ({ ...archive, key: wantedKey(archive, '', undefined).key }));
  const taken = new Set<string>(wanted.map(({ key }) => key));
  const keys = new Map<ArchiveId, string>();
  const bytes = ({ key }: { readonly key: string }) => Buffer.from(key);
  const inOrder = wanted.toSorted(
    (a, b) => Buffer.compare(bytes(a), bytes(b)) || a.createdAt - b.createdAt || (a.archiveId < b.archiveId ? -1 : 1),
  );
  let kept: string | undefined;
  for (const { archiveId, key, createdAt } of inOrder) {
    let free = key;
    for (let attempt = 1; key === kept && taken.has(free); attempt += 1) {
      free = disambiguate({ key, creationDate: createdAt, archiveId, attempt });
    }
    taken.add(free);
    keys.set(archiveId, free);
    kept = key;
  }
  return keys;
}

/** Few names for many archives: names that look like told apart ones, and long ones that are the same once they are cut. */
const description = fc.oneof(
  fc.integer({ min: 1, max: 60 }).map((n) => `photos/${n}.jpg`),
  fc.integer({ min: 1, max: 9 }).map((n) => `photos/${n}~2012010${n}T000000Z.jpg`),
  fc.integer({ min: 1, max: 9 }).map((n) => `${'long/'.repeat(210)}${n}`),
  fc.integer({ min: 1, max: 9 }).map((n) => `${'x'.repeat(1015)}${n}.jpeg`),
  fc.constant(''),
);
const vault = fc
  .array(fc.record({ description, day: fc.integer({ min: 1, max: 9 }) }), { minLength: 500, maxLength: 900 })
  .map((specs) =>
    specs.map((spec, i) => listed(i + 1, { description: spec.description, createdAt: Date.UTC(2012, 0, spec.day) })),
  );

describe('the plan', () => {
  it('gives every archive the key that the definition gives it', async () => {
    await fc.assert(
      fc.asyncProperty(vault, async (archives) => {
        const state = stateFile();
        insert(state, archives);
        await planFor(state);

        const expected = keysByDefinition(archives);
        expect(keysIn(state)).toEqual(expected);
        expect(new Set(expected.values()).size).toBe(archives.length);
      }),
      { numRuns: 15 },
    );
  });

  it('gives the same keys however often it is interrupted, and wherever', async () => {
    await fc.assert(
      fc.asyncProperty(vault, async (archives) => {
        const path = join(temporaryFolder(), 'state.sqlite');
        let looks = 0;
        for (let isDone = false; !isDone; looks += 1) {
          const state = openStateFile(path);
          if (looks === 0) insert(state, archives);
          isDone = await planFor(state, looks);
          if (isDone) expect(keysIn(state)).toEqual(keysByDefinition(archives));
          state.close();
        }

        expect(looks).toBeGreaterThanOrEqual(3);
      }),
      { numRuns: 5 },
    );
  });

  it('leaves archives of an earlier plan their keys when a newer inventory brings others of the same names', async () => {
    await fc.assert(
      fc.asyncProperty(vault, fc.integer({ min: 100, max: 400 }), async (archives, count) => {
        const state = stateFile();
        insert(state, archives.slice(0, count));
        await planFor(state);
        const before = keysIn(state);
        insert(state, archives.slice(count));
        await planFor(state);

        const after = keysIn(state);
        for (const [archiveId, key] of before) expect(after.get(archiveId)).toBe(key);
        expect(new Set(after.values()).size).toBe(archives.length);
        expect(after).not.toContain(undefined);
      }),
      { numRuns: 5 },
    );
  });
});
