import { pipeline, Readable } from 'node:stream';
import { type CsvError, type InfoRecord, parse } from 'csv-parse';
import { type ArchiveId, parseArchiveId } from './ids.ts';
import { isUsableName } from './object-key.ts';

/** One line of a `--names` file: what an archive is to be called, or what is wrong with the line. */
export type OverrideLine =
  | { readonly line: number; readonly archiveId: ArchiveId; readonly key: string }
  | { readonly line: number; readonly problem: string };

type Chunks = AsyncIterable<Uint8Array | string> | Iterable<Uint8Array | string>;

/** Names are compared without case, `_`, `-` and spaces; one of each kind must be there. */
const ID_NAMES = ['glacierarchiveid', 'archiveid'];
const KEY_NAMES = ['key', 'filename'];
/** Above any row that holds an id, a description and a key; bounds what a file of another kind costs. */
const MAX_ROW_LENGTH = 2 ** 20;
const LAST = 'nothing behind it was read';

/**
 * The lines of a `--names` file as it arrives: CSV (RFC 4180) with a header that has `archive_id` and `key`, or AWS's `GlacierArchiveID` and
 * `FileName`, more columns allowed; or JSON Lines with the same names. A byte order mark, CRLF and empty lines are
 * taken. Lines count from 1; a row that spans several is known by its first. Keys come as they are written, not cleaned.
 *
 * After what makes the rest unreadable (no header, a quote out of place) the problem is the last thing said. Ids that
 * stand there twice or that the vault does not have are for the caller to find. Rejects only with what `chunks` rejects with.
 */
export async function* readOverrides(chunks: Chunks): AsyncGenerator<OverrideLine> {
  const source = new Source(chunks);
  const first = await source.firstCharacter();
  if (first === '') yield { line: 1, problem: 'the file is empty' };
  else if (first === '[') yield { line: 1, problem: 'it is one JSON document: JSON Lines have an object on each line' };
  else if (first === '{') yield* readJsonLines(source);
  else yield* readCsv(source);
}

async function* readCsv(source: Source): AsyncGenerator<OverrideLine> {
  let unreadable: { readonly line: number; readonly empty: number; readonly problem: string } | undefined;
  // csv-parse counts a carriage return inside a field as a line of its own
  let surplus = 0;
  let columns: { readonly count: number; readonly id: number; readonly key: number } | undefined;
  let last = { line: 0, empty: 0 };
  const parser = parse({
    info: true,
    record_delimiter: ['\r\n', '\n'],
    relax_column_count: true,
    skip_empty_lines: true,
    max_record_size: MAX_ROW_LENGTH,
    // otherwise an error throws away the rows before it that are not read yet
    skip_records_with_error: true,
    on_skip: (error) => {
      unreadable ??= {
        line: Number(error?.lines),
        empty: Number(error?.empty_lines),
        problem: `${reasonOf(error)}; ${LAST}`,
      };
      source.end();
      return undefined;
    },
  });
  // an error of the source reaches the loop through the parser
  pipeline(Readable.from(source), parser, () => {});

  for await (const { info, record } of parser as AsyncIterable<{ info: InfoRecord; record: string[] }>) {
    if (unreadable && info.lines >= unreadable.line) break;
    surplus += countOf(record, '\r');
    last = { line: info.lines - surplus, empty: info.empty_lines };
    const line = last.line - countOf(record, '\n');
    if (record.length === 1 && record[0]?.trim() === '') continue;
    if (!columns) {
      const [id, ...otherIds] = placesOf(record, ID_NAMES);
      const [key, ...otherKeys] = placesOf(record, KEY_NAMES);
      columns = { count: record.length, id: id ?? -1, key: key ?? -1 };
      if (id !== undefined && key !== undefined && otherIds.length + otherKeys.length === 0) continue;
      yield { line, problem: `${wrongHeader(record, [id, ...otherIds], [key, ...otherKeys])}; ${LAST}` };
      return;
    }
    if (record.length === columns.count) yield overrideOf(line, record[columns.id], record[columns.key], source);
    else
      yield {
        line,
        problem: `it has ${record.length} fields and the header ${columns.count}: quote what holds a comma`,
      };
  }
  // the row that it is in may have begun long before: a quote that is not closed takes lines in until the next quote
  if (unreadable) yield { line: last.line + 1 + unreadable.empty - last.empty, problem: unreadable.problem };
}

function wrongHeader(record: readonly string[], ...columns: readonly (readonly (number | undefined)[])[]): string {
  if (columns.some(([first]) => first === undefined)) {
    return 'the first line must be a header with archive_id and key, or GlacierArchiveID and FileName';
  }
  const several = columns.find(([, second]) => second !== undefined) ?? [];
  const names = several.map((place) => (place === undefined ? '' : record[place]?.trim()));
  return `the header has several columns of which one may be there: ${names.join(' and ')}`;
}

function reasonOf(error: CsvError | undefined): string {
  switch (error?.code) {
    case 'CSV_QUOTE_NOT_CLOSED':
      return 'a quote is opened and never closed';
    case 'CSV_MAX_RECORD_SIZE':
      return 'the row has no end: a quote is missing';
    default:
      return 'a quote stands where none may be';
  }
}

