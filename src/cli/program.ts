import { readFileSync } from 'node:fs';
import type { Command, Option } from 'commander';
import type { Io } from './io.ts';
import {
  bucketOption,
  dataOptions,
  demoOptions,
  destinationOptions,
  limitOptions,
  notificationOptions,
  outputOptions,
  retrievalOptions,
  simulatorOptions,
  sourceOptions,
  stateOptions,
  vaultOption,
} from './options.ts';

/** How a command hands its exit code back. */
export type SetExitCode = (code: number) => void;

const EXIT_CODES = `
Exit codes: 0 all copied or nothing to do, 1 fatal, 2 usage, 3 some archives failed, 8 a cap was reached,
10 --max-duration was reached, 11 another run holds the transfer, 75 work is pending at Glacier: run again.`;

/** All commands; each is loaded only when it is run. */
export function addCommands(program: Command, io: Io, setExitCode: SetExitCode): Command {
  program
    .description('Copies the archives of an Amazon S3 Glacier vault into an S3 bucket, with their names back')
    .version(versionOf(), '--version')
    .exitOverride()
    .showHelpAfterError('(run it with --help for all options)')
    .addHelpText('after', EXIT_CODES);

  add(
    program.command('transfer').description('copy a whole vault to a bucket; run again, it goes on where it stopped'),
    [vaultOption, bucketOption, ...sourceOptions, ...destinationOptions, ...retrievalOptions, ...notificationOptions],
    [...dataOptions, ...limitOptions, ...stateOptions, ...outputOptions],
  ).action(async (options) => setExitCode(await (await import('./commands/transfer.ts')).transfer(options, io)));

  add(
    program
      .command('plan')
      .description('say what a transfer would do: counts, bytes, keys; spends one inventory job at most'),
    [vaultOption, bucketOption, ...sourceOptions, ...destinationOptions, ...retrievalOptions, ...notificationOptions],
    [...dataOptions, ...limitOptions, ...stateOptions, ...outputOptions],
  ).action(async (options) => setExitCode(await (await import('./commands/plan.ts')).plan(options, io)));

  add(
    program.command('demo').description('fill a vault of a built-in simulator and run transfer against it'),
    demoOptions,
  ).action(async (options) => setExitCode(await (await import('./commands/demo.ts')).demo(options, io)));

  add(
    program
      .command('simulator')
      .description('the built-in simulator of AWS as a server on 127.0.0.1, for trials of your own'),
    simulatorOptions,
  ).action(async (options) => setExitCode(await (await import('./commands/simulator.ts')).simulator(options, io)));

  return program;
}

function add(command: Command, ...groups: readonly (readonly Option[])[]): Command {
  for (const option of groups.flat()) command.addOption(option);
  return command.allowExcessArguments(false);
}

/** The version of the package that this file is part of. */
export function versionOf(): string {
  const manifest = new URL('../../package.json', import.meta.url);
  return (JSON.parse(readFileSync(manifest, 'utf8')) as { version: string }).version;
}
