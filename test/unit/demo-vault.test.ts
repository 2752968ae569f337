import { describe, expect, it } from 'vitest';
import { MiB } from '../../src/lib/size.ts';
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
