import { type JobId, parseArchiveId, parseTreeHash } from './ids.ts';
import type { Tier, VaultJob } from './job.ts';
import type { ByteRange } from './ranges.ts';

/**
 * The job that an SQS message tells of, or undefined where it tells of none: SNS's own confirmations, messages of
 * other programs, broken ones. The body is SNS's envelope or, with raw delivery, the job itself.
 */
export function parseNotification(body: string): VaultJob | undefined {
  const json = parseObject(body);
  if (!json) return undefined;
  const isEnvelope = typeof json.TopicArn === 'string' && typeof json.Message === 'string';
  return parseJob(isEnvelope ? parseObject(json.Message as string) : json);
}

/**
 * A job as DescribeJob, ListJobs and the notification write it (the SDK's objects too, whose absent members are
 * undefined and not null), or undefined where it is none: a job without its id, vault, action, state and date
 * cannot be told from a foreign message. Other members that make no sense are left out.
 */
export function parseJob(json: unknown): VaultJob | undefined {
  if (!isObject(json)) return undefined;
  const jobId = text(json.JobId);
  const vaultArn = text(json.VaultARN);
  const { Action: action, StatusCode: status } = json;
  const createdAt = date(json.CreationDate);
  if (jobId === undefined || vaultArn === undefined || createdAt === undefined) return undefined;
  if (action !== 'ArchiveRetrieval' && action !== 'InventoryRetrieval' && action !== 'Select') return undefined;
  if (status !== 'InProgress' && status !== 'Succeeded' && status !== 'Failed') return undefined;
  return {
    jobId: jobId as JobId,
    action,
    vaultArn,
    status,
    createdAt,
    ...present({
      description: text(json.JobDescription),
      statusMessage: text(json.StatusMessage),
      completedAt: date(json.CompletionDate),
      tier: tier(json.Tier),
      archiveId: parseArchiveId(json.ArchiveId),
      archiveSize: size(json.ArchiveSizeInBytes),
      archiveTreeHash: parseTreeHash(json.ArchiveSHA256TreeHash),
      range: range(json.RetrievalByteRange),
      inventory: action === 'InventoryRetrieval' ? inventory(json) : undefined,
    }),
  };
}

/** An absent format is JSON, Glacier's default (Glacier developer guide, api-jobParameters). */
function inventory(json: Record<string, unknown>): VaultJob['inventory'] {
  const parameters = isObject(json.InventoryRetrievalParameters) ? json.InventoryRetrievalParameters : {};
  const { StartDate, EndDate, Limit, Marker, Format } = parameters;
  return {
    format: Format === 'CSV' ? 'CSV' : 'JSON',
    full: [StartDate, EndDate, Limit, Marker].every((each) => each === null || each === undefined || each === ''),
    ...present({ size: size(json.InventorySizeInBytes) }),
  };
}

function range(value: unknown): ByteRange | undefined {
  const [, start, end] = /^(\d{1,15})-(\d{1,15})$/.exec(text(value) ?? '') ?? [];
  const bytes = { start: Number(start), end: Number(end) };
  return bytes.start <= bytes.end ? bytes : undefined;
}

function tier(value: unknown): Tier | undefined {
  return value === 'Bulk' || value === 'Standard' || value === 'Expedited' ? value : undefined;
}

function size(value: unknown): number | undefined {
  return Number.isSafeInteger(value) && (value as number) >= 0 ? (value as number) : undefined;
}

/** Milliseconds since 1970. The guide's dates have milliseconds, its examples not always. */
function date(value: unknown): number | undefined {
  const written = text(value);
  if (written === undefined || !/^\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}(\.\d+)?Z$/.test(written)) return undefined;
  const ms = Date.parse(written);
  return Number.isNaN(ms) ? undefined : ms;
}

function text(value: unknown): string | undefined {
  return typeof value === 'string' && value !== '' ? value : undefined;
}

function parseObject(written: string): Record<string, unknown> | undefined {
  try {
    const json: unknown = JSON.parse(written);
    return isObject(json) ? json : undefined;
  } catch (error) {
    if (error instanceof SyntaxError) return undefined;
    throw error;
  }
}

function isObject(json: unknown): json is Record<string, unknown> {
  return typeof json === 'object' && json !== null && !Array.isArray(json);
}

/** The object without the members that are undefined. */
function present<T extends object>(members: T): { [K in keyof T]?: Exclude<T[K], undefined> } {
  const kept = Object.entries(members).filter(([, value]) => value !== undefined);
  return Object.fromEntries(kept) as { [K in keyof T]?: Exclude<T[K], undefined> };
}
