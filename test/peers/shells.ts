import { join } from 'node:path';
import { areInstalled, runToEnd } from './daemon.ts';

export const hasZsh = areInstalled('zsh');
export const hasFish = areInstalled('fish');
export const hasManual = areInstalled('man', 'mandoc');
export const hasSystemd = areInstalled('systemd-analyze');

const completions = new URL('../../dist/completions/', import.meta.url).pathname;

/** What fish offers at the end of `line`. */
export async function offeredByFish(line: string, cwd?: string): Promise<readonly string[]> {
  const script = 'source $argv[1]; complete -C $argv[2]';
  const output = await runToEnd('fish', ['--no-config', '-c', script, join(completions, 'glacier2s3.fish'), line], {
    cwd,
  });
  return output
    .split('\n')
    .filter(Boolean)
    .map((each) => each.split('\t')[0] ?? '');
}

/** In a terminal of its own: what is run is put between angle brackets. */
const ZSH = String.raw`
  zmodload zsh/zpty
  zpty shell zsh -f -i
  zpty -w shell "PS1=; stty cols 400; autoload -Uz compinit; compinit -D -u; source $1"
  zpty -w shell 'glacier2s3() { print -r -- "<ran $*>" }; print READY'
  zpty -r -m shell said '*READY*READY*'
  zpty -w shell "$2"$'\t'
  zpty -r -m shell said '*<ran *>*'
  print -r -- "$said"`;

/** What zsh runs when Tab and Enter are pressed at the end of `line`. */
export async function ranByZsh(line: string, cwd?: string): Promise<string> {
  const output = await runToEnd('zsh', ['-f', '-c', ZSH, 'zsh', join(completions, '_glacier2s3'), line], {
    cwd,
    env: { TERM: 'dumb', HISTFILE: '' },
  });
  return /<ran ([^>\n]*)>/.exec(output.slice(output.lastIndexOf('<ran')))?.[1]?.trim() ?? output;
}
