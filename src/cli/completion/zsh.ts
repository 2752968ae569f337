import type { Option } from 'commander';
import { type OutlinedCommand, type Value, valueNameOf, valueTakenBy, wordsOf } from '../outline.ts';

/** Completion for zsh: to be sourced, or put into a folder of fpath as `_glacier2s3`. */
export function zshCompletion(commands: readonly OutlinedCommand[]): string {
  return `#compdef glacier2s3
# glacier2s3: completion for zsh, made by \`glacier2s3 completion zsh\`
${[...commands].reverse().map(functionOf(commands)).join('\n')}
if [[ "$funcstack[1]" == _glacier2s3 ]]; then
  _glacier2s3 "$@"
else
  compdef _glacier2s3 glacier2s3
fi
`;
}

function functionOf(all: readonly OutlinedCommand[]): (command: OutlinedCommand) => string {
  return ({ path, commands, options, argument }) => {
    const specs = options.map(specOf);
    if (commands.length === 0) {
      if (argument) specs.push(quoted(`1:${argument.type}:${actionOf(argument)}`));
      return `${nameOf(path)}() {\n  _arguments -s ${specs.join(' \\\n    ')}\n}\n`;
    }
    const below = commands.map((name) => (path === '' ? name : `${path} ${name}`));
    const described = below.map((each, i) => {
      const text = all.find((one) => one.path === each)?.command.description() ?? '';
      return `        ${quoted(`${commands[i]}:${escaped(text)}`)}`;
    });
    return `${nameOf(path)}() {
  local context state state_descr line
  local -a commands
  typeset -A opt_args
  _arguments -C ${[...specs, "'1: :->command'", "'*:: :->rest'"].join(' \\\n    ')}
  case $state in
    command)
      commands=(
${described.join('\n')}
      )
      _describe -t commands command commands
      ;;
    rest)
      case $line[1] in
${below.map((each, i) => `        ${commands[i]}) ${nameOf(each)} ;;`).join('\n')}
      esac
      ;;
  esac
}
`;
  };
}

function specOf(option: Option): string {
  const words = wordsOf(option);
  const value = valueTakenBy(option);
  const text = `[${escaped(option.description)}]`;
  const tail = value ? `:${escaped(valueNameOf(option.flags))}:${actionOf(value)}` : '';
  if (words.length > 1) return `'(${words.join(' ')})'{${words.join(',')}}${quoted(`${text}${tail}`)}`;
  // those that can be said more than once share a list; the others do not mind
  return quoted(`*${words[0]}${value ? '=' : ''}${text}${tail}`);
}

function actionOf(value: Value): string {
  switch (value.type) {
    case 'choices':
      return `(${value.choices.map(escaped).join(' ')})`;
    case 'file':
      return '_files';
    case 'directory':
      return '_files -/';
    case 'any':
      return '';
    default:
      return value satisfies never;
  }
}

function nameOf(path: string): string {
  return path === '' ? '_glacier2s3' : `_glacier2s3-${path.replaceAll(' ', '-')}`;
}

function escaped(text: string): string {
  return text.replace(/[\\[\]:]/g, '\\$&');
}

function quoted(text: string): string {
  return `'${text.replaceAll("'", "'\\''")}'`;
}
