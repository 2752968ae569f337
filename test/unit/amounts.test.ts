import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { backoff } from '../../src/lib/backoff.ts';
import { DAY, formatDuration, HOUR, MINUTE, parseDuration, SECOND } from '../../src/lib/duration.ts';
import { UsageError } from '../../src/lib/errors.ts';
import { formatSize, GiB, KiB, MiB, parseSize, TiB } from '../../src/lib/size.ts';

describe('sizes', () => {
  it.each([
    ['0', 0],
    ['1', 1],
    ['1234', 1234],
    ['64MiB', 64 * MiB],
    ['64M', 64 * MiB],
    ['64mb', 64 * MiB],
    ['64 MiB', 64 * MiB],
    [' 10k ', 10 * KiB],
    ['1.5T', 1.5 * TiB],
    ['1.5 GiB', 1.5 * GiB],
    ['100TiB', 100 * TiB],
    ['1P', 1024 * TiB],
    ['12B', 12],
    ['1.1K', 1126],
  ])('"%s" is %i bytes', (text, bytes) => {
    expect(parseSize(text)).toBe(bytes);
  });

  it.each([
    '',
    'x',
    '-1',
    '1.5',
    '1.5B',
    '.5M',
    '1e6',
    '64 M iB',
    '64iB',
    'M',
    '1,5M',
    '9P9',
    '8192P',
    '9007199254740993',
    'NaN',
    'Infinity',
  ])('"%s" is none, and that is a mistake in the command line', (text) => {
    expect(() => parseSize(text)).toThrow(UsageError);
  });

  it('are read as whole bytes, whatever number and unit stand there', () => {
    const unit = fc.constantFrom('K', 'MiB', 'G', 'TB', 'k', 'mib');
    fc.assert(
      fc.property(fc.double({ min: 0, max: 8000, noNaN: true }), unit, (value, suffix) => {
        const bytes = parseSize(`${value.toFixed(3)}${suffix}`);
        expect(Number.isSafeInteger(bytes)).toBe(true);
      }),
    );
  });

  it.each([
    [0, '0 B'],
    [1023, '1023 B'],
    [1024, '1 KiB'],
    [1536, '1.5 KiB'],
    [MiB - 1, '1 MiB'],
    [10 * MiB + 60_000, '10.1 MiB'],
    [999 * MiB, '999 MiB'],
    [1.25 * TiB, '1.25 TiB'],
    [40_000 * GiB, '39.1 TiB'],
    [5000 * 1024 * TiB, '5000 PiB'],
  ])('%i bytes are written as %s', (bytes, text) => {
    expect(formatSize(bytes)).toBe(text);
  });

  it('are written so that they can be read again, to a hundredth', () => {
    fc.assert(
      fc.property(fc.integer({ min: 0, max: 2 ** 52 }), (bytes) => {
        const text = formatSize(bytes);
        expect(text).toMatch(/^\d{1,4}(\.\d{1,2})? ([KMGTP]i)?B$/);
        expect(Math.abs(parseSize(text) - bytes)).toBeLessThanOrEqual(bytes / 100);
      }),
    );
  });
});

describe('durations', () => {
  it.each([
    ['90s', 90 * SECOND],
    ['5m', 5 * MINUTE],
    ['2h45m', 165 * MINUTE],
    ['1d', DAY],
    ['1D 2', Number.NaN],
    ['1.5h', 90 * MINUTE],
    ['250ms', 250],
    ['0s', 0],
    [' 1d2h3m4s5ms ', DAY + 2 * HOUR + 3 * MINUTE + 4 * SECOND + 5],
  ])('"%s" is read', (text, ms) => {
    if (Number.isNaN(ms)) expect(() => parseDuration(text)).toThrow(UsageError);
    else expect(parseDuration(text)).toBe(ms);
  });

  it.each(['', '5', '-5m', 'm', '5 m', '5y', '1e3s', '1h-5m', '99999999999999d'])('"%s" is none', (text) => {
    expect(() => parseDuration(text)).toThrow(UsageError);
  });

  it.each([
    [0, '0ms'],
    [999, '999ms'],
    [999.7, '1s'],
    [1000, '1s'],
    [59_499, '59s'],
    [59_500, '1m'],
    [90_000, '1m 30s'],
    [12_000_000, '3h 20m'],
    [DAY, '1d'],
    [DAY + 5 * MINUTE + 7, '1d 5m'],
    [DAY - 1, '1d'],
  ])('%d milliseconds are written as %s', (ms, text) => {
    expect(formatDuration(ms)).toBe(text);
  });

  it('are written so that they can be read again', () => {
    fc.assert(
      fc.property(fc.integer({ min: 1000, max: 1000 * DAY }), (ms) => {
        const read = parseDuration(formatDuration(ms).replace(' ', ''));
        expect(Math.abs(read - ms)).toBeLessThanOrEqual(ms / 20 + 500);
      }),
    );
  });
});

describe('the wait before the next try', () => {
  it('doubles up to its most, and half of it is by chance', () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 0, max: 5000 }),
        fc.integer({ min: 1, max: 10_000 }),
        fc.integer({ min: 1, max: 600_000 }),
        (failures, first, most) => {
          const full = Math.min(most, first * 2 ** Math.max(0, failures - 1));
          const ms = backoff(failures, first, most);
          expect(ms).toBeGreaterThanOrEqual(full / 2);
          expect(ms).toBeLessThanOrEqual(full);
        },
      ),
    );
    expect(new Set(Array.from({ length: 20 }, () => backoff(5))).size).toBeGreaterThan(10);
  });
});
