import { readFileSync } from 'node:fs';
import { Argument, type Command, type Option } from 'commander';
import { SHELLS, type Shell } from './completion/shells.ts';
import { keepOne, readSwitches } from './environment.ts';
import { EXAMPLES, type Example } from './examples.ts';
import { EXIT_CODES } from './exit-codes.ts';
import { stateBackupOption } from './finish-options.ts';
import { addFinishCommands } from './finish-program.ts';
import type { Io } from './io.ts';
import { dashboardOptions, observeOptions } from './observe-options.ts';
import { addOperateCommands } from './operate-program.ts';
import {
  bucketOption,
  configOption,
  dataOptions,
  demoOptions,
  destinationOptions,
  inventoryExportOptions,
  inventoryGetOptions,
  inventoryImportOptions,
  limitOptions,
  namesOptions,
  notificationOptions,
  outputOptions,
  planOptions,
  priceOptions,
  reportOptions,
  retrievalOptions,
  retryOptions,
  selectionOptions,
  simulatorOptions,
  sourceOptions,
  stateOptions,
  statusOptions,
  vaultOption,
  versionOptions,
} from './options.ts';

/** How a command hands its exit code back. */
export type SetExitCode = (code: number) => void;

/** What all commands share: it stands below the program's help, and in its manual. */
export const SETTINGS = `Each option is also a variable, GLACIER2S3_<OPTION>, and a key of the config file, without its dashes.
An option beats the variable, which beats the config file, which beats the default. The config file is TOML or JSON:
--config, else config.toml or config.json in $XDG_CONFIG_HOME/glacier2s3 (~/.config/glacier2s3). Its keys are for all
commands that have the option; those of a section such as [transfer] or [inventory.get] are for that command.`;

const TRANSFER = [
  ...[vaultOption, bucketOption, ...sourceOptions, ...destinationOptions, ...retrievalOptions, ...notificationOptions],
  ...[...selectionOptions, ...dataOptions, ...limitOptions, ...priceOptions, ...stateOptions, ...outputOptions],
];

/** All commands; each is loaded only when it is run. */
export function addCommands(program: Command, io: Io, setExitCode: SetExitCode): Command {
  program
    .description('Copies the archives of an Amazon S3 Glacier vault into an S3 bucket, with their names back')
    .version(versionOf(), '--version')
    .exitOverride()
    .configureOutput({ outputError: (text, write) => write(oneLine(text)) })
    .hook('preAction', (_, command) => {
      readSwitches(command);
      keepOne(command, ['quiet', 'verbose']);
    })
    .addHelpText('after', `\n${SETTINGS}\n\nExit codes:\n${EXIT_CODES.map(codeLine).join('\n')}`);

  const transferOptions = [...TRANSFER, ...observeOptions, stateBackupOption];
  add(
    program,
    'transfer',
    'copy a whole vault to a bucket; run again, it goes on where it stopped',
    transferOptions,
  ).action(async (options) => {
    (await import('./check-flags.ts')).checkTransferFlags(options, options.dryRun ? Infinity : undefined);
    // what a dry run prints is the plan
    if (options.dryRun) setExitCode(await (await import('./commands/plan.ts')).plan(options, io));
    else setExitCode(await (await import('./commands/transfer.ts')).transfer(options, io));
  });

  add(program, 'plan', 'say what a transfer would do: counts, bytes, keys; spends one inventory job at most', [
    ...TRANSFER,
    ...planOptions,
  ]).action(async (options) => {
    (await import('./check-flags.ts')).checkTransferFlags(options, Infinity);
    setExitCode(await (await import('./commands/plan.ts')).plan(options, io));
  });

  add(
    program,
    'names',
    'show the key of each archive, what format it was found in and what changed it; edited, it goes back in with --names',
    namesOptions,
  ).action(async (options) => setExitCode(await (await import('./commands/names.ts')).names(options, io)));

  add(program, 'status', 'how every transfer of the state directory stands', statusOptions).action(async (options) =>
    setExitCode(await (await import('./commands/status.ts')).status(options, io)),
  );

  add(program, 'dashboard', 'a page of this machine that shows how transfers stand', dashboardOptions).action(
    async (options) => setExitCode(await (await import('./commands/dashboard.ts')).dashboard(options, io)),
  );

  add(program, 'report', 'the account of every archive of the inventory', reportOptions)
    .hook('preAction', (_, command) => keepOne(command, ['json', 'csv', 'jsonl']))
    .action(async (options) => setExitCode(await (await import('./commands/report.ts')).report(options, io)));

  add(program, 'retry', 'put failed archives back: the next transfer asks for them again', retryOptions).action(
    async (options) => setExitCode(await (await import('./commands/retry.ts')).retry(options)),
  );

  addInventory(program, io, setExitCode);
  addOperateCommands(program, io, setExitCode, add);
  addFinishCommands(program, io, setExitCode, { add, transferOptions: TRANSFER });

  addPlain(program, 'demo', 'fill a vault of a built-in simulator and run transfer against it', demoOptions).action(
    async (options) => setExitCode(await (await import('./commands/demo.ts')).demo(options, io)),
  );

  addPlain(
    program,
    'simulator',
    'the built-in simulator of AWS as a server on 127.0.0.1, for trials of your own',
    simulatorOptions,
  ).action(async (options) => setExitCode(await (await import('./commands/simulator.ts')).simulator(options, io)));

  addAbout(program, setExitCode);
  return program;
}

