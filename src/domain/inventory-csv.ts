import {
  type InventoryHeader,
  type InventoryParser,
  type InventoryRow,
  inventoryRow,
  problemRow,
} from './inventory-file.ts';

const NEWLINE = 0x0a;
const HEADER = 'ArchiveId,ArchiveDescription,CreationDate,Size,SHA256TreeHash';

/**
 * The five columns. Glacier quotes a description that holds a comma or a quote, writes `\"` for a quote and leaves
 * backslashes as they are (developer guide, api-job-output-get): the other four columns can hold none of these, so the
 * description is what stands between them.
 */
const ROW = /^"?([A-Za-z0-9_-]+)"?,(.*),"?([0-9T:.Z+-]+)"?,"?(\d+)"?,"?([0-9A-Fa-f]{64})"?\r?$/s;
/** A row by itself, not the last line of a quoted description: that one has a quote at its end and none at its beginning. */
const ROW_ALONE = /^"?[A-Za-z0-9_-]+"?,(?:".*"|[^"]*),"?[0-9T:.Z+-]+"?,"?\d+"?,"?[0-9A-Fa-f]{64}"?\r?$/;
/** A row that may go on in the next line. */
const QUOTED_BEGINNING = /^"?[A-Za-z0-9_-]+"?,"/;
/** An id of Glacier's 138 characters: no line of a description begins like that. */
const LIKELY_BEGINNING = /^"?[A-Za-z0-9_-]{100,255}"?,/;
/** A row ends with its hash, and no line of a description does. */
const ROW_END = /,"?[0-9A-Fa-f]{64}"?\r?$/;
/** Longer than any row, line ends in its description included. */
const LONGEST_ROW = 64 * 1024;
const BEGINNING = 2048;

/** Takes a CSV inventory apart line by line. */
export class CsvInventoryParser implements InventoryParser {
  #rest = Buffer.alloc(0);
  /** `foreign`: the first line is neither the header nor a row, so this is no inventory. */
  #place: 'first' | 'rows' | 'foreign' = 'first';
  /** The lines of a row whose quoted description has not ended yet. */
  #open = '';
  /** The beginning of a line that is longer than any row. */
  #long: string | undefined;
  /** The bytes of the rows given out, and of the row that is being read. */
  #consumed: number;
  #inRow = 0;

  /** @param resume where to go on: the offset of an earlier parser. */
  constructor(resume?: { readonly offset: number }) {
    this.#consumed = resume?.offset ?? 0;
    if (this.#consumed > 0) this.#place = 'rows';
  }

  get offset(): number {
    return this.#consumed;
  }

  push(bytes: Uint8Array): InventoryRow[] {
    const rows: InventoryRow[] = [];
    if (this.#isForeign()) return rows;
    const buffer = this.#rest.length === 0 ? Buffer.from(bytes) : Buffer.concat([this.#rest, bytes]);
    let start = 0;
    for (let end = buffer.indexOf(NEWLINE); end >= 0; end = buffer.indexOf(NEWLINE, start)) {
      this.#line(buffer.subarray(start, end), rows);
      this.#inRow += end + 1 - start;
      start = end + 1;
      if (this.#isForeign()) return rows;
      if (this.#open !== '') continue;
      this.#consumed += this.#inRow;
      this.#inRow = 0;
    }
    this.#rest = buffer.subarray(start);
    if (this.#long !== undefined || this.#rest.length > LONGEST_ROW) {
      this.#long ??= beginningOf(this.#rest);
      this.#inRow += this.#rest.length;
      this.#rest = Buffer.alloc(0);
    }
    return rows;
  }

  end(): { rows: InventoryRow[]; complete: boolean } {
    const rows: InventoryRow[] = [];
    if (this.#isForeign()) return { rows, complete: false };
    // a last line without a line end that is no row was cut short; with a line end it is a damaged row
    let cut = false;
    if (this.#long !== undefined || this.#rest.length > 0) {
      this.#line(this.#rest, rows);
      const last = rows.at(-1);
      cut = this.#open !== '' || (last !== undefined && 'problem' in last);
    }
    this.#giveUp(rows);
    return { rows, complete: this.#place === 'rows' && !cut };
  }

  header(): InventoryHeader {
    return {};
  }

  #isForeign(): boolean {
    return this.#place === 'foreign';
  }

  #line(bytes: Buffer, rows: InventoryRow[]): void {
    const isLong = this.#long !== undefined || bytes.length > LONGEST_ROW;
    let line = isLong ? (this.#long ?? beginningOf(bytes)) : bytes.toString('utf8');
    this.#long = undefined;
    if (this.#place === 'first') {
      line = line.replace(/^\uFEFF/, '');
      const isHeader = line.trim().replaceAll('"', '') === HEADER;
      this.#place = isHeader || ROW.test(line) ? 'rows' : 'foreign';
      if (isHeader || this.#place === 'foreign') return;
    }
    // most lines are rows: what they might be else is looked at where they are none
    if (this.#open !== '' && (isLong || LIKELY_BEGINNING.test(line) || ROW_ALONE.test(line))) this.#giveUp(rows);
    if (isLong) {
      rows.push(problemRow('not five columns', line));
      return;
    }
    const text = this.#open + line;
    // a long description in many lines is not gone through for each of them
    const match = this.#open === '' || ROW_END.test(line) ? ROW.exec(text) : null;
    this.#open = '';
    if (match) {
      const [, ArchiveId, description = '', CreationDate, size, SHA256TreeHash] = match;
      const Size = Number(size);
      rows.push(
        inventoryRow({ ArchiveId, ArchiveDescription: unquote(description), CreationDate, Size, SHA256TreeHash }, text),
      );
    } else if (!ROW_END.test(line) && QUOTED_BEGINNING.test(text) && text.length < LONGEST_ROW)
      this.#open = `${text}\n`;
    else if (text.trim() !== '') rows.push(problemRow('not five columns', text));
  }

  /** The open row has not ended, and what follows is a row of its own. */
  #giveUp(rows: InventoryRow[]): void {
    if (this.#open === '') return;
    rows.push(problemRow('not five columns', this.#open.trimEnd()));
    this.#open = '';
    this.#consumed += this.#inRow;
    this.#inRow = 0;
  }
}

function beginningOf(bytes: Buffer): string {
  return bytes.toString('utf8', 0, BEGINNING);
}

/** `\"` is Glacier's quote, `""` that of a program which has written the file anew. */
function unquote(field: string): string {
  if (field.length < 2 || !field.startsWith('"') || !field.endsWith('"')) return field;
  return field.slice(1, -1).replaceAll(/\\"|""/g, '"');
}
