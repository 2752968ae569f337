import type { Command, Option } from 'commander';
import { deleteVaultOptions, purgeOptions, stateBackupOption, verifyOptions } from './finish-options.ts';
import type { Io } from './io.ts';

export interface Making {
  add(parent: Command, name: string, description: string, options: readonly Option[]): Command;
  readonly transferOptions: readonly Option[];
}

/** The commands after a transfer, and the one for when its state is gone. */
export function addFinishCommands(
  program: Command,
  io: Io,
  setExitCode: (code: number) => void,
  { add, transferOptions }: Making,
): void {
  add(
    program,
    'verify',
    'hold every copied object against the state file and against S3 as it is now',
    verifyOptions,
  ).action(async (options) => setExitCode(await (await import('./commands/verify.ts')).verify(options, io)));
  add(program, 'purge', 'delete from the vault what verify has just proven to be in the bucket', purgeOptions).action(
    async (options) => setExitCode(await (await import('./commands/purge.ts')).purge(options, io)),
  );
  add(
    program,
    'delete-vault',
    'delete the vault once it is empty; until then, exit code 75',
    deleteVaultOptions,
  ).action(async (options) => setExitCode(await (await import('./commands/delete-vault.ts')).deleteVault(options, io)));
  add(program, 'recover', 'make the state file anew where it is lost, with the options of the transfer', [
    ...transferOptions,
    stateBackupOption,
  ]).action(async (options) => {
    (await import('./check-flags.ts')).checkTransferFlags(options, Infinity);
    setExitCode(await (await import('./commands/recover.ts')).recover(options, io));
  });
}
