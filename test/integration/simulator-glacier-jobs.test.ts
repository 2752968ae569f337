import type { JobParameters } from '@aws-sdk/client-glacier';
import { describe, expect, it } from 'vitest';
import { DAY, HOUR, MINUTE } from '../../src/lib/duration.ts';
import { MiB } from '../../src/lib/size.ts';
import { ArchiveContent } from '../../src/simulator/glacier/content.ts';
import type { ArchiveSpec } from '../../src/simulator/glacier/vault.ts';
import { ARN, bytes, refusal, refusalText, setup, zeros } from '../support/simulated-glacier.ts';

describe('jobs', () => {
  it.each([
    ['Expedited', MINUTE, 5 * MINUTE],
    ['Standard', 3 * HOUR, 5 * HOUR],
    ['Bulk', 5 * HOUR, 12 * HOUR],
  ])('of the tier %s complete in their time', async (Tier, least, most) => {
    const { archiveJob, ids, simulator, describe } = await setup(zeros(1));
    const jobs = await Promise.all(Array.from({ length: 20 }, () => archiveJob(ids[0]!, { Tier })));
    simulator.advance(most + MINUTE);
    for (const jobId of jobs) {
      const { CreationDate, CompletionDate } = await describe(jobId);
      const took = Date.parse(CompletionDate!) - Date.parse(CreationDate!);
      expect(took).toBeGreaterThanOrEqual(least);
      expect(took).toBeLessThanOrEqual(most);
    }
  });

  it('are described with null for what does not apply, before and after completion', async () => {
    const { archiveJob, ids, simulator, describe } = await setup([
      { content: { kind: 'seeded', seed: 'x', size: 3 * MiB } },
    ]);
    const jobId = await archiveJob(ids[0]!, { Description: 'mine' });
    const hash = await new ArchiveContent({ kind: 'seeded', seed: 'x', size: 3 * MiB }).treeHash();
    const common = {
      Action: 'ArchiveRetrieval',
      ArchiveId: ids[0],
      ArchiveSHA256TreeHash: hash,
      ArchiveSizeInBytes: 3 * MiB,
      JobDescription: 'mine',
      JobId: jobId,
      RetrievalByteRange: `0-${3 * MiB - 1}`,
      Tier: 'Bulk',
      VaultARN: ARN,
    };
    const before = await describe(jobId);
    expect(before).toMatchObject({ ...common, Completed: false, StatusCode: 'InProgress' });
    expect([before.SHA256TreeHash, before.CompletionDate]).toEqual([undefined, undefined]);
    simulator.advance(12 * HOUR + MINUTE);
    expect(await describe(jobId)).toMatchObject({
      ...common,
      Completed: true,
      StatusCode: 'Succeeded',
      StatusMessage: 'Succeeded',
      SHA256TreeHash: hash,
    });
  });

  it('give their output only after completion, and for a day', async () => {
    const { archiveJob, ids, simulator, output, describe } = await setup(zeros(5));
    const jobId = await archiveJob(ids[0]!);
    expect(await refusalText(output(jobId))).toEqual([
      400,
      'InvalidParameterValueException',
      `The job is not currently available for download: ${jobId}`,
    ]);
    simulator.advance(12 * HOUR + MINUTE);
    expect(await bytes(await output(jobId))).toEqual(Buffer.alloc(5));
    simulator.advance(DAY);
    const gone = [404, 'ResourceNotFoundException', `The job ID was not found: ${jobId}`];
    expect(await refusalText(output(jobId))).toEqual(gone);
    expect(await refusalText(describe(jobId))).toEqual(gone);
  });

  it('for an archive deleted today are taken and fail; after the next inventory they are refused', async () => {
    const { archiveJob, ids, simulator, describe, vault, output, inventoryJob } = await setup(zeros(5));
    vault.delete(ids[0]!);
    const jobId = await archiveJob(ids[0]!);
    const inventory = await inventoryJob();
    simulator.advance(12 * HOUR + MINUTE);
    const described = await describe(jobId);
    expect(described).toMatchObject({ Completed: true, StatusCode: 'Failed' });
    expect(described.CompletionDate).toBeDefined();
    expect(await refusal(output(jobId))).toMatchObject([400, 'InvalidParameterValueException']);
    expect(JSON.parse((await bytes(await output(inventory))).toString()).ArchiveList).toHaveLength(1);
    simulator.advance(13 * HOUR);
    expect(await refusal(archiveJob(ids[0]!))).toMatchObject([404, 'ResourceNotFoundException']);
  });

  it('fail where a rule says so', async () => {
    const { archiveJob, ids, simulator, list } = await setup(zeros(5, 5));
    simulator.faults.add({
      operation: 'InitiateJob',
      match: { archiveId: ids[1]! },
      fault: { kind: 'fail-job', message: 'no luck' },
    });
    await archiveJob(ids[0]!);
    await archiveJob(ids[1]!);
    simulator.advance(12 * HOUR + MINUTE);
    const failed = await list({ statuscode: 'Failed' });
    expect(failed.JobList).toMatchObject([{ ArchiveId: ids[1], StatusMessage: 'no luck', Completed: true }]);
  });

  it('are listed in the order of their initiation, fifty a page, by status and completion', async () => {
    const { archiveJob, ids, simulator, list } = await setup(zeros(1));
    const started: string[] = [];
    for (let i = 0; i < 120; i += 1) started.push(await archiveJob(ids[0]!, { Tier: i < 60 ? 'Expedited' : 'Bulk' }));
    const pages: string[][] = [];
    let marker: string | undefined;
    do {
      const page = await list({ marker });
      pages.push(page.JobList!.map(({ JobId }) => JobId!));
      marker = page.Marker;
    } while (marker);
    expect(pages.map(({ length }) => length)).toEqual([50, 50, 20]);
    expect(pages.flat()).toEqual(started);
    simulator.advance(6 * MINUTE);
    expect((await list({ completed: 'true', limit: 7 })).JobList?.map(({ JobId }) => JobId)).toEqual(
      started.slice(0, 7),
    );
    expect((await list({ statuscode: 'InProgress' })).JobList?.map(({ JobId }) => JobId)).toEqual(
      started.slice(60, 110),
    );
  });

  it.each([{ limit: 0 }, { limit: 51 }, { statuscode: 'succeeded' }, { completed: 'yes' }, { marker: 'x' }])(
    'are not listed by %o',
    async (query) => {
      const { list } = await setup();
      expect(await refusal(list(query))).toMatchObject([400, 'InvalidParameterValueException']);
    },
  );
});

