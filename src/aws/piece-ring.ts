import { MiB } from '../lib/size.ts';

/** One is worked on, one kept back, one filled, and one more so that neither side waits for the other. */
const PIECES = 4;

/**
 * Memory that a body is read into piece by piece, over and over. A piece that has been given out stays as it is until
 * the next but one is asked for: a reader can keep one back while it works on the other.
 */
export class PieceRing {
  readonly #pieces: readonly Uint8Array[];
  readonly #onRoom: () => void;
  /** Pieces that were filled, given out, and are free again. */
  #filled = 0;
  #given = 0;
  #freed = 0;
  /** Bytes in the piece that is being filled. */
  #at = 0;
  /** What came although there was no room. */
  #over: Uint8Array[] = [];
  #ended = false;
  #error: Error | undefined;
  #wake: () => void = () => undefined;

  /**
   * @param onRoom called when there is room again after `accept` has said no.
   * @param ahead bytes that are read ahead of the reader at most.
   */
  constructor(room: Uint8Array, onRoom: () => void, ahead = Number.POSITIVE_INFINITY) {
    const size = Math.min(MiB, Math.floor(Math.min(room.length, ahead) / PIECES));
    this.#pieces = Array.from({ length: PIECES }, (_, i) => room.subarray(i * size, (i + 1) * size));
    this.#onRoom = onRoom;
  }

  /** Where the next bytes may be read to; undefined: nowhere. */
  roomFor(): Uint8Array | undefined {
    const piece = this.#over.length > 0 ? undefined : this.#filling();
    return piece?.subarray(this.#at);
  }

  /** Takes bytes; those that were read into `roomFor()` are there already. @returns false where there is no more room. */
  accept(bytes: Uint8Array): boolean {
    if (this.#over.length > 0) this.#over.push(Uint8Array.from(bytes));
    else this.#fill(bytes);
    return this.#hasRoom();
  }

  /** No more bytes come. What it is told first holds. */
  end(error?: Error): void {
    if (this.#ended) return;
    this.#ended = true;
    this.#error = error;
    this.#wake();
  }

  /**
   * To be read once. Throws the error that the body ended with, after the pieces that came before it; once it has ended
   * so, nothing is written to the memory any more.
   */
  async *read(): AsyncGenerator<Uint8Array> {
    for (;;) {
      this.#freed = Math.max(0, this.#given - 1);
      if (!this.#ended && this.#catchUp()) this.#onRoom();
      while (this.#given === this.#filled && !this.#ended) {
        await new Promise<void>((resolve) => {
          this.#wake = resolve;
        });
      }
      if (this.#ended && !this.#error) this.#catchUp();
      const piece = this.#pieceOf(this.#given);
      if (this.#given < this.#filled) {
        this.#given += 1;
        yield piece;
      } else {
        if (this.#error) throw this.#error;
        if (this.#at === 0) return;
        const last = piece.subarray(0, this.#at);
        this.#at = 0;
        this.#filled += 1;
        this.#given += 1;
        yield last;
      }
    }
  }

  #pieceOf(number: number): Uint8Array {
    return this.#pieces[number % PIECES] as Uint8Array;
  }

  #filling(): Uint8Array | undefined {
    return this.#filled - this.#freed < PIECES ? this.#pieceOf(this.#filled) : undefined;
  }

  #hasRoom(): boolean {
    return this.#over.length === 0 && this.#filling() !== undefined;
  }

  #fill(bytes: Uint8Array): void {
    let rest = bytes;
    while (rest.length > 0) {
      const piece = this.#filling();
      if (!piece) {
        // the memory that they came in is used again before there is room
        this.#over.push(Uint8Array.from(rest));
        return;
      }
      const part = rest.subarray(0, piece.length - this.#at);
      const place = piece.subarray(this.#at, this.#at + part.length);
      if (place.buffer !== part.buffer || place.byteOffset !== part.byteOffset) place.set(part);
      this.#at += part.length;
      rest = rest.subarray(part.length);
      if (this.#at === piece.length) {
        this.#at = 0;
        this.#filled += 1;
        this.#wake();
      }
    }
  }

  /** Puts what came without room where there is some now. @returns whether there is room for more. */
  #catchUp(): boolean {
    const waiting = this.#over;
    this.#over = [];
    for (const bytes of waiting) {
      if (this.#over.length > 0) this.#over.push(bytes);
      else this.#fill(bytes);
    }
    return this.#hasRoom();
  }
}
