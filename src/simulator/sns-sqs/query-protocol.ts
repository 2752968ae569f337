/*
 * The AWS query protocol, spoken by SNS and by SQS's older clients: a form with dotted names in, XML out.
 */

/** XML of one element: text, children by name, or the same name several times over. */
export type Xml = string | number | boolean | readonly Xml[] | { readonly [name: string]: Xml | undefined };

/**
 * The members of a list: those parameters that begin with `<prefix>.<n>`, in order of n, each with the rest of
 * its name (`''` where the member is a value itself).
 */
export function numbered(form: URLSearchParams, prefix: string): readonly URLSearchParams[] {
  const members = new Map<number, URLSearchParams>();
  for (const [name, value] of form) {
    const match = name.startsWith(`${prefix}.`) ? /^(\d+)(?:\.(.+))?$/.exec(name.slice(prefix.length + 1)) : null;
    if (!match) continue;
    const index = Number(match[1]);
    const member = members.get(index) ?? new URLSearchParams();
    member.append(match[2] ?? '', value);
    members.set(index, member);
  }
  return [...members].sort(([a], [b]) => a - b).map(([, member]) => member);
}

/** A map that came as `<prefix>.<n>.<key>` and `<prefix>.<n>.<value>`; undefined where there is none. */
export function keyed(
  form: URLSearchParams,
  prefix: string,
  key: string,
  value: string,
): Record<string, string> | undefined {
  const members = numbered(form, prefix);
  if (members.length === 0) return undefined;
  return Object.fromEntries(members.map((member) => [member.get(key) ?? '', member.get(value) ?? '']));
}

export function queryReply(namespace: string, operation: string, requestId: string, result: Xml | undefined): string {
  return document({
    [`${operation}Response xmlns="${namespace}"`]: {
      [`${operation}Result`]: result,
      ResponseMetadata: { RequestId: requestId },
    },
  });
}

export function queryError(
  namespace: string,
  requestId: string,
  error: { readonly code: string; readonly message: string; readonly fault: 'Sender' | 'Receiver' },
): string {
  return document({
    [`ErrorResponse xmlns="${namespace}"`]: {
      Error: { Type: error.fault, Code: error.code, Message: error.message, Detail: '' },
      RequestId: requestId,
    },
  });
}

function document(root: Xml): string {
  return `<?xml version="1.0"?>\n${children(root)}`;
}

function children(xml: Xml): string {
  if (typeof xml !== 'object') return escaped(String(xml));
  return Object.entries(xml)
    .flatMap(([name, value]) =>
      Array.isArray(value) ? value.map((each: Xml) => [name, each] as const) : [[name, value] as const],
    )
    .map(([name, value]) => (value === undefined ? '' : `<${name}>${children(value)}</${name.split(' ')[0]}>`))
    .join('');
}

function escaped(text: string): string {
  const names: Record<string, string> = { '&': '&amp;', '<': '&lt;', '>': '&gt;', '"': '&quot;', '\r': '&#xD;' };
  return text.replace(/[&<>"\r]/g, (sign) => names[sign] ?? sign);
}
