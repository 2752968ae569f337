import { InvalidArgumentError } from 'commander';
import { globPattern } from '../domain/glob.ts';
import { MAX_PART_SIZE, MIN_PART_SIZE } from '../domain/ranges.ts';
import type { GlobRule } from '../domain/selection.ts';
import { parseDuration } from '../lib/duration.ts';
import { UsageError } from '../lib/errors.ts';
import { MiB, parseSize } from '../lib/size.ts';

/** Runs a parser that throws a UsageError as commander wants it. */
export function parsedBy<T>(parse: (text: string) => T): (text: string) => T {
  return (text) => {
    try {
      return parse(text);
    } catch (error) {
      if (error instanceof UsageError) throw new InvalidArgumentError(error.message);
      throw error;
    }
  };
}

/** As it stands; a variable that is set to nothing is no name. */
export function fileName(text: string): string {
  if (text === '') throw new InvalidArgumentError('an empty name is no file');
  return text;
}

export const size = parsedBy(parseSize);
export const duration = parsedBy(parseDuration);

export function wholeNumber(least: number, most: number): (text: string) => number {
  return (text) => {
    const value = Number(text);
    if (!/^\d+$/.test(text) || value < least || value > most) {
      throw new InvalidArgumentError(`write a whole number from ${least} to ${most}.`);
    }
    return value;
  };
}

export function rate(text: string): number {
  const match = /^(\d+(?:\.\d+)?)(?:\/s)?$/.exec(text);
  const value = Number(match?.[1]);
  if (!(value > 0)) throw new InvalidArgumentError('write calls a second, such as 10/s.');
  return value;
}

export function partSize(text: string): number {
  const bytes = size(text);
  if (!Number.isInteger(Math.log2(bytes / MiB)) || bytes < MIN_PART_SIZE || bytes > MAX_PART_SIZE) {
    throw new InvalidArgumentError(
      'a part is a power of two MiB, from 8MiB to 4GiB: only these have tree hashes that combine.',
    );
  }
  return bytes;
}

export function vaultName(text: string): string {
  if (!/^[A-Za-z0-9_.-]{1,255}$/.test(text)) {
    throw new InvalidArgumentError('a vault name has 1 to 255 letters, digits, "_", "-" and ".".');
  }
  return text;
}

export function bucketName(text: string): string {
  if (!/^[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]$/.test(text)) {
    throw new InvalidArgumentError('a bucket name has 3 to 63 lower-case letters, digits, "-" and ".".');
  }
  return text;
}

export function accountId(text: string): string {
  if (text !== '-' && !/^\d{12}$/.test(text))
    throw new InvalidArgumentError('an account id has twelve digits, or is "-".');
  return text;
}

/** Several stand in one variable, with commas: S3 takes none in a tag. */
export function tag(text: string, tags: Readonly<Record<string, string>> = {}): Record<string, string> {
  const all = { ...tags };
  for (const pair of text.split(',')) {
    const at = pair.indexOf('=');
    const name = pair.slice(0, at);
    const value = pair.slice(at + 1);
    if (at < 1 || name.length > 128 || value.length > 256) {
      throw new InvalidArgumentError('write a tag as key=value, 128 and 256 characters at most.');
    }
    // S3 user guide, object tagging: refused now, or S3 refuses every object once it has been retrieved and paid for
    if (!/^[\p{L}\p{N}\p{Z}+\-=._:/@]*$/u.test(pair) || /^aws:/i.test(name)) {
      throw new InvalidArgumentError(
        'a tag has letters, digits, spaces and + - = . _ : / @, and does not begin with aws:.',
      );
    }
    all[name] = value;
  }
  if (Object.keys(all).length > 10) throw new InvalidArgumentError('an object has ten tags at most.');
  return all;
}

/** USD, as `12.50` or `$12.50`. */
export function usd(text: string): number {
  const value = Number(text.replace(/^\$/, ''));
  if (!/^\$?\d+(\.\d+)?$/.test(text)) throw new InvalidArgumentError('write an amount in USD, such as 25 or 12.50.');
  return value;
}

/** Milliseconds since 1970 of a date (its beginning, UTC) or a time. */
export function date(text: string): number {
  const value = Date.parse(text);
  const day = Date.parse(text.slice(0, 10));
  // the 30th of February is the 1st or 2nd of March to Date.parse
  const isDay = !Number.isNaN(day) && new Date(day).toISOString().startsWith(text.slice(0, 10));
  if (!isDay || !/^\d{4}-\d\d-\d\d(T\d\d:\d\d(:\d\d(\.\d+)?)?(Z|[+-]\d\d:\d\d))?$/.test(text) || Number.isNaN(value)) {
    throw new InvalidArgumentError('write a date such as 2015-12-31, or a time such as 2015-12-31T23:59:59Z.');
  }
  return value;
}

/** Adds globs, one on a line, to the rules before them. */
export function globs(type: GlobRule['type']): (text: string, rules?: readonly GlobRule[]) => readonly GlobRule[] {
  return (text, rules = []) => {
    const added = text.split('\n').filter((glob) => glob !== '');
    if (added.length === 0) throw new InvalidArgumentError('write a glob, such as *.jpg.');
    for (const glob of added) parsedBy(globPattern)(glob);
    return [...rules, ...added.map((glob) => ({ type, glob }))];
  };
}

/** `s3://bucket/prefix` taken apart; the prefix, where there is one, ends in a slash. */
export function backupTarget(text: string): { readonly bucket: string; readonly prefix: string } {
  const [, bucket, rest = ''] = /^s3:\/\/([a-z0-9][a-z0-9.-]{1,61}[a-z0-9])(?:\/(.*))?$/s.exec(text) ?? [];
  if (bucket === undefined || Buffer.byteLength(rest) > 512) {
    throw new InvalidArgumentError('write s3://bucket/prefix, the prefix of 512 bytes at most.');
  }
  return { bucket, prefix: rest === '' || rest.endsWith('/') ? rest : `${rest}/` };
}

export function url(text: string): string {
  const parsed = URL.parse(text);
  if (parsed?.protocol !== 'http:' && parsed?.protocol !== 'https:') {
    throw new InvalidArgumentError('write http:// or https://, a host, and a port if need be.');
  }
  return text;
}

export function topicArn(text: string): string {
  if (!/^arn:[\w-]+:sns:[\w-]+:\d{12}:[\w.-]+$/.test(text)) {
    throw new InvalidArgumentError('write the ARN of an SNS topic: arn:aws:sns:REGION:ACCOUNT:NAME.');
  }
  return text;
}
