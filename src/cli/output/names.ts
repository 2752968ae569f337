import stringWidth from 'string-width';
import type { NamedArchive, NamesSummary } from '../../steps/names.ts';
import { formatCount } from './amounts.ts';
import { csvLine } from './csv.ts';
import { alignColumns } from './text-table.ts';
import type { Pieces } from './write-out.ts';

export type NamesFormat = 'table' | 'csv' | 'jsonl';

/** Rows by which the widths of the table's columns are set: all would have to be held otherwise. */
const MEASURED = 200;
const WIDEST_KEY = 72;
const LONGEST_DESCRIPTION = 40;
const ELLIPSIS = '...';
const ASCII = /^[\x20-\x7e]*$/;
const SEGMENTER = new Intl.Segmenter();

/** The names in pieces, as they are read. What `csv` and `jsonl` give can be edited and given to `--names`. */
export function namesPieces(names: Iterable<NamedArchive>, format: NamesFormat): Pieces {
  switch (format) {
    case 'csv':
      return csvNames(names);
    case 'jsonl':
      return jsonLines(names);
    case 'table':
      return tableOf(names);
    default:
      return format satisfies never;
  }
}

function* csvNames(names: Iterable<NamedArchive>): Generator<string> {
  yield csvLine(['archive_id', 'description', 'format', 'key', 'changes']);
  for (const { archiveId, description, format, key, changes } of names) {
    yield csvLine([archiveId, description, format, key, changes.join(' ')]);
  }
}

function* jsonLines(names: Iterable<NamedArchive>): Generator<string> {
  for (const { archiveId, description, format, key, changes } of names) {
    yield `${JSON.stringify({ archive_id: archiveId, description, format, key, changes })}\n`;
  }
}

/** The long archive id comes last, so that a terminal that is not so wide cuts or wraps that. */
function* tableOf(names: Iterable<NamedArchive>): Generator<string> {
  let rows: (readonly string[])[] = [['key', 'format', 'changed by', 'description', 'archive id']];
  let widths: readonly number[] | undefined;
  const flush = function* () {
    widths ??= [WIDEST_KEY, 11, 24, LONGEST_DESCRIPTION].map((most, column) =>
      Math.min(most, Math.max(...rows.map((row) => stringWidth(row[column] ?? '')))),
    );
    // an empty row as wide as the first ones, which is not shown
    const rule = widths.map((width) => ' '.repeat(width));
    yield* alignColumns([rule, ...rows], ['left', 'left', 'left', 'left', 'left'])
      .slice(1)
      .map((line) => `${line}\n`);
    rows = [];
  };
  for (const { archiveId, description, format, key, changes } of names) {
    rows.push([key, format, changes.join(' '), shortened(description), archiveId]);
    if (rows.length >= MEASURED) yield* flush();
  }
  yield* flush();
}

/** No wider than its column, and cut between characters as they are seen. */
function shortened(description: string): string {
  if (stringWidth(description) <= LONGEST_DESCRIPTION) return description;
  const room = LONGEST_DESCRIPTION - ELLIPSIS.length;
  // nearly all are: by segments, ten million of them would take minutes
  if (ASCII.test(description)) return description.slice(0, room) + ELLIPSIS;
  let start = '';
  for (const { segment } of SEGMENTER.segment(description)) {
    if (stringWidth(start + segment) > room) break;
    start += segment;
  }
  return start + ELLIPSIS;
}

/** `--summary`. */
export function renderNamesSummary(summary: NamesSummary): string {
  const { archives, formats, unnamed, collided, cut, changes, compressed, encrypted } = summary;
  const row = (name: string, count: number) => [`  ${name}`, formatCount(count)];
  const others = Object.entries(changes).filter(([name]) => !['unnamed', 'duplicate', 'cut'].includes(name));
  const rows = [
    ['archives', formatCount(archives)],
    ['by format of the name', ''],
    ...Object.entries(formats).map(([name, count]) => row(name, count)),
    ['keys', ''],
    row('unnamed: no name, or none that can be decoded', unnamed),
    row('collided: the same name as others, told apart', collided),
    row('cut: longer than 1,024 bytes', cut),
    ...others.map(([name, count]) => row(`changed: ${name}`, count)),
    ...(compressed + encrypted > 0 ? [['originals that only their program can open', '']] : []),
    ...(compressed > 0 ? [row('compressed', compressed)] : []),
    ...(encrypted > 0 ? [row('encrypted', encrypted)] : []),
  ];
  return `${alignColumns(rows, ['left', 'right']).join('\n')}\n`;
}
