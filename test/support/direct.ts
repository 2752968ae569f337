import { DirectBody } from '../../src/aws/direct-body.ts';

/** Of an answer that has a body. */
export function asDirect(body: DirectBody | Uint8Array): DirectBody {
  if (!(body instanceof DirectBody)) throw new Error('the answer has no body');
  return body;
}
