import { readFileSync } from 'node:fs';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { ArchiveId, JobId, TreeHash } from '../../src/domain/ids.ts';
import type { VaultJob } from '../../src/domain/job.ts';
import { parseJob, parseNotification } from '../../src/domain/notification.ts';
import { jobJson } from '../support/fakes/vault.ts';

function fixture(name: string): string {
  return readFileSync(new URL(`../../fixtures/notifications/${name}`, import.meta.url), 'utf8');
}

const word = fc.string({ minLength: 1, unit: fc.constantFrom(...'abcXYZ019_-') });
const hash = fc.stringMatching(/^[0-9a-f]{64}$/).map((text) => text as TreeHash);
const time = fc.integer({ min: 0, max: 4_000_000_000_000 });
const common = {
  jobId: word.map((text) => text as JobId),
  vaultArn: word,
  status: fc.constantFrom('InProgress', 'Succeeded', 'Failed'),
  createdAt: time,
};
const optional = {
  description: fc.string({ minLength: 1 }),
  statusMessage: fc.string({ minLength: 1 }),
  completedAt: time,
};
const archiveJob = fc.record(
  {
    ...common,
    ...optional,
    action: fc.constant('ArchiveRetrieval' as const),
    tier: fc.constantFrom('Bulk', 'Standard', 'Expedited'),
    archiveId: word.map((text) => text as ArchiveId),
    archiveSize: fc.maxSafeNat(),
    archiveTreeHash: hash,
    range: fc.tuple(fc.nat(), fc.nat()).map(([start, length]) => ({ start, end: start + length })),
  },
  { requiredKeys: ['jobId', 'vaultArn', 'status', 'createdAt', 'action'] },
);
const inventory = fc.record(
  { format: fc.constantFrom('JSON', 'CSV'), full: fc.boolean(), size: fc.maxSafeNat() },
  { requiredKeys: ['format', 'full'] },
);
const inventoryJob = fc.record(
  { ...common, ...optional, action: fc.constant('InventoryRetrieval' as const), inventory },
  { requiredKeys: ['jobId', 'vaultArn', 'status', 'createdAt', 'action', 'inventory'] },
);
const anyJob: fc.Arbitrary<VaultJob> = fc.oneof(archiveJob, inventoryJob);

