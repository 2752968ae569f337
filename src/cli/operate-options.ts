import { InvalidArgumentError, type Option } from 'commander';
import { POLICY_TASKS } from '../domain/iam-policy.ts';
import { stateBackupOption } from './finish-options.ts';
import { observeOptions } from './observe-options.ts';
import {
  accessOptions,
  bucketOption,
  dataOptions,
  destinationOptions,
  notificationOptions,
  option,
  prefixOption,
  retrievalOptions,
  stateDirOption,
  vaultOption,
} from './options.ts';

/** The namespace that is meant where none is said. */
const NAMESPACE = 'glacier2s3';

function pick(options: readonly Option[], ...names: readonly string[]): readonly Option[] {
  return options.filter(({ long }) => names.includes(long ?? ''));
}

function dashboardName(text: string): string {
  if (!/^[A-Za-z0-9_-]{1,255}$/.test(text)) {
    throw new InvalidArgumentError('a dashboard name has letters, digits, "-" and "_".');
  }
  return text;
}

const placeOptions = [
  ...[vaultOption, bucketOption, prefixOption, ...accessOptions],
  ...pick(destinationOptions, '--dest-region', '--dest-profile', '--dest-endpoint-url', '--expected-bucket-owner'),
];
const json = option('--json', 'one JSON document instead of text');
/** As for `transfer`, with a name where it is left out. */
const namespaceOption = option('--cloudwatch <namespace>', 'the namespace that transfer --cloudwatch is given').default(
  NAMESPACE,
);
for (const { parseArg } of pick(observeOptions, '--cloudwatch')) if (parseArg) namespaceOption.argParser(parseArg);

export const doctorOptions: readonly Option[] = [
  ...placeOptions,
  ...pick(
    destinationOptions,
    '--storage-class',
    '--sse',
    '--sse-kms-key-id',
    '--tag',
    '--checksum',
    '--allow-cross-region',
  ),
  ...pick(retrievalOptions, '--tier'),
  ...pick(notificationOptions, '--queue-url', '--topic-arn', '--no-notifications'),
  ...pick(dataOptions, '--concurrency'),
  stateDirOption,
  json,
];

export const setupOptions: readonly Option[] = [
  ...placeOptions,
  option('--lifecycle', 'give the bucket a rule that gives up unfinished uploads after 30 days'),
  option('--cloudwatch-dashboard <name>', 'make a CloudWatch dashboard of this name').argParser(dashboardName),
  namespaceOption,
  json,
];

export const teardownOptions: readonly Option[] = [
  ...placeOptions,
  option('--lifecycle', "remove the bucket's rule, too"),
  option('--cloudwatch-dashboard <name>', 'remove this CloudWatch dashboard, too').argParser(dashboardName),
  stateDirOption,
  json,
];

export const iamPolicyOptions: readonly Option[] = [
  option('--for <task>', 'what it is to allow').choices(POLICY_TASKS).default('transfer'),
  ...[vaultOption, bucketOption, prefixOption, ...accessOptions],
  option('--kms-key <key>', "the key of the bucket's encryption: its ARN, or its id in this account and Region"),
  ...pick(notificationOptions, '--queue-url', '--topic-arn', '--no-notifications'),
  ...pick(destinationOptions, '--tag'),
  ...pick(retrievalOptions, '--tier'),
  namespaceOption,
  ...pick(observeOptions, '--notify-topic'),
  stateBackupOption,
];
