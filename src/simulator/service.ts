import type { IncomingHttpHeaders } from 'node:http';

/** One request to a simulated service, its signature already checked. */
export interface Exchange {
  readonly requestId: string;
  readonly method: string;
  /** As it came: percent-encoded, without the query. */
  readonly rawPath: string;
  readonly query: URLSearchParams;
  readonly headers: IncomingHttpHeaders;
  /** The request's body as it came over the wire (an aws-chunked one still framed). Read at most once. */
  readonly body: AsyncIterable<Buffer>;
  /** From the signature's credential scope. */
  readonly caller: { readonly accountId: string; readonly region: string; readonly accessKeyId: string };
  /** Filled in by the service: the operation's name as AWS writes it and what it was asked for, for the call log. */
  operation?: string;
  detail?: Record<string, unknown>;
}

export interface Reply {
  readonly status: number;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: string | Uint8Array | AsyncIterable<Uint8Array>;
}

/** A simulated service. Throws only for its own bugs: what AWS refuses, it answers. */
export interface SimulatedService {
  /** As in the credential scope: glacier, s3, sqs, sns, sts. */
  readonly name: string;
  handle(exchange: Exchange): Promise<Reply>;
}

/** What the simulated services share. */
export interface SimulatedWorld {
  /** Simulated time in milliseconds since 1970. Queues' time-outs and long polls run in real time all the same. */
  now(): number;
  readonly accountId: string;
  readonly region: string;
}
