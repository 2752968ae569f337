/** An object of JSON with names that are not known beforehand. */
export type JsonObject = Readonly<Record<string, unknown>>;

/** The object that the text is, or undefined where it is not JSON, or JSON of something else. */
export function parseObject(text: string): JsonObject | undefined {
  const value = parse(text);
  return typeof value === 'object' && value !== null && !Array.isArray(value) ? (value as JsonObject) : undefined;
}

/**
 * The object that the text is, or that the JSON string holds which the text is: doubly encoded. The outer quotes of
 * such a string may already be gone.
 */
export function parseNestedObject(text: string): JsonObject | undefined {
  // no JSON begins like that: to have it refused takes ten times as long as to read it
  if (text.startsWith('{\\"')) return parseInner(`"${text}"`);
  if (text.startsWith('{')) return parseObject(text) ?? (text.includes('\\"') ? parseInner(`"${text}"`) : undefined);
  return text.startsWith('"') ? parseInner(text) : undefined;
}

function parseInner(text: string): JsonObject | undefined {
  const inner = parse(text);
  return typeof inner === 'string' ? parseObject(inner) : undefined;
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
