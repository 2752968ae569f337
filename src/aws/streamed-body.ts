import type { ChecksumAlgorithm } from '../domain/checksum.ts';
import { MiB } from '../lib/size.ts';
import type { StreamedBody } from '../ports.ts';
import { PiecedBody } from './pieced-body.ts';

/** The data in one chunk of the encoding; only the last may be smaller (S3 API reference: 8 KiB at least). */
const CHUNK = MiB;
/** Base64 digits of each checksum. */
const DIGITS: Readonly<Record<ChecksumAlgorithm, number>> = { CRC32: 8, CRC32C: 8, CRC64NVME: 12, SHA256: 44 };

/** What requests must carry beside a streamed body. */
const headers = new WeakMap<object, Readonly<Record<string, string>>>();

/** The headers that go with a body; a body at hand and one without trailer are not hashed for the signature. */
export function headersOf(body: unknown): Readonly<Record<string, string>> {
  const known = typeof body === 'object' && body !== null ? headers.get(body) : undefined;
  return known ?? { 'x-amz-content-sha256': 'UNSIGNED-PAYLOAD' };
}

/** The bytes as they are, for a server that takes no trailers. */
export function plainBody({ stream }: StreamedBody): PiecedBody {
  return new PiecedBody(stream);
}

/**
 * A body in S3's aws-chunked encoding, its checksum behind it (S3 user guide, trailing checksums). The SDK could do the
 * same, with a checksum of its own: a second pass over every byte, and chunks as small as the network delivers them,
 * which S3 refuses below 8 KiB.
 */
export function trailedBody(
  { stream, length }: StreamedBody,
  { algorithm, value }: { readonly algorithm: ChecksumAlgorithm; readonly value: () => string },
): PiecedBody {
  const name = `x-amz-checksum-${algorithm.toLowerCase()}`;
  const encoded = encode(stream, length, () => `${name}:${value()}\r\n`);
  const body = new PiecedBody(encoded);
  headers.set(body, {
    'content-encoding': 'aws-chunked',
    'content-length': String(encodedLength(length, `${name}:\r\n`.length + DIGITS[algorithm])),
    'x-amz-content-sha256': 'STREAMING-UNSIGNED-PAYLOAD-TRAILER',
    'x-amz-decoded-content-length': String(length),
    'x-amz-sdk-checksum-algorithm': algorithm,
    'x-amz-trailer': name,
  });
  return body;
}

function headOf(length: number): string {
  return `${length.toString(16)}\r\n`;
}

function encodedLength(length: number, trailer: number): number {
  const whole = Math.floor(length / CHUNK);
  const last = length % CHUNK;
  const wrapped = (size: number) => headOf(size).length + size + 2;
  return whole * wrapped(CHUNK) + (last > 0 ? wrapped(last) : 0) + headOf(0).length + trailer + 2;
}

async function* encode(
  stream: AsyncIterable<Uint8Array>,
  length: number,
  trailer: () => string,
): AsyncGenerator<Uint8Array> {
  let left = length;
  let inChunk = 0;
  for await (const bytes of stream) {
    let offset = 0;
    while (offset < bytes.length) {
      if (inChunk === 0) {
        inChunk = Math.min(CHUNK, left);
        yield Buffer.from(headOf(inChunk));
      }
      const piece = bytes.subarray(offset, offset + inChunk);
      yield piece;
      offset += piece.length;
      inChunk -= piece.length;
      left -= piece.length;
      if (inChunk === 0) yield Buffer.from('\r\n');
    }
  }
  yield Buffer.from(`${headOf(0)}${trailer()}\r\n`);
}
