/** The head of a response; names in lower case, values of a name that comes twice joined. */
export interface ResponseHead {
  readonly status: number;
  readonly reason: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly isHttp11: boolean;
}

/** How the body of a response ends (RFC 9112, section 6.3). */
export interface Framing {
  /** Bytes; absent where it is chunked or ends with the connection. */
  readonly length: number | undefined;
  readonly isChunked: boolean;
  readonly keepAlive: boolean;
}

/**
 * Takes the head off what has been heard.
 * @returns undefined where its end has not come yet.
 */
export function readHead(bytes: Buffer): { readonly head: ResponseHead; readonly rest: Buffer } | undefined {
  const end = bytes.indexOf('\r\n\r\n');
  if (end < 0) return undefined;
  const [first = '', ...lines] = bytes.toString('latin1', 0, end).split('\r\n');
  const [, minor, status, reason = ''] = /^HTTP\/1\.(\d) (\d{3})(?: (.*))?$/.exec(first) ?? [];
  if (status === undefined) throw malformed(`"${first.slice(0, 40)}" is not the first line of an HTTP/1.1 answer`);
  const headers: Record<string, string> = {};
  for (const line of lines) {
    const at = line.indexOf(':');
    if (at < 1) throw malformed(`"${line.slice(0, 40)}" is not a header`);
    const name = line.slice(0, at).toLowerCase();
    const value = line.slice(at + 1).trim();
    const before = headers[name];
    headers[name] = before === undefined ? value : `${before}, ${value}`;
  }
  return {
    head: { status: Number(status), reason, headers, isHttp11: minor === '1' },
    rest: bytes.subarray(end + 4),
  };
}

export function framingOf({ status, headers, isHttp11 }: ResponseHead): Framing {
  const connection = headers.connection?.toLowerCase() ?? '';
  const wantsToLast = isHttp11 ? !connection.includes('close') : connection.includes('keep-alive');
  if (status === 204 || status === 304) return { length: 0, isChunked: false, keepAlive: wantsToLast };
  const encoding = headers['transfer-encoding'];
  if (encoding !== undefined) {
    if (encoding.trim().toLowerCase() !== 'chunked') throw malformed(`the transfer encoding ${encoding} is not known`);
    return { length: undefined, isChunked: true, keepAlive: wantsToLast };
  }
  const announced = headers['content-length'];
  if (announced === undefined) return { length: undefined, isChunked: false, keepAlive: false };
  // a length that was sent twice over is the same both times, or no length
  const [first, ...others] = announced.split(',').map((text) => text.trim());
  if (!/^\d+$/.test(first ?? '') || others.some((other) => other !== first)) {
    throw malformed(`"${announced}" is not a content length`);
  }
  return { length: Number(first), isChunked: false, keepAlive: wantsToLast };
}

/** Takes the framing off a body as it arrives. */
export class BodyDecoder {
  /** What comes is the body itself: it may be read straight to where it is wanted. */
  readonly isPlain: boolean;
  /** It ends where the connection does. */
  readonly endsWithConnection: boolean;
  /** Of a body of known length, or of the current chunk. */
  left: number;
  #part: 'size' | 'data' | 'dataEnd' | 'trailer' | 'done';
  #line = '';

  constructor({ length, isChunked }: Framing) {
    this.isPlain = !isChunked;
    this.endsWithConnection = !isChunked && length === undefined;
    this.left = isChunked ? 0 : (length ?? Number.POSITIVE_INFINITY);
    this.#part = isChunked ? 'size' : this.left === 0 ? 'done' : 'data';
  }

  get isDone(): boolean {
    return this.#part === 'done';
  }

  /** All of these bytes, where all are the body's: the common case, without a generator's cost for each read. */
  plain(bytes: Uint8Array): Uint8Array | undefined {
    if (!this.isPlain || this.#part !== 'data' || bytes.length > this.left) return undefined;
    this.left -= bytes.length;
    if (this.left === 0) this.#part = 'done';
    return bytes;
  }

  /** The pieces of the body in these bytes, as views of them. Throws where they are no such body. */
  *decode(bytes: Uint8Array): Generator<Uint8Array> {
    let offset = 0;
    while (offset < bytes.length) {
      if (this.#part === 'done') throw malformed('more came than was announced');
      if (this.#part === 'data') {
        const piece = bytes.subarray(offset, offset + Math.min(this.left, bytes.length - offset));
        offset += piece.length;
        this.left -= piece.length;
        if (this.left === 0) this.#part = this.isPlain ? 'done' : 'dataEnd';
        yield piece;
      } else {
        this.#line += String.fromCharCode(bytes[offset] as number);
        offset += 1;
        if (this.#line.endsWith('\r\n')) this.#endLine();
        else if (this.#line.length > 8192) throw malformed('a line between two chunks has no end');
      }
    }
  }

  #endLine(): void {
    const line = this.#line.slice(0, -2);
    this.#line = '';
    switch (this.#part) {
      case 'size': {
        const [size = ''] = line.split(';');
        if (!/^0*[0-9a-f]{1,12}\s*$/i.test(size)) throw malformed(`"${line.slice(0, 40)}" is not the size of a chunk`);
        this.left = Number.parseInt(size, 16);
        this.#part = this.left === 0 ? 'trailer' : 'data';
        break;
      }
      case 'dataEnd':
        if (line !== '') throw malformed('a chunk is longer than its size');
        this.#part = 'size';
        break;
      case 'trailer':
        if (line === '') this.#part = 'done';
        break;
      default:
        throw malformed('a line where none can be');
    }
  }
}

function malformed(message: string): Error {
  return Object.assign(new Error(message), { code: 'EPROTO' });
}