describe('an inventory job', () => {
  const dated = [1, 2, 3, 4, 5].map(
    (day): ArchiveSpec => ({
      id: `day${day}`,
      createdAt: Date.UTC(2014, 0, day),
      content: { kind: 'zeros', size: day },
    }),
  );

  async function listed(parameters: JobParameters) {
    const { inventoryJob, simulator, output, describe } = await setup(dated);
    const jobId = await inventoryJob(parameters);
    simulator.advance(5 * HOUR + MINUTE);
    const job = await describe(jobId);
    const reply = await output(jobId);
    return { job, reply, text: (await bytes(reply)).toString() };
  }

  it('gives JSON by default, of the size that DescribeJob tells, without a tree hash', async () => {
    const { job, reply, text } = await listed({});
    expect(reply).toMatchObject({ contentType: 'application/json', status: 200 });
    expect([reply.checksum, reply.archiveDescription]).toEqual([undefined, undefined]);
    expect(job).toMatchObject({ Action: 'InventoryRetrieval', InventorySizeInBytes: Buffer.byteLength(text) });
    expect([job.Tier, job.InventoryRetrievalParameters?.Format]).toEqual([undefined, 'JSON']);
    expect(JSON.parse(text)).toMatchObject({ VaultARN: ARN, ArchiveList: dated.map(({ id }) => ({ ArchiveId: id })) });
  });

  it('gives CSV', async () => {
    const { reply, text } = await listed({ Format: 'CSV' });
    expect(reply.contentType).toBe('text/csv');
    expect(text.split('\n')).toHaveLength(1 + 5 + 1);
  });

  it('keeps to its dates: the first is included, the last is not', async () => {
    const { text } = await listed({
      InventoryRetrievalParameters: { StartDate: '2014-01-02T00:00:00Z', EndDate: '2014-01-04T00:00:00Z' },
    });
    expect(JSON.parse(text).ArchiveList.map(({ ArchiveId }: { ArchiveId: string }) => ArchiveId)).toEqual([
      'day2',
      'day3',
    ]);
  });

  it('is paged by limit and marker, until there is no marker', async () => {
    const { inventoryJob, simulator, output, describe } = await setup(dated);
    const pages: string[][] = [];
    let Marker: string | undefined;
    do {
      const jobId = await inventoryJob({ InventoryRetrievalParameters: { Limit: '2', ...(Marker ? { Marker } : {}) } });
      simulator.advance(5 * HOUR + MINUTE);
      pages.push(
        JSON.parse((await bytes(await output(jobId))).toString()).ArchiveList.map(
          ({ ArchiveId }: { ArchiveId: string }) => ArchiveId,
        ),
      );
      Marker = (await describe(jobId)).InventoryRetrievalParameters?.Marker;
    } while (Marker);
    expect(pages).toEqual([['day1', 'day2'], ['day3', 'day4'], ['day5']]);
  });

  it('lists what there was at the last inventory', async () => {
    const { inventoryJob, simulator, output, vault } = await setup(zeros(1));
    vault.add({ content: { kind: 'zeros', size: 2 } });
    const jobId = await inventoryJob();
    simulator.advance(5 * HOUR + MINUTE);
    expect(JSON.parse((await bytes(await output(jobId))).toString()).ArchiveList).toHaveLength(1);
  });
});
