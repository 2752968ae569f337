/** Errors that calls are to reject with, by the method's name, each once and in order. */
export class Failures {
  readonly #next = new Map<string, unknown[]>();

  add(method: string, ...errors: readonly unknown[]): void {
    this.#next.set(method, [...(this.#next.get(method) ?? []), ...errors]);
  }

  /** Throws the next one, if there is one; before that the signal's reason, if it has aborted. */
  check(method: string, signal?: AbortSignal): void {
    signal?.throwIfAborted();
    const error = this.#next.get(method)?.shift();
    if (error !== undefined) throw error;
  }
}
