import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { FatalError, messageOf, UsageError } from './errors.ts';

/** Where a server is to listen. */
export interface ListenAddress {
  /** As `listen` takes it: `::1` without brackets. */
  readonly host: string;
  /** 0: any that is free. */
  readonly port: number;
}

/**
 * `127.0.0.1:8080`, `[::1]:8080`, `localhost:8080`, or a port alone, which is one of 127.0.0.1.
 * @throws {UsageError} also for an address that other machines could reach: nothing here is served to them.
 */
export function parseListen(text: string): ListenAddress {
  const [, name = '127.0.0.1', digits] = /^(?:(\[[\da-fA-F:.]+\]|[\w.-]*):)?(\d{1,5})$/.exec(text) ?? [];
  const port = Number(digits);
  if (digits === undefined || port > 65_535) {
    throw new UsageError(`"${text}" is no address to listen on: write 127.0.0.1:PORT, or a port alone`);
  }
  const host = name.replace(/^\[|\]$/g, '') || '127.0.0.1';
  if (!isLoopback(host)) {
    throw new UsageError(
      `${host} could be reached by other machines: listen on 127.0.0.1, and reach it through a tunnel (ssh -L 8080:127.0.0.1:${port})`,
    );
  }
  return { host, port };
}

/** Whether only this machine can reach it. */
function isLoopback(host: string): boolean {
  return host === 'localhost' || host === '::1' || /^127(\.\d{1,3}){3}$/.test(host);
}

/**
 * Whether a request names this machine as itself: a page of another site whose name was made to point here names that site. The port
 * may be any, since a tunnel may have changed it.
 */
export function namesThisMachine({ headers }: Pick<IncomingMessage, 'headers'>): boolean {
  const host = /^(\[[^\]]+\]|[^:]+)(:\d+)?$/.exec(headers.host ?? '')?.[1];
  return host !== undefined && isLoopback(host.replace(/^\[|\]$/g, '').toLowerCase());
}

/** What is said to a request; a function as body writes it piece by piece and ends the reply itself. */
export interface Reply {
  readonly status: number;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: string | ((reply: ServerResponse) => void);
}

export interface WebServer {
  /** `http://127.0.0.1:8080`. */
  readonly origin: string;
  /** Ends at once, open replies too. May be called again. */
  close(): Promise<void>;
}

/**
 * Answers GET and HEAD and nothing else: what is served is for looking at. What `answer` throws becomes a 500 without its words,
 * and is handed to `onError`.
 * @throws {FatalError} `listen_failed`.
 */
export async function startWebServer(
  { host, port }: ListenAddress,
  answer: (request: IncomingMessage, url: URL) => Reply | Promise<Reply>,
  onError: (error: unknown) => void,
): Promise<WebServer> {
  const server = createServer((request, response) => {
    void replyTo(request, answer)
      .catch((error: unknown): Reply => {
        onError(error);
        return { status: 500, body: 'something went wrong: the program has said what\n' };
      })
      .then((reply) => send(request, response, reply));
  });
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen(port, host, resolve);
  }).catch((error: unknown) => {
    throw new FatalError('listen_failed', `${host}:${port} can't be listened on (${messageOf(error)}): name another`, {
      cause: error,
    });
  });
  server.on('error', onError);
  const { port: taken } = server.address() as AddressInfo;
  return {
    origin: `http://${host.includes(':') ? `[${host}]` : host}:${taken}`,
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}

async function replyTo(
  request: IncomingMessage,
  answer: (request: IncomingMessage, url: URL) => Reply | Promise<Reply>,
): Promise<Reply> {
  if (request.method !== 'GET' && request.method !== 'HEAD') {
    return { status: 405, headers: { allow: 'GET, HEAD' }, body: 'only to be looked at\n' };
  }
  const base = 'http://localhost';
  if (!request.url?.startsWith('/') || !URL.canParse(request.url, base))
    return { status: 400, body: 'no such address\n' };
  return answer(request, new URL(request.url, base));
}

function send(request: IncomingMessage, response: ServerResponse, { status, headers, body }: Reply): void {
  response.writeHead(status, {
    'content-type': 'text/plain; charset=utf-8',
    'x-content-type-options': 'nosniff',
    'cache-control': 'no-store',
    ...headers,
  });
  if (request.method === 'HEAD') response.end();
  else if (typeof body === 'function') body(response);
  else response.end(body);
}
