import type { IncomingHttpHeaders } from 'node:http';
import type { Fault } from './faults.ts';

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
  /** Faults that befall this call. Those of the connection and the reply are not the service's to make happen. */
  readonly faults?: readonly Fault[];
}

/** What a request asks for, told without doing it: rules of faults and permissions are looked up by it. */
export interface Identified {
  /** As AWS writes it. */
  readonly operation: string;
  readonly detail: Readonly<Record<string, unknown>>;
}

export interface Reply {
  readonly status: number;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: string | Uint8Array | AsyncIterable<Uint8Array>;
}

/** A simulated service. Throws only for its own bugs: what AWS refuses, it answers. */
export interface SimulatedService {
  /** As in the credential scope: glacier, s3, sqs, sns, sts, iam, monitoring. */
  readonly name: string;
  handle(exchange: Exchange): Promise<Reply>;
  /**
   * What a request asks for, where the service knows it better than operation.ts can. Changes nothing.
   * @param body for every service but S3.
   */
  identify?(request: Pick<Exchange, 'method' | 'rawPath' | 'query' | 'headers' | 'caller'>, body: Buffer): Identified;
}

/** What the simulated services share. */
export interface SimulatedWorld {
  /** Simulated time in milliseconds since 1970. Queues' time-outs and long polls run in real time all the same. */
  now(): number;
  readonly accountId: string;
  readonly region: string;
}
