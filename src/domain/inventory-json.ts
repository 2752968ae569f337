import {
  type InventoryHeader,
  type InventoryParser,
  type InventoryRow,
  inventoryRow,
  parseHeader,
  problemRow,
} from './inventory-file.ts';

const QUOTE = 0x22;
const BACKSLASH = 0x5c;
const OPEN = 0x7b;
const CLOSE = 0x7d;
const OPEN_LIST = 0x5b;
const CLOSE_LIST = 0x5d;
const COMMA = 0x2c;

/** Longer than any row: 1,024 characters of description, each at most six bytes, and four short fields. */
const LONGEST_ROW = 64 * 1024;
/** How each row begins in the inventories that Glacier writes: where reading goes on after a damaged one. */
const ROW_START = Buffer.from('{"ArchiveId"');

/**
 * Cuts rows out of `{"VaultARN":..., "InventoryDate":..., "ArchiveList":[row, row, ...]}` and parses each by itself: the
 * scan looks at quotes, braces and brackets only.
 */
export class JsonInventoryParser implements InventoryParser {
  #buffer = Buffer.alloc(0);
  /** Next byte of the buffer to look at, and where the row it is in begins (-1: in none). */
  #at = 0;
  #rowStart = -1;
  #depth = 0;
  #inString = false;
  #place: 'head' | 'list' | 'tail' = 'head';
  #around = '';
  #consumed = 0;
  /** Where the list ends: a parser that resumes there still sees that it does. */
  #listEnd: number | undefined;

  /** @param resume where to go on: the offset of an earlier parser that has read its header. */
  constructor(resume?: { readonly offset: number }) {
    if (resume && resume.offset > 0) {
      this.#place = 'list';
      this.#depth = 2;
      this.#consumed = resume.offset;
    }
  }

  get offset(): number {
    return this.#listEnd ?? this.#consumed;
  }

  push(bytes: Uint8Array): InventoryRow[] {
    this.#buffer = this.#buffer.length === 0 ? Buffer.from(bytes) : Buffer.concat([this.#buffer, bytes]);
    const rows: InventoryRow[] = [];
    while (this.#at < this.#buffer.length) {
      if (this.#place === 'head') this.#readHead();
      else if (this.#place === 'list') this.#readList(rows);
      if (this.#place === 'tail') this.#keepAround(this.#buffer.length);
    }
    this.#drop(this.#rowStart >= 0 ? this.#rowStart : this.#place === 'head' ? 0 : this.#at);
    return rows;
  }

  end(): { rows: InventoryRow[]; complete: boolean } {
    const rows: InventoryRow[] = [];
    if (this.#rowStart >= 0) this.#damaged(rows, this.#buffer.length);
    const complete = this.#place === 'tail' && this.#around.trimEnd().endsWith('}');
    return { rows, complete };
  }

  header(): InventoryHeader {
    return parseHeader(this.#place === 'list' ? `${this.#around}]}` : this.#around);
  }

  /** Up to the `[` of ArchiveList, the only list at the top. */
  #readHead(): void {
    const buffer = this.#buffer;
    for (; this.#at < buffer.length; this.#at += 1) {
      const byte = buffer[this.#at];
      if (this.#inString) {
        if (byte === BACKSLASH) this.#at += 1;
        else if (byte === QUOTE) this.#inString = false;
      } else if (byte === QUOTE) this.#inString = true;
      else if (byte === OPEN_LIST) {
        this.#at += 1;
        this.#depth = 2;
        this.#place = 'list';
        this.#keepAround(this.#at);
        return;
      }
    }
    // no inventory begins like this: nothing of it is kept, and `end` says that it was not complete
    if (this.#at > LONGEST_ROW) this.#place = 'tail';
  }

  #readList(rows: InventoryRow[]): void {
    const buffer = this.#buffer;
    for (; this.#at < buffer.length; this.#at += 1) {
      const byte = buffer[this.#at];
      if (this.#inString) {
        if (byte === BACKSLASH) this.#at += 1;
        else if (byte === QUOTE) this.#inString = false;
      } else if (byte === QUOTE) {
        this.#begin();
        this.#inString = true;
      } else if (byte === OPEN || byte === OPEN_LIST) {
        this.#begin();
        this.#depth += 1;
      } else if (this.#depth > 2 && (byte === CLOSE || byte === CLOSE_LIST)) {
        this.#depth -= 1;
        if (this.#depth === 2) {
          this.#emit(rows, this.#at + 1);
          continue;
        }
      } else if (this.#depth === 2 && (byte === COMMA || byte === CLOSE_LIST)) {
        if (this.#rowStart >= 0) {
          const here = this.#at;
          this.#emit(rows, here);
          // a damaged row is looked at again from where the next one may begin
          if (this.#at < here) continue;
        }
        if (byte === CLOSE_LIST) {
          this.#place = 'tail';
          this.#listEnd = this.#consumed + this.#at;
          return;
        }
      } else if (this.#depth === 2 && byte !== undefined && byte > 0x20) this.#begin();
      if (this.#rowStart >= 0 && this.#at - this.#rowStart > LONGEST_ROW) this.#damaged(rows, this.#at + 1);
    }
  }

  #begin(): void {
    if (this.#rowStart < 0) this.#rowStart = this.#at;
  }

  /** The row that began at `#rowStart` and ends before `end`. */
  #emit(rows: InventoryRow[], end: number): void {
    const text = this.#buffer.toString('utf8', this.#rowStart, end);
    let fields: unknown;
    try {
      fields = JSON.parse(text);
    } catch {
      // not JSON: a row with a problem, and perhaps good rows that its stray quote has swallowed
      this.#damaged(rows, end);
      return;
    }
    const isRow = typeof fields === 'object' && fields !== null && !Array.isArray(fields);
    rows.push(isRow ? inventoryRow(fields as Record<string, unknown>, text) : problemRow('not an archive', text));
    this.#rowStart = -1;
  }

  /** Gives up the row up to where the next one seems to begin, or to `end`, and looks again from there. */
  #damaged(rows: InventoryRow[], end: number): void {
    const next = this.#buffer.subarray(0, end).indexOf(ROW_START, this.#rowStart + 1);
    const stop = next < 0 ? end : next;
    rows.push(problemRow('not valid JSON', this.#buffer.toString('utf8', this.#rowStart, stop)));
    this.#rowStart = -1;
    this.#depth = 2;
    this.#inString = false;
    // one before: the loop that called steps on
    this.#at = stop - 1;
  }

  /** Moves the bytes up to `end` from the buffer to the text around the rows. */
  #keepAround(end: number): void {
    const from = this.#place === 'list' ? 0 : this.#at;
    this.#around += this.#buffer.toString('utf8', from, end);
    this.#at = end;
  }

  #drop(count: number): void {
    this.#consumed += count;
    this.#buffer = this.#buffer.subarray(count);
    this.#at -= count;
    if (this.#rowStart >= 0) this.#rowStart -= count;
  }
}
