import type { Readable } from 'node:stream';
import { isFailure, ServiceError } from '../domain/service-error.ts';
import { BugError } from '../lib/errors.ts';
import type { BodyChecksum, StreamedBody } from '../ports.ts';
import { type CallContext, call } from './errors.ts';
import { checksumInput } from './s3-fields.ts';
import { plainBody, trailedBody } from './streamed-body.ts';

/** The members of PutObject's and UploadPart's input that the body decides. */
type Sent = { readonly Body: Uint8Array | Readable; readonly ContentLength: number } & ReturnType<typeof checksumInput>;

/** Sends a body at hand or a streamed one, with its checksum. */
export type SendBody = <T>(
  upload: { readonly body: Uint8Array | StreamedBody; readonly checksum: BodyChecksum; readonly context: CallContext },
  signal: AbortSignal,
  send: (sent: Sent, options: { readonly abortSignal: AbortSignal }) => Promise<T>,
) => Promise<T>;

/** What servers that know no trailers answer to one: Ceph's radosgw 16 has the first. */
const NO_TRAILERS = /XAmzContentSHA256Mismatch|MissingContentLength|NotImplemented|InvalidArgument|411|501/;

export function createSendBody(): SendBody {
  let takesTrailers = true;

  return async (upload, signal, send) => {
    const { body, checksum, context } = upload;
    const { algorithm, value } = checksum;
    if (body instanceof Uint8Array) {
      if (typeof value !== 'string') throw new BugError('bytes at hand are sent with their checksum');
      const sent = { Body: body, ContentLength: body.length, ...checksumInput({ algorithm, value }) };
      return call(context, signal, () => send(sent, { abortSignal: signal }));
    }
    if (typeof value === 'string') throw new BugError('the checksum of a streamed body is known when it has been read');
    const trailed = takesTrailers;
    const Body = trailed ? trailedBody(body, { algorithm, value }) : plainBody(body);
    let sentOnce = false;
    try {
      return await call(context, signal, () => {
        // what has been read can't be read again
        if (sentOnce) throw new ServiceError('network', 'a streamed body can be sent only once', context);
        sentOnce = true;
        return send({ Body, ContentLength: body.length }, { abortSignal: signal });
      });
    } catch (error) {
      if (!trailed || !isFailure(error, 'invalid_request', 'bad_checksum') || !refusesTrailers(error)) throw error;
      takesTrailers = false;
      const message = `${context.subject}: the server takes no trailing checksums; the part is sent again without one`;
      throw new ServiceError('unavailable', message, { operation: context.operation, cause: error });
    }
  };
}

function refusesTrailers(error: ServiceError): boolean {
  const { cause } = error;
  const status = (cause as { $metadata?: { httpStatusCode?: number } } | undefined)?.$metadata?.httpStatusCode;
  return NO_TRAILERS.test(`${cause instanceof Error ? cause.name : ''} ${status}`);
}
