import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { BodyDecoder, framingOf, type ResponseHead, readHead } from '../../src/aws/http-message.ts';

function headOf(text: string): ResponseHead {
  const found = readHead(Buffer.from(`${text}\r\n\r\n`, 'latin1'));
  if (!found) throw new Error('no head');
  return found.head;
}

function decode(decoder: BodyDecoder, wire: Buffer, cuts: readonly number[]): Buffer {
  const places = [...new Set([0, ...cuts.map((cut) => cut % (wire.length + 1)), wire.length])].sort((a, b) => a - b);
  const pieces: Buffer[] = [];
  for (const [i, end] of places.entries()) {
    for (const piece of decoder.decode(wire.subarray(places[i - 1] ?? 0, end))) pieces.push(Buffer.from(piece));
  }
  return Buffer.concat(pieces);
}

const chunked = { length: undefined, isChunked: true, keepAlive: true };

describe('the head of an answer', () => {
  it('is read when its end has come, and not before', () => {
    const text = 'HTTP/1.1 206 Partial Content\r\nContent-Range: bytes 0-1/2\r\nX-Two: a\r\nx-two: b\r\n\r\nrest';
    const bytes = Buffer.from(text);
    for (let end = 0; end < text.indexOf('rest'); end += 1) expect(readHead(bytes.subarray(0, end))).toBeUndefined();

    expect(readHead(bytes)).toEqual({
      head: {
        status: 206,
        reason: 'Partial Content',
        isHttp11: true,
        headers: { 'content-range': 'bytes 0-1/2', 'x-two': 'a, b' },
      },
      rest: Buffer.from('rest'),
    });
  });

  it.each(['ICY 200 OK', 'HTTP/2 200', 'HTTP/1.1 abc OK', 'HTTP/1.1 200 OK\r\nno colon'])('is refused: %s', (text) => {
    expect(() => headOf(text)).toThrow();
  });
});

describe('the framing of a body', () => {
  it.each([
    ['HTTP/1.1 200 OK\r\nContent-Length: 5', { length: 5, isChunked: false, keepAlive: true }],
    ['HTTP/1.1 200 OK\r\nContent-Length: 5\r\nConnection: close', { length: 5, isChunked: false, keepAlive: false }],
    ['HTTP/1.0 200 OK\r\nContent-Length: 5', { length: 5, isChunked: false, keepAlive: false }],
    [
      'HTTP/1.0 200 OK\r\nContent-Length: 5\r\nConnection: keep-alive',
      { length: 5, isChunked: false, keepAlive: true },
    ],
    ['HTTP/1.1 200 OK\r\nContent-Length: 5\r\nContent-Length: 5', { length: 5, isChunked: false, keepAlive: true }],
    ['HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\nContent-Length: 5', chunked],
    ['HTTP/1.1 204 No Content', { length: 0, isChunked: false, keepAlive: true }],
    ['HTTP/1.1 200 OK', { length: undefined, isChunked: false, keepAlive: false }],
  ])('of %j', (text, framing) => {
    expect(framingOf(headOf(text))).toEqual(framing);
  });

  it.each([
    'Content-Length: -1',
    'Content-Length: 5\r\nContent-Length: 6',
    'Content-Length: 5x',
    'Transfer-Encoding: gzip, chunked',
  ])('is refused: %j', (line) => {
    expect(() => framingOf(headOf(`HTTP/1.1 200 OK\r\n${line}`))).toThrow();
  });
});

describe('a body', () => {
  it('of chunks comes out as it was, wherever the network cuts it', () => {
    fc.assert(
      fc.property(fc.array(fc.uint8Array({ minLength: 1, maxLength: 40 })), fc.array(fc.nat()), (chunks, cuts) => {
        const wire = Buffer.concat([
          ...chunks.map((chunk) =>
            Buffer.concat([Buffer.from(`${chunk.length.toString(16)};x=y\r\n`), chunk, Buffer.from('\r\n')]),
          ),
          Buffer.from('0\r\nX-Trailer: 1\r\n\r\n'),
        ]);
        const decoder = new BodyDecoder(chunked);

        expect(decode(decoder, wire, cuts)).toEqual(Buffer.concat(chunks));
        expect(decoder.isDone).toBe(true);
      }),
    );
  });

  it('of chunks is not done before its last line', () => {
    const decoder = new BodyDecoder(chunked);

    expect(decode(decoder, Buffer.from('2\r\nab\r\n0\r\n'), [])).toEqual(Buffer.from('ab'));

    expect(decoder.isDone).toBe(false);
  });

  it.each(['zz\r\n', '1\r\nab\r\n', `${'1'.repeat(20)}\r\n`])('of chunks is refused where it is none: %j', (wire) => {
    expect(() => decode(new BodyDecoder(chunked), Buffer.from(wire), [])).toThrow();
  });

  it('of known length is refused where more comes', () => {
    const decoder = new BodyDecoder({ length: 2, isChunked: false, keepAlive: true });

    expect(() => decode(decoder, Buffer.from('abc'), [])).toThrow(/more/);
  });
});
