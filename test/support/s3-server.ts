import { once } from 'node:events';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import type { Exchange, SimulatedService } from '../../src/simulator/service.ts';

/** A service alone on loopback, without the simulator's frame: no signature is checked, no fault happens. */
export async function serve(
  service: SimulatedService,
  accountId: string,
): Promise<AsyncDisposable & { readonly endpoint: string; readonly exchanges: readonly Exchange[] }> {
  const exchanges: Exchange[] = [];
  const server = createServer((request, response) => {
    answer(request, response).catch((error: unknown) => response.destroy(error as Error));
  });

  async function answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const [rawPath = '', query] = (request.url ?? '').split(/\?(.*)/s);
    const [, accessKeyId = '', region = ''] =
      /Credential=([^/]+)\/\d+\/([^/]+)\//.exec(request.headers.authorization ?? '') ?? [];
    const exchange: Exchange = {
      requestId: String(exchanges.length),
      method: request.method ?? '',
      rawPath,
      query: new URLSearchParams(query),
      headers: request.headers,
      body: request,
      caller: { accountId, region, accessKeyId },
    };
    exchanges.push(exchange);
    const reply = await service.handle(exchange);
    response.writeHead(reply.status, reply.headers);
    const body = reply.body ?? '';
    if (typeof body === 'string' || body instanceof Uint8Array) response.end(body);
    else await pipeline(Readable.from(body), response);
    request.resume();
  }

  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return {
    endpoint: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    exchanges,
    async [Symbol.asyncDispose]() {
      server.closeAllConnections();
      server.close();
      await once(server, 'close');
    },
  };
}
