import { Readable } from 'node:stream';
import { GetObjectCommand } from '@aws-sdk/client-s3';
import { BugError } from '../lib/errors.ts';
import type { ObjectReader } from '../ports-finish.ts';
import { call, translateError } from './errors.ts';
import { responseBody } from './response-body.ts';
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
        body: responseBody(stream, signal, (error) => translateError(error, context)),
        ...(ContentLength !== undefined && { length: ContentLength }),
      };
    },
  };
}
