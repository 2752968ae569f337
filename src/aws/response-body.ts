import type { Readable } from 'node:stream';

/**
 * The bytes of an answer, with failures told as `explain` tells them. The connection is let go of when the reader stops early or the
 * signal aborts, also before the first byte has been asked for.
 */
export function responseBody(
  stream: Readable,
  signal: AbortSignal,
  explain: (error: unknown) => unknown,
): AsyncIterable<Uint8Array> {
  const abort = (): void => void stream.destroy();
  signal.addEventListener('abort', abort, { once: true });
  if (signal.aborted) abort();
  // an error reaches the reader when it asks for the next bytes; without a listener it would end the process
  stream.on('error', () => undefined);
  return {
    async *[Symbol.asyncIterator]() {
      try {
        yield* stream as AsyncIterable<Uint8Array>;
        signal.throwIfAborted();
      } catch (error) {
        signal.throwIfAborted();
        throw explain(error);
      } finally {
        signal.removeEventListener('abort', abort);
        stream.destroy();
      }
    },
  };
}
