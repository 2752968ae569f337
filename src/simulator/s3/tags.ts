import { invalidArgument, malformedXml, Refusal } from './refusal.ts';
import { type Content, leaves, parseXml } from './xml.ts';

/** An object's tags in the order they were given. */
export type Tags = readonly { readonly key: string; readonly value: string }[];

/** Tags an object may have, and the characters of a key and a value (S3 user guide, object tagging). */
const LIMIT = 10;
const KEY_LIMIT = 128;
const VALUE_LIMIT = 256;
const ALLOWED = /^[\p{L}\p{Z}\p{N}_.:/=+\-@]*$/u;

function invalidTag(message: string, fields: Record<string, string> = {}): Refusal {
  return new Refusal(400, 'InvalidTag', message, fields);
}

function checked(tags: Tags): Tags {
  if (tags.length > LIMIT) throw new Refusal(400, 'BadRequest', `Object tags cannot be greater than ${LIMIT}`);
  for (const { key, value } of tags) {
    if (key.startsWith('aws:')) throw invalidTag('System tags cannot be added/updated by requester');
    if (key === '' || [...key].length > KEY_LIMIT || !ALLOWED.test(key)) {
      throw invalidTag('The TagKey you have provided is invalid', { TagKey: key });
    }
    if ([...value].length > VALUE_LIMIT || !ALLOWED.test(value)) {
      throw invalidTag('The TagValue you have provided is invalid', { TagKey: key, TagValue: value });
    }
  }
  return tags;
}

/** @throws {Refusal} */
export function parseTagHeader(text: string | undefined): Tags {
  if (text === undefined || text === '') return [];
  try {
    const tags = text.split('&').map((pair) => {
      const [key, value = '', ...more] = pair.split('=');
      if (!key || more.length > 0) throw new URIError();
      return { key: decode(key), value: decode(value) };
    });
    if (new Set(tags.map(({ key }) => key)).size !== tags.length) throw new URIError();
    return checked(tags);
  } catch (error) {
    if (!(error instanceof URIError)) throw error;
    const message =
      "The header 'x-amz-tagging' shall be encoded as UTF-8 then URLEncoded URL query parameters without tag name duplicates.";
    throw invalidArgument(message, 'x-amz-tagging', text);
  }
}

function decode(text: string): string {
  return decodeURIComponent(text.replaceAll('+', ' '));
}

/** The tags of a PutObjectTagging's document. @throws {Refusal} */
export function parseTagging(document: string): Tags {
  const tagging = parseXml(document);
  const [tagSet, ...others] = tagging.children;
  if (tagging.name !== 'Tagging' || tagSet?.name !== 'TagSet' || others.length > 0) throw malformedXml();
  const tags = tagSet.children.map((tag) => {
    const fields = leaves(tag, ['Key', 'Value']);
    const key = fields.get('Key');
    const value = fields.get('Value');
    if (tag.name !== 'Tag' || key === undefined || value === undefined) throw malformedXml();
    return { key, value };
  });
  const seen = new Set<string>();
  for (const { key } of tags) {
    if (seen.has(key)) throw invalidTag('Cannot provide multiple Tags with the same key', { TagKey: key });
    seen.add(key);
  }
  return checked(tags);
}

export function taggingContent(tags: Tags): Content {
  return { TagSet: { Tag: tags.map(({ key, value }) => ({ Key: key, Value: value })) } };
}
