import { clockFrom } from '../../lib/clock.ts';
import { defaultStateDir, statePathOf } from '../../state/directory.ts';
import { isLocked, LockedError } from '../../state/lock.ts';
import { type Made, type SetUpDeps, type SetUpOptions, setUp, tearDown } from '../../steps/set-up.ts';
import type { Io } from '../io.ts';
import { openPlace, type PlaceFlags } from '../operate.ts';
import { createLog } from '../output/log.ts';

export interface SetupFlags extends PlaceFlags {
  readonly lifecycle?: boolean;
  readonly cloudwatchDashboard?: string;
  /** Only `setup` has it. */
  readonly cloudwatch?: string;
  readonly stateDir?: string;
  readonly json?: boolean;
}

interface Opened {
  readonly deps: SetUpDeps;
  readonly options: SetUpOptions;
  readonly accountId: () => Promise<string>;
}

/** Makes what lasts beyond a transfer. @returns the exit code. */
export async function setup(flags: SetupFlags, io: Io): Promise<number> {
  const { deps, options } = await open(flags, io);
  const made = await setUp(deps, options);
  process.stdout.write(flags.json ? `${JSON.stringify(made, undefined, 2)}\n` : madeText(made, flags));
  return 0;
}

/** Removes it again. @returns the exit code. */
export async function teardown(flags: SetupFlags, io: Io): Promise<number> {
  const { deps, options, accountId } = await open(flags, io);
  const statePath = statePathOf(flags.stateDir ?? defaultStateDir(process.env), { ...flags, region: options.region });
  if (isLocked(statePath)) {
    throw new LockedError('a run is at work on this transfer and may be listening to the queue: end it first');
  }
  const removed = await tearDown(deps, { ...options, accountId: await accountId() });
  const text = removed.length === 0 ? 'there was nothing to remove\n' : `removed ${removed.join(', ')}\n`;
  process.stdout.write(flags.json ? `${JSON.stringify({ removed }, undefined, 2)}\n` : text);
  return 0;
}

async function open(flags: SetupFlags, io: Io): Promise<Opened> {
  const { cloud, operations } = await openPlace(flags);
  const { vault, bucket, prefix, lifecycle = false, cloudwatchDashboard, cloudwatch } = flags;
  const log = createLog({}, (line) => void process.stderr.write(`${line}\n`));
  const signals = { stop: io.stop, cut: io.stop };
  return {
    deps: { ...operations, log, signals, clock: clockFrom(process.env.GLACIER2S3_CLOCK) },
    options: {
      ...{ vault, bucket, prefix, lifecycle, region: cloud.region },
      dashboard: cloudwatchDashboard,
      namespace: cloudwatch ?? '',
    },
    accountId: () => cloud.identity.accountId(io.stop),
  };
}

function madeText({ topicArn, queueUrl, deadLettersUrl, lifecycleRule, dashboard }: Made, flags: SetupFlags): string {
  const lines = [
    ['topic', topicArn],
    ['queue', queueUrl],
    ['dead letters', deadLettersUrl],
    ['lifecycle rule', lifecycleRule],
    ['dashboard', dashboard],
  ].flatMap(([name = '', value]) => (value === undefined ? [] : [`${name.padEnd(14)}  ${value}\n`]));
  const { vault, bucket, prefix } = flags;
  const prefixText = prefix === '' ? '' : ` --prefix ${prefix}`;
  return `${lines.join('')}\nA transfer finds them by itself: glacier2s3 transfer --vault ${vault} --bucket ${bucket}${prefixText}\n`;
}
