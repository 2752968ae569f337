import type { Exchange } from '../service.ts';

/** The whole body as text. */
export async function readBody({ body }: Exchange): Promise<string> {
  const pieces: Buffer[] = [];
  for await (const piece of body) pieces.push(piece);
  return Buffer.concat(pieces).toString();
}

/** The parameters of the query protocol: in the body, or in the query of a GET. */
export function formOf({ method, query }: Exchange, body: string): URLSearchParams {
  return method === 'GET' ? query : new URLSearchParams(body);
}

/** Where the caller reached the simulator. */
export function originOf({ headers }: Exchange): string {
  return `http://${headers.host}`;
}
