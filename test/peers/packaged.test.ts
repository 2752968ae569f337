import { copyFileSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { describe, expect, it, onTestFinished } from 'vitest';
import { runToEnd } from './daemon.ts';
import { hasFish, hasManual, hasSystemd, hasZsh, offeredByFish, ranByZsh } from './shells.ts';

const dist = new URL('../../dist/', import.meta.url).pathname;

function folder(...files: readonly string[]): string {
  const made = mkdtempSync(join(tmpdir(), 'glacier2s3-'));
  onTestFinished(() => rmSync(made, { recursive: true, force: true }));
  for (const file of files) writeFileSync(join(made, file), '');
  return made;
}

describe.skipIf(!hasZsh)('zsh', () => {
  it.each([
    ['glacier2s3 tran', 'transfer'],
    ['glacier2s3 inventory exp', 'inventory export'],
    ['glacier2s3 transfer --stora', 'transfer --storage-class'],
    ['glacier2s3 transfer --tier B', 'transfer --tier Bulk'],
    ['glacier2s3 transfer --tier=Exp', 'transfer --tier=Expedited'],
    ['glacier2s3 inventory export --vault purge --format c', 'inventory export --vault purge --format csv'],
    ['glacier2s3 completion f', 'completion fish'],
    ['glacier2s3 transfer --names na', 'transfer --names names.csv'],
  ])('completes %s', async (line, ran) => {
    expect(await ranByZsh(line, folder('names.csv'))).toBe(ran);
  });
});

describe.skipIf(!hasFish)('fish', () => {
  it('completes commands, options, choices and files', async () => {
    const cwd = folder('names.csv');

    expect(await offeredByFish('glacier2s3 tran')).toEqual(['transfer']);
    expect(await offeredByFish('glacier2s3 inventory e')).toEqual(['export']);
    expect(await offeredByFish('glacier2s3 status --st')).toEqual(['--state-dir']);
    expect(await offeredByFish('glacier2s3 transfer --vault purge --stora')).toEqual(['--storage-class']);
    expect(await offeredByFish('glacier2s3 transfer --tier ')).toEqual(['Bulk', 'Expedited', 'Standard']);
    expect(await offeredByFish('glacier2s3 completion z')).toEqual(['zsh']);
    expect(await offeredByFish('glacier2s3 transfer --names na', cwd)).toEqual(['names.csv']);
    expect(await offeredByFish('glacier2s3 inventory import na', cwd)).toEqual(['names.csv']);
    expect(await offeredByFish('glacier2s3 transfer --vault na', cwd)).toEqual([]);
  });
});

describe.skipIf(!hasManual)('the manual', () => {
  const pages = readdirSync(join(dist, 'man'));

  it('is set by man without a warning, each command in its own page', async () => {
    expect(pages.length).toBeGreaterThan(20);
    for (const page of pages) {
      const text = await man(join(dist, 'man', page));
      expect(text).toContain(`${basename(page, '.1').toUpperCase()}(1)`);
      expect(text).toMatch(/\nNAME\n[\s\S]*\nSYNOPSIS\n[\s\S]*\nOPTIONS\n/);
    }
  });

  it('has nothing that mandoc finds fault with', async () => {
    for (const page of pages) expect(await runToEnd('mandoc', ['-T', 'lint', join(dist, 'man', page)])).toBe('');
  });
});

/** A page as a reader with a wide terminal has it; rejects with what man warns of. */
function man(page: string): Promise<string> {
  const script = 'exec 3>&1; said=$(man --warnings -l "$1" 2>&1 >&3); printf %s "$said" >&2; [ -z "$said" ]';
  return runToEnd('sh', ['-c', script, 'sh', page], { env: { MANWIDTH: '200', MANPAGER: 'cat', LC_ALL: 'C.UTF-8' } });
}

describe.skipIf(!hasSystemd)('the units', () => {
  it('are found right by systemd-analyze', async () => {
    const units = readdirSync(join(dist, 'systemd'));
    expect(units).toEqual(['glacier2s3-once@.service', 'glacier2s3-once@.timer', 'glacier2s3@.service']);
    const here = folder();
    for (const unit of units) copyFileSync(join(dist, 'systemd', unit), join(here, unit.replace('@.', '@photos.')));

    for (const unit of readdirSync(here)) {
      const said = await runToEnd('sh', ['-c', 'systemd-analyze verify --man=no "$1" 2>&1', 'sh', join(here, unit)]);
      expect(said.split('\n').filter((line) => line.includes('glacier2s3'))).toEqual([]);
    }
  });

  it('would not be, were they wrong', async () => {
    const here = folder();
    const wrong = join(here, 'glacier2s3@photos.service');
    writeFileSync(wrong, '[Service]\nType=sometimes\nExecStart=/usr/bin/env glacier2s3\n');

    const said = await runToEnd('sh', ['-c', 'systemd-analyze verify --man=no "$1" 2>&1 || true', 'sh', wrong]);
    expect(said).toContain('glacier2s3');
  });
});
