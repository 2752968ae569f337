import { randomBytes } from 'node:crypto';
import type { ArchiveId, JobId, TreeHash } from '../../../src/domain/ids.ts';
import { type ByteRange, isTreeHashAligned } from '../../../src/domain/ranges.ts';
import { ServiceError, type ServiceFailure } from '../../../src/domain/service-error.ts';
import { treeHash } from '../../../src/domain/tree-hash.ts';
import type { Clock } from '../../../src/lib/clock.ts';
import { DAY, HOUR } from '../../../src/lib/duration.ts';
import type { JobOutput, Vault, VaultDescription, VaultJob } from '../../../src/ports.ts';
import type { VaultDeletion } from '../../../src/ports-finish.ts';
import { Failures } from './failures.ts';

const OVERHEAD = 32 * 1024;
const PIECE = 64 * 1024;

export interface FakeArchive {
  readonly archiveId: ArchiveId;
  readonly bytes: Uint8Array;
  readonly description: string;
  readonly createdAt: number;
  readonly treeHash: TreeHash;
}

interface FakeJob {
  readonly job: VaultJob;
  readonly dueAt: number;
  readonly failed: boolean;
  readonly output: Uint8Array;
}

/** A vault in memory. Jobs complete and expire by the clock. */
export class FakeVault implements Vault, VaultDeletion {
  readonly vaultArn: string;
  /** Every archive job that was asked for, and every inventory job. */
  readonly requests: Parameters<Vault['requestArchive']>[0][] = [];
  readonly inventoryRequests: Parameters<Vault['requestInventory']>[0][] = [];
  /** Errors for the next calls, by the port's method. */
  readonly failures = new Failures();
  /** Archives whose jobs are taken and then fail. */
  readonly failing = new Set<ArchiveId>();
  /** How long jobs take, and their output lives, in milliseconds. */
  delay = 5 * HOUR;
  lifetime = DAY;
  policy: Awaited<ReturnType<Vault['retrievalPolicy']>> = { strategy: 'None' };
  /** Absent: no inventory yet. */
  inventoryDate: number | undefined;
  /** Whether there is such a vault. */
  exists = true;
  readonly #clock: Clock;
  readonly #archives = new Map<ArchiveId, FakeArchive>();
  readonly #jobs = new Map<JobId, FakeJob>();
  /** Ids of archives that were deleted: to delete one again is no error. */
  readonly #deleted = new Set<ArchiveId>();
  #writtenAt = Number.NEGATIVE_INFINITY;

  constructor(clock: Clock, name = 'fake') {
    this.#clock = clock;
    this.vaultArn = `arn:aws:glacier:eu-west-1:111122223333:vaults/${name}`;
    this.inventoryDate = clock.now();
  }

