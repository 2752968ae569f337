import { chmodSync, mkdirSync, statSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { defaultStateDir, findTransfer, findTransfers, openTransfer, statePathOf } from '../../src/state/directory.ts';
import { temporaryFolder } from '../support/program.ts';
import { unprivileged } from '../support/unprivileged.ts';

const photos = { vault: 'photos', accountId: '-', region: 'eu-west-1', bucket: 'my-archive', prefix: '' };
const make = (dir: string, name: typeof photos) =>
  openTransfer(statePathOf(dir, name), name, 5, () => '0123456789ab').close();

const REFUSED = ['us-east-1', 'us-west-2', 'eu-central-1', 'ap-south-1', 'sa-east-1', 'ca-central-1'];
/** Makes a transfer whose inventory has been read. */
function begin(dir: string, name: typeof photos): void {
  const state = openTransfer(statePathOf(dir, name), name, 5, () => '0123456789ab');
  state.transaction(() => state.facts.set('inventory', { source: 'inventory.json', loadedAt: 6 }));
  state.close();
}

describe('the folder of the state files', () => {
  it('is where XDG says, else under the home folder', () => {
    expect(defaultStateDir({ XDG_STATE_HOME: '/state' })).toBe('/state/glacier2s3');
    expect(defaultStateDir({})).toMatch(/\.local\/state\/glacier2s3$/);
    expect(defaultStateDir({ XDG_STATE_HOME: '' })).toMatch(/\.local\/state\/glacier2s3$/);
  });

  it('is made for its owner alone', () => {
    const dir = join(temporaryFolder(), 'a', 'b');
    statePathOf(dir, photos);

    expect(statSync(dir).mode & 0o777).toBe(0o700);
  });

  it('holds a file for each account, Region, vault, bucket and prefix', () => {
    const dir = temporaryFolder();
    const names = [
      photos,
      { ...photos, accountId: '111122223333' },
      { ...photos, region: 'us-east-1' },
      { ...photos, vault: 'music' },
      { ...photos, bucket: 'other' },
      { ...photos, bucket: '' },
      { ...photos, prefix: 'p/' },
    ];

    expect(new Set(names.map((name) => statePathOf(dir, name))).size).toBe(names.length);
    expect(statePathOf(dir, photos)).toBe(statePathOf(dir, { ...photos }));
  });

  it('takes the longest names that AWS allows, and none that leads out of it', () => {
    const dir = temporaryFolder();
    const long = { ...photos, vault: 'v'.repeat(255), bucket: 'b'.repeat(63) };
    make(dir, long);
    expect(findTransfer(dir, long)).toBe(statePathOf(dir, long));
    const odd = { ...photos, vault: '../../etc/x' };
    make(dir, odd);
    expect(statePathOf(dir, odd).startsWith(`${dir}/`)).toBe(true);
    expect(statePathOf(dir, odd).slice(dir.length + 1)).not.toContain('/');
  });

  it('that is not there holds nothing', () => {
    expect(findTransfers(join(temporaryFolder(), 'nowhere'))).toEqual([]);
  });

  it('that is a file is said to be none', () => {
    const file = join(temporaryFolder(), 'file');
    writeFileSync(file, '');

    expect(() => statePathOf(file, photos)).toThrow(expect.objectContaining({ code: 'state_unreadable' }));
    expect(() => findTransfers(file)).toThrow(expect.objectContaining({ code: 'state_unreadable' }));
  });

  it('tells of each file what it is, or why it can not be read', () => {
    const dir = temporaryFolder();
    make(dir, photos);
    writeFileSync(join(dir, 'a-broken.sqlite'), 'x'.repeat(5000));
    writeFileSync(join(dir, 'b-empty.sqlite'), '');
    writeFileSync(join(dir, 'notes.txt'), 'x');
    symlinkSync(join(dir, 'moved-away'), join(dir, 'c-gone.sqlite'));

    expect(findTransfers(dir)).toEqual([
      { path: join(dir, 'a-broken.sqlite'), error: expect.objectContaining({ code: 'state_corrupt' }) },
      { path: statePathOf(dir, photos), transfer: { id: '0123456789ab', ...photos, createdAt: 5 }, isBegun: false },
    ]);
  });

  it('finds the transfer that is meant, and says so where there is none or more than one', () => {
    const dir = temporaryFolder();
    make(dir, photos);
    make(dir, { ...photos, prefix: 'p/' });
    const wanted = { vault: 'photos', bucket: 'my-archive' };

    expect(findTransfer(dir, { ...wanted, prefix: 'p/' })).toBe(statePathOf(dir, { ...photos, prefix: 'p/' }));
    expect(() => findTransfer(dir, wanted)).toThrow(expect.objectContaining({ code: 'several_transfers' }));
    expect(() => findTransfer(dir, { ...wanted, vault: 'music' })).toThrow(
      expect.objectContaining({ code: 'no_transfer' }),
    );
  });

  it('prefers a transfer that was begun to tries that were refused', () => {
    const dir = temporaryFolder();
    const wanted = { vault: 'photos', bucket: 'my-archive' };
    for (const region of REFUSED) make(dir, { ...photos, region });
    expect(() => findTransfer(dir, wanted)).toThrow(expect.objectContaining({ code: 'several_transfers' }));
    begin(dir, photos);

    expect(findTransfer(dir, wanted)).toBe(statePathOf(dir, photos));
    expect(findTransfer(dir, { ...wanted, region: 'us-east-1' })).toBe(
      statePathOf(dir, { ...photos, region: 'us-east-1' }),
    );
    begin(dir, { ...photos, prefix: 'p/' });
    expect(() => findTransfer(dir, wanted)).toThrow(expect.objectContaining({ code: 'several_transfers' }));
  });

  it('says of a transfer whose file is damaged that it is damaged, not that there is none', () => {
    const dir = temporaryFolder();
    writeFileSync(statePathOf(dir, photos), 'x'.repeat(5000));

    expect(() => findTransfer(dir, photos)).toThrow(expect.objectContaining({ code: 'state_corrupt' }));
    expect(() => findTransfer(dir, { ...photos, vault: 'music' })).toThrow(
      expect.objectContaining({ code: 'no_transfer' }),
    );
  });

  it('keeps the id that a transfer was given first', () => {
    const dir = temporaryFolder();
    make(dir, photos);
    const again = openTransfer(statePathOf(dir, photos), photos, 9, () => 'ffffffffffff');

    expect(again.facts.get('transfer')).toMatchObject({ id: '0123456789ab', createdAt: 5 });
    again.close();
  });

  it('that may not be read says so', () => {
    const parent = temporaryFolder();
    const dir = join(parent, 'locked');
    mkdirSync(dir);
    chmodSync(dir, 0);

    expect(() => unprivileged(parent, () => findTransfers(dir))).toThrow(
      expect.objectContaining({ code: 'state_unreadable' }),
    );
  });
});
