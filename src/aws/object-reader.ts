import { Readable } from 'node:stream';
import { GetObjectCommand } from '@aws-sdk/client-s3';
import { BugError } from '../lib/errors.ts';
import type { ObjectReader } from '../ports-finish.ts';
import { call, translateError } from './errors.ts';
import type { S3BucketOptions } from './s3-bucket.ts';
import { isNotFound } from './s3-fields.ts';

/** Reads back the objects of a bucket. */
export function objectReader({ client, bucket, expectedBucketOwner }: S3BucketOptions): ObjectReader {
  return {
    async read(key, range, signal) {
      const context = {
        service: 's3',
        operation: 'GetObject',
        subject: `object "${key}" in bucket "${bucket}"`,
      } as const;
      const command = new GetObjectCommand({
        Bucket: bucket,
        Key: key,
        ...(range && { Range: `bytes=${range.start}-${range.end}` }),
        ...(expectedBucketOwner !== undefined && { ExpectedBucketOwner: expectedBucketOwner }),
      });
      const found = await call(context, signal, () =>
        client.send(command, { abortSignal: signal }).catch((error: unknown) => {
          if (isNotFound(error)) return undefined;
          throw error;
        }),
      );
      if (!found) return undefined;
      const { Body: stream, ContentLength } = found;
      if (!(stream instanceof Readable)) throw new BugError('GetObject answered without a stream');
      return {
        body: bytesOf(stream, signal, (error) => translateError(error, context)),
        ...(ContentLength !== undefined && { length: ContentLength }),
      };
    },
  };
}

/** The bytes; the connection is let go of when the reader stops early or the signal aborts. */
function bytesOf(
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
