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
const ROW = /^"?([A-Za-z0-9_-]+)"?,(.*),"?([0-9T:.Z+-]+)"?,"?(\d+)"?,"?([0-9A-Fa-f]{64})"?$/s;
const QUOTED_BEGINNING = /^"?[A-Za-z0-9_-]+"?,"/;
/** A quoted description may hold line ends; more than this is a damaged row. */
const LONGEST_ROW = 64 * 1024;

/** Takes a CSV inventory apart line by line. */
export class CsvInventoryParser implements InventoryParser {
  #rest = Buffer.alloc(0);
  /** The lines of a row whose quoted description has not ended yet, and their bytes. */
  #open = '';
  #inRow = 0;
  #consumed: number;
  #sawHeader: boolean;

  constructor(resume?: { readonly offset: number }) {
    this.#consumed = resume?.offset ?? 0;
    this.#sawHeader = this.#consumed > 0;
  }

  get offset(): number {
    return this.#consumed;
  }

  push(bytes: Uint8Array): InventoryRow[] {
    const buffer = this.#rest.length === 0 ? Buffer.from(bytes) : Buffer.concat([this.#rest, bytes]);
    const rows: InventoryRow[] = [];
    let start = 0;
    for (let end = buffer.indexOf(NEWLINE); end >= 0; end = buffer.indexOf(NEWLINE, start)) {
      this.#line(buffer.toString('utf8', start, end), rows);
      this.#inRow += end + 1 - start;
      start = end + 1;
      if (this.#open !== '') continue;
      this.#consumed += this.#inRow;
      this.#inRow = 0;
    }
    this.#rest = buffer.subarray(start);
    return rows;
  }

  end(): { rows: InventoryRow[]; complete: boolean } {
    const rows: InventoryRow[] = [];
    if (this.#rest.length > 0) this.#line(this.#rest.toString('utf8'), rows);
    if (this.#open !== '') rows.push(problemRow('not five columns', this.#open));
    return { rows, complete: this.#sawHeader };
  }

  header(): InventoryHeader {
    return {};
  }

  #line(line: string, rows: InventoryRow[]): void {
    if (!this.#sawHeader) {
      this.#sawHeader = true;
      const first = line.replace(/^\uFEFF/, '').trim();
      if (first.replaceAll('"', '') === HEADER) return;
    }
    const alone = line.replace(/\r$/, '');
    if (this.#open !== '' && ROW.test(alone)) {
      // the open row never ended: this line is a row of its own
      rows.push(problemRow('not five columns', this.#open));
      this.#open = '';
    }
    const text = this.#open === '' ? alone : `${this.#open}\n${alone}`;
    const match = ROW.exec(text);
    if (!match) {
      this.#open = QUOTED_BEGINNING.test(text) && text.length < LONGEST_ROW ? text : '';
      if (this.#open === '' && text.trim() !== '') rows.push(problemRow('not five columns', text));
      return;
    }
    this.#open = '';
    const [, ArchiveId, description = '', CreationDate, size, SHA256TreeHash] = match;
    rows.push(
      inventoryRow(
        { ArchiveId, ArchiveDescription: unquote(description), CreationDate, Size: Number(size), SHA256TreeHash },
        text,
      ),
    );
  }
}

function unquote(field: string): string {
  if (field.length < 2 || !field.startsWith('"') || !field.endsWith('"')) return field;
  return field.slice(1, -1).replaceAll('\\"', '"');
}
