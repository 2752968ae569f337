import { STORAGE_CLASSES } from '../domain/price/storage-class.ts';
import { DAY } from '../lib/duration.ts';
import { backupTarget, duration, rate, vaultName, wholeNumber } from './option-values.ts';
import {
  bucketAccessOptions,
  bucketOption,
  endpointOption,
  logOptions,
  option,
  profileOption,
  vaultOption,
  whichOptions,
} from './options.ts';

const accessOptions = [...whichOptions, profileOption, endpointOption, ...bucketAccessOptions, ...logOptions];
const json = option('--json', 'one JSON document instead of text');

export const stateBackupOption = option(
  '--state-backup <url>',
  'where the state file is backed up, now and then: s3://bucket/prefix',
).argParser(backupTarget);

export const verifyOptions = [
  vaultOption,
  bucketOption,
  option(
    '--combined <file>',
    'a line for every object, as rclone check writes it: =, -, +, * or !, and the key; - is stdout',
  ),
  option('--deep', 'read the objects back, where their class allows it, and compute their tree hashes again'),
  option('--sample <n>', 'look at so many objects only, chosen at random').argParser(wholeNumber(1, 1_000_000_000)),
  option('--one-way', 'do not look for what is only in the bucket'),
  option('--storage-class <class>', 'the class that the objects should have; any is any')
    .choices([...STORAGE_CLASSES, 'any'])
    .default(undefined, "the last transfer's"),
  option('--request-rate <rate>', 'calls a second').argParser(rate).default(300, '300/s'),
  option('--concurrency <n>', 'objects looked at at once').argParser(wholeNumber(1, 1000)).default(32),
  json,
  ...accessOptions,
];

export const purgeOptions = [
  vaultOption,
  bucketOption,
  option('--confirm <vault>', 'the name of the vault once more, instead of typing it').argParser(vaultName),
  option('--proof-age <duration>', 'how old the proof of verify may be').argParser(duration).default(DAY, '24h'),
  option('--accept-early-delete-fee', 'delete archives below 90 days too, and pay for the days that they lack'),
  option('--limit <n>', 'delete so many at most').argParser(wholeNumber(1, 1_000_000_000)),
  option('--dry-run', 'say what would be deleted and what would be kept, and leave'),
  option('--request-rate <rate>', 'deletions a second').argParser(rate).default(10, '10/s'),
  option('--audit-log <file>', 'where each deletion is written down; beside the state file unless told'),
  json,
  ...accessOptions,
];

export const deleteVaultOptions = [vaultOption, bucketOption, json, ...accessOptions];