function countOf(record: readonly string[], character: string): number {
  let count = 0;
  for (const field of record) {
    for (let at = field.indexOf(character); at >= 0; at = field.indexOf(character, at + 1)) count += 1;
  }
  return count;
}

async function* readJsonLines(source: Source): AsyncGenerator<OverrideLine> {
  const decoder = new TextDecoder();
  let line = 0;
  let rest = '';
  for await (const chunk of source) {
    const lines = (rest + decoder.decode(chunk, { stream: true })).split('\n');
    rest = lines.pop() ?? '';
    for (const text of lines) {
      line += 1;
      if (text.trim() !== '') yield jsonLine(line, text, source);
    }
    if (rest.length > MAX_ROW_LENGTH) {
      yield { line: line + 1, problem: `the line has no end; ${LAST}` };
      return;
    }
  }
  rest += decoder.decode();
  if (rest.trim() !== '') yield jsonLine(line + 1, rest, source);
}

function jsonLine(line: number, text: string, source: Source): OverrideLine {
  const value = parsed(text);
  if (typeof value !== 'object' || value === null) return { line, problem: 'it is not a JSON object' };
  const entries = Object.entries(value);
  const names = entries.map(([name]) => name);
  const [ids, keys] = [placesOf(names, ID_NAMES), placesOf(names, KEY_NAMES)];
  if (ids.length > 1 || keys.length > 1) return { line, problem: 'it has several archive ids or keys' };
  return overrideOf(line, entries[ids[0] ?? -1]?.[1], entries[keys[0] ?? -1]?.[1], source);
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

function overrideOf(line: number, id: unknown, key: unknown, source: Source): OverrideLine {
  const archiveId = parseArchiveId(typeof id === 'string' ? id.trim() : id);
  if (archiveId === undefined) {
    const missing = id === undefined || id === null || id === '';
    return { line, problem: missing ? 'it has no archive id' : `${JSON.stringify(id)} is not an archive id` };
  }
  if (typeof key !== 'string' || key.trim() === '') return { line, problem: 'its key is empty' };
  if (source.damaged && key.includes('\ufffd')) return { line, problem: 'its key is not UTF-8' };
  if (!isUsableName(key))
    return { line, problem: `nothing is left of its key ${JSON.stringify(key)} as an object key` };
  return { line, archiveId, key };
}

function plainName(name: string): string {
  return name.toLowerCase().replace(/[_\s-]/g, '');
}

/** Where one of the wanted names stands. */
function placesOf(names: readonly string[], wanted: readonly string[]): readonly number[] {
  return names.flatMap((name, place) => (wanted.includes(plainName(name)) ? [place] : []));
}

/** The bytes of the file without a byte order mark. To be iterated once. */
class Source implements AsyncIterable<Buffer> {
  readonly #chunks: AsyncGenerator<Buffer>;
  readonly #head: Buffer[] = [];
  readonly #utf8 = new TextDecoder('utf-8', { fatal: true });
  #damaged = false;
  #ended = false;

  constructor(chunks: Chunks) {
    this.#chunks = buffersOf(chunks);
  }

  /** Whether what was read so far is not UTF-8: what stands for the damage is U+FFFD, which may also be meant. */
  get damaged(): boolean {
    return this.#damaged;
  }

  /** The first character that is not white space, or none where there is none. What was looked at is iterated too. */
  async firstCharacter(): Promise<string> {
    let text = '';
    while (text === '') {
      const { value, done } = await this.#chunks.next();
      if (done) return '';
      this.#head.push(value);
      text = value
        .toString('latin1')
        .replace(/^\xef\xbb\xbf/, '')
        .trimStart();
    }
    return text[0] ?? '';
  }

  /** Lets the iteration end before the file does. */
  end(): void {
    this.#ended = true;
  }

  async *[Symbol.asyncIterator](): AsyncGenerator<Buffer> {
    try {
      const [first, ...others] = this.#head;
      if (first) yield this.#checked(first.indexOf('\ufeff') === 0 ? first.subarray(3) : first);
      for (const chunk of others) yield this.#checked(chunk);
      for await (const chunk of this.#chunks) {
        if (this.#ended) return;
        yield this.#checked(chunk);
      }
      this.#check();
    } finally {
      await this.#chunks.return(undefined);
    }
  }

  #checked(chunk: Buffer): Buffer {
    this.#check(chunk);
    return chunk;
  }

  /** Without a chunk: that no character is left unfinished at the end. */
  #check(chunk?: Buffer): void {
    if (this.#damaged) return;
    try {
      this.#utf8.decode(chunk, { stream: chunk !== undefined });
    } catch {
      this.#damaged = true;
    }
  }
}

/** The chunks as buffers, none but the last shorter than a byte order mark. */
async function* buffersOf(chunks: Chunks): AsyncGenerator<Buffer> {
  let start: Buffer | undefined;
  for await (const chunk of chunks) {
    const bytes =
      typeof chunk === 'string' ? Buffer.from(chunk) : Buffer.from(chunk.buffer, chunk.byteOffset, chunk.length);
    const whole = start ? Buffer.concat([start, bytes]) : bytes;
    start = whole.length < 3 ? whole : undefined;
    if (!start) yield whole;
  }
  if (start) yield start;
}
