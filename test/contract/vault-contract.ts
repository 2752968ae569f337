import { randomBytes } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { ArchiveId, JobId } from '../../src/domain/ids.ts';
import { combineTreeHashes, treeHash } from '../../src/domain/tree-hash.ts';
import { MiB } from '../../src/lib/size.ts';
import type { Vault } from '../../src/ports.ts';

/** A vault with three archives of which an inventory has been made, and no job. */
export interface VaultSubject {
  readonly vault: Vault;
  /** Another vault of the account, without archives and without an inventory; and one that does not exist. */
  readonly fresh: Vault;
  readonly missing: Vault;
  /** Of 1 byte, 3.5 MiB, 17 MiB. */
  readonly archives: readonly { readonly archiveId: ArchiveId; readonly bytes: Uint8Array }[];
  /** Lets the time pass that any job needs. */
  completeJobs(): Promise<void>;
  /** Lets the time pass after which no output is kept. */
  expireJobs(): Promise<void>;
  close(): Promise<void>;
}

export interface VaultCapabilities {
  /** Whether another vault's archive is told from one that does not exist, and so on: exact errors. */
  readonly exactErrors: boolean;
}

const DESCRIPTION = 'glacier2s3 contract';
const NOBODY = 'x'.repeat(138) as ArchiveId;

