import { pipeline, Readable } from 'node:stream';
import { type CsvError, type InfoRecord, parse } from 'csv-parse';
import { type ArchiveId, parseArchiveId } from './ids.ts';
import { isUsableName } from './object-key.ts';

/** One line of a `--names` file: what an archive is to be called, or what is wrong with the line. */
export type OverrideLine =
  | { readonly line: number; readonly archiveId: ArchiveId; readonly key: string }
  | { readonly line: number; readonly problem: string };

type Chunks = AsyncIterable<Uint8Array | string> | Iterable<Uint8Array | string>;

/** Names are compared without case, `_`, `-` and spaces; the first of these that is there counts. */
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
  else if (first === '{') yield* readJsonLines(source);
  else yield* readCsv(source);
}

async function* readCsv(source: Source): AsyncGenerator<OverrideLine> {
  let unreadable: { readonly line: number; readonly problem: string } | undefined;
  // csv-parse counts a CRLF inside a field twice
  let surplus = 0;
  let columns: { readonly count: number; readonly id: number; readonly key: number } | undefined;
  const parser = parse({
    info: true,
    record_delimiter: ['\r\n', '\n'],
    relax_column_count: true,
    skip_empty_lines: true,
    max_record_size: MAX_ROW_LENGTH,
    // otherwise an error throws away the rows before it that are not read yet
    skip_records_with_error: true,
    on_skip: (error) => {
      unreadable ??= { line: Number(error?.lines), problem: `${reasonOf(error)}; ${LAST}` };
      source.end();
      return undefined;
    },
  });
  // an error of the source reaches the loop through the parser
  pipeline(Readable.from(source), parser, () => {});

  for await (const { info, record } of parser as AsyncIterable<{ info: InfoRecord; record: string[] }>) {
    if (unreadable && info.lines >= unreadable.line) break;
    const breaks = lineBreaks(record);
    surplus += breaks.crlf;
    const line = info.lines - surplus - breaks.all;
    if (record.length === 1 && record[0]?.trim() === '') continue;
    if (!columns) {
      const names = record.map(plainName);
      columns = { count: names.length, id: indexOfAny(names, ID_NAMES), key: indexOfAny(names, KEY_NAMES) };
      if (columns.id >= 0 && columns.key >= 0) continue;
      const wanted = 'archive_id and key, or GlacierArchiveID and FileName';
      yield { line, problem: `the first line must be a header with ${wanted}; ${LAST}` };
      return;
    }
    if (record.length === columns.count) yield overrideOf(line, record[columns.id], record[columns.key], source);
    else
      yield {
        line,
        problem: `it has ${record.length} fields and the header ${columns.count}: quote what holds a comma`,
      };
  }
  if (unreadable) yield { ...unreadable, line: unreadable.line - surplus };
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

function lineBreaks(record: readonly string[]): { readonly all: number; readonly crlf: number } {
  let all = 0;
  let crlf = 0;
  for (const field of record) {
    for (let at = field.indexOf('\n'); at >= 0; at = field.indexOf('\n', at + 1)) {
      all += 1;
      if (field[at - 1] === '\r') crlf += 1;
    }
  }
  return { all, crlf };
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
  const names = entries.map(([name]) => plainName(name));
  const [id, key] = [ID_NAMES, KEY_NAMES].map((wanted) => entries[indexOfAny(names, wanted)]?.[1]);
  return overrideOf(line, id, key, source);
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

function indexOfAny(names: readonly string[], wanted: readonly string[]): number {
  return wanted.map((name) => names.indexOf(name)).find((index) => index >= 0) ?? -1;
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
