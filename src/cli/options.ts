import { InvalidArgumentError, Option } from 'commander';
import { CHECKSUM_ALGORITHMS } from '../domain/checksum.ts';
import { parsePrefix } from '../domain/object-key.ts';
import { STORAGE_CLASSES } from '../domain/price/storage-class.ts';
import { MAX_PART_SIZE, MIN_PART_SIZE } from '../domain/ranges.ts';
import { MINUTE, parseDuration } from '../lib/duration.ts';
import { UsageError } from '../lib/errors.ts';
import { MiB, parseSize, TiB } from '../lib/size.ts';

/** An option that is also `GLACIER2S3_<OPTION>`; the flag beats the variable. */
function option(flags: string, description: string): Option {
  const made = new Option(flags, description);
  return made.env(
    `GLACIER2S3_${made
      .attributeName()
      .replace(/[A-Z0-9]+/g, (part) => `_${part}`)
      .toUpperCase()}`,
  );
}

/** Runs a parser that throws a UsageError as commander wants it. */
function parsedBy<T>(parse: (text: string) => T): (text: string) => T {
  return (text) => {
    try {
      return parse(text);
    } catch (error) {
      if (error instanceof UsageError) throw new InvalidArgumentError(error.message);
      throw error;
    }
  };
}

const size = parsedBy(parseSize);
const duration = parsedBy(parseDuration);

function wholeNumber(least: number, most: number): (text: string) => number {
  return (text) => {
    const value = Number(text);
    if (!/^\d+$/.test(text) || value < least || value > most) {
      throw new InvalidArgumentError(`write a whole number from ${least} to ${most}.`);
    }
    return value;
  };
}

function rate(text: string): number {
  const match = /^(\d+(?:\.\d+)?)(?:\/s)?$/.exec(text);
  const value = Number(match?.[1]);
  if (!(value > 0)) throw new InvalidArgumentError('write calls a second, such as 10/s.');
  return value;
}

function partSize(text: string): number {
  const bytes = size(text);
  if (!Number.isInteger(Math.log2(bytes / MiB)) || bytes < MIN_PART_SIZE || bytes > MAX_PART_SIZE) {
    throw new InvalidArgumentError(
      'a part is a power of two MiB, from 8MiB to 4GiB: only these have tree hashes that combine.',
    );
  }
  return bytes;
}

function vaultName(text: string): string {
  if (!/^[A-Za-z0-9_.-]{1,255}$/.test(text)) {
    throw new InvalidArgumentError('a vault name has 1 to 255 letters, digits, "_", "-" and ".".');
  }
  return text;
}

function bucketName(text: string): string {
  if (!/^[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]$/.test(text)) {
    throw new InvalidArgumentError('a bucket name has 3 to 63 lower-case letters, digits, "-" and ".".');
  }
  return text;
}

function accountId(text: string): string {
  if (text !== '-' && !/^\d{12}$/.test(text))
    throw new InvalidArgumentError('an account id has twelve digits, or is "-".');
  return text;
}

function tag(text: string, tags: Readonly<Record<string, string>> = {}): Record<string, string> {
  const at = text.indexOf('=');
  const name = text.slice(0, at);
  const value = text.slice(at + 1);
  if (at < 1 || name.length > 128 || value.length > 256) {
    throw new InvalidArgumentError('write a tag as key=value, 128 and 256 characters at most.');
  }
  const all = { ...tags, [name]: value };
  if (Object.keys(all).length > 10) throw new InvalidArgumentError('an object has ten tags at most.');
  return all;
}

export const vaultOption = option('--vault <name>', 'the vault').argParser(vaultName).makeOptionMandatory();
export const bucketOption = option('--bucket <name>', 'the bucket').argParser(bucketName).makeOptionMandatory();
export const prefixOption = option('--prefix <prefix>', 'what all keys begin with')
  .argParser(parsedBy(parsePrefix))
  .default('');
export const regionOption = option('--region <region>', "the vault's Region");

export const sourceOptions = [
  option('--account-id <id>', "the vault's account; - is the account of the credentials")
    .argParser(accountId)
    .default('-'),
  regionOption,
  option('--profile <name>', 'the profile of the AWS configuration'),
  option('--endpoint-url <url>', 'another endpoint than AWS'),
  option('--inventory <file>', 'an inventory that is at hand, JSON or CSV, instead of a new one'),
  option('--refresh-inventory', 'take a new inventory although there is one'),
];

