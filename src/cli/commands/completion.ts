import type { Command } from 'commander';
import { bashCompletion } from '../completion/bash.ts';
import { fishCompletion } from '../completion/fish.ts';
import type { Shell } from '../completion/shells.ts';
import { zshCompletion } from '../completion/zsh.ts';
import { type OutlinedCommand, outlineOf } from '../outline.ts';

const COMPLETIONS: Readonly<Record<Shell, (commands: readonly OutlinedCommand[]) => string>> = {
  bash: bashCompletion,
  zsh: zshCompletion,
  fish: fishCompletion,
};

/** The completion of every command and option of `program`, as a script for that shell. */
export function completionFor(shell: Shell, program: Command): string {
  return COMPLETIONS[shell](outlineOf(program));
}
