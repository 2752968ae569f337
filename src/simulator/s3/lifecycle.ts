import { randomBytes } from 'node:crypto';
import { invalidArgument, invalidRequest, malformedXml } from './refusal.ts';
import { type Content, parseXml, type XmlElement } from './xml.ts';

/** Rules of a configuration, and characters of a rule's id (S3 user guide, lifecycle configuration elements). */
const MOST_RULES = 1000;
const LONGEST_ID = 255;

const ACTIONS = [
  'Transition',
  'Expiration',
  'NoncurrentVersionTransition',
  'NoncurrentVersionExpiration',
  'AbortIncompleteMultipartUpload',
];
const MEMBERS = ['ID', 'Prefix', 'Filter', 'Status', ...ACTIONS];
const FILTERS = ['Prefix', 'Tag', 'ObjectSizeGreaterThan', 'ObjectSizeLessThan', 'And'];

/** The rules of a PutBucketLifecycleConfiguration's document; each has an id afterwards. @throws {Refusal} */
export function parseLifecycle(document: string): readonly XmlElement[] {
  const root = parseXml(document);
  const rules = root.children;
  if (root.name !== 'LifecycleConfiguration' || rules.length === 0 || rules.some(({ name }) => name !== 'Rule')) {
    throw malformedXml();
  }
  if (rules.length > MOST_RULES) throw malformedXml();
  const named = rules.map(parseRule);
  const ids = named.map((rule) => child(rule, 'ID')?.text);
  const twice = ids.find((id, i) => ids.indexOf(id) !== i);
  if (twice !== undefined)
    throw invalidArgument('Rule ID must be unique. Found same ID for more than one rule', 'ID', twice);
  return named;
}

function parseRule(rule: XmlElement): XmlElement {
  const { children } = rule;
  const names = children.map(({ name }) => name);
  if (names.some((name) => !MEMBERS.includes(name))) throw malformedXml();
  if (names.some((name, i) => !/Transition$/.test(name) && names.indexOf(name) !== i)) throw malformedXml();
  const status = child(rule, 'Status')?.text;
  if (status !== 'Enabled' && status !== 'Disabled') throw malformedXml();
  const filter = child(rule, 'Filter');
  if (Boolean(filter) === names.includes('Prefix')) throw malformedXml();
  if (filter && (filter.children.length > 1 || filter.children.some(({ name }) => !FILTERS.includes(name)))) {
    throw malformedXml();
  }
  if (!names.some((name) => ACTIONS.includes(name))) {
    throw invalidRequest('At least one action needs to be specified in a rule');
  }
  const abort = child(rule, 'AbortIncompleteMultipartUpload');
  if (abort) checkAbort(abort, filter);
  const id = child(rule, 'ID')?.text ?? '';
  if (id.length > LONGEST_ID) throw invalidArgument('ID length should not exceed allowed limit of 255', 'ID', id);
  if (id !== '') return rule;
  const given = { name: 'ID', children: [], text: randomBytes(18).toString('base64url') };
  return { ...rule, children: [given, ...children.filter(({ name }) => name !== 'ID')] };
}

function checkAbort(abort: XmlElement, filter: XmlElement | undefined): void {
  const days = child(abort, 'DaysAfterInitiation')?.text ?? '';
  if (abort.children.length !== 1 || !/^\d+$/.test(days)) throw malformedXml();
  if (Number(days) < 1) {
    throw invalidArgument("'DaysAfterInitiation' must be a positive integer", 'DaysAfterInitiation', days);
  }
  const parts = (filter?.children ?? []).flatMap((part) => (part.name === 'And' ? part.children : [part]));
  const other = parts.find(({ name }) => name !== 'Prefix')?.name;
  if (other === 'Tag') throw invalidRequest('AbortIncompleteMultipartUpload cannot be specified with Tags.');
  if (other) throw invalidRequest('AbortIncompleteMultipartUpload cannot be specified with Object Size.');
}

/** The rules as GetBucketLifecycleConfiguration writes them. */
export function lifecycleContent(rules: readonly XmlElement[]): Content {
  return { Rule: rules.map(contentOf) };
}

function contentOf({ children, text }: XmlElement): Content {
  if (children.length === 0) return text.trim() === '' ? '' : text;
  const content: Record<string, Content[]> = {};
  for (const each of children) content[each.name] = [...(content[each.name] ?? []), contentOf(each)];
  return content;
}

function child({ children }: XmlElement, name: string): XmlElement | undefined {
  return children.find((each) => each.name === name);
}