describe('a notification', () => {
  it('is read in the envelope and raw alike', () => {
    const job = parseNotification(fixture('archive-2017.json'));

    expect(job).toMatchObject({
      action: 'ArchiveRetrieval',
      status: 'Succeeded',
      statusMessage: 'Succeeded',
      vaultArn: 'arn:aws:glacier:us-east-1:111122223333:vaults/demo',
      description: 'put anything here',
      createdAt: Date.UTC(2017, 4, 13, 3, 40, 19, 264),
      completedAt: Date.UTC(2017, 4, 13, 7, 32, 42, 98),
      tier: 'Standard',
      archiveSize: 285_544,
      range: { start: 0, end: 285_543 },
    });
    expect(job?.archiveId).toHaveLength(138);
    expect(parseNotification(fixture('archive-2017-raw.json'))).toEqual(job);
  });

  it('is read where it is older than the tiers', () => {
    const job = parseNotification(fixture('archive-2015-raw.json'));

    expect(job).toMatchObject({ status: 'Succeeded', archiveSize: 1_049_350 });
    expect(job && 'tier' in job).toBe(false);
  });

  it('of a failed job is not taken for a success', () => {
    expect(parseNotification(fixture('archive-failed-raw.json'))).toMatchObject({
      status: 'Failed',
      completedAt: Date.UTC(2015, 3, 28, 20, 50, 12, 529),
    });
  });

  it('of an inventory says its format, its size and that it is the whole one', () => {
    const job = parseNotification(fixture('inventory-2020.json'));

    expect(job).toMatchObject({ action: 'InventoryRetrieval', inventory: { format: 'CSV', full: true, size: 2006 } });
    expect(job && ('archiveId' in job || 'range' in job || 'tier' in job)).toBe(false);
  });

  it.each([
    ['an envelope without a job', fixture('not-a-job.json')],
    ['no JSON', 'hello'],
    ['nothing', ''],
    ['another type of JSON', '[1, "null", null]'],
    [
      'a subscription confirmation',
      '{"Type":"SubscriptionConfirmation","Token":"x","TopicArn":"arn","Message":"You have"}',
    ],
    ['an event of S3', '{"Records":[{"eventSource":"aws:s3"}]}'],
    [
      'a job without its state',
      fixture('archive-2017-raw.json').replace('"StatusCode":"Succeeded"', '"StatusCode":null'),
    ],
    ['a job without its id', fixture('archive-2017-raw.json').replace(/"JobId":"[^"]*"/, '"JobId":7')],
    [
      'a job whose date is none',
      fixture('archive-2017-raw.json').replace('"CreationDate":"2017', '"CreationDate":"next'),
    ],
    ['an envelope in an envelope', JSON.stringify({ TopicArn: 'x', Message: fixture('archive-2017.json') })],
  ])('is none where the message is %s', (_, body) => {
    expect(parseNotification(body)).toBeUndefined();
  });

  it('says what the job is, whatever the job and whichever way it comes', () => {
    fc.assert(
      fc.property(anyJob, (job) => {
        const message = JSON.stringify(jobJson(job));
        const envelope = JSON.stringify({ Type: 'Notification', TopicArn: 'arn:aws:sns:x', Message: message });

        expect(parseNotification(message)).toEqual(job);
        expect(parseNotification(envelope)).toEqual(job);
      }),
    );
  });

  it('never throws, whatever the body', () => {
    fc.assert(
      fc.property(fc.oneof(fc.string(), fc.json()), (body) => {
        expect(parseNotification(body)).toBeUndefined();
      }),
    );
  });
});

describe('a job', () => {
  it('is the same whether absent members are null, undefined or not there', () => {
    fc.assert(
      fc.property(anyJob, (job) => {
        const written = Object.entries(jobJson(job));

        expect(parseJob(Object.fromEntries(written.filter(([, value]) => value !== null)))).toEqual(job);
        expect(parseJob(Object.fromEntries(written.map(([name, value]) => [name, value ?? undefined])))).toEqual(job);
      }),
    );
  });

  it('of any members keeps to its types', () => {
    const names = Object.keys(jobJson(parseJob(JSON.parse(fixture('archive-2017-raw.json')))!));
    const strange = fc.record(Object.fromEntries(names.map((name) => [name, fc.jsonValue()])), { requiredKeys: [] });
    fc.assert(
      fc.property(strange, (members) => {
        const job = parseJob({ ...JSON.parse(fixture('archive-2017-raw.json')), ...members });

        if (!job) return;
        expect(typeof job.jobId).toBe('string');
        expect(Number.isSafeInteger(job.createdAt)).toBe(true);
        expect(job.archiveSize === undefined || job.archiveSize >= 0).toBe(true);
        expect(job.range === undefined || job.range.start <= job.range.end).toBe(true);
        expect(job.archiveTreeHash ?? '0'.repeat(64)).toMatch(/^[0-9a-f]{64}$/);
      }),
    );
  });

  it.each([
    ['Limit', '10'],
    ['Marker', 'x'],
    ['StartDate', '2012-01-01T00:00:00Z'],
    ['EndDate', '2012-01-01T00:00:00Z'],
  ])('of an inventory with a %s is not the whole one', (name, value) => {
    const json = JSON.parse(JSON.parse(fixture('inventory-2020.json')).Message);
    json.InventoryRetrievalParameters[name] = value;

    expect(parseJob(json)?.inventory).toMatchObject({ full: false });
  });

  it('takes dates with and without milliseconds, and lowers a hash', () => {
    const json = JSON.parse(fixture('archive-2017-raw.json'));
    const upper = { ...json, CreationDate: '2012-05-15T17:19:46Z', ArchiveSHA256TreeHash: 'AB'.repeat(32) };

    expect(parseJob(upper)).toMatchObject({
      createdAt: Date.UTC(2012, 4, 15, 17, 19, 46),
      archiveTreeHash: 'ab'.repeat(32),
    });
  });
});
