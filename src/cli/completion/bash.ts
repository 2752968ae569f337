import { type OutlinedCommand, type Value, valueTakenBy, wordsOf } from '../outline.ts';

/** Completion for bash from 3.2 on, without the package bash-completion. */
export function bashCompletion(commands: readonly OutlinedCommand[]): string {
  return `# glacier2s3: completion for bash, made by \`glacier2s3 completion bash\`
_glacier2s3() {
  local cur=\${COMP_WORDS[COMP_CWORD]} prev=\${COMP_WORDS[COMP_CWORD-1]} command= words= kind= i
  local IFS=$' \\t\\n'
  COMPREPLY=()
  # bash takes --tier=Bulk for three words
  if [[ $cur == = ]]; then cur=; elif [[ $prev == = ]]; then prev=\${COMP_WORDS[COMP_CWORD-2]}; fi

  for ((i = 1; i < COMP_CWORD; i++)); do
    case "\${COMP_WORDS[i-1]}" in
      =|${valueWords(commands).join('|')}) continue ;;
    esac
    case "$command \${COMP_WORDS[i]}" in
      ${commandPatterns(commands).join('|')}) command="$command \${COMP_WORDS[i]}" ;;
    esac
  done

  case "$command $prev" in
${valueCases(commands)}
  esac
  if [[ -z $kind ]]; then
    case "$command" in
${commandCases(commands)}
    esac
  fi

  case "$kind" in
    file|directory)
      compopt -o filenames 2>/dev/null
      IFS=$'\\n'
      if [[ $kind == file ]]; then COMPREPLY=($(compgen -f -- "$cur")); else COMPREPLY=($(compgen -d -- "$cur")); fi
      ;;
    words) COMPREPLY=($(compgen -W "$words" -- "$cur")) ;;
  esac
}
complete -F _glacier2s3 glacier2s3
`;
}

/** Options after which a value comes: whatever the command, they mean the same. */
function valueWords(commands: readonly OutlinedCommand[]): readonly string[] {
  const all = commands.flatMap(({ options }) => options.filter(valueTakenBy).flatMap(wordsOf));
  return [...new Set(all)];
}

function commandPatterns(commands: readonly OutlinedCommand[]): readonly string[] {
  return commands.filter(({ path }) => path !== '').map(({ path }) => `' ${path}'`);
}

/** One case for all options that take the same. */
function valueCases(commands: readonly OutlinedCommand[]): string {
  const patterns = new Map<string, string[]>();
  for (const { path, options } of commands) {
    for (const option of options) {
      const value = valueTakenBy(option);
      if (!value) continue;
      const body = bodyOf(value);
      const known = patterns.get(body) ?? [];
      patterns.set(body, known);
      for (const word of wordsOf(option)) known.push(`'${path === '' ? '' : ` ${path}`} ${word}'`);
    }
  }
  return [...patterns].map(([body, words]) => `    ${words.join('|')}) ${body} ;;`).join('\n');
}

function commandCases(commands: readonly OutlinedCommand[]): string {
  const rows = commands.map(({ path, options, commands: below, argument }) => {
    const words = [...below, ...options.flatMap(wordsOf)];
    const named = `words='${words.join(' ')}' kind=words`;
    const body = argument ? `if [[ $cur == -* ]]; then ${named}; else ${bodyOf(argument)}; fi` : named;
    return `      '${path === '' ? '' : ` ${path}`}') ${body} ;;`;
  });
  return rows.join('\n');
}

function bodyOf(value: Value): string {
  return value.type === 'choices' ? `words='${value.choices.join(' ')}' kind=words` : `kind=${value.type}`;
}
