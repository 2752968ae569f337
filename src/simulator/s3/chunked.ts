import { incompleteBody, Refusal } from './refusal.ts';

const LINE_LIMIT = 16 * 1024;
/** Only the last chunk may be smaller (S3 API reference, signature calculations for chunked upload). */
const SMALLEST_CHUNK = 8 * 1024;

function malformedTrailer(): Refusal {
  const message =
    'The request contained trailing data that was not well-formed or did not conform to our published schema.';
  return new Refusal(400, 'MalformedTrailerError', message);
}

/** Bytes as they come, read by line or by number. */
class Source {
  readonly #bytes: AsyncIterator<Buffer>;
  #buffer: Buffer = Buffer.alloc(0);

  constructor(bytes: AsyncIterable<Buffer>) {
    this.#bytes = bytes[Symbol.asyncIterator]();
  }

  async #more(): Promise<Buffer> {
    const next = await this.#bytes.next();
    if (next.done) throw incompleteBody();
    return next.value;
  }

  /** Up to the next CRLF, without it. */
  async line(): Promise<string> {
    for (;;) {
      const end = this.#buffer.indexOf('\r\n');
      if (end >= 0) {
        const line = this.#buffer.toString('latin1', 0, end);
        this.#buffer = this.#buffer.subarray(end + 2);
        return line;
      }
      if (this.#buffer.length > LINE_LIMIT) throw incompleteBody();
      this.#buffer = Buffer.concat([this.#buffer, await this.#more()]);
    }
  }

  async *take(count: number): AsyncGenerator<Buffer> {
    let left = count;
    while (left > 0) {
      if (this.#buffer.length === 0) this.#buffer = await this.#more();
      const piece = this.#buffer.subarray(0, left);
      this.#buffer = this.#buffer.subarray(piece.length);
      left -= piece.length;
      if (piece.length > 0) yield piece;
    }
  }

  async atEnd(): Promise<boolean> {
    while (this.#buffer.length === 0) {
      const next = await this.#bytes.next();
      if (next.done) return true;
      this.#buffer = next.value;
    }
    return false;
  }
}

/**
 * The bytes inside an aws-chunked body. Chunks' signatures must be there where the framing is signed, but are not
 * checked: that would need the caller's key.
 * @param trailers receives what follows the last chunk, by lower-case name, once the iteration is over.
 * @throws {Refusal} IncompleteBody, InvalidChunkSizeError, MalformedTrailerError
 */
export async function* decodeChunks(
  body: AsyncIterable<Buffer>,
  { signed, trailers }: { readonly signed: boolean; readonly trailers: Map<string, string> },
): AsyncGenerator<Buffer> {
  const source = new Source(body);
  const header = signed ? /^([0-9a-f]{1,13});chunk-signature=[0-9a-f]{64}$/i : /^([0-9a-f]{1,13})$/i;
  for (let previous = SMALLEST_CHUNK, chunk = 1; ; chunk += 1) {
    const match = header.exec(await source.line());
    if (!match) throw incompleteBody();
    const size = Number.parseInt(match[1] ?? '', 16);
    if (size === 0) break;
    if (previous < SMALLEST_CHUNK) {
      const message = `Only the last chunk is allowed to have a size less than ${SMALLEST_CHUNK} bytes`;
      throw new Refusal(403, 'InvalidChunkSizeError', message, { Chunk: chunk, BadChunkSize: previous });
    }
    previous = size;
    yield* source.take(size);
    if ((await source.line()) !== '') throw incompleteBody();
  }
  for (let line = await source.line(); line !== ''; line = await source.line()) {
    const match = /^([\w-]+)\s*:\s*(.*?)\s*$/.exec(line);
    if (!match?.[1] || match[2] === undefined) throw malformedTrailer();
    trailers.set(match[1].toLowerCase(), match[2]);
  }
  if (!(await source.atEnd())) throw malformedTrailer();
}

/** @throws {Refusal} MalformedTrailerError unless exactly the announced trailers came. */
export function checkTrailers(trailers: ReadonlyMap<string, string>, announced: readonly string[]): void {
  const came = [...trailers.keys()].filter((name) => name !== 'x-amz-trailer-signature');
  if (came.length !== announced.length || announced.some((name) => !trailers.has(name))) throw malformedTrailer();
}