/** What every Vault must do. */
export function describeVaultContract(
  name: string,
  makeSubject: () => Promise<VaultSubject>,
  { exactErrors }: VaultCapabilities,
): void {
  describe(`${name} as a vault`, () => {
    let subject: VaultSubject;
    const { signal } = new AbortController();
    beforeAll(async () => {
      subject = await makeSubject();
    });
    afterAll(() => subject.close());

    const request = (archiveId: ArchiveId, description = DESCRIPTION): Promise<JobId> =>
      subject.vault.requestArchive({ archiveId, tier: 'Bulk', description });
    const read = async (jobId: JobId, range?: { start: number; end: number }) => {
      const { body, length, treeHash: hash } = await subject.vault.readOutput(jobId, range, signal);
      return { bytes: Buffer.concat(await Array.fromAsync(body)), length, hash };
    };
    const staged = async (index: number): Promise<{ jobId: JobId; bytes: Uint8Array }> => {
      const { archiveId, bytes } = subject.archives[index]!;
      const jobId = await request(archiveId);
      await subject.completeJobs();
      return { jobId, bytes };
    };

    it('describes itself as of its last inventory', async () => {
      const { vaultArn, lastInventoryDate, numberOfArchives, sizeInBytes } = await subject.vault.describe(signal);

      expect(vaultArn).toMatch(/^arn:aws:glacier:[a-z0-9-]+:\d{12}:vaults\/./);
      expect(Date.parse(lastInventoryDate ?? '')).toBeGreaterThan(0);
      expect(numberOfArchives).toBe(3);
      expect(sizeInBytes).toBeGreaterThan(20 * MiB);
    });

    it('says nothing of what is in it before the first inventory', async () => {
      expect(Object.keys(await subject.fresh.describe(signal))).toEqual(['vaultArn']);
    });

    it('tells that there is no such vault', async () => {
      const jobs = () => Array.fromAsync(subject.missing.jobs({}, signal));

      await expect(subject.missing.describe(signal)).rejects.toMatchObject({ code: 'vault_not_found' });
      await expect(jobs()).rejects.toMatchObject({ code: 'vault_not_found' });
      const inventory = subject.missing.requestInventory({ format: 'JSON', description: DESCRIPTION });
      await expect(inventory).rejects.toMatchObject({ code: 'vault_not_found', outcomeUnknown: false });
    });

    it('makes a new job of every request and tells of it until it is done', async () => {
      const { archiveId, bytes } = subject.archives[1]!;
      const [first, second] = [await request(archiveId, 'one'), await request(archiveId, 'two')];

      const before = await subject.vault.job(first, signal);
      await expect(subject.vault.readOutput(first, undefined, signal)).rejects.toMatchObject({ code: 'job_not_ready' });
      await subject.completeJobs();
      const after = await subject.vault.job(first, signal);

      expect(second).not.toBe(first);
      expect(before).toMatchObject({
        jobId: first,
        action: 'ArchiveRetrieval',
        status: 'InProgress',
        description: 'one',
        tier: 'Bulk',
        archiveId,
        archiveSize: bytes.length,
        archiveTreeHash: treeHash(bytes),
        range: { start: 0, end: bytes.length - 1 },
      });
      expect(before.completedAt).toBeUndefined();
      expect(after).toMatchObject({ status: 'Succeeded', createdAt: before.createdAt });
      expect(after.completedAt).toBeGreaterThan(before.createdAt);
    });

    it('lists every job once, over several pages, and by state', async () => {
      const jobIds: JobId[] = [];
      for (let i = 0; i < 60; i += 1) jobIds.push(await request(subject.archives[0]!.archiveId, `job ${i}`));
      const list = async (filter: Parameters<Vault['jobs']>[0]) =>
        (await Array.fromAsync(subject.vault.jobs(filter, signal))).map(({ jobId }) => jobId);

      const all = await list({});
      const running = await list({ status: 'InProgress' });
      await subject.completeJobs();

      expect(new Set(all).size).toBe(all.length);
      expect(all.filter((jobId) => jobIds.includes(jobId))).toEqual(jobIds);
      expect(running).toEqual(jobIds);
      expect(await list({ completed: false })).toEqual([]);
      expect((await list({ completed: true, status: 'Succeeded' })).length).toBe(all.length);
    });

    it('gives the whole output with its length and tree hash', async () => {
      for (const index of subject.archives.keys()) {
        const { jobId, bytes } = await staged(index);
        const output = await read(jobId);

        expect(output.bytes.equals(bytes)).toBe(true);
        expect(output).toMatchObject({ length: bytes.length, hash: treeHash(bytes) });
      }
    });

    it('gives ranges whose tree hashes combine to the archive, where they are aligned', async () => {
      const { jobId, bytes } = await staged(2);
      const part = 8 * MiB;
      const hashes = [];
      for (let start = 0; start < bytes.length; start += part) {
        const range = { start, end: Math.min(start + part, bytes.length) - 1 };
        const output = await read(jobId, range);

        expect(output.bytes.equals(bytes.subarray(range.start, range.end + 1))).toBe(true);
        expect(output.length).toBe(range.end - range.start + 1);
        hashes.push(output.hash!);
      }

      expect(combineTreeHashes(hashes)).toBe(treeHash(bytes));
      expect((await read(jobId, { start: MiB, end: 3 * MiB - 1 })).hash).toBeUndefined();
      expect((await read(jobId, { start: 7, end: 9 })).bytes).toEqual(Buffer.from(bytes.subarray(7, 10)));
    });

    it('refuses a range behind the end', async () => {
      const { jobId, bytes } = await staged(0);
      const range = { start: bytes.length, end: bytes.length };

      await expect(subject.vault.readOutput(jobId, range, signal)).rejects.toMatchObject({ code: 'invalid_request' });
    });

    it('lets go of an output that is not read to its end', async () => {
      const { jobId, bytes } = await staged(2);
      for (let i = 0; i < 40; i += 1) {
        const { body } = await subject.vault.readOutput(jobId, undefined, signal);
        for await (const piece of body) {
          expect(piece.length).toBeGreaterThan(0);
          break;
        }
      }

      expect((await read(jobId)).bytes.length).toBe(bytes.length);
    });

    it('ends with the reason of the signal, before a call and within an output', async () => {
      const { jobId } = await staged(2);
      const reason = new Error('enough');
      const controller = new AbortController();
      const { body } = await subject.vault.readOutput(jobId, undefined, controller.signal);
      const readOn = async (): Promise<void> => {
        for await (const piece of body) if (piece.length > 0) controller.abort(reason);
      };

      await expect(readOn()).rejects.toBe(reason);
      await expect(subject.vault.describe(controller.signal)).rejects.toBe(reason);
      await expect(subject.vault.readOutput(jobId, undefined, controller.signal)).rejects.toBe(reason);
      await expect(Array.fromAsync(subject.vault.jobs({}, controller.signal))).rejects.toBe(reason);
    });

    it('gives its whole inventory, as JSON and as CSV', async () => {
      const make = (format: 'JSON' | 'CSV') => subject.vault.requestInventory({ format, description: DESCRIPTION });
      const [json, csv] = [await make('JSON'), await make('CSV')];
      await subject.completeJobs();

      const job = await subject.vault.job(json, signal);
      const output = await read(json);
      const document = JSON.parse(output.bytes.toString());
      const lines = (await read(csv)).bytes.toString().trimEnd().split(/\r?\n/);

      expect(job).toMatchObject({ action: 'InventoryRetrieval', description: DESCRIPTION });
      expect(job.inventory).toEqual({ format: 'JSON', full: true, size: output.bytes.length });
      expect(job.archiveId).toBeUndefined();
      expect(output).toMatchObject({ length: output.bytes.length, hash: undefined });
      const wanted = subject.archives.map(({ archiveId, bytes }) => ({
        ArchiveId: archiveId,
        Size: bytes.length,
        SHA256TreeHash: treeHash(bytes),
      }));
      expect(document.ArchiveList).toMatchObject(wanted);
      expect(lines[0]).toBe('ArchiveId,ArchiveDescription,CreationDate,Size,SHA256TreeHash');
      expect(lines).toHaveLength(4);
      expect((await subject.vault.job(csv, signal)).inventory?.format).toBe('CSV');
      expect((await read(json, { start: 3, end: 9 })).bytes).toEqual(output.bytes.subarray(3, 10));
    });

    it('has no data retrieval policy unless one is set', async () => {
      expect(await subject.vault.retrievalPolicy(signal)).toEqual({ strategy: 'None' });
    });

    it('refuses archives and jobs that it does not have', async () => {
      const jobId = randomBytes(69).toString('base64url') as JobId;

      if (exactErrors)
        await expect(request(NOBODY)).rejects.toMatchObject({ code: 'archive_not_found', outcomeUnknown: false });
      await expect(subject.vault.job(jobId, signal)).rejects.toMatchObject({ code: 'job_not_found' });
      await expect(subject.vault.readOutput(jobId, undefined, signal)).rejects.toMatchObject({ code: 'job_not_found' });
    });

    it('forgets a job when its time is over', async () => {
      const { jobId } = await staged(0);

      await subject.expireJobs();

      await expect(subject.vault.job(jobId, signal)).rejects.toMatchObject({ code: 'job_not_found' });
      await expect(subject.vault.readOutput(jobId, undefined, signal)).rejects.toMatchObject({ code: 'job_not_found' });
      expect(await Array.fromAsync(subject.vault.jobs({}, signal))).toEqual([]);
    });
  });
}
