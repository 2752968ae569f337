import { ServiceError } from '../domain/service-error.ts';
import type { Bucket, Vault } from '../ports.ts';
import type { Counters } from '../state/counters.ts';

/**
 * Counts the calls that go through a vault. Reading job output is not counted here but where parts are copied, which may be
 * in another thread.
 */
export function countedVault(vault: Vault, counters: Counters): Vault {
  const counted = counting(counters);
  return {
    ...vault,
    describe: counted('DescribeVault', vault.describe),
    jobs: countedPages('ListJobs', vault.jobs, counters),
    job: counted('DescribeJob', vault.job),
    requestArchive: counted('InitiateJob', vault.requestArchive),
    requestInventory: counted('InitiateJob', vault.requestInventory),
    retrievalPolicy: counted('GetDataRetrievalPolicy', vault.retrievalPolicy),
  };
}

/** Counts the calls that go to a bucket, but for those that write parts and whole objects: see `countedVault`. */
export function countedBucket(bucket: Bucket, counters: Counters): Bucket {
  const counted = counting(counters);
  return {
    ...bucket,
    describe: counted('HeadBucket', bucket.describe),
    head: counted('HeadObject', bucket.head),
    list: countedPages('ListObjectsV2', bucket.list, counters),
    createUpload: counted('CreateMultipartUpload', bucket.createUpload),
    parts: countedPages('ListParts', bucket.parts, counters),
    completeUpload: counted('CompleteMultipartUpload', bucket.completeUpload),
    abortUpload: counted('AbortMultipartUpload', bucket.abortUpload),
    uploads: countedPages('ListMultipartUploads', bucket.uploads, counters),
  };
}

function counting(counters: Counters) {
  return <Args extends unknown[], Result>(operation: string, call: (...args: Args) => Promise<Result>) =>
    async (...args: Args): Promise<Result> => {
      counters.called(operation);
      try {
        return await call(...args);
      } catch (error) {
        noteThrottling(error, operation, counters);
        throw error;
      }
    };
}

/** A listing counts as one call, however many pages it has. */
function countedPages<Args extends unknown[], Item>(
  operation: string,
  list: (...args: Args) => AsyncIterable<Item>,
  counters: Counters,
): (...args: Args) => AsyncIterable<Item> {
  return async function* (...args) {
    counters.called(operation);
    try {
      yield* list(...args);
    } catch (error) {
      noteThrottling(error, operation, counters);
      throw error;
    }
  };
}

function noteThrottling(error: unknown, operation: string, counters: Counters): void {
  if (error instanceof ServiceError && error.code === 'throttled') counters.throttled(operation);
}
