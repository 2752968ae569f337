import { FatalError } from '../lib/errors.ts';
import type { StateFile } from '../state/state-file.ts';
import { UNREADABLE_ROW } from './status.ts';

/**
 * Puts failed archives back, so that the next run asks for them again with all tries that an archive has. The bucket is searched
 * again before that: what stood in an archive's way may still be there, and what is in its place already costs nothing.
 * @param code only those that failed with it.
 * @returns how many.
 * @throws {FatalError} `unknown_code`.
 */
export function retryFailed(state: StateFile, code: string | undefined): number {
  const failures = state.totals.failures();
  if (code === UNREADABLE_ROW) {
    throw new FatalError(
      'unknown_code',
      `${UNREADABLE_ROW} stands for rows that no archive can be read from: run transfer with --refresh-inventory`,
    );
  }
  if (code !== undefined && !failures.some((failure) => failure.code === code)) {
    const there = failures.map((failure) => `${failure.code} (${failure.count})`).join(', ');
    throw new FatalError(
      'unknown_code',
      `no archive failed with ${code}: ${there ? `there are ${there}` : 'none has failed'}`,
    );
  }
  return state.transaction(() => {
    let count = 0;
    for (const { id } of state.archives.failedBy(code)) {
      state.archives.advance(id, [{ type: 'retried' }]);
      count += 1;
    }
    if (count > 0) state.facts.remove('lookedUpAt');
    return count;
  });
}
