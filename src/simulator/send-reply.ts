import { once } from 'node:events';
import type { ServerResponse } from 'node:http';
import type { Fault } from './faults.ts';
import type { Reply } from './service.ts';

/** How a body ends: all of it, and in good order or not. */
type End = 'complete' | 'short-body' | 'cut' | 'stall';

/**
 * Writes the reply, spoilt by the faults. Gives the bytes of the body that were sent; ends early, without an error,
 * where the client goes away.
 */
export async function sendReply(
  response: ServerResponse,
  reply: Reply,
  { faults, head }: { readonly faults: readonly Fault[]; readonly head: boolean },
): Promise<number> {
  const whole =
    typeof reply.body === 'string' || reply.body instanceof Uint8Array ? Buffer.from(reply.body) : undefined;
  const headers: Record<string, string> = { ...reply.headers };
  if (whole && !('content-length' in headers)) headers['content-length'] = String(whole.length);
  const spoilt = faults.find((fault) => fault.kind === 'cut' || fault.kind === 'short-body' || fault.kind === 'stall');
  if (spoilt?.kind === 'short-body') delete headers['content-length'];
  response.writeHead(reply.status, headers);
  if (head || reply.body === undefined) {
    response.end();
    return 0;
  }
  const end: End = spoilt?.kind ?? 'complete';
  const source = whole ? [whole] : (reply.body as AsyncIterable<Uint8Array>);
  let sent = 0;
  for await (const chunk of spoil(source, faults, spoilt?.afterBytes ?? Number.POSITIVE_INFINITY)) {
    if (response.destroyed) return sent;
    sent += chunk.length;
    if (!response.write(chunk)) await drained(response);
  }
  await finish(response, end);
  return sent;
}

/** The bytes that are sent: no more than `limit`, with a bit turned in those that a fault damages. */
async function* spoil(
  source: Iterable<Uint8Array> | AsyncIterable<Uint8Array>,
  faults: readonly Fault[],
  limit: number,
): AsyncGenerator<Uint8Array> {
  const damaged = faults.filter((fault) => fault.kind === 'flip-byte').map(({ offset }) => offset);
  let position = 0;
  for await (const chunk of source) {
    const kept = chunk.length > limit - position ? chunk.subarray(0, limit - position) : chunk;
    const hit = damaged.map((offset) => offset - position).filter((offset) => offset >= 0 && offset < kept.length);
    if (hit.length > 0) {
      const copy = Buffer.from(kept);
      for (const offset of hit) copy[offset] = (copy[offset] ?? 0) ^ 1;
      yield copy;
    } else if (kept.length > 0) {
      yield kept;
    }
    position += kept.length;
    if (position >= limit) return;
  }
}

/** Resolves once there is room for more, or nobody to read it. */
function drained(response: ServerResponse): Promise<void> {
  return new Promise((resolve) => {
    const done = (): void => {
      response.off('drain', done).off('close', done);
      resolve();
    };
    response.on('drain', done).on('close', done);
  });
}

async function finish(response: ServerResponse, end: End): Promise<void> {
  if (response.destroyed) return;
  switch (end) {
    case 'complete':
    case 'short-body':
      response.end();
      return;
    case 'cut':
      // what was written must have left before the connection goes, or the client would see less than was asked for
      await new Promise((resolve) => {
        response.write('', resolve);
      });
      response.destroy();
      return;
    case 'stall':
      response.flushHeaders();
      await once(response, 'close');
      return;
    default:
      end satisfies never;
  }
}
