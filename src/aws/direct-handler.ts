import { BugError, messageOf } from '../lib/errors.ts';
import { DirectBody } from './direct-body.ts';
import { DirectConnection, type RequestBody } from './direct-connection.ts';
import type { ResponseHead } from './http-message.ts';
import { PiecedBody } from './pieced-body.ts';

/** A request as the SDK hands it over. */
export interface SdkRequest {
  readonly method: string;
  readonly protocol: string;
  readonly hostname: string;
  readonly port?: number;
  readonly path: string;
  readonly query?: Readonly<Record<string, string | readonly string[] | null>>;
  readonly headers: Readonly<Record<string, string>>;
  readonly body?: unknown;
}

export interface SdkResponse {
  readonly response: {
    readonly statusCode: number;
    readonly reason: string;
    readonly headers: Readonly<Record<string, string>>;
    /** Bytes where there are none: what answers an upload. */
    readonly body: DirectBody | Uint8Array;
  };
}

const NOTHING = new Uint8Array();

/** An answer that came by another way than the SDK's is given to the SDK with this. */
export interface HandlerOptions {
  readonly abortSignal?: object;
  readonly answer?: SdkResponse['response'];
}

/**
 * Sends the SDK's requests over connections that read and write the memory of a part straight. Connections are kept and
 * used again, last used first.
 */
export class DirectHandler {
  readonly metadata = { handlerProtocol: 'http/1.1' };
  readonly #idleTimeoutMs: number | undefined;
  readonly #idle = new Map<string, DirectConnection[]>();

  /** @param idleTimeoutMs as `DirectConnection`'s. */
  constructor(idleTimeoutMs?: number) {
    this.#idleTimeoutMs = idleTimeoutMs;
  }

  async handle(request: SdkRequest, options: HandlerOptions = {}): Promise<SdkResponse> {
    if (options.answer) return { response: options.answer };
    // the SDK's own type of it is narrower than what it hands over
    const abortSignal = options.abortSignal as AbortSignal | undefined;
    for (;;) {
      abortSignal?.throwIfAborted();
      const { connection, isUsed } = this.#connection(request);
      try {
        return await exchange(connection, request, abortSignal);
      } catch (error) {
        // the server may have closed it while it was idle; what is not a read may have been done all the same
        const mayRepeat = request.method === 'GET' && isUsed && !connection.hasHeard;
        if (!mayRepeat || abortSignal?.aborted) throw error;
      }
    }
  }

  updateHttpClientConfig(): void {}

  httpHandlerConfigs(): Record<string, never> {
    return {};
  }

  destroy(): void {
    for (const connection of [...this.#idle.values()].flat()) connection.destroy();
    this.#idle.clear();
  }

  #connection({ protocol, hostname, port }: SdkRequest): { connection: DirectConnection; isUsed: boolean } {
    const origin = {
      protocol,
      host: hostname.replace(/^\[|\]$/g, ''),
      port: port ?? (protocol === 'https:' ? 443 : 80),
    };
    const name = `${protocol}//${hostname}:${origin.port}`;
    const idle = this.#idle.get(name) ?? [];
    this.#idle.set(name, idle);
    for (let used = idle.pop(); used; used = idle.pop()) if (used.isUsable) return { connection: used, isUsed: true };
    return {
      connection: new DirectConnection(origin, this.#idleTimeoutMs, (free) => void idle.push(free)),
      isUsed: false,
    };
  }
}

function exchange(
  connection: DirectConnection,
  request: SdkRequest,
  signal: AbortSignal | undefined,
): Promise<SdkResponse> {
  return new Promise((resolve, reject) => {
    let body: DirectBody | undefined;
    const abort = () => {
      // while the body is read, too: that of a refusal has nobody else who watches it
      if (body) {
        // not the reason itself: to the message of what it could not read the SDK adds words of its own
        body.destroy(new Error(messageOf(signal?.reason), { cause: signal?.reason }));
        return;
      }
      connection.destroy();
      reject(signal?.reason);
    };
    signal?.addEventListener('abort', abort, { once: true });
    const done = () => signal?.removeEventListener('abort', abort);
    connection.send(headOf(request), bodyOf(request), {
      head({ status, reason, headers }: ResponseHead, length) {
        const respond = (content: DirectBody | Uint8Array) =>
          resolve({ response: { statusCode: status, reason, headers, body: content } });
        if (length === 0 && request.method !== 'GET') {
          respond(NOTHING);
          return { roomFor: () => undefined, accept: () => false, finish: done, fail: done };
        }
        body = new DirectBody(connection, length, done);
        // whoever reads it is told; one that nobody reads any more must not end the thread
        body.on('error', () => undefined);
        respond(body);
        return body;
      },
      fail(error) {
        done();
        reject(error);
      },
    });
  });
}

function headOf({ method, path, query = {}, headers }: SdkRequest): Buffer {
  const pairs = Object.entries(query).flatMap(([name, value]) =>
    [value].flat().map((one) => `${encodeURIComponent(name)}=${encodeURIComponent(one ?? '')}`),
  );
  const target = pairs.length > 0 ? `${path}?${pairs.join('&')}` : path;
  const lines = Object.entries(headers).map(([name, value]) => `${name}: ${value}\r\n`);
  return Buffer.from(`${method} ${target} HTTP/1.1\r\n${lines.join('')}\r\n`, 'latin1');
}

function bodyOf({ body }: SdkRequest): RequestBody | undefined {
  if (body === undefined || body === null || body === '') return undefined;
  if (typeof body === 'string') return Buffer.from(body);
  if (body instanceof Uint8Array) return body;
  if (body instanceof PiecedBody) return body.pieces;
  throw new BugError('a body of this kind is not for this handler');
}
