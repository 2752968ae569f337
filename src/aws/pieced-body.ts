import { Readable } from 'node:stream';
import { BugError } from '../lib/errors.ts';

/**
 * A request's body as pieces whose memory is used again once the next but one is asked for. To the SDK it is a stream, of which it asks
 * nothing but what it is; it can not be read as one, for a stream keeps what it is given.
 */
export class PiecedBody extends Readable {
  readonly pieces: AsyncIterable<Uint8Array>;

  constructor(pieces: AsyncIterable<Uint8Array>) {
    super();
    this.pieces = pieces;
  }

  override _read(): void {
    this.destroy(new BugError('a body in pieces was read as a stream'));
  }
}
