import type { ByteRange } from '../../domain/ranges.ts';
import { MiB } from '../../lib/size.ts';
import type { Tier } from '../../ports.ts';
import type { InventoryFormat } from './inventory-text.ts';
import { invalid, missing, Refusal } from './refusal.ts';

/** A job's parameters as they were asked for, checked as far as they can be without the vault. */
export type JobRequest = ArchiveRequest | InventoryRequest;

interface CommonRequest {
  readonly description?: string;
  readonly topicArn?: string;
}

export interface ArchiveRequest extends CommonRequest {
  readonly type: 'archive-retrieval';
  readonly archiveId: string;
  readonly tier: Tier;
  readonly range?: ByteRange;
}

export interface InventoryRequest extends CommonRequest {
  readonly type: 'inventory-retrieval';
  readonly format: InventoryFormat;
  /** As given: Glacier's are all texts. */
  readonly parameters: {
    readonly StartDate?: string;
    readonly EndDate?: string;
    readonly Limit?: string;
    readonly Marker?: string;
  };
}

const LONGEST_DESCRIPTION = 1024;
const ARCHIVE_FIELDS = ['ArchiveId', 'RetrievalByteRange', 'Tier'];
const INVENTORY_FIELDS = ['Format', 'InventoryRetrievalParameters'];
const ISO_SECONDS = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ$/;

/** @throws {Refusal} as Glacier refuses a request like this. */
export function parseJobRequest(body: Buffer): JobRequest {
  if (body.length === 0) throw missing('Job Parameters');
  const fields = parseObject(body);
  const description = text(fields, 'Description');
  if (description !== undefined && !(/^[\x20-\x7e]*$/.test(description) && description.length <= LONGEST_DESCRIPTION)) {
    throw invalid('Invalid description: at most 1,024 printable ASCII characters are allowed.');
  }
  const topicArn = text(fields, 'SNSTopic');
  const common = {
    ...(description === undefined ? {} : { description }),
    ...(topicArn === undefined ? {} : { topicArn }),
  };
  const type = text(fields, 'Type');
  switch (type) {
    case undefined:
      throw missing('type');
    case 'archive-retrieval':
      refuse(fields, INVENTORY_FIELDS, type);
      return { type, ...common, ...archiveFields(fields) };
    case 'inventory-retrieval':
      refuse(fields, ARCHIVE_FIELDS, type);
      return { type, ...common, ...inventoryFields(fields) };
    default:
      throw invalid(`Invalid job type: ${type}`);
  }
}

/** `start-end` of a RetrievalByteRange, by chunks of the archive. @throws {Refusal} */
function parseRetrievalRange(range: string): ByteRange {
  const match = /^(\d{1,15})-(\d{1,15})$/.exec(range);
  const [start, end] = [Number(match?.[1]), Number(match?.[2])];
  if (!match || end < start) throw invalid(`Invalid retrieval byte range: ${range}`);
  return { start, end };
}

/** @throws {Refusal} where the range does not lie on chunks of an archive of this size. */
export function checkRetrievalRange({ start, end }: ByteRange, size: number): void {
  const aligned = start % MiB === 0 && ((end + 1) % MiB === 0 || end === size - 1);
  if (end >= size) throw invalid(`Invalid retrieval byte range: ${start}-${end} is beyond the archive's ${size} bytes`);
  if (!aligned) throw invalid(`Invalid retrieval byte range: ${start}-${end} is not megabyte aligned`);
}

function archiveFields(fields: Fields): Pick<ArchiveRequest, 'archiveId' | 'tier' | 'range'> {
  const archiveId = text(fields, 'ArchiveId');
  if (archiveId === undefined || archiveId === '') throw missing('archiveId');
  const tier = text(fields, 'Tier') ?? 'Standard';
  if (tier !== 'Expedited' && tier !== 'Standard' && tier !== 'Bulk') throw invalid(`Invalid tier: ${tier}`);
  const range = text(fields, 'RetrievalByteRange');
  return { archiveId, tier, ...(range === undefined ? {} : { range: parseRetrievalRange(range) }) };
}

function inventoryFields(fields: Fields): Pick<InventoryRequest, 'format' | 'parameters'> {
  const format = text(fields, 'Format') ?? 'JSON';
  if (format !== 'CSV' && format !== 'JSON') throw invalid(`Invalid output format: ${format}`);
  const given = fields.InventoryRetrievalParameters ?? {};
  if (!isObject(given)) throw serialization();
  const parameters = {
    StartDate: text(given, 'StartDate'),
    EndDate: text(given, 'EndDate'),
    Limit: text(given, 'Limit'),
    Marker: text(given, 'Marker'),
  };
  for (const name of ['StartDate', 'EndDate'] as const) {
    const date = parameters[name];
    if (date !== undefined && (!ISO_SECONDS.test(date) || Number.isNaN(Date.parse(date))))
      throw invalid(`Invalid ${name}: ${date}`);
  }
  if (parameters.Limit !== undefined && !/^[1-9]\d{0,9}$/.test(parameters.Limit))
    throw invalid(`Invalid Limit: ${parameters.Limit}`);
  const present = Object.fromEntries(Object.entries(parameters).filter(([, value]) => value !== undefined));
  return { format, parameters: present };
}

type Fields = Readonly<Record<string, unknown>>;

function refuse(fields: Fields, names: readonly string[], type: string): void {
  const wrong = names.find((name) => fields[name] !== undefined && fields[name] !== null);
  if (wrong) throw invalid(`${wrong} is not allowed for a job of type ${type}.`);
}

function text(fields: Fields, name: string): string | undefined {
  const value = fields[name] ?? undefined;
  if (value !== undefined && typeof value !== 'string') throw serialization();
  return value;
}

/** The JSON object that a request's body must be. @throws {Refusal} */
export function parseObject(body: Buffer): Fields {
  let json: unknown;
  try {
    json = JSON.parse(body.toString());
  } catch {
    throw serialization();
  }
  if (!isObject(json)) throw serialization();
  return json;
}

export function isObject(json: unknown): json is Fields {
  return typeof json === 'object' && json !== null && !Array.isArray(json);
}

function serialization(): Refusal {
  return new Refusal(400, 'SerializationException', 'The body of the request is not valid.');
}
