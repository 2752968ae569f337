import { type Command, InvalidArgumentError, type Option } from 'commander';
import { UsageError } from '../lib/errors.ts';

/** A table of the config file: the keys of all commands, or those of one. */
export interface Section {
  readonly path: string;
  /** `['inventory', 'get']` for `[inventory.get]`. */
  readonly name: readonly string[];
  readonly table: Table;
}

export type Table = Readonly<Record<string, unknown>>;

/** What the file says of an option. */
export interface ConfigValue {
  readonly value: unknown;
  /** File and key, for a message. */
  readonly at: string;
}

/** The one names the file; the other is a person's word for this one time. */
const NOT_IN_A_FILE: readonly string[] = ['config', 'confirm'];

/** These add up, so that they can be lists. */
const REPEATABLE: readonly string[] = ['include', 'exclude', 'tag'];

export function isTable(value: unknown): value is Table {
  return typeof value === 'object' && value !== null && !Array.isArray(value) && !(value instanceof Date);
}

/**
 * Sees that each key is an option of the command whose section it stands in, or of one below it, and that its value can
 * be one of that option's.
 * @throws {UsageError}
 */
export function checkTable(section: Section, command: Command): void {
  const below = optionsOf(command);
  for (const [key, value] of Object.entries(section.table)) {
    const at = placeOf(section, key);
    const child = command.commands.find((each) => each.name() === key);
    if (isTable(value)) {
      if (!child) throw new UsageError(`${at} is no command: a section is named after one, such as [transfer]`);
      checkTable({ ...section, name: [...section.name, key], table: value }, child);
      continue;
    }
    if (NOT_IN_A_FILE.includes(key)) throw new UsageError(`${at} is for the command line only: remove it`);
    const options = below.filter((each) => keyOf(each) === key);
    if (options.length === 0) {
      const owner = section.name.length === 0 ? 'any command' : section.name.join(' ');
      throw new UsageError(`${at} is no option of ${owner}: correct it, or remove it`);
    }
    // options of one name may differ from command to command: it has to fit one of them
    const refusals = options.map((each) => refusalOf(each, value));
    if (refusals.every((each) => each !== undefined)) throw new UsageError(`${at} ${refusals[0]}`);
  }
}

/** What the sections from the program's down to the command's say; the nearer one beats the farther. */
export function valuesFor(root: Section, chain: readonly Command[]): ReadonlyMap<string, ConfigValue> {
  const values = new Map<string, ConfigValue>();
  let section: Section | undefined = root;
  for (const depth of chain.keys()) {
    if (!section) break;
    for (const [key, value] of Object.entries(section.table)) {
      if (!isTable(value)) values.set(key, { value, at: placeOf(section, key) });
    }
    const next = chain[depth + 1]?.name();
    const table: unknown = next !== undefined && Object.hasOwn(section.table, next) ? section.table[next] : undefined;
    section = next !== undefined && isTable(table) ? { ...section, name: [...section.name, next], table } : undefined;
  }
  return values;
}

/**
 * Gives the option of that name the value, unless the command line or a variable has given it one.
 * @throws {UsageError}
 */
export function applyValue(command: Command, key: string, { value, at }: ConfigValue): void {
  const option = command.options.find((each) => keyOf(each) === key);
  if (!option || isGiven(command, option)) return;
  const name = option.attributeName();
  const previous = command.getOptionValueSource(name) === 'config' ? command.getOptionValue(name) : undefined;
  try {
    const parsed = parse(option, value, previous);
    if (parsed !== undefined) command.setOptionValueWithSource(name, parsed, 'config');
  } catch (error) {
    throw refused(error, at);
  }
}

/** By itself, or by one that shares its value. */
function isGiven(command: Command, option: Option): boolean {
  const name = option.attributeName();
  if (command.getOptionValueSource(name) === 'cli') return true;
  return command.options.some(
    (each) => each.attributeName() === name && each.envVar !== undefined && each.envVar in process.env,
  );
}

function refusalOf(option: Option, value: unknown): string | undefined {
  try {
    parse(option, value, undefined);
    return undefined;
  } catch (error) {
    if (error instanceof InvalidArgumentError) return error.message;
    throw error;
  }
}

function refused(error: unknown, at: string): unknown {
  return error instanceof InvalidArgumentError ? new UsageError(`${at} ${error.message}`, { cause: error }) : error;
}

/**
 * The value as commander would have it from a flag; undefined where a switch is off.
 * @throws {InvalidArgumentError} that goes on after the key.
 */
function parse(option: Option, value: unknown, previous: unknown): unknown {
  if (!option.required && !option.optional) {
    if (typeof value !== 'boolean') throw new InvalidArgumentError('is a switch: write true or false');
    return value ? !option.negate : undefined;
  }
  if (option.optional && typeof value === 'boolean') return value ? true : undefined;
  if (Array.isArray(value)) {
    if (!REPEATABLE.includes(keyOf(option))) throw new InvalidArgumentError('is a list: write one value');
    return value.reduce((before: unknown, each: unknown) => parseText(option, textOf(each), before), previous);
  }
  return parseText(option, textOf(value), previous);
}

function parseText(option: Option, text: string, previous: unknown): unknown {
  if (!option.parseArg) return text;
  try {
    return option.parseArg(text, previous);
  } catch (error) {
    if (!(error instanceof InvalidArgumentError)) throw error;
    const { message } = error;
    throw new InvalidArgumentError(`is "${text}": ${message.slice(0, 1).toLowerCase()}${message.slice(1)}`);
  }
}

function textOf(value: unknown): string {
  if (typeof value === 'string') return value;
  if (typeof value === 'number') return String(value);
  // a date of TOML, which writes itself as it was written
  if (value instanceof Date) return value.toISOString();
  throw new InvalidArgumentError('takes a value: write a text in quotes, or a number');
}

function optionsOf(command: Command): readonly Option[] {
  return [...command.options, ...command.commands.flatMap(optionsOf)];
}

function keyOf({ long }: Option): string {
  return (long ?? '').slice('--'.length);
}

function placeOf({ path, name }: Section, key: string): string {
  return `the config file ${path}: ${[...name, key].join('.')}`;
}
