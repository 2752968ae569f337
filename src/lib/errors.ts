/** When the same call is worth making again. */
export type Retry = 'soon' | 'nextRun' | 'never';

/** A failure the tool knows about: one line for the user, no stack. Anything else is a bug and keeps its stack. */
export abstract class KnownError extends Error {
  /** Stable: logs, `--json` and the state file hold on to it. */
  abstract readonly code: string;
  abstract readonly retry: Retry;
  readonly exitCode: number = 1;
}

/** Ends the program with exit code 1: `message` says in one line what is wrong and what to do about it. */
export class FatalError extends KnownError {
  readonly code: string;
  readonly retry = 'never';

  constructor(code: string, message: string, options?: ErrorOptions) {
    super(message, options);
    this.code = code;
  }
}

/** The command line cannot be understood: exit code 2. */
export class UsageError extends KnownError {
  readonly code = 'usage';
  readonly retry = 'never';
  override readonly exitCode = 2;
}

/** Something that the code rules out has happened. Never caught as bad luck. */
export class BugError extends Error {}

/** The text of anything that was thrown. */
export function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
