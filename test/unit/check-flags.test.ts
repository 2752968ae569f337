import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { checkMemory } from '../../src/cli/check-flags.ts';
import { defaultMemory, memoryOfMachine, threadsOf } from '../../src/cli/machine.ts';
import { UsageError } from '../../src/lib/errors.ts';
import { GiB, MiB, TiB } from '../../src/lib/size.ts';

/** The refusal's sentence; undefined where there is none. */
function refusal(
  memory: number,
  threads: number | undefined,
  { concurrency = 256, machine = 64 * GiB } = {},
): string | undefined {
  try {
    checkMemory({ memory, concurrency, ...(threads !== undefined && { threads }) }, machine);
    return undefined;
  } catch (error) {
    expect(error).toBeInstanceOf(UsageError);
    return (error as UsageError).message;
  }
}

describe('--memory against --threads', () => {
  it('is 2 MiB for one thread, and 34 MiB more for each other one', () => {
    expect(refusal(2 * MiB, 1)).toBeUndefined();
    expect(refusal(2 * MiB - 1, 1)).toBe('--memory 2 MiB is too little for a thread: give it 2 MiB');
    expect(refusal(36 * MiB, 2)).toBeUndefined();
    expect(refusal(35 * MiB, 2)).toBe('--memory 35 MiB is too little for 2 threads: give 36MiB, or say --threads 1');
    expect(refusal(512 * MiB, 16)).toBeUndefined();
    expect(refusal(256 * MiB, 16)).toBe(
      '--memory 256 MiB is too little for 16 threads: give 512MiB, or say --threads 8',
    );
  });

  it('counts no threads beyond --concurrency: they never have a part', () => {
    expect(refusal(36 * MiB, 16, { concurrency: 2 })).toBeUndefined();
    expect(refusal(36 * MiB, 16, { concurrency: 3 })).toMatch(/3 threads/);
  });

  it('takes what its refusal says, and no thread more', () => {
    fc.assert(
      fc.property(fc.integer({ min: 2, max: 10_000 }), fc.integer({ min: 2, max: 256 }), (mebibytes, threads) => {
        const said = refusal(mebibytes * MiB, threads);
        fc.pre(said !== undefined);
        const [, memory, fewer] = /give (\d+)MiB, or say --threads (\d+)$/.exec(said ?? '') ?? [];
        expect(refusal(Number(memory) * MiB, threads)).toBeUndefined();
        expect(refusal((Number(memory) - 1) * MiB, threads)).toBeDefined();
        expect(refusal(mebibytes * MiB, Number(fewer))).toBeUndefined();
        expect(refusal(mebibytes * MiB, Number(fewer) + 1)).toBeDefined();
      }),
    );
  });

  it('is enough for as many threads as there are where none are said, on any number of cores', () => {
    fc.assert(
      fc.property(fc.integer({ min: 2 * MiB, max: 64 * GiB }), fc.integer({ min: 1, max: 1024 }), (memory, cores) => {
        expect(refusal(memory, threadsOf({ memory, concurrency: 1000 }, cores), { concurrency: 1000 })).toBeUndefined();
      }),
    );
  });
});

describe('--memory against the machine', () => {
  it('is refused where there is less', () => {
    expect(refusal(GiB, 1, { machine: GiB })).toBeUndefined();
    expect(refusal(TiB, 1, { machine: 8 * GiB })).toBe(
      '--memory 1 TiB is more than the 8 GiB that there are: give less',
    );
  });

  it('is held against what a container may have, where it is held to less than there is', () => {
    expect(memoryOfMachine(8 * GiB, GiB)).toBe(GiB);
    for (const none of [undefined, 0, 2 ** 64]) expect(memoryOfMachine(8 * GiB, none)).toBe(8 * GiB);
  });

  it('is never refused where it is not said', () => {
    for (const machine of [128 * MiB, 500 * MiB, GiB - 1, GiB, 64 * GiB]) {
      expect(refusal(defaultMemory(machine), undefined, { machine })).toBeUndefined();
    }
    expect(defaultMemory(64 * GiB)).toBe(512 * MiB);
    expect(defaultMemory(501 * MiB)).toBe(250 * MiB);
  });
});
