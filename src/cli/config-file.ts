import { readFileSync } from 'node:fs';
import { homedir } from 'node:os';
import { join } from 'node:path';
import type { Command } from 'commander';
import { parse as parseToml, TomlError } from 'smol-toml';
import { messageOf, UsageError } from '../lib/errors.ts';
import { applyValue, checkTable, isTable, type Section, type Table, valuesFor } from './config-values.ts';

const NAMES = ['config.toml', 'config.json'] as const;

/**
 * Gives the options of `command` what the config file says, where neither the command line nor a variable does; the
 * command line is parsed by then. The whole file is looked through, whatever command is run: a slip is found at once.
 * @throws {UsageError} with the file, the key and what to do.
 */
export function readConfig(command: Command): void {
  const file = load(command);
  if (!file) return;
  const chain = chainOf(command);
  const [program] = chain;
  if (program) checkTable(file, program);
  for (const [key, value] of valuesFor(file, chain)) applyValue(command, key, value);
}

function load(command: Command): Section | undefined {
  const named: unknown = command.getOptionValue('config') ?? process.env.GLACIER2S3_CONFIG;
  if (named === '') return undefined;
  if (typeof named === 'string') {
    const root = read(named);
    if (root) return { path: named, name: [], table: root };
    throw new UsageError(`the config file ${named} is not there: make it, or name another`);
  }
  const folder = join(process.env.XDG_CONFIG_HOME || join(homedir(), '.config'), 'glacier2s3');
  for (const path of NAMES.map((name) => join(folder, name))) {
    const root = read(path);
    if (root) return { path, name: [], table: root };
  }
  return undefined;
}

/** undefined where there is no such file. */
function read(path: string): Table | undefined {
  let text: string;
  try {
    text = readFileSync(path, 'utf8');
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
    throw new UsageError(`the config file ${path} can't be read (${messageOf(error)}): let this user read it`, {
      cause: error,
    });
  }
  let root: unknown;
  try {
    root = path.endsWith('.json') ? JSON.parse(text) : parseToml(text);
  } catch (error) {
    const [what] = messageOf(error).split('\n');
    const line = error instanceof TomlError ? `line ${error.line}: ` : '';
    const form = path.endsWith('.json') ? 'JSON' : 'TOML';
    throw new UsageError(`the config file ${path} is no ${form} (${line}${what}): correct it`, { cause: error });
  }
  if (isTable(root)) return root;
  throw new UsageError(`the config file ${path} holds no object: write {"vault": "..."}`);
}

/** From the program down to `command`. */
function chainOf(command: Command): readonly Command[] {
  return command.parent ? [...chainOf(command.parent), command] : [command];
}
