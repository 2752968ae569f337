import { isFailure } from '../domain/service-error.ts';
import type { Deps } from './deps.ts';
import type { Pace } from './pace.ts';
import { persist } from './persist.ts';

/** As `persist`, each try in its turn of the pace, which slows down where the service throttles. */
export function persistAt<T>(
  deps: Pick<Deps, 'clock' | 'log' | 'signals'>,
  pace: Pace,
  call: () => Promise<T>,
): Promise<T> {
  return persist(deps, async () => {
    await pace.turn(deps.signals.stop);
    try {
      return await call();
    } catch (error) {
      if (isFailure(error, 'throttled')) pace.throttled();
      throw error;
    }
  });
}
