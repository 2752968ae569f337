import { mkdtemp, rm } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { connect } from '../app.ts';
import type { ObjectKey } from '../domain/ids.ts';
import { MAX_KEY_BYTES } from '../domain/object-key.ts';
import { clockFrom } from '../lib/clock.ts';
import { UsageError } from '../lib/errors.ts';
import { storeFile } from '../steps/store-file.ts';
import type { Io } from './io.ts';
import { createLog } from './output/log.ts';
import { type Pieces, writeFileOf } from './output/write-out.ts';
import { signalsOf } from './run.ts';

/** As whom a bucket is written to, as the flags say it. */
export interface BucketAccess {
  readonly region?: string;
  readonly profile?: string;
  readonly endpointUrl?: string;
  readonly destRegion?: string;
  readonly destProfile?: string;
  readonly destEndpointUrl?: string;
  readonly expectedBucketOwner?: string;
}

export interface BucketUrl {
  readonly bucket: string;
  readonly key: ObjectKey;
}

/**
 * `s3://bucket/key` taken apart; undefined for anything else.
 * @throws {UsageError} where no object can have that name.
 */
export function bucketUrlOf(text: string): BucketUrl | undefined {
  if (!text.startsWith('s3://')) return undefined;
  const [, bucket, key] = /^s3:\/\/([a-z0-9][a-z0-9.-]{1,61}[a-z0-9])\/(.*[^/])$/s.exec(text) ?? [];
  if (bucket === undefined || key === undefined || Buffer.byteLength(key) > MAX_KEY_BYTES) {
    throw new UsageError(`"${text}" names no object: write s3://bucket/key`);
  }
  return { bucket, key: key as ObjectKey };
}

/** Puts text into a bucket. It is written to a file first, in the folder of `near`: a manifest can be larger than the memory. */
export async function storeInBucket(
  { destRegion, destProfile, destEndpointUrl, expectedBucketOwner, ...access }: BucketAccess,
  { bucket, key }: BucketUrl,
  { pieces, contentType, near }: { readonly pieces: Pieces; readonly contentType: string; readonly near: string },
  io: Io,
): Promise<void> {
  const { region, profile, endpointUrl } = access;
  const cloud = await connect({ vault: '-', accountId: '-', region, profile, endpointUrl }, 1);
  const folder = await mkdtemp(join(dirname(near), '.report-'));
  try {
    const path = join(folder, 'report');
    await writeFileOf(path, pieces, io.stop);
    const log = createLog({ logLevel: 'warn' }, (line) => void process.stderr.write(`${line}\n`));
    const deps = {
      bucket: cloud.bucket({
        bucket,
        region: destRegion,
        profile: destProfile,
        endpointUrl: destEndpointUrl,
        expectedBucketOwner,
      }),
      clock: clockFrom(process.env.GLACIER2S3_CLOCK),
      log,
      signals: signalsOf(io.stop, log),
    };
    await storeFile(deps, path, key, contentType);
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}
