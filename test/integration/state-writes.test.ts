import { describe, expect, it } from 'vitest';
import { openStateFile } from '../../src/state/state-file.ts';
import { listed, plan, requested, stateFile } from '../support/state.ts';

describe('grouped writes', () => {
  it('are made in the order in which they were asked for, and each gets its own result', async () => {
    const state = stateFile();
    const results = await Promise.all(
      Array.from({ length: 50 }, (_, i) =>
        state.write(() => {
          state.archives.insert(listed(i + 1));
          return state.totals.byState() && i;
        }),
      ),
    );

    expect(results).toEqual(Array.from({ length: 50 }, (_, i) => i));
    expect([...state.archives.all()].map(({ archiveId }) => archiveId)).toEqual(
      Array.from({ length: 50 }, (_, i) => `archive-${i + 1}`),
    );
  });

  it('are not seen before they are on the disk', async () => {
    const state = stateFile();
    const reader = openStateFile(state.path, { readonly: true });
    const written = state.write(() => state.archives.insert(listed(1)));

    expect([...reader.archives.all()]).toEqual([]);
    await written;
    expect([...reader.archives.all()]).toHaveLength(1);
    reader.close();
  });

  it('that fail are refused and undone alone; the others are run once, and stay', async () => {
    const state = stateFile();
    plan(state, 3);
    const runs = [0, 0, 0];
    const count = (i: number) => {
      runs[i] = (runs[i] ?? 0) + 1;
    };
    const writes = await Promise.allSettled([
      state.write(() => {
        count(0);
        state.archives.advance(1, [requested(1)]);
      }),
      state.write(() => {
        count(1);
        state.archives.advance(2, [{ type: 'failed', reason: 'half' }]);
        state.archives.insert(listed(99));
        throw new Error('on purpose');
      }),
      state.write(() => {
        count(2);
        state.archives.advance(3, [requested(3)]);
      }),
    ]);

    expect(writes.map(({ status }) => status)).toEqual(['fulfilled', 'rejected', 'fulfilled']);
    expect(writes[1]).toMatchObject({ reason: { message: 'on purpose' } });
    expect(runs).toEqual([1, 1, 1]);
    expect([1, 2, 3].map((id) => state.archives.byId(id).progress.state)).toEqual([
      'requested',
      'planned',
      'requested',
    ]);
    expect(state.totals.byState()).toMatchObject({
      planned: { count: 1 },
      requested: { count: 2 },
      listed: { count: 0 },
      failed: { count: 0 },
    });
    expect(state.totals.failures()).toEqual([]);
  });

  it('tell of an archive that has reached its end once, and only if it has', async () => {
    const state = stateFile();
    plan(state, 2);
    const ended: number[] = [];
    state.onEnd(({ id }) => ended.push(id));
    await Promise.allSettled([
      state.write(() => state.archives.advance(1, [{ type: 'failed', reason: 'a' }])),
      state.write(() => {
        state.archives.advance(2, [{ type: 'failed', reason: 'b' }]);
        throw new Error('on purpose');
      }),
    ]);

    expect(ended).toEqual([1]);
  });

  it('that are waiting are made when the file is closed', async () => {
    const state = openStateFile(stateFile().path);
    const written = state.write(() => state.archives.insert(listed(1)));
    state.close();
    await written;

    expect([...stateFile(state.path).archives.all()]).toHaveLength(1);
  });

  it('are refused once the file is closed', async () => {
    const state = openStateFile(stateFile().path);
    state.close();

    await expect(state.write(() => state.archives.insert(listed(1)))).rejects.toThrow(/not open/);
  });

  it('go on after a transaction that has failed', async () => {
    const state = stateFile();
    expect(() =>
      state.transaction(() => {
        state.archives.insert(listed(1));
        throw new Error('on purpose');
      }),
    ).toThrow('on purpose');
    await state.write(() => state.archives.insert(listed(2)));

    expect([...state.archives.all()].map(({ archiveId }) => archiveId)).toEqual(['archive-2']);
    expect(state.totals.byState().listed.count).toBe(1);
  });
});
