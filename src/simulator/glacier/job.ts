import type { JobId } from '../../domain/ids.ts';
import { type ByteRange, isTreeHashAligned } from '../../domain/ranges.ts';
import type { Tier } from '../../ports.ts';
import { type InventoryFormat, InventoryText } from './inventory-text.ts';
import type { InventoryRequest } from './job-request.ts';
import type { Archive, SimulatedVault } from './vault.ts';

/** A job, from its initiation to its expiry. */
export interface Job {
  readonly id: JobId;
  /** Order of initiation in its vault. */
  readonly sequence: number;
  readonly vault: SimulatedVault;
  readonly description?: string;
  readonly topicArn?: string;
  readonly createdAt: number;
  readonly completesAt: number;
  readonly work: ArchiveWork | InventoryWork;
  /** Why it will not succeed, where that is settled from the start. */
  readonly failure?: string;
  status: 'InProgress' | 'Succeeded' | 'Failed';
  statusMessage?: string;
  completedAt?: number;
  /** Gone: no call finds it any more. */
  expired: boolean;
}

export interface ArchiveWork {
  readonly type: 'archive-retrieval';
  readonly archive: Archive;
  readonly tier: Tier;
  readonly range: ByteRange;
}

export interface InventoryWork {
  readonly type: 'inventory-retrieval';
  readonly format: InventoryFormat;
  readonly parameters: InventoryRequest['parameters'];
  readonly text: InventoryText;
  /** Where the next page begins; absent after the last one, and where no limit was asked for. */
  readonly nextMarker?: string;
}

/** The archives that an inventory job lists, of those in the vault's last inventory. */
export function inventoryWork(request: InventoryRequest, vault: SimulatedVault): InventoryWork | undefined {
  const { format, parameters } = request;
  if (!vault.inventory) return undefined;
  const { archives, date } = vault.inventory;
  const from = sequenceOf(parameters.Marker) ?? 0;
  const start = Date.parse(parameters.StartDate ?? '') || Number.NEGATIVE_INFINITY;
  const end = Date.parse(parameters.EndDate ?? '') || Number.POSITIVE_INFINITY;
  const all = Object.keys(parameters).length === 0;
  const wanted = all
    ? archives
    : archives.filter(({ sequence, createdAt }) => sequence >= from && createdAt >= start && createdAt < end);
  const page = parameters.Limit === undefined ? wanted : wanted.slice(0, Number(parameters.Limit));
  const next = wanted[page.length];
  return {
    type: 'inventory-retrieval',
    format,
    parameters,
    text: new InventoryText(page, { format, vaultArn: vault.arn, date }),
    ...(next ? { nextMarker: markerOf(next.sequence) } : {}),
  };
}

/** An opaque text that names a place in a list. */
export function markerOf(sequence: number): string {
  return Buffer.from(`next ${sequence}`).toString('base64url');
}

/** The place that a marker names; undefined where it is none of ours. */
export function sequenceOf(marker: string | undefined): number | undefined {
  const match = /^next (\d+)$/.exec(Buffer.from(marker ?? '', 'base64url').toString());
  return match ? Number(match[1]) : undefined;
}

/** The job as DescribeJob, ListJobs and the notification write it: what does not apply is null. */
export async function describeJob(job: Job): Promise<Record<string, unknown>> {
  const { work, vault } = job;
  const archive = work.type === 'archive-retrieval' ? work : undefined;
  const inventory = work.type === 'inventory-retrieval' ? work : undefined;
  const succeeded = job.status === 'Succeeded';
  const limit = inventory?.parameters.Limit;
  return {
    Action: archive ? 'ArchiveRetrieval' : 'InventoryRetrieval',
    ArchiveId: archive?.archive.id ?? null,
    ArchiveSHA256TreeHash: archive ? await archive.archive.content.treeHash() : null,
    ArchiveSizeInBytes: archive?.archive.content.size ?? null,
    Completed: job.status !== 'InProgress',
    CompletionDate: job.completedAt === undefined ? null : new Date(job.completedAt).toISOString(),
    CreationDate: new Date(job.createdAt).toISOString(),
    InventoryRetrievalParameters: inventory
      ? {
          EndDate: inventory.parameters.EndDate ?? null,
          Format: inventory.format,
          Limit: limit ?? null,
          Marker: (succeeded && limit !== undefined ? inventory.nextMarker : inventory.parameters.Marker) ?? null,
          StartDate: inventory.parameters.StartDate ?? null,
        }
      : null,
    InventorySizeInBytes: inventory && succeeded ? inventory.text.size : null,
    JobDescription: job.description ?? null,
    JobId: job.id,
    // the guide's example has it, the model has not
    ...(succeeded && limit !== undefined ? { NextInventoryRetrievalMarker: inventory?.nextMarker ?? null } : {}),
    RetrievalByteRange: archive ? `${archive.range.start}-${archive.range.end}` : null,
    SHA256TreeHash: archive && succeeded ? ((await rangeTreeHash(archive, archive.range)) ?? null) : null,
    SNSTopic: job.topicArn ?? null,
    StatusCode: job.status,
    StatusMessage: job.statusMessage ?? null,
    Tier: archive?.tier ?? null,
    VaultARN: vault.arn,
  };
}

/** The tree hash of a range of the archive, or undefined where Glacier gives none. */
export async function rangeTreeHash({ archive, range }: ArchiveWork, wanted: ByteRange): Promise<string | undefined> {
  const { content } = archive;
  const length = range.end - range.start + 1;
  const inJob = { start: wanted.start - range.start, end: wanted.end - range.start };
  if (!isTreeHashAligned(range, content.size) || !isTreeHashAligned(inJob, length)) return undefined;
  return length === content.size && wanted.start === 0 && wanted.end === content.size - 1
    ? content.treeHash()
    : content.treeHashOf(wanted);
}
