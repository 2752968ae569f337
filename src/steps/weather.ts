import { isFailure, type ServiceError } from '../domain/service-error.ts';
import type { Deps } from './deps.ts';

/** The calls that go to Glacier; all others of the data plane go to S3. */
const GLACIER = new Set(['GetJobOutput', 'InitiateJob', 'DescribeJob', 'ListJobs']);

/**
 * Whether a failed call says nothing of its archive, because the whole service is out of reach: a free call is made to find out.
 * Tries made meanwhile are not counted, so that an outage of a night does not fail the archives it happened to.
 */
export async function isServiceAway(
  { vault, bucket, signals }: Pick<Deps, 'vault' | 'bucket' | 'signals'>,
  error: ServiceError,
): Promise<boolean> {
  if (!isFailure(error, 'unavailable', 'network', 'stalled')) return false;
  try {
    await (GLACIER.has(error.operation) ? vault.describe(signals.cut) : bucket.describe(signals.cut));
    return false;
  } catch (probe) {
    // a probe that is throttled says that the service asks for patience: a reason not to count, none to give up
    if (isFailure(probe, 'unavailable', 'network', 'stalled', 'throttled')) return true;
    throw probe;
  }
}
