import { randomBytes } from 'node:crypto';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { setTimeout as delay } from 'node:timers/promises';
import { messageOf } from '../lib/errors.ts';
import { type Credentials, guessService } from './authentication.ts';
import type { CallLog } from './call-log.ts';
import { type AwsError, errorReply } from './error-reply.ts';
import type { Fault, Faults } from './faults.ts';
import { identify } from './operation.ts';
import { sendReply } from './send-reply.ts';
import type { Exchange, Reply, SimulatedService } from './service.ts';
import { parseAuthorization } from './signature.ts';

export interface FrameDeps {
  readonly now: () => number;
  readonly accountId: string;
  readonly region: string;
  readonly credentials: Credentials;
  readonly faults: Faults;
  readonly log: CallLog;
  readonly services: ReadonlyMap<string, SimulatedService>;
  /** Hears of every error that is the simulator's own. */
  readonly onBug: (error: unknown) => void;
}

/** Answers one request: signature, permission and faults are seen to here, what remains by the service. */
export async function answer(deps: FrameDeps, request: IncomingMessage, response: ServerResponse): Promise<void> {
  const { rawPath, rawQuery } = splitUrl(request.url ?? '/');
  const { method = 'GET', headers } = request;
  const authorization = parseAuthorization(headers.authorization);
  const service = authorization?.service ?? guessService({ headers, rawPath });
  const body = service === 's3' ? undefined : await readBody(request);
  const requestId = newRequestId(service);
  const form = headers['content-type']?.startsWith('application/x-www-form-urlencoded') ?? false;
  const received: Exchange = {
    requestId,
    method,
    rawPath,
    query: new URLSearchParams(rawQuery),
    headers,
    body: body ? once(body) : request,
    caller: {
      accountId: deps.accountId,
      region: authorization?.region ?? deps.region,
      accessKeyId: authorization?.accessKeyId ?? '',
    },
  };
  const implementation = deps.services.get(service);
  const bytes = body ?? Buffer.alloc(0);
  const asked = implementation?.identify?.(received, bytes) ?? identify(received, bytes);
  const call = deps.log.open({ requestId, service, at: deps.now(), ...asked });
  deps.log.count(call);

  const send = async (reply: Reply, faults: readonly Fault[] = []): Promise<void> => {
    call.status = reply.status;
    const withId = { ...reply, headers: { ...requestIdHeaders(service, requestId), ...reply.headers } };
    call.sent = await sendReply(response, withId, { faults, head: method === 'HEAD' });
    // what is left of a body that was refused has to be read, or the connection can't be used again
    request.resume();
  };
  const refuse = (error: AwsError): Promise<void> => send(errorReply(service, error, { requestId, form }));

  const identity = deps.credentials.authenticate({ method, rawPath, rawQuery, headers }, body);
  if ('status' in identity) return refuse(identity);
  if (!implementation) {
    return refuse({ status: 400, code: 'UnknownService', message: `The simulator has no service "${service}".` });
  }
  const denial = deps.credentials.denial(identity, { ...asked, accountId: deps.accountId });
  if (denial) return refuse(denial);

  const faults = deps.faults.take({ service, ...asked });
  call.faults = faults.map(({ kind }) => kind);
  for (const fault of faults) {
    if (fault.kind === 'delay') await delay(fault.ms);
    if (fault.kind === 'error' && !fault.done) return refuse(fault);
    if (fault.kind === 'reset') return drop(request);
  }
  const exchange: Exchange = { ...received, ...asked, detail: { ...asked.detail }, faults };
  const reply = await implementation.handle(exchange).catch((error: unknown) => {
    deps.onBug(error);
    return errorReply(
      service,
      { status: 500, code: 'InternalFailure', message: messageOf(error) },
      { requestId, form },
    );
  });
  call.detail = { ...call.detail, ...exchange.detail };
  if (faults.some(({ kind }) => kind === 'lost-response')) return drop(request);
  const refusal = faults.find((fault) => fault.kind === 'error');
  return refusal ? refuse(refusal) : send(reply, faults);
}

function drop(request: IncomingMessage): void {
  request.socket.destroy();
}

function splitUrl(url: string): { rawPath: string; rawQuery: string } {
  const mark = url.indexOf('?');
  return mark < 0 ? { rawPath: url, rawQuery: '' } : { rawPath: url.slice(0, mark), rawQuery: url.slice(mark + 1) };
}

async function readBody(request: IncomingMessage): Promise<Buffer> {
  const chunks: Buffer[] = [];
  for await (const chunk of request as AsyncIterable<Buffer>) chunks.push(chunk);
  return Buffer.concat(chunks);
}

async function* once(body: Buffer): AsyncGenerator<Buffer> {
  if (body.length > 0) yield body;
}

function newRequestId(service: string): string {
  const hex = randomBytes(16).toString('hex');
  if (service === 's3') return hex.slice(0, 16).toUpperCase();
  return hex.replace(/^(.{8})(.{4})(.{4})(.{4})(.{12})$/, '$1-$2-$3-$4-$5');
}

function requestIdHeaders(service: string, requestId: string): Record<string, string> {
  return service === 's3'
    ? { 'x-amz-request-id': requestId, 'x-amz-id-2': 'simulator' }
    : { 'x-amzn-requestid': requestId };
}
