import type { Command } from 'commander';
import { ConfiguredCommand } from '../../src/cli/configured-command.ts';
import { addCommands } from '../../src/cli/program.ts';

/** All commands of the program, on which nothing is run. */
export function commandTree(): Command {
  return addCommands(
    new ConfiguredCommand('glacier2s3'),
    { stop: new AbortController().signal, onStatusSignal: () => undefined },
    () => undefined,
  );
}

/**
 * The options that a command line comes to, before anything is done with them.
 * @throws {UsageError}
 */
export async function optionsFor(...args: readonly string[]): Promise<Record<string, unknown>> {
  const program = commandTree();
  let options: Record<string, unknown> | undefined;
  for (const command of descendantsOf(program)) {
    if (command.commands.length > 0) continue;
    command.configureOutput({ writeErr: () => undefined }).action(() => {
      options = command.opts();
    });
  }
  await program.parseAsync(args, { from: 'user' });
  if (!options) throw new Error('no command was run');
  return options;
}

function descendantsOf(command: Command): readonly Command[] {
  return command.commands.flatMap((each) => [each, ...descendantsOf(each)]);
}
