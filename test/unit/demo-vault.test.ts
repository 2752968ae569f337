import { describe, expect, it } from 'vitest';
import { MiB } from '../../src/lib/size.ts';
import { utf7 } from '../../src/simulator/demo-names.ts';
import { demoVault } from '../../src/simulator/demo-vault.ts';

describe('the demo vault', () => {
  it('is the same for the same seed, has ids that begin with a dash, and sizes from a byte to 64 MiB', () => {
    const archives = [...(demoVault({ seed: 5 }).archives ?? [])];
    expect(archives).toEqual([...(demoVault({ seed: 5 }).archives ?? [])]);
    expect(archives).not.toEqual([...(demoVault({ seed: 6 }).archives ?? [])]);
    const sizes = archives.map(({ content }) => (content.kind === 'seeded' ? content.size : 0));
    expect([archives.length, Math.min(...sizes), Math.max(...sizes)]).toEqual([200, 1, 64 * MiB]);
    const total = sizes.reduce((sum, size) => sum + size, 0);
    expect(total).toBeGreaterThan(400 * MiB);
    expect(total).toBeLessThan(700 * MiB);
    expect(archives.filter(({ id }) => id?.startsWith('-'))).not.toHaveLength(0);
    expect(new Set(archives.map(({ id }) => id)).size).toBe(200);
    expect(archives.every(({ description = '' }) => description.length <= 1024)).toBe(true);
  });
});

describe('the UTF-7 of .NET, in the demo vault’s descriptions', () => {
  it.each([
    ['c:\\my_folder\\my file.txt', 'c:+AFw-my+AF8-folder+AFw-my file.txt'],
    ['C++ notes/a+b.txt', 'C+-+- notes/a+-b.txt'],
    ['né', 'n+AOk-'],
    ['é+é', '+AOkAKwDp-'],
  ])('of %s is %s', (text, encoded) => {
    expect(utf7(text)).toBe(encoded);
  });
});
