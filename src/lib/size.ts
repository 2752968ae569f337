import { UsageError } from './errors.ts';

export const KiB = 1024;
export const MiB = 1024 * KiB;
export const GiB = 1024 * MiB;
export const TiB = 1024 * GiB;

const UNITS: Record<string, number> = { '': 1, K: KiB, M: MiB, G: GiB, T: TiB, P: 1024 * TiB };

/**
 * Bytes of `64MiB`, `64M` (binary), `1.5T`, or a bare number of bytes.
 * A fraction of a byte is cut off.
 * @throws {UsageError} for anything else, and for what is not below 2^53; a bare fraction lacks its unit.
 */
export function parseSize(text: string): number {
  const match = /^(\d+|\d+\.\d+(?=\s*[KMGTP]))\s*(?:B|([KMGTP])(?:iB|B)?)?$/i.exec(text.trim());
  const unit = UNITS[(match?.[2] ?? '').toUpperCase()];
  const bytes = Number(match?.[1]) * (unit ?? Number.NaN);
  if (!Number.isFinite(bytes) || bytes > Number.MAX_SAFE_INTEGER) {
    throw new UsageError(`"${text}" is not a size: write bytes, or 64MiB, 64M, 1.5T`);
  }
  return Math.floor(bytes);
}

/** `1536` as `1.5 KiB`: three significant figures at most, binary units. */
export function formatSize(bytes: number): string {
  const units = ['B', 'KiB', 'MiB', 'GiB', 'TiB', 'PiB'];
  let value = bytes;
  let unit = 0;
  // 1023.5 would be rounded to 1024
  while (Math.abs(value) >= (unit === 0 ? 1024 : 1023.5) && unit < units.length - 1) {
    value /= 1024;
    unit += 1;
  }
  const figures = unit === 0 || value >= 100 ? Math.round(value).toString() : value.toFixed(value >= 10 ? 1 : 2);
  return `${figures.includes('.') ? figures.replace(/\.?0+$/, '') : figures} ${units[unit]}`;
}
