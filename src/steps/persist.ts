import { ServiceError } from '../domain/service-error.ts';
import { backoff } from '../lib/backoff.ts';
import type { Deps } from './deps.ts';
import { isServiceAway } from './weather.ts';

/** Tries of one call that a step cannot do without: some four minutes of a service that does not answer. */
const MOST_TRIES = 9;

/**
 * Makes a call that may be repeated, again and again while the service asks for patience: throttling is waited out for as long
 * as it takes, other bad weather for `MOST_TRIES`.
 */
export function persist<T>(deps: Pick<Deps, 'clock' | 'log' | 'signals'>, call: () => Promise<T>): Promise<T> {
  return persistWhile(deps, call, async () => false);
}

/** As `persist`, for a call that one archive cannot do without: tries made while the whole service is away do not count. */
export function endure<T>(deps: Deps, call: () => Promise<T>): Promise<T> {
  return persistWhile(deps, call, (error) => isServiceAway(deps, error));
}

async function persistWhile<T>(
  deps: Pick<Deps, 'clock' | 'log' | 'signals'>,
  call: () => Promise<T>,
  isExcused: (error: ServiceError) => Promise<boolean>,
): Promise<T> {
  for (let failures = 0, waits = 1; ; waits += 1) {
    try {
      return await call();
    } catch (error) {
      if (!(error instanceof ServiceError) || error.scope !== 'part') throw error;
      if (error.code !== 'throttled' && !(await isExcused(error))) failures += 1;
      if (failures >= MOST_TRIES) throw error;
      deps.log.warn(
        { code: error.code, operation: error.operation, failures, error: error.message },
        'a call failed; it is made again',
      );
      await deps.clock.sleep(backoff(waits), deps.signals.stop);
    }
  }
}
