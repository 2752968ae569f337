import { Command } from 'commander';
import { readConfig } from './config-file.ts';

/** A command whose options may stand in the config file, if it has `--config`. */
export class ConfiguredCommand extends Command {
  override createCommand(name?: string): ConfiguredCommand {
    return new ConfiguredCommand(name);
  }

  /** commander reads the variables after this, and then looks for options that must be there. */
  override parseOptions(argv: string[]): ReturnType<Command['parseOptions']> {
    const parsed = super.parseOptions(argv);
    const wantsHelp = parsed.unknown.some((text) => text === '--help' || text === '-h');
    if (!wantsHelp && this.options.some(({ long }) => long === '--config')) readConfig(this);
    return parsed;
  }
}
