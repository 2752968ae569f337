import { malformedXml } from './refusal.ts';

const NAMESPACE = 'http://s3.amazonaws.com/doc/2006-03-01/';

/** An XML element's content: text, or elements in order. What is undefined is left out; an array repeats its element. */
export type Content = string | number | boolean | { readonly [name: string]: Content | readonly Content[] | undefined };

/** A reply's document. S3's errors carry no namespace. */
export function xmlDocument(root: string, content: Content, { namespace = true } = {}): string {
  const attribute = namespace ? ` xmlns="${NAMESPACE}"` : '';
  return `<?xml version="1.0" encoding="UTF-8"?>\n<${root}${attribute}>${inner(content)}</${root}>`;
}

function inner(content: Content): string {
  if (typeof content !== 'object') return escapeText(String(content));
  return Object.entries(content)
    .flatMap(([name, value]) =>
      [value].flat().map((one) => (one === undefined ? '' : `<${name}>${inner(one)}</${name}>`)),
    )
    .join('');
}

const ENTITIES: Readonly<Record<string, string>> = { '&': '&amp;', '<': '&lt;', '>': '&gt;', '"': '&quot;' };

function escapeText(text: string): string {
  // Control characters have no place in XML 1.0; S3 writes them as references all the same where no URL encoding is asked for.
  // biome-ignore lint/suspicious/noControlCharactersInRegex: they are what is looked for
  return text.replace(/[&<>"\u0000-\u001f]/g, (c) => ENTITIES[c] ?? `&#x${c.charCodeAt(0).toString(16)};`);
}

/** An element of a request's document. `text` is what stands between its tags, trimmed where it has children. */
export interface XmlElement {
  readonly name: string;
  readonly children: readonly XmlElement[];
  readonly text: string;
}

const TOKEN =
  /<\?xml[^>]*\?>|<!--[\s\S]*?-->|<(\/?)([A-Za-z_][\w.-]*)((?:\s+[\w:.-]+\s*=\s*(?:"[^"<]*"|'[^'<]*'))*)\s*(\/?)>|([^<]+)/y;

/**
 * The root of a small document: elements and text, attributes ignored; no namespaces' prefixes, no CDATA, no DTD.
 * @throws {Refusal} MalformedXML
 */
export function parseXml(text: string): XmlElement {
  const token = new RegExp(TOKEN);
  const root = { name: '', children: [] as XmlElement[], text: '' };
  const open = [root];
  while (token.lastIndex < text.length) {
    const match = token.exec(text);
    const parent = open.at(-1);
    if (!match || !parent) throw malformedXml();
    const [, closing, name, , selfClosing, characters] = match;
    if (characters !== undefined) {
      parent.text += unescapeText(characters);
    } else if (name !== undefined && closing) {
      if (open.length === 1 || parent.name !== name) throw malformedXml();
      open.pop();
    } else if (name !== undefined) {
      const element = { name, children: [], text: '' };
      parent.children.push(element);
      if (!selfClosing) open.push(element);
    }
  }
  const [document, ...others] = root.children;
  if (open.length !== 1 || !document || others.length > 0 || root.text.trim() !== '') throw malformedXml();
  return document;
}

const REFERENCES: Readonly<Record<string, string>> = { amp: '&', lt: '<', gt: '>', quot: '"', apos: "'" };

function unescapeText(text: string): string {
  return text.replace(/&([^;&]*)(;?)/g, (_, name: string, end: string) => {
    const number = /^#(?:x([0-9a-f]{1,6})|(\d{1,7}))$/i.exec(name);
    const code = number ? Number.parseInt(number[1] ?? number[2] ?? '', number[1] ? 16 : 10) : undefined;
    const character = code === undefined ? REFERENCES[name] : code <= 0x10ffff ? String.fromCodePoint(code) : undefined;
    if (!end || character === undefined) throw malformedXml();
    return character;
  });
}

/**
 * The texts of an element's children by name.
 * @throws {Refusal} MalformedXML for a child that is not among `names`, comes twice, or has children itself.
 */
export function leaves(element: XmlElement, names: readonly string[]): ReadonlyMap<string, string> {
  const found = new Map<string, string>();
  for (const child of element.children) {
    if (!names.includes(child.name) || found.has(child.name) || child.children.length > 0) throw malformedXml();
    found.set(child.name, child.text);
  }
  return found;
}
