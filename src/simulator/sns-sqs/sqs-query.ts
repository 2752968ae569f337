import { keyed, numbered, type Xml } from './query-protocol.ts';
import { isObject, type JsonObject } from './sqs-input.ts';

/*
 * SQS's older protocol in terms of its JSON protocol: lists are flattened under the name of one member, maps under
 * a name and a pair of members.
 */

const LISTS: Readonly<Record<string, string>> = {
  AttributeNames: 'AttributeName',
  MessageSystemAttributeNames: 'MessageSystemAttributeName',
  MessageAttributeNames: 'MessageAttributeName',
  TagKeys: 'TagKey',
};
const MAPS: Readonly<Record<string, readonly [name: string, key: string, value: string]>> = {
  Attributes: ['Attribute', 'Name', 'Value'],
  Tags: ['Tag', 'Key', 'Value'],
};
const NUMBERS = ['DelaySeconds', 'VisibilityTimeout', 'MaxNumberOfMessages', 'WaitTimeSeconds', 'MaxResults'];
const RESULT_NAMES: Readonly<Record<string, string>> = {
  QueueUrls: 'QueueUrl',
  Messages: 'Message',
  Failed: 'BatchResultErrorEntry',
};

/** The input as the JSON protocol would have it. */
export function inputFromQuery(operation: string, form: URLSearchParams): JsonObject {
  const input: Record<string, unknown> = {};
  for (const [name, value] of form) {
    if (name.includes('.') || name === 'Action' || name === 'Version') continue;
    input[name] = NUMBERS.includes(name) && /^-?\d{1,9}$/.test(value) ? Number(value) : value;
  }
  for (const [name, member] of Object.entries(LISTS)) {
    const members = numbered(form, member);
    if (members.length > 0) input[name] = members.map((each) => each.get('') ?? '');
  }
  for (const [name, [member, key, value]] of Object.entries(MAPS)) {
    const map = keyed(form, member, key, value);
    if (map) input[name] = map;
  }
  const attributes = numbered(form, 'MessageAttribute').map(
    (each) => [each.get('Name') ?? '', attributeValue(each)] as const,
  );
  if (attributes.length > 0) input.MessageAttributes = Object.fromEntries(attributes);
  const entries = numbered(form, `${operation}RequestEntry`);
  if (entries.length > 0) input.Entries = entries.map((entry) => inputFromQuery('', entry));
  return input;
}

/** The result's XML. */
export function resultToXml(operation: string, output: JsonObject): Xml {
  const xml: Record<string, Xml> = {};
  for (const [name, value] of Object.entries(output)) {
    if (name === 'Attributes' && isObject(value)) xml.Attribute = pairs(value, 'Name', 'Value');
    else if (name === 'MessageAttributes' && isObject(value)) xml.MessageAttribute = pairs(value, 'Name', 'Value');
    else if (name === 'Tags' && isObject(value)) xml.Tag = pairs(value, 'Key', 'Value');
    else if (name === 'Successful') xml[`${operation}ResultEntry`] = toXml(operation, value);
    else xml[RESULT_NAMES[name] ?? name] = toXml(operation, value);
  }
  return xml;
}

function toXml(operation: string, value: unknown): Xml {
  if (Array.isArray(value)) return value.map((each) => toXml(operation, each));
  return isObject(value) ? resultToXml(operation, value) : String(value);
}

function pairs(map: JsonObject, key: string, value: string): Xml {
  return Object.entries(map).map(([name, each]) => ({ [key]: name, [value]: toXml('', each) }));
}

function attributeValue(form: URLSearchParams): JsonObject {
  const value: Record<string, string> = {};
  for (const name of ['DataType', 'StringValue', 'BinaryValue']) {
    const given = form.get(`Value.${name}`);
    if (given !== null) value[name] = given;
  }
  return value;
}
