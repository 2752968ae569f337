import type { Reply } from './service.ts';
import { queryError } from './sns-sqs/query-protocol.ts';

/** An error before it has the shape of a protocol. */
export interface AwsError {
  readonly status: number;
  readonly code: string;
  readonly message: string;
}

const NAMESPACES: Readonly<Record<string, string>> = {
  sns: 'http://sns.amazonaws.com/doc/2010-03-31/',
  iam: 'https://iam.amazonaws.com/doc/2010-05-08/',
  sts: 'https://sts.amazonaws.com/doc/2011-06-15/',
  sqs: 'http://queue.amazonaws.com/doc/2012-11-05/',
};

/** The error as the service's protocol writes it. `form` tells SQS's query protocol from its JSON protocol. */
export function errorReply(
  service: string,
  error: AwsError,
  { requestId, form }: { readonly requestId: string; readonly form: boolean },
): Reply {
  if (service === 'glacier') return glacierError(error);
  if (service === 's3') return s3Error(error, requestId);
  if ((service === 'sqs' && !form) || service === 'monitoring') return jsonError(error);
  const fault = error.status >= 500 ? 'Receiver' : 'Sender';
  return {
    status: error.status,
    headers: { 'content-type': 'text/xml' },
    body: queryError(NAMESPACES[service] ?? '', requestId, { ...error, fault }),
  };
}

/** `{"code","message","type"}` (Glacier developer guide, api-error-responses). */
export function glacierError({ status, code, message }: AwsError): Reply {
  return {
    status,
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ code, message, type: status >= 500 ? 'Server' : 'Client' }),
  };
}

function s3Error({ status, code, message }: AwsError, requestId: string): Reply {
  const fields = { Code: code, Message: message, RequestId: requestId, HostId: 'simulator' };
  const xml = Object.entries(fields).map(([name, value]) => `<${name}>${escapeXml(value)}</${name}>`);
  return {
    status,
    headers: { 'content-type': 'application/xml' },
    body: `<?xml version="1.0" encoding="UTF-8"?>\n<Error>${xml.join('')}</Error>`,
  };
}

function jsonError({ status, code, message }: AwsError): Reply {
  return {
    status,
    headers: {
      'content-type': 'application/x-amz-json-1.0',
      'x-amzn-query-error': `${code};${status >= 500 ? 'Receiver' : 'Sender'}`,
    },
    body: JSON.stringify({ __type: `com.amazon.coral.service#${code}`, message }),
  };
}

function escapeXml(text: string): string {
  return text.replace(/[&<>"']/g, (sign) => `&#${sign.charCodeAt(0)};`);
}