  add(
    bytes: Uint8Array,
    { description = '', archiveId = randomId<ArchiveId>(), createdAt = this.#clock.now() } = {},
  ): FakeArchive {
    const archive = { archiveId, bytes, description, createdAt, treeHash: treeHash(bytes) };
    this.#archives.set(archiveId, archive);
    return archive;
  }

  /** Takes an archive out of the vault; the inventory that is there still lists it to those who have read it. */
  delete(archiveId: ArchiveId): void {
    this.#archives.delete(archiveId);
  }

  has(archiveId: ArchiveId): boolean {
    return this.#archives.has(archiveId);
  }

  async deleteArchive(archiveId: ArchiveId): Promise<void> {
    this.#begin('deleteArchive');
    if (!this.#archives.delete(archiveId) && !this.#deleted.has(archiveId)) fail('archive_not_found', 'DeleteArchive');
    this.#deleted.add(archiveId);
    this.#writtenAt = this.#clock.now();
  }

  async deleteVault(): Promise<void> {
    this.failures.check('deleteVault');
    if (!this.exists) return;
    const isFresh = this.inventoryDate !== undefined && this.inventoryDate > this.#writtenAt;
    if (this.#archives.size > 0 || !isFresh) fail('vault_not_empty', 'DeleteVault');
    this.exists = false;
  }

  async describe(signal: AbortSignal): Promise<VaultDescription> {
    this.#begin('describe', signal);
    if (this.inventoryDate === undefined) return { vaultArn: this.vaultArn };
    const sizes = [...this.#archives.values()].map(({ bytes }) => bytes.length + OVERHEAD);
    return {
      vaultArn: this.vaultArn,
      lastInventoryDate: new Date(this.inventoryDate).toISOString(),
      numberOfArchives: sizes.length,
      sizeInBytes: sizes.reduce((a, b) => a + b, 0),
    };
  }

  async *jobs(
    { status, completed }: { readonly status?: VaultJob['status']; readonly completed?: boolean },
    signal: AbortSignal,
  ): AsyncGenerator<VaultJob> {
    this.#begin('jobs', signal);
    for (const [jobId] of [...this.#jobs]) {
      signal.throwIfAborted();
      const job = this.#current(jobId);
      if (!job || (status !== undefined && job.status !== status)) continue;
      if (completed === undefined || completed === (job.status !== 'InProgress')) yield job;
    }
  }

  async job(jobId: JobId, signal: AbortSignal): Promise<VaultJob> {
    this.#begin('job', signal);
    return this.#current(jobId) ?? fail('job_not_found', 'DescribeJob');
  }

  async requestArchive(request: Parameters<Vault['requestArchive']>[0]): Promise<JobId> {
    this.#begin('requestArchive');
    const archive = this.#archives.get(request.archiveId) ?? fail('archive_not_found', 'InitiateJob');
    this.requests.push(request);
    return this.#start(archive.bytes, this.failing.has(archive.archiveId), {
      action: 'ArchiveRetrieval',
      description: request.description,
      tier: request.tier,
      archiveId: archive.archiveId,
      archiveSize: archive.bytes.length,
      archiveTreeHash: archive.treeHash,
      range: { start: 0, end: archive.bytes.length - 1 },
    });
  }

  async requestInventory(request: Parameters<Vault['requestInventory']>[0]): Promise<JobId> {
    this.#begin('requestInventory');
    this.inventoryRequests.push(request);
    const output = Buffer.from(request.format === 'JSON' ? this.#inventoryJson() : this.#inventoryCsv());
    return this.#start(output, false, {
      action: 'InventoryRetrieval',
      description: request.description,
      inventory: { format: request.format, full: true, size: output.length },
    });
  }

  async readOutput(jobId: JobId, range: ByteRange | undefined, signal: AbortSignal): Promise<JobOutput> {
    this.#begin('readOutput', signal);
    const job = this.#current(jobId);
    if (!job || job.status === 'Failed') fail('job_not_found', 'GetJobOutput');
    if (job.status === 'InProgress') fail('job_not_ready', 'GetJobOutput');
    const all = this.#jobs.get(jobId)!.output;
    const asked = range ?? { start: 0, end: all.length - 1 };
    if (asked.end >= all.length || asked.start > asked.end) fail('invalid_request', 'GetJobOutput');
    const bytes = all.subarray(asked.start, asked.end + 1);
    const hashed = job.action === 'ArchiveRetrieval' && isTreeHashAligned(asked, all.length);
    return { body: inPieces(bytes, signal), length: bytes.length, ...(hashed && { treeHash: treeHash(bytes) }) };
  }

  async retrievalPolicy(signal: AbortSignal): ReturnType<Vault['retrievalPolicy']> {
    this.#begin('retrievalPolicy', signal);
    return this.policy;
  }

  #begin(method: string, signal?: AbortSignal): void {
    this.failures.check(method, signal);
    if (!this.exists) fail('vault_not_found', method);
  }

  #start(
    output: Uint8Array,
    failed: boolean,
    about: Omit<VaultJob, 'jobId' | 'vaultArn' | 'status' | 'createdAt'>,
  ): JobId {
    const jobId = randomId<JobId>();
    const createdAt = this.#clock.now();
    const job: VaultJob = { ...about, jobId, vaultArn: this.vaultArn, status: 'InProgress', createdAt };
    this.#jobs.set(jobId, { job, dueAt: createdAt + this.delay, failed, output });
    return jobId;
  }

