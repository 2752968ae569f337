import { UsageError } from '../lib/errors.ts';

const SPECIAL = /[\\^$.*+?()[\]{}|/]/;

/**
 * A glob over keys, by rclone's rules (rclone.org/filtering): `*` and `?` stop at a `/`, `**` does not, `[a-z]` and `[^a-z]`, `{a,b}`
 * without nesting, `\` takes the next character as it is. With a leading `/` it begins at the start of the key, else at any `/`;
 * with a `/` at its end it means all below. Case counts.
 * @throws {UsageError} where a bracket, a brace or a class is out of order, for `***`, and for `{{regular expressions}}`.
 */
export function globPattern(glob: string): RegExp {
  const refuse = (reason: string): never => {
    throw new UsageError(`the glob "${glob}" ${reason}`);
  };
  const text = glob.normalize('NFC').replace(/\/$/, '/**');
  const anchored = text.startsWith('/');
  const units = [...(anchored ? text.slice(1) : text)];
  let source = anchored ? '^' : '(?:^|/)';
  let inBraces = false;
  for (let at = 0; at < units.length; at += 1) {
    const unit = units[at] ?? '';
    switch (unit) {
      case '*': {
        let stars = 1;
        while (units[at + 1] === '*') {
          stars += 1;
          at += 1;
        }
        if (stars > 2) refuse('has too many stars: * stops at a /, ** does not');
        source += stars === 2 ? '.*' : '[^/]*';
        break;
      }
      case '?':
        source += '[^/]';
        break;
      case '\\':
        at += 1;
        if (at >= units.length) refuse('ends with a \\ that nothing follows');
        source += escaped(units[at] ?? '');
        break;
      case '[': {
        const { end, pattern } = characterClass(units, at) ?? refuse('has a [ that is not closed');
        at = end;
        source += pattern;
        break;
      }
      case ']':
        refuse('has a ] that closes nothing: write \\] for the character');
        break;
      case '{':
        if (units[at + 1] === '{') refuse('has a regular expression in {{ }}: only globs are taken');
        if (inBraces) refuse('has a { within { }: braces do not nest');
        inBraces = true;
        source += '(?:';
        break;
      case '}':
        if (!inBraces) refuse('has a } that closes nothing: write \\} for the character');
        inBraces = false;
        source += ')';
        break;
      case ',':
        source += inBraces ? '|' : ',';
        break;
      default:
        source += escaped(unit);
    }
  }
  if (inBraces) refuse('has a { that is not closed');
  try {
    return new RegExp(`${source}$`, 'su');
  } catch {
    return refuse('has a range out of order in [ ]');
  }
}

function escaped(unit: string): string {
  return SPECIAL.test(unit) ? `\\${unit}` : unit;
}

/** The class that begins at `start`; undefined where it does not end. Its first character may be a `]`. */
function characterClass(
  units: readonly string[],
  start: number,
): { readonly end: number; readonly pattern: string } | undefined {
  let at = start + 1;
  let pattern = '[';
  if (units[at] === '^') {
    pattern += '^';
    at += 1;
  }
  const first = at;
  for (; at < units.length; at += 1) {
    const unit = units[at] ?? '';
    if (unit === ']' && at > first) return { end: at, pattern: `${pattern}]` };
    if (unit === '\\') {
      at += 1;
      const next = units[at];
      if (next === undefined) return undefined;
      pattern += inClass(next);
    } else pattern += unit === '-' ? '-' : inClass(unit);
  }
  return undefined;
}

function inClass(unit: string): string {
  return /[\\\]^[-]/.test(unit) ? `\\${unit}` : unit;
}
