import { ServiceError, type ServiceFailure } from '../domain/service-error.ts';
import { FatalError, UsageError } from '../lib/errors.ts';
import type { PartResult, PartTask } from './part.ts';

/*
 * What the main thread and its workers say to each other. Plain JSON, so that it could go to another machine as well.
 */

export type ToWorker =
  | { readonly type: 'copy'; readonly id: number; readonly task: PartTask }
  | { readonly type: 'abort'; readonly id: number };

export type FromWorker =
  | { readonly type: 'copied'; readonly id: number; readonly result: PartResult }
  | { readonly type: 'failed'; readonly id: number; readonly error: PlainError };

/** An error without its class. */
export type PlainError =
  | {
      readonly type: 'service';
      readonly code: ServiceFailure;
      readonly message: string;
      readonly operation: string;
      readonly outcomeUnknown: boolean;
      readonly provenChecksum: string | undefined;
    }
  | { readonly type: 'fatal'; readonly code: string; readonly message: string }
  | { readonly type: 'usage'; readonly message: string }
  /** A bug, or the signal's reason: whoever aborted knows. */
  | { readonly type: 'other'; readonly message: string; readonly stack?: string };

export function plainError(error: unknown): PlainError {
  if (error instanceof ServiceError) {
    const { code, message, operation, outcomeUnknown, provenChecksum } = error;
    return { type: 'service', code, message, operation, outcomeUnknown, provenChecksum };
  }
  if (error instanceof FatalError) return { type: 'fatal', code: error.code, message: error.message };
  if (error instanceof UsageError) return { type: 'usage', message: error.message };
  if (error instanceof Error) return { type: 'other', message: error.message, stack: error.stack };
  return { type: 'other', message: String(error) };
}

/** The error that `plainError` was made of, with its class, and for a bug with its stack. */
export function errorFrom(plain: PlainError): Error {
  switch (plain.type) {
    case 'service':
      return new ServiceError(plain.code, plain.message, plain);
    case 'fatal':
      return new FatalError(plain.code, plain.message);
    case 'usage':
      return new UsageError(plain.message);
    case 'other': {
      const error = new Error(plain.message);
      if (plain.stack !== undefined) error.stack = plain.stack;
      return error;
    }
    default:
      return plain satisfies never;
  }
}
