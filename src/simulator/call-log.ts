/** One call, or one message of a finished job, in the order in which they began. */
export interface Call {
  readonly id: number;
  readonly requestId: string;
  /** glacier, s3, sqs, sns, sts, iam, monitoring. */
  readonly service: string;
  /** As AWS writes it; `JobNotification` for a job's message, `Unknown` for what is no operation. */
  readonly operation: string;
  /** Simulated time, in milliseconds since 1970. */
  readonly at: number;
  /** What was asked for: archiveId, jobId, range, bucket, key, partNumber, uploadId, queueUrl, ... */
  readonly detail: Readonly<Record<string, unknown>>;
  /** What was answered; 0 while under way, and where the connection was dropped before an answer. */
  readonly status: number;
  /** Bytes of the reply's body that were sent. */
  readonly sent: number;
  /** The kinds of the faults that befell it. */
  readonly faults: readonly string[];
}

/** A call under way: what is known of it grows until it is answered. */
export type OpenCall = { -readonly [Field in keyof Call]: Call[Field] };

/** Old calls are forgotten beyond this many, so that a run of days stays within memory; the counts are of all. */
const KEPT_CALLS = 500_000;

/** Everything that was called. */
export class CallLog {
  #calls: OpenCall[] = [];
  #lastId = 0;
  readonly #counts = new Map<string, number>();

  get calls(): readonly Call[] {
    return this.#calls;
  }

  open(call: Pick<Call, 'requestId' | 'service' | 'at'> & Partial<Call>): OpenCall {
    this.#lastId += 1;
    const open = { operation: 'Unknown', detail: {}, status: 0, sent: 0, faults: [], ...call, id: this.#lastId };
    this.#calls.push(open);
    if (this.#calls.length > KEPT_CALLS * 1.1) this.#calls = this.#calls.slice(-KEPT_CALLS);
    return open;
  }

  /** To be called once, when the call's operation is known. */
  count({ service, operation }: Call): void {
    const name = `${service}:${operation}`;
    this.#counts.set(name, (this.#counts.get(name) ?? 0) + 1);
  }

  /** How often each operation was called: `{"glacier:InitiateJob": 3}`. */
  counts(): Readonly<Record<string, number>> {
    return Object.fromEntries(this.#counts);
  }

  /** Forgets calls and counts. Ids go on. */
  clear(): void {
    this.#calls = [];
    this.#counts.clear();
  }
}
