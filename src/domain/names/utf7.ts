/** Without the `-`: not closed, as no encoder leaves it. Taken along all the same, so that no `+` is looked at twice. */
const GROUP = /\+([A-Za-z0-9+/]*)(-?)/g;
/**
 * What .NET's UTF7Encoding does not write as it is: all but RFC 2152's set D, space, tab and line ends. A `+` that begins a
 * run is written `+-`; one within a run is taken along.
 */
const INDIRECT = /\+|[^\t\n\r '(),\-./0-9:?A-Za-z+][^\t\n\r '(),\-./0-9:?A-Za-z]*/g;

/**
 * The text that .NET's UTF-7 encoder made this of, or undefined where it cannot have made it: only what gives the same
 * text when it is encoded again was encoded before. So `C++ notes/a+b.txt` stays what it is.
 */
export function decodeUtf7(encoded: string): string | undefined {
  const decoded = encoded.replace(GROUP, (group, base64: string, end: string) => {
    if (end === '') return group;
    return base64 === '' ? '+' : unitsOf(base64);
  });
  return encodeUtf7(decoded) === encoded ? decoded : undefined;
}

/** UTF-7 as .NET's UTF7Encoding writes it: optional direct characters encoded, each group closed by `-`. */
export function encodeUtf7(text: string): string {
  return text.replace(INDIRECT, (run) => {
    if (run === '+') return '+-';
    const base64 = Buffer.from(run, 'utf16le').swap16().toString('base64');
    return `+${base64.replace(/=+$/, '')}-`;
  });
}

function unitsOf(base64: string): string {
  const bytes = Buffer.from(base64, 'base64');
  return Buffer.from(bytes.subarray(0, bytes.length & ~1))
    .swap16()
    .toString('utf16le');
}
