/** What the program is started with. */
export interface Io {
  /** Aborts with the name of the first SIGINT or SIGTERM. */
  readonly stop: AbortSignal;
  /** SIGUSR1 calls the listener. */
  onStatusSignal(listener: () => void): void;
}