  #current(jobId: JobId): VaultJob | undefined {
    const known = this.#jobs.get(jobId);
    if (!known || this.#clock.now() >= known.dueAt + this.lifetime) return undefined;
    const { job, dueAt, failed } = known;
    if (this.#clock.now() >= dueAt) {
      const status = failed ? 'Failed' : 'Succeeded';
      return { ...job, status, statusMessage: status, completedAt: dueAt };
    }
    if (!job.inventory) return job;
    const { size: _, ...inventory } = job.inventory;
    return { ...job, inventory };
  }

  #inventoryJson(): string {
    const ArchiveList = [...this.#archives.values()].map(
      ({ archiveId, description, createdAt, bytes, treeHash: hash }) => ({
        ArchiveId: archiveId,
        ArchiveDescription: description,
        CreationDate: new Date(createdAt).toISOString(),
        Size: bytes.length,
        SHA256TreeHash: hash,
      }),
    );
    const InventoryDate = new Date(this.inventoryDate ?? this.#clock.now()).toISOString();
    return JSON.stringify({ VaultARN: this.vaultArn, InventoryDate, ArchiveList });
  }

  #inventoryCsv(): string {
    const rows = [...this.#archives.values()].map(({ archiveId, description, createdAt, bytes, treeHash: hash }) =>
      [
        archiveId,
        `"${description.replaceAll('"', '\\"')}"`,
        new Date(createdAt).toISOString(),
        bytes.length,
        hash,
      ].join(','),
    );
    return ['ArchiveId,ArchiveDescription,CreationDate,Size,SHA256TreeHash', ...rows, ''].join('\n');
  }
}

/** A job as Glacier writes it, absent members as null. */
export function jobJson(job: VaultJob): Record<string, unknown> {
  const date = (ms: number | undefined): string | null => (ms === undefined ? null : new Date(ms).toISOString());
  const limit = job.inventory && !job.inventory.full ? '10' : null;
  return {
    Action: job.action,
    ArchiveId: job.archiveId ?? null,
    ArchiveSHA256TreeHash: job.archiveTreeHash ?? null,
    ArchiveSizeInBytes: job.archiveSize ?? null,
    Completed: job.status !== 'InProgress',
    CompletionDate: date(job.completedAt),
    CreationDate: date(job.createdAt),
    InventoryRetrievalParameters: job.inventory
      ? { EndDate: null, Format: job.inventory.format, Limit: limit, Marker: null, StartDate: null }
      : null,
    InventorySizeInBytes: job.inventory?.size ?? null,
    JobDescription: job.description ?? null,
    JobId: job.jobId,
    RetrievalByteRange: job.range ? `${job.range.start}-${job.range.end}` : null,
    SHA256TreeHash: job.status === 'Succeeded' ? (job.archiveTreeHash ?? null) : null,
    SNSTopic: null,
    StatusCode: job.status,
    StatusMessage: job.statusMessage ?? null,
    Tier: job.tier ?? null,
    VaultARN: job.vaultArn,
  };
}

async function* inPieces(bytes: Uint8Array, signal: AbortSignal): AsyncGenerator<Uint8Array> {
  for (let offset = 0; offset < bytes.length; offset += PIECE) {
    signal.throwIfAborted();
    yield bytes.subarray(offset, offset + PIECE);
  }
}

function randomId<Id extends string>(): Id {
  return randomBytes(69).toString('hex') as Id;
}

function fail(code: ServiceFailure, operation: string): never {
  throw new ServiceError(code, `${operation}: ${code}`, { operation });
}
