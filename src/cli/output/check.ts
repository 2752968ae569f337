import { formatSize } from '../../lib/size.ts';
import type { CheckFact, TransferFacts } from '../../state/facts.ts';
import type { StateFile } from '../../state/state-file.ts';
import type { CheckReport } from '../../steps/check-objects.ts';
import { formatCount } from './amounts.ts';

type Transfer = Pick<TransferFacts['transfer'], 'vault' | 'bucket'>;

/** Whether every object is there and is what was copied, and nothing else is below the prefix. */
export function isAllRight({ results, extras }: CheckReport): boolean {
  return results['-'] + results['*'] + results['!'] + extras === 0;
}

/** A line for each object, as `rclone check --combined` writes it. */
export function* combinedLines(state: StateFile, { run }: CheckReport): Generator<string> {
  for (const { result, key } of state.checks.lines(run, true)) yield `${result} ${printable(key)}\n`;
  for (const key of state.checks.extras()) yield `+ ${printable(key)}\n`;
}

/** A line for each object that is not as it should be, with what differs. */
export function* differencesOf(state: StateFile, { run }: CheckReport): Generator<string> {
  for (const { result, key, detail } of state.checks.lines(run, false)) {
    yield `${result} ${printable(key)}${detail === undefined ? '' : `: ${printable(detail)}`}\n`;
  }
  for (const key of state.checks.extras()) yield `+ ${printable(key)}\n`;
}

const LABELS = {
  '=': 'match',
  '-': 'missing in the bucket',
  '+': 'only in the bucket',
  '*': 'differ',
  '!': 'could not be looked at',
} as const;

/** What was found, in sums. */
export function renderCheck(report: CheckReport, { vault, bucket }: Transfer, deep: boolean): string {
  const { results, extras, readBack, archived, bytes } = report;
  const counts = { ...results, '+': extras };
  const checked = Object.values(results).reduce((sum, count) => sum + count, 0);
  const rows = (Object.keys(LABELS) as (keyof typeof LABELS)[])
    .filter((sign) => sign === '=' || counts[sign] > 0)
    .map((sign) => `  ${sign} ${formatCount(counts[sign]).padStart(11)}  ${LABELS[sign]}\n`);
  const read = [
    `  ${formatCount(readBack)} were read back, and their tree hashes are right\n`,
    archived > 0 ? `  ${formatCount(archived)} were not read: their storage class has to be restored first\n` : '',
  ];
  return `${vault} to ${bucket}: ${formatCount(checked)} objects looked at, ${formatSize(bytes)}\n${rows.join('')}${deep ? read.join('') : ''}`;
}

/** One document. */
export function checkJson(report: CheckReport, { vault, bucket }: Transfer, fact: CheckFact | undefined): string {
  const { results, extras, bytes, readBack, archived } = report;
  const iso = (at: number | undefined) => (at === undefined ? null : new Date(at).toISOString());
  return `${JSON.stringify({
    type: 'verify',
    vault,
    bucket,
    begunAt: iso(fact?.begunAt),
    endedAt: iso(fact?.endedAt),
    match: results['='],
    missing: results['-'],
    extra: extras,
    differ: results['*'],
    errors: results['!'],
    bytes,
    readBack,
    notReadable: archived,
  })}\n`;
}

/** One line a key, whatever is in it: what comes from outside must not command the terminal. */
function printable(text: string): string {
  return text.replace(/\p{Cc}/gu, (character) => `\\x${character.charCodeAt(0).toString(16).padStart(2, '0')}`);
}