/** What the program can say of itself. */
function addAbout(program: Command, setExitCode: SetExitCode): void {
  addPlain(program, 'completion', 'print the completion of commands and options for a shell', [])
    .addArgument(new Argument('<shell>', 'the shell').choices(SHELLS))
    .action(async (shell: Shell) => {
      const { completionFor } = await import('./commands/completion.ts');
      process.stdout.write(completionFor(shell, program));
    });
  addPlain(program, 'version', 'print the version', versionOptions).action(async (options) =>
    setExitCode((await import('./commands/version.ts')).showVersion(options, versionOf())),
  );
}

function addInventory(program: Command, io: Io, setExitCode: SetExitCode): void {
  const inventory = program.command('inventory').description("take, read in or write out a vault's inventory");
  const commands = () => import('./commands/inventory.ts');

  add(inventory, 'get', 'take the inventory from Glacier: one job, some four hours', inventoryGetOptions).action(
    async (options) => setExitCode(await (await commands()).get(options, io)),
  );
  add(inventory, 'import', 'read an inventory in, JSON or CSV', inventoryImportOptions)
    .argument('<file>', 'the inventory')
    .action(async (file, options) => setExitCode(await (await commands()).importFile(file, options, io)));
  add(inventory, 'export', 'write the inventory out', inventoryExportOptions).action(async (options) =>
    setExitCode(await (await commands()).exportInventory(options, io)),
  );
}

function add(parent: Command, name: string, description: string, options: readonly Option[]): Command {
  return addPlain(parent, name, description, [...options, configOption]);
}

/** A command that the config file has nothing to say to. */
function addPlain(parent: Command, name: string, description: string, options: readonly Option[]): Command {
  const command = parent.command(name).description(description);
  for (const option of options) command.addOption(option);
  const examples = EXAMPLES[parent.parent ? `${parent.name()} ${name}` : name] ?? [];
  if (examples.length > 0) command.addHelpText('after', `\nExamples:\n${examples.map(exampleLines).join('\n')}`);
  return command.allowExcessArguments(false);
}

function exampleLines({ does, line }: Example): string {
  return `  # ${does}\n  ${line}`;
}

function codeLine([code, meaning]: readonly [string, string]): string {
  return `  ${code.padStart(3)}  ${meaning}`;
}

/** commander's `error: ...` in the form of all other errors; its suggestion comes on a line of its own. */
function oneLine(text: string): string {
  return `glacier2s3: ${text
    .trim()
    .replace(/^error: /, '')
    .replaceAll('\n', ' ')}\n`;
}

/** The version of the package that this file is part of. */
export function versionOf(): string {
  const manifest = new URL('../../package.json', import.meta.url);
  return (JSON.parse(readFileSync(manifest, 'utf8')) as { version: string }).version;
}
