const COMPACT = /^([1-9]\d{3})-?(\d\d)-?(\d\d)T(\d\d):?(\d\d):?(\d\d)(?:\.\d+)?Z$/;

/**
 * Milliseconds since 1970 of `yyyyMMddTHHmmssZ` (or ISO 8601 with its punctuation), in whole seconds. Undefined for anything
 * else and for a date that no calendar has. A leap second counts as the second before it, as mt-aws-glacier has it.
 */
export function parseTimestamp(text: unknown): number | undefined {
  const match = typeof text === 'string' ? COMPACT.exec(text.trim()) : null;
  if (!match) return undefined;
  const [year = 0, month = 0, day = 0, hour = 0, minute = 0, second = 0] = match.slice(1).map(Number);
  if (hour > 23 || minute > 59 || second > 60) return undefined;
  const time = Date.UTC(year, month - 1, day, hour, minute, Math.min(second, 59));
  const date = new Date(time);
  return date.getUTCMonth() === month - 1 && date.getUTCDate() === day ? time : undefined;
}

/** `yyyyMMddTHHmmssZ` of milliseconds since 1970. */
export function compactTimestamp(time: number): string {
  return new Date(time).toISOString().replace(/[-:]|\.\d+/g, '');
}
