import { createHash, createHmac, timingSafeEqual } from 'node:crypto';
import type { IncomingHttpHeaders } from 'node:http';

/*
 * AWS Signature Version 4, checked from its public description: a canonical form of the request is rebuilt from
 * what came over the wire and signed again with the secret that the simulator knows.
 */

/** The Authorization header, taken apart. */
export interface Authorization {
  readonly accessKeyId: string;
  /** `YYYYMMDD`. */
  readonly day: string;
  readonly region: string;
  readonly service: string;
  readonly signedHeaders: readonly string[];
  readonly signature: string;
}

export interface SignedRequest {
  readonly method: string;
  readonly rawPath: string;
  readonly rawQuery: string;
  readonly headers: IncomingHttpHeaders;
}

/** What may not travel unsigned. */
const ALWAYS_SIGNED = /^(host$|x-amz-)/;

/** The header's parts, or undefined where it is not a Signature Version 4 at all. */
export function parseAuthorization(header: string | undefined): Authorization | undefined {
  if (!header?.startsWith('AWS4-HMAC-SHA256 ')) return undefined;
  const fields = new Map<string, string>();
  for (const field of header.slice('AWS4-HMAC-SHA256 '.length).split(',')) {
    const equals = field.indexOf('=');
    fields.set(field.slice(0, equals).trim(), field.slice(equals + 1).trim());
  }
  const scope = (fields.get('Credential') ?? '').split('/');
  const [day, region, service, terminator] = scope.slice(-4);
  const accessKeyId = scope.slice(0, -4).join('/');
  const signature = fields.get('Signature');
  const signedHeaders = fields.get('SignedHeaders')?.split(';');
  if (!accessKeyId || !day || !region || !service || terminator !== 'aws4_request' || !signature || !signedHeaders) {
    return undefined;
  }
  return { accessKeyId, day, region, service, signedHeaders, signature };
}

/** Headers that the signature has to cover and does not. */
export function unsignedHeaders(authorization: Authorization, headers: IncomingHttpHeaders): readonly string[] {
  return Object.keys(headers).filter((name) => ALWAYS_SIGNED.test(name) && !authorization.signedHeaders.includes(name));
}

/** When the request says it was signed, in milliseconds since 1970: X-Amz-Date, else Date. */
export function signingTime(headers: IncomingHttpHeaders): number | undefined {
  const text = single(headers['x-amz-date']);
  const match = /^(\d{4})(\d\d)(\d\d)T(\d\d)(\d\d)(\d\d)Z$/.exec(text ?? '');
  if (match) {
    const [, year, month, day, hour, minute, second] = match.map(Number);
    return Date.UTC(year ?? 0, (month ?? 1) - 1, day, hour, minute, second);
  }
  const time = text === undefined ? Date.parse(single(headers.date) ?? '') : Number.NaN;
  return Number.isNaN(time) ? undefined : time;
}

/** `YYYYMMDDTHHMMSSZ`. */
export function basicDate(time: number): string {
  return new Date(time).toISOString().replace(/[-:]|\.\d{3}/g, '');
}

/**
 * Whether the signature is that of the request.
 * @param payloadHash what stands on the canonical request's last line: the body's SHA-256 in hexadecimal, or the
 *   text of x-amz-content-sha256 where S3 lets the client leave the body out.
 */
export function isSignatureValid(
  authorization: Authorization,
  request: SignedRequest,
  {
    secretAccessKey,
    payloadHash,
    time,
  }: { readonly secretAccessKey: string; readonly payloadHash: string; readonly time: number },
): boolean {
  const { day, region, service, signedHeaders } = authorization;
  const canonicalRequest = [
    request.method,
    canonicalPath(request.rawPath, service),
    canonicalQuery(request.rawQuery),
    ...signedHeaders.map((name) => `${name}:${canonicalValue(request.headers[name])}`),
    '',
    signedHeaders.join(';'),
    payloadHash,
  ].join('\n');
  const toSign = [
    'AWS4-HMAC-SHA256',
    basicDate(time),
    `${day}/${region}/${service}/aws4_request`,
    createHash('sha256').update(canonicalRequest).digest('hex'),
  ].join('\n');
  const key = [day, region, service, 'aws4_request'].reduce<Buffer>(
    (secret, text) => createHmac('sha256', secret).update(text).digest(),
    Buffer.from(`AWS4${secretAccessKey}`),
  );
  const expected = Buffer.from(createHmac('sha256', key).update(toSign).digest('hex'));
  const given = Buffer.from(authorization.signature);
  return given.length === expected.length && timingSafeEqual(given, expected);
}

/** S3 signs the path as it is encoded once; every other service encodes what is already encoded again. */
function canonicalPath(rawPath: string, service: string): string {
  if (service === 's3') return encodePath(decode(rawPath));
  const segments: string[] = [];
  for (const segment of rawPath.split('/').slice(1)) {
    if (segment === '..') segments.pop();
    else if (segment !== '.' && segment !== '') segments.push(segment);
  }
  const trailing = rawPath.length > 1 && rawPath.endsWith('/') ? '/' : '';
  return encodePath(`/${segments.join('/')}${segments.length > 0 ? trailing : ''}`);
}

function canonicalQuery(rawQuery: string): string {
  const pairs = rawQuery.split('&').filter((pair) => pair !== '');
  return pairs
    .map((pair) => {
      const equals = pair.indexOf('=');
      const [name, value] = equals < 0 ? [pair, ''] : [pair.slice(0, equals), pair.slice(equals + 1)];
      return [encode(decode(name)), encode(decode(value))] as const;
    })
    .sort(([a, x], [b, y]) => compare(a, b) || compare(x, y))
    .map(([name, value]) => `${name}=${value}`)
    .join('&');
}

function canonicalValue(value: string | readonly string[] | undefined): string {
  const text = typeof value === 'string' ? value : (value?.join(',') ?? '');
  return text.trim().replace(/ +/g, ' ');
}

/** Percent-decoded; a text that cannot be decoded stands as it is, and its signature will not fit. */
function decode(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}

function encode(text: string): string {
  return encodeURIComponent(text).replace(/[!'()*]/g, (sign) => `%${sign.charCodeAt(0).toString(16).toUpperCase()}`);
}

function encodePath(path: string): string {
  return path.split('/').map(encode).join('/');
}

function compare(a: string, b: string): number {
  return a < b ? -1 : Number(a > b);
}

function single(value: string | readonly string[] | undefined): string | undefined {
  return typeof value === 'string' ? value : value?.[0];
}
