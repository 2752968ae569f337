import { describe, expect, it } from 'vitest';
import { formatMonths, formatUsd } from '../../src/cli/output/amounts.ts';
import { renderPlan } from '../../src/cli/output/plan-text.ts';
import { estimate } from '../../src/domain/price/estimate.ts';
import { addArchive, emptyFigures } from '../../src/domain/price/figures.ts';
import { SHIPPED_PRICES, type Tier } from '../../src/domain/price/prices.ts';
import { STORAGE_CLASSES, type StorageClass } from '../../src/domain/price/storage-class.ts';
import { DAY } from '../../src/lib/duration.ts';
import { GiB, MiB, TiB } from '../../src/lib/size.ts';

const NOW = Date.UTC(2026, 10, 21);

function rendered(
  options: {
    region?: string;
    tier?: Tier;
    storageClass?: StorageClass;
    count?: number;
    size?: number;
    format?: string;
    days?: number;
  } = {},
): string {
  const { region = 'us-east-1', tier = 'Bulk', storageClass = 'DEEP_ARCHIVE' } = options;
  const { count = 100_000, size = 1_000_000_000, format = 'mt2', days = 30 } = options;
  const figures = emptyFigures(NOW);
  for (let index = 0; index < count; index += 1) {
    addArchive(figures, { size, createdAt: NOW - days * DAY, partSize: 128 * MiB, format });
  }
  const paces = { requestsPerSecond: 10, maxBytesPerDay: 100 * TiB };
  const prices = SHIPPED_PRICES;
  const places = { region, destinationRegion: 'us-east-1' };
  return renderPlan(estimate({ figures, prices, tier, storageClass, paces, ...places }));
}

/** The words of the line that begins with `start`. */
function line(text: string, start: string): string {
  const found = text.split('\n').find((each) => each.trimStart().startsWith(start));
  return (
    found
      ?.trim()
      .split(/\s{2,}/)
      .join(' | ') ?? ''
  );
}

describe('a plan on the terminal', () => {
  it('shows each cost with its quantity and its rate, and both readings of the price list', () => {
    const text = rendered();

    expect(line(text, '100,000 archives')).toBe('100,000 archives, 90.9 TiB');
    expect(line(text, 'Bulk retrieval, bytes')).toBe('Bulk retrieval, bytes | 100,000 GB | $0.0025 /GB | $250.00');
    expect(line(text, 'UploadPart')).toBe('UploadPart | 800,000 | $0.005 /1,000 | $4.00');
    // 250 + 2.50 + 0.50 + 4 + 5
    expect(line(text, 'total')).toBe('total | $262.00');
    expect(text).toMatch(/if Bulk retrieval is\n +"free" +\$9\.50\n/);
    // 100,003.2768 GB x 0.0036 x 2 months
    expect(line(text, 'are deleted today')).toBe('are deleted today | $720.02');
  });

  it('says what is saved, when it pays off, and what else it might cost', () => {
    const text = rendered();

    expect(line(text, 'saved, once')).toBe('saved, once the vault is empty | $260.99');
    // (262 + 720.02) / 260.99
    expect(line(text, 'pays off')).toBe('pays off after 3.8 months');
    expect(line(text, 'billed for')).toBe('billed for 180 days at least: $594.13 in all');
    expect(text).toContain('two published examples: $1,153.57.');
    expect(text).toContain('A machine outside AWS would add $9,000.00');
    // 100,000 requests at 10 a second take 2 h 46 min 40 s; 90.9 of 100 TiB a day take 21 h 49 min
    expect(line(text, 'pace of requests')).toBe('pace of requests | 2h 46m');
    expect(line(text, 'in all')).toBe('in all | at least 1d 2h to 1d 9h, by the bytes a day');
  });

  it('leaves out what costs nothing, and is silent about an early-delete fee where there is none', () => {
    const text = rendered({ days: 90 });

    expect(line(text, 'PutObject')).toBe('');
    expect(text).not.toContain('below 90 days');
    expect(text).not.toContain('No prices for');
  });

  it('says where the bucket is dearer than the vault', () => {
    expect(line(rendered({ storageClass: 'STANDARD' }), 'more than the vault')).toMatch(/\$1,\d{3}\.\d\d$/);
    expect(rendered({ storageClass: 'STANDARD' })).not.toContain('pays off');
  });

  it('says whose prices are used for a Region that has none', () => {
    expect(rendered({ region: 'eu-west-1', count: 3 })).toContain(
      'No prices for eu-west-1: those of us-east-1 are used.',
    );
  });

  it('keeps to 80 columns, and shows the escape sequences of a name instead of obeying them', () => {
    const text = rendered({ format: '\u001b[31mred', count: 3 });

    expect(Math.max(...text.split('\n').map((each) => each.length))).toBeLessThanOrEqual(80);
    expect(text).toContain('\\x1b[31mred');
    expect(text).not.toContain('\u001b');
  });

  it('keeps to 80 columns by every tier, to every class and to another Region, for tiny archives and for huge ones', () => {
    const texts = (['Bulk', 'Standard', 'Expedited'] as const).flatMap((tier) =>
      STORAGE_CLASSES.flatMap((storageClass) =>
        [1, 20_000, 40_000 * GiB].map((size) =>
          rendered({ tier, storageClass, size, region: 'ap-southeast-2', count: 50 }),
        ),
      ),
    );

    const longest = texts
      .flatMap((text) => text.split('\n'))
      .reduce((most, each) => (each.length > most.length ? each : most));
    expect(longest.length, longest).toBeLessThanOrEqual(80);
  });

  it('is short for an empty vault', () => {
    expect(rendered({ count: 0 })).toContain('0 archives, 0 B');
    expect(rendered({ count: 0 })).toContain('Nothing is planned');
    expect(rendered({ count: 0 })).not.toMatch(/By size|0ms|\$/);
  });
});

describe('amounts', () => {
  it.each([
    [0, '$0.00'],
    [0.000025, '< $0.0001'],
    [0.00025, '$0.00025'],
    [0.0047186, '$0.0047'],
    [0.01, '$0.01'],
    [1234.5, '$1,234.50'],
    [-12, '-$12.00'],
  ])('shows %d as %s', (usd, text) => {
    expect(formatUsd(usd)).toBe(text);
  });

  it.each([
    [0.05, 'a few days'],
    [1, '1 month'],
    [1.25, '1.3 months'],
    [23, '23 months'],
    [30, '2.5 years'],
    [24_000, '2,000 years'],
  ])('shows %d months as %s', (months, text) => {
    expect(formatMonths(months)).toBe(text);
  });
});
