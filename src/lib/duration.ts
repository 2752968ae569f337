import { UsageError } from './errors.ts';

export const SECOND = 1000;
export const MINUTE = 60 * SECOND;
export const HOUR = 60 * MINUTE;
export const DAY = 24 * HOUR;

const UNITS: Record<string, number> = { ms: 1, s: SECOND, m: MINUTE, h: HOUR, d: DAY };

/**
 * Milliseconds of `90s`, `5m`, `2h45m`, `1d`.
 * @throws {UsageError} for anything else; a bare number has no unit and is refused.
 */
export function parseDuration(text: string): number {
  const trimmed = text.trim().toLowerCase();
  if (!/^(\d+(\.\d+)?(ms|s|m|h|d))+$/.test(trimmed)) {
    throw new UsageError(`"${text}" is not a duration: write 90s, 5m, 2h45m or 1d`);
  }
  let total = 0;
  for (const [, value, unit] of trimmed.matchAll(/(\d+(?:\.\d+)?)(ms|s|m|h|d)/g)) {
    total += Number(value) * (UNITS[unit ?? ''] ?? Number.NaN);
  }
  if (total > Number.MAX_SAFE_INTEGER) throw new UsageError(`"${text}" is too long a duration`);
  return total;
}

/** `3h 20m`: the two largest units that are not zero. */
export function formatDuration(ms: number): string {
  if (ms < SECOND - 0.5) return `${Math.round(ms)}ms`;
  let left = Math.round(ms / SECOND) * SECOND;
  const parts: string[] = [];
  for (const [unit, size] of Object.entries({ d: DAY, h: HOUR, m: MINUTE, s: SECOND })) {
    const count = Math.floor(left / size);
    left -= count * size;
    if (count > 0) parts.push(`${count}${unit}`);
  }
  return parts.slice(0, 2).join(' ') || '0s';
}
