import type { Option } from 'commander';
import { type OutlinedCommand, type Value, valueTakenBy, wordsOf } from '../outline.ts';

/** Completion for fish from 3.1 on. */
export function fishCompletion(commands: readonly OutlinedCommand[]): string {
  const lines = commands.flatMap((each) => linesOf(each, commands));
  const values = [...new Set(commands.flatMap(({ options }) => options.filter(valueTakenBy).flatMap(wordsOf)))];
  const paths = commands.filter(({ path }) => path !== '').map(({ path }) => quoted(` ${path}`));
  return `# glacier2s3: completion for fish, made by \`glacier2s3 completion fish\`
function __glacier2s3_at
  set -l command ''
  set -l is_value
  for word in (commandline -opc)[2..-1]
    if test -n "$is_value"
      set is_value
    else if contains -- $word ${values.join(' ')}
      set is_value yes
    else if contains -- "$command $word" ${paths.join(' ')}
      set command "$command $word"
    end
  end
  test "$command" = "$argv[1]"
end
complete -c glacier2s3 -f
${lines.join('\n')}
`;
}

function linesOf({ path, commands, options, argument }: OutlinedCommand, all: readonly OutlinedCommand[]): string[] {
  const at = path === '' ? '' : ` ${path}`;
  const begin = `complete -c glacier2s3 -n ${quoted(`__glacier2s3_at ${quoted(at)}`)}`;
  return [
    ...commands.map((name) => {
      const text = all.find((each) => each.path === `${path} ${name}`.trim())?.command.description() ?? '';
      return `${begin} -a ${name} -d ${quoted(text)}`;
    }),
    ...options.map(
      (option) => `${begin} ${namesOf(option)}${valueFlags(valueTakenBy(option))} -d ${quoted(option.description)}`,
    ),
    ...(argument ? [`${begin}${argument.type === 'file' ? ' -F' : valueFlags(argument).replace(' -x', '')}`] : []),
  ];
}

function namesOf({ short, long }: Option): string {
  return [short && `-s ${short.slice(1)}`, long && `-l ${long.slice(2)}`].filter(Boolean).join(' ');
}

function valueFlags(value: Value | undefined): string {
  switch (value?.type) {
    case undefined:
      return '';
    case 'choices':
      return ` -x -a ${quoted(value.choices.join(' '))}`;
    case 'file':
      return ' -r -F';
    case 'directory':
      return " -x -a '(__fish_complete_directories)'";
    case 'any':
      return ' -x';
    default:
      return value satisfies never;
  }
}

function quoted(text: string): string {
  return `'${text.replace(/['\\]/g, '\\$&')}'`;
}
