import { Option } from 'commander';
import { CHECKSUM_ALGORITHMS } from '../domain/checksum.ts';
import { parsePrefix } from '../domain/object-key.ts';
import { STORAGE_CLASSES } from '../domain/price/storage-class.ts';
import { MINUTE } from '../lib/duration.ts';
import { MiB, TiB } from '../lib/size.ts';
import { defaultMemory } from './machine.ts';
import {
  accountId,
  bucketName,
  date,
  duration,
  fileName,
  globs,
  parsedBy,
  partSize,
  rate,
  size,
  tag,
  topicArn,
  url,
  usd,
  vaultName,
  wholeNumber,
} from './option-values.ts';

/** An option that is also `GLACIER2S3_<OPTION>`; the flag beats the variable. */
export function option(flags: string, description: string): Option {
  const made = new Option(flags, description);
  const name = (made.long ?? '').slice('--'.length);
  if (flags.endsWith('<file>')) made.argParser(fileName);
  return made.env(`GLACIER2S3_${name.toUpperCase().replaceAll('-', '_')}`);
}

/** `--include` and `--exclude` share one list, in which they keep their order. */
function globOption(flags: string, description: string, type: 'include' | 'exclude'): Option {
  const made = option(flags, description).argParser(globs(type));
  made.attributeName = () => 'rules';
  return made;
}

const json = option('--json', 'one JSON document instead of text');

export const configOption = option('--config <file>', 'the config file, TOML or JSON; an empty name is none').argParser(
  String,
);
export const versionOptions = [json];

export const vaultOption = option('--vault <name>', 'the vault').argParser(vaultName).makeOptionMandatory();
export const bucketOption = option('--bucket <name>', 'the bucket').argParser(bucketName).makeOptionMandatory();
export const prefixOption = option('--prefix <prefix>', 'what all keys begin with')
  .argParser(parsedBy(parsePrefix))
  .default('');
const regionOption = option('--region <region>', "the vault's Region");
export const profileOption = option('--profile <name>', 'the profile of the AWS configuration');
export const endpointOption = option('--endpoint-url <url>', 'another endpoint than AWS').argParser(url);
const refreshOption = option('--refresh-inventory', 'take a new inventory although there is one');

/** Where a vault is, and as whom it is read. */
export const accessOptions = [
  option('--account-id <id>', "the vault's account; - is the account of the credentials")
    .argParser(accountId)
    .default('-'),
  regionOption,
  profileOption,
  endpointOption,
];

export const sourceOptions = [
  ...accessOptions,
  option('--inventory <file>', 'an inventory that is at hand, JSON or CSV, instead of a new one'),
  refreshOption,
];

/** Where a bucket is, and as whom it is written to. */
export const bucketAccessOptions = [
  option('--dest-region <region>', "the bucket's Region, if it is another"),
  option('--dest-profile <name>', 'the profile for the bucket, if it is another'),
  option('--dest-endpoint-url <url>', 'another endpoint for the bucket').argParser(url),
  option('--expected-bucket-owner <id>', 'refuse a bucket of any other account').argParser(accountId),
];

export const destinationOptions = [
  prefixOption,
  option('--storage-class <class>', 'the storage class of the objects')
    .choices(STORAGE_CLASSES)
    .default('DEEP_ARCHIVE'),
  ...bucketAccessOptions,
  option('--sse <algorithm>', 'server-side encryption').choices(['aws:kms', 'AES256']),
  option('--sse-kms-key-id <id>', 'the KMS key for --sse aws:kms'),
  option('--tag <key=value>', 'a tag on each object; repeatable, or several with commas')
    .argParser(tag)
    .default({}, 'none'),
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
  option('--queue-url <url>', 'an SQS queue that is there').argParser(url),
  option('--topic-arn <arn>', 'an SNS topic that is there').argParser(topicArn),
  option('--no-notifications', 'ask Glacier for completed jobs (ListJobs) instead of being told'),
  option('--reconcile-every <duration>', 'how often ListJobs is held against the state')
    .argParser(duration)
    .default(15 * MINUTE, '15m'),
];

export const dataOptions = [
  option('--concurrency <n>', 'parts in flight').argParser(wholeNumber(1, 1000)).default(16),
  option('--threads <n>', 'threads that copy parts (default: one for each core and 64 MiB of --memory)').argParser(
    wholeNumber(1, 256),
  ),
  option('--memory <size>', 'memory for parts in flight and the threads')
    .argParser(size)
    .default(defaultMemory(), '512 MiB, or half of the memory there is if that is less'),
  option('--part-size <size>', 'the smallest part size; larger archives have larger parts')
    .argParser(partSize)
    .default(16 * MiB, '16 MiB'),
  option('--bwlimit <rate>', 'bytes a second, such as 10M; 0: no limit').argParser(size),
];

