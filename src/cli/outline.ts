import type { Command, Option } from 'commander';

/** A command as it is typed, without the program's name: `inventory get`; `''` is the program. */
export interface OutlinedCommand {
  readonly path: string;
  readonly command: Command;
  readonly commands: readonly string[];
  readonly options: readonly Option[];
  /** What its argument may be; undefined where it has none. */
  readonly argument: Value | undefined;
}

/** What may be typed where a value is due. */
export type Value =
  | { readonly type: 'choices'; readonly choices: readonly string[] }
  | { readonly type: 'file' }
  | { readonly type: 'directory' }
  | { readonly type: 'any' };

/** Every command that can be typed, the program first. */
export function outlineOf(program: Command): readonly OutlinedCommand[] {
  return outline(program, []);
}

function outline(command: Command, path: readonly string[]): readonly OutlinedCommand[] {
  const help = command.createHelp();
  const commands = help.visibleCommands(command).filter((each) => each.name() !== 'help');
  const [argument] = command.registeredArguments;
  const own: OutlinedCommand = {
    path: path.join(' '),
    command,
    commands: commands.map((each) => each.name()),
    options: help.visibleOptions(command),
    argument: argument && valueNamed(argument.name(), argument.argChoices),
  };
  return [own, ...commands.flatMap((each) => outline(each, [...path, each.name()]))];
}

/** undefined for a switch, and for an option that can do without. */
export function valueTakenBy({ flags, required, argChoices }: Option): Value | undefined {
  return required ? valueNamed(valueNameOf(flags), argChoices) : undefined;
}

/** `file` of `--names <file>`. */
export function valueNameOf(flags: string): string {
  return /[<[]([^>\]]*)[>\]]/.exec(flags)?.[1] ?? '';
}

function valueNamed(name: string, choices: readonly string[] | undefined): Value {
  if (choices) return { type: 'choices', choices };
  if (name === 'file') return { type: 'file' };
  return { type: name === 'dir' ? 'directory' : 'any' };
}

/** As it is typed: `--tier`, `-q`. */
export function wordsOf({ short, long }: Option): readonly string[] {
  return [short, long].filter((word) => word !== undefined && word !== null);
}
