import type { Exchange, Identified } from './service.ts';

type Request = Pick<Exchange, 'headers'>;

/** What a request to SQS, SNS or STS asks for: named in a header, or in the form that is its body. */
export function identify(request: Request, body: Buffer): Identified {
  const target = String(request.headers['x-amz-target'] ?? '');
  if (target.startsWith('AmazonSQS.')) {
    return { operation: target.slice('AmazonSQS.'.length), detail: renamed(jsonObject(body)) };
  }
  const form = Object.fromEntries(new URLSearchParams(body.toString()));
  const { Action: operation = 'Unknown', Version: _, ...rest } = form;
  return { operation, detail: renamed(rest) };
}

/** Only plain values, under the names that the call log uses: `QueueUrl` as queueUrl. */
function renamed(fields: Readonly<Record<string, unknown>>): Record<string, unknown> {
  const plain = Object.entries(fields).filter(([, value]) => typeof value === 'string' || typeof value === 'number');
  return Object.fromEntries(plain.map(([name, value]) => [name.charAt(0).toLowerCase() + name.slice(1), value]));
}

function jsonObject(body: Buffer): Record<string, unknown> {
  try {
    const json: unknown = JSON.parse(body.toString());
    return typeof json === 'object' && json !== null ? { ...json } : {};
  } catch {
    return {};
  }
}
