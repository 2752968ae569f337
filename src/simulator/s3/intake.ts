import { createHash, type Hash } from 'node:crypto';
import { type ChecksumAlgorithm, newChecksum, type RunningChecksum } from '../../domain/checksum.ts';
import type { Exchange } from '../service.ts';
import type { BodyStore, StoredBody } from './bodies.ts';
import { checkTrailers, decodeChunks } from './chunked.ts';
import { type BodyClaims, badDigest, bodyClaims, checksumHeader, isDigest } from './claims.ts';
import { incompleteBody, invalidRequest, malformedXml, Refusal } from './refusal.ts';

/** A body that is all there and as its request said. */
export interface Arrived {
  readonly size: number;
  /** Hexadecimal; undefined where it was not asked for. */
  readonly md5: string | undefined;
  /** Base64 of the algorithms that were asked for or claimed. */
  readonly checksums: ReadonlyMap<ChecksumAlgorithm, string>;
}

interface Wanted {
  readonly algorithms?: readonly ChecksumAlgorithm[];
  readonly md5: boolean;
}

/** Digests of one body, all fed by the same bytes. */
class Digests {
  readonly #checksums: ReadonlyMap<ChecksumAlgorithm, RunningChecksum>;
  readonly #md5: Hash | undefined;
  readonly #sha256: Hash | undefined;

  constructor(claims: BodyClaims, { algorithms = [], md5 }: Wanted) {
    const all = new Set([...algorithms, ...(claims.checksum ? [claims.checksum.algorithm] : [])]);
    this.#checksums = new Map([...all].map((algorithm) => [algorithm, newChecksum(algorithm)]));
    this.#md5 = md5 || claims.md5 !== undefined ? createHash('md5') : undefined;
    this.#sha256 = claims.sha256 === undefined ? undefined : createHash('sha256');
  }

  update(bytes: Buffer): void {
    this.#md5?.update(bytes);
    this.#sha256?.update(bytes);
    for (const checksum of this.#checksums.values()) checksum.update(bytes);
  }

  /** @throws {Refusal} for the first claim that does not hold. */
  verify(claims: BodyClaims, trailers: ReadonlyMap<string, string>, size: number): Arrived {
    const sha256 = this.#sha256?.digest('hex');
    if (sha256 !== claims.sha256) {
      const message = "The provided 'x-amz-content-sha256' header does not match what was computed.";
      throw new Refusal(400, 'XAmzContentSHA256Mismatch', message, {
        ClientComputedContentSHA256: claims.sha256 ?? '',
        S3ComputedContentSHA256: sha256 ?? '',
      });
    }
    const md5 = this.#md5?.digest();
    if (claims.md5 !== undefined && md5?.toString('base64') !== claims.md5) {
      const message = 'The Content-MD5 you specified did not match what we received.';
      throw new Refusal(400, 'BadDigest', message, {
        ExpectedDigest: claims.md5,
        CalculatedDigest: md5?.toString('base64') ?? '',
      });
    }
    const checksums = new Map([...this.#checksums].map(([algorithm, running]) => [algorithm, running.digest()]));
    if (claims.checksum) {
      const { algorithm } = claims.checksum;
      const value = claims.checksum.value ?? trailers.get(checksumHeader(algorithm)) ?? '';
      if (!isDigest(algorithm, value)) {
        throw invalidRequest(`Value for ${checksumHeader(algorithm)} trailing header is invalid.`);
      }
      if (value !== checksums.get(algorithm)) throw badDigest(algorithm);
    }
    return { size, md5: md5?.toString('hex'), checksums };
  }
}

/** The body as it comes. That the client went away in the middle is nothing of the simulator's: it ends early. */
async function* arriving(body: AsyncIterable<Buffer>): AsyncGenerator<Buffer> {
  try {
    yield* body;
  } catch {
    throw incompleteBody();
  }
}

async function take(
  exchange: Exchange,
  claims: BodyClaims,
  wanted: Wanted,
  write: (bytes: Buffer) => Promise<void> | void,
): Promise<Arrived> {
  const digests = new Digests(claims, wanted);
  const trailers = new Map<string, string>();
  const body = arriving(exchange.body);
  const bytes = claims.framing ? decodeChunks(body, { ...claims.framing, trailers }) : body;
  let size = 0;
  for await (const piece of bytes) {
    size += piece.length;
    if (size > claims.length) throw incompleteBody();
    digests.update(piece);
    await write(piece);
  }
  if (size !== claims.length) throw incompleteBody();
  if (claims.framing) checkTrailers(trailers, claims.trailers);
  return digests.verify(claims, trailers, size);
}

/**
 * Reads and keeps a body.
 * @param algorithms to compute besides the claimed one.
 * @throws {Refusal} where it is not what the request said; nothing is kept then.
 */
export async function takeBody(
  exchange: Exchange,
  claims: BodyClaims,
  store: BodyStore,
  wanted: Wanted,
): Promise<Arrived & { readonly body: StoredBody }> {
  const writer = await store.writer(claims.length);
  try {
    const arrived = await take(exchange, claims, wanted, (bytes) => writer.write(bytes));
    return { ...arrived, body: await writer.finish() };
  } catch (error) {
    await writer.discard();
    throw error;
  }
}

/**
 * Reads a body that is a document.
 * @param largest in bytes.
 * @param checksumOf what a checksum in the headers is of; on CompleteMultipartUpload it is the object's.
 * @throws {Refusal} also where the document is not UTF-8.
 */
export async function takeDocument(
  exchange: Exchange,
  { largest, checksumOf = 'body' }: { readonly largest: number; readonly checksumOf?: 'body' | 'object' },
): Promise<string> {
  const pieces: Buffer[] = [];
  const claims = bodyClaims(exchange.headers, { largest, checksumOf });
  await take(exchange, claims, { md5: false }, (bytes) => void pieces.push(bytes));
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(Buffer.concat(pieces));
  } catch {
    throw malformedXml();
  }
}

/** Reads to its end a body that means nothing. */
export async function drain(exchange: Exchange): Promise<void> {
  for await (const _ of arriving(exchange.body));
}
