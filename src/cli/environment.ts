import type { Command, Option } from 'commander';
import { UsageError } from '../lib/errors.ts';

/**
 * Gives the switches of a command what `GLACIER2S3_<OPTION>` says: commander takes any value, `false` too, for yes.
 * A flag beats it.
 * @throws {UsageError}
 */
export function readSwitches(command: Command): void {
  for (const option of command.options) {
    const name = option.attributeName();
    if (!isSwitch(option) || option.envVar === undefined || command.getOptionValueSource(name) !== 'env') continue;
    const isOn = isYes(option.envVar, process.env[option.envVar] ?? '');
    command.setOptionValueWithSource(name, option.negate ? !isOn : isOn, isOn ? 'env' : 'default');
  }
}

/**
 * Keeps one of options that rule each other out: a flag beats a variable, which beats the config file.
 * @throws {UsageError} for two of the same standing.
 */
export function keepOne(command: Command, names: readonly string[]): void {
  const set = names.filter((name) => command.getOptionValue(name) === true);
  const from = (source: string) => set.filter((name) => command.getOptionValueSource(name) === source);
  const wanted = ['cli', 'env', 'config'].map(from).find((names) => names.length > 0) ?? [];
  if (wanted.length > 1) {
    throw new UsageError(`${wanted.map((name) => `--${name}`).join(' and ')} rule each other out: say one of them`);
  }
  for (const name of set) if (!wanted.includes(name)) command.setOptionValueWithSource(name, undefined, 'default');
}

function isSwitch({ required, optional }: Option): boolean {
  return !required && !optional;
}

function isYes(variable: string, text: string): boolean {
  const word = text.trim().toLowerCase();
  if (['1', 'true', 'yes', 'on'].includes(word)) return true;
  if (['', '0', 'false', 'no', 'off'].includes(word)) return false;
  throw new UsageError(`${variable} is "${text}": write 1 or 0, true or false, yes or no`);
}