export const destinationOptions = [
  prefixOption,
  option('--storage-class <class>', 'the storage class of the objects')
    .choices(STORAGE_CLASSES)
    .default('DEEP_ARCHIVE'),
  option('--dest-region <region>', "the bucket's Region, if it is another"),
  option('--dest-profile <name>', 'the profile for the bucket, if it is another'),
  option('--dest-endpoint-url <url>', 'another endpoint for the bucket'),
  option('--expected-bucket-owner <id>', 'refuse a bucket of any other account').argParser(accountId),
  option('--sse <algorithm>', 'server-side encryption').choices(['aws:kms', 'AES256']),
  option('--sse-kms-key-id <id>', 'the KMS key for --sse aws:kms'),
  option('--tag <key=value>', 'a tag on each object; repeatable').argParser(tag).default({}, 'none'),
  option('--checksum <algorithm>', "S3's checksum of the objects").choices(CHECKSUM_ALGORITHMS).default('CRC32'),
  option(
    '--on-existing <policy>',
    'what to do where an object has the key already: skip it if it is the archive (else fail the archive), overwrite, or fail',
  )
    .choices(['skip', 'overwrite', 'fail'])
    .default('skip'),
  option('--allow-cross-region', 'go on although vault and bucket are in different Regions, which costs'),
];

export const retrievalOptions = [
  option('--tier <tier>', 'the retrieval tier').choices(['Bulk', 'Standard', 'Expedited']).default('Bulk'),
  option('--request-rate <rate>', 'InitiateJob calls a second').argParser(rate).default(25, '25/s'),
  option('--max-bytes-per-day <size>', 'what is asked for in a day')
    .argParser(size)
    .default(100 * TiB, '100 TiB'),
];

export const notificationOptions = [
  option('--queue-url <url>', 'an SQS queue that is there'),
  option('--topic-arn <arn>', 'an SNS topic that is there'),
  option('--no-notifications', 'ask Glacier for completed jobs (ListJobs) instead of being told'),
  option('--reconcile-every <duration>', 'how often ListJobs is held against the state')
    .argParser(duration)
    .default(15 * MINUTE, '15m'),
];

export const dataOptions = [
  option('--concurrency <n>', 'parts in flight').argParser(wholeNumber(1, 1000)).default(16),
  option('--memory <size>', 'memory for parts in flight')
    .argParser(size)
    .default(512 * MiB, '512 MiB'),
  option('--part-size <size>', 'the smallest part size; larger archives have larger parts')
    .argParser(partSize)
    .default(16 * MiB, '16 MiB'),
  option('--bwlimit <rate>', 'bytes a second, such as 10M').argParser(size),
];

export const limitOptions = [
  option('--max-transfer <size>', 'end once so much is copied by this run').argParser(size),
  option('--max-duration <duration>', 'end after this time').argParser(duration),
];

export const stateDirOption = option('--state-dir <dir>', 'where the state is kept');

export const stateOptions = [
  option('--once', 'do what can be done now, then end: for cron'),
  option('--dry-run', 'print the plan and leave'),
  option('--yes', 'do not ask'),
  stateDirOption,
];

export const outputOptions = [
  option('--json', 'machine-readable output'),
  option('--log-level <level>', 'what is logged').choices(['debug', 'info', 'warn', 'error', 'silent']),
  option('--log-file <file>', 'log there, as JSON Lines, too'),
  option('-q, --quiet', 'log errors only, show no progress'),
  option('-v, --verbose', 'log more'),
  option('--no-progress', 'show no progress'),
];

const speed = option('--speed <n>', 'simulated seconds in a real one')
  .argParser(wholeNumber(1, 1_000_000))
  .default(3600);

export const demoOptions = [
  option('--archives <n>', 'archives in the vault').argParser(wholeNumber(1, 10_000)).default(200),
  speed,
  option('-q, --quiet', 'log errors only, show no progress'),
  option('--no-progress', 'show no progress'),
];

export const simulatorOptions = [
  option('--port <n>', 'the port; 0 is any that is free').argParser(wholeNumber(0, 65_535)).default(0),
  speed,
  option('--vault <name>', 'a vault with demo archives').argParser(vaultName).default('demo'),
  option('--archives <n>', 'archives in that vault').argParser(wholeNumber(0, 100_000)).default(200),
  option('--bucket <name>', 'a bucket').argParser(bucketName).default('demo-bucket'),
  option('--discard-bodies', 'keep of the objects only sizes and checksums'),
];