/** What archives are called, and which of them are copied. */
const nameOptions = [
  option('--names <file>', 'names by archive id, CSV or JSON Lines: they go before the descriptions'),
  option('--synology-mapping <file>', "Synology's mapping database: the archive of the vault <name>_mapping"),
];

export const selectionOptions = [
  ...nameOptions,
  globOption('--include <glob>', 'copy what matches; the first --include or --exclude that matches decides', 'include'),
  globOption('--exclude <glob>', 'leave out what matches: globs on the key, as rclone has them', 'exclude'),
  option('--min-size <size>', 'leave out smaller archives').argParser(size),
  option('--max-size <size>', 'leave out larger archives').argParser(size),
  option('--created-after <date>', 'leave out archives of before that date').argParser(date),
  option('--created-before <date>', 'leave out archives of that date and later').argParser(date),
  option('--archive-ids-from <file>', 'copy the archives whose ids stand there, one on a line'),
  option('--limit <n>', 'copy so many of them, the oldest first: for a trial').argParser(
    wholeNumber(1, Number.MAX_SAFE_INTEGER),
  ),
];

export const limitOptions = [
  option('--max-cost <usd>', 'ask for no more once the estimate of what was asked for would pass it').argParser(usd),
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

export const logOptions = [
  option('--log-level <level>', 'what is logged').choices(['debug', 'info', 'warn', 'error', 'silent']),
  option('--log-file <file>', 'log there, as JSON Lines, too'),
  option('-q, --quiet', 'log errors only, show no progress'),
  option('-v, --verbose', 'log more'),
];

export const priceOptions = [option('--prices <file>', 'another price list than that of the program, as JSON')];

export const planOptions = [option('--html <file>', 'write the plan there as a page with charts, too')];

export const namesOptions = [
  vaultOption,
  bucketOption,
  ...sourceOptions,
  prefixOption,
  ...nameOptions,
  option('--format <format>', 'how they are printed; csv and jsonl can be edited and given to --names')
    .choices(['table', 'csv', 'jsonl'])
    .default('table'),
  option('--summary', 'print how many there are of each kind instead'),
  json,
  option('--part-size <size>', 'as for transfer')
    .argParser(partSize)
    .default(16 * MiB, '16 MiB'),
  stateDirOption,
  ...logOptions,
];

export const outputOptions = [
  option('--json', 'JSON Lines, one document for a plan'),
  ...logOptions,
  option('--no-progress', 'show no progress'),
];

/** Which transfer of the state directory is meant, where vault and bucket alone do not say it. */
export const whichOptions = [
  option('--prefix <prefix>', 'what all keys begin with, where vault and bucket have several transfers').argParser(
    parsedBy(parsePrefix),
  ),
  option('--region <region>', "the vault's Region, where there are several transfers"),
  stateDirOption,
];

export const statusOptions = [
  option('--vault <name>', 'this vault only').argParser(vaultName),
  option('--bucket <name>', 'this bucket only').argParser(bucketName),
  json,
  option('--watch', 'look again every two seconds until it is stopped'),
  stateDirOption,
];

export const reportOptions = [
  vaultOption,
  bucketOption,
  json,
  option('--csv', 'the manifest as CSV: one line an archive'),
  option('--jsonl', 'the manifest as JSON Lines: one line an archive'),
  option('--output <file>', 'a file, or s3://bucket/key; what it is to hold is told by .csv, .jsonl or .json, too'),
  option('--html <file>', 'write the report there as a page with charts, too'),
  ...whichOptions,
  profileOption,
  endpointOption,
  ...bucketAccessOptions,
];

export const retryOptions = [
  vaultOption,
  bucketOption,
  option('--code <code>', 'only those that failed with this code'),
  ...whichOptions,
];

export const inventoryGetOptions = [
  vaultOption,
  ...accessOptions,
  refreshOption,
  option('--once', 'do not wait for the job: for cron'),
  stateDirOption,
  ...logOptions,
];

export const inventoryImportOptions = [vaultOption, ...accessOptions, stateDirOption, ...logOptions];

export const inventoryExportOptions = [
  vaultOption,
  option('--format <format>', 'as Glacier writes it').choices(['json', 'csv']).default('json'),
  option('--output <file>', 'a file instead of stdout'),
  option('--region <region>', "the vault's Region, where there are several vaults of that name"),
  stateDirOption,
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
