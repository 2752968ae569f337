import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { GlacierClient, InitiateJobCommand } from '@aws-sdk/client-glacier';
import { PutObjectCommand, S3Client } from '@aws-sdk/client-s3';
import { expect, it, onTestFinished } from 'vitest';
import { provenanceOf } from '../../src/domain/provenance.ts';
import { HOUR } from '../../src/lib/duration.ts';
import { MiB } from '../../src/lib/size.ts';
import type { Archive } from '../../src/simulator/glacier/vault.ts';
import { temporaryFolder } from '../support/program.ts';
import { archivesOf, BUCKET, expectEnded, FEW, inRealSeconds, nameOf, type Scene, scene, VAULT } from './scene.ts';

const KEY = { accessKeyId: 'simulator', secretAccessKey: 'simulator' };
const SLOW = {
  Inventory: [3 * HOUR, 3 * HOUR],
  Bulk: [5 * HOUR, 6 * HOUR],
  Standard: [HOUR, HOUR],
  Expedited: [HOUR, HOUR],
} as const;

function glacierOf({ simulator }: Scene): GlacierClient {
  const client = new GlacierClient({ endpoint: simulator.url, region: 'us-east-1', credentials: KEY });
  onTestFinished(() => client.destroy());
  return client;
}

/** Writes objects as S3's own clients do, with a CRC32. */
function writerTo(endpoint: string) {
  const client = new S3Client({ endpoint, region: 'us-east-1', credentials: KEY, forcePathStyle: true });
  onTestFinished(() => client.destroy());
  return (Key: string, Body: Buffer, Metadata: Record<string, string>) =>
    client.send(new PutObjectCommand({ Bucket: BUCKET, Key, Body, Metadata, ChecksumAlgorithm: 'CRC32' }));
}

async function metadataOf({ id, description, createdAt, content }: Archive): Promise<Record<string, string>> {
  const treeHash = await content.treeHash();
  return provenanceOf({ archiveId: id, description, creationDate: createdAt, treeHash, vault: VAULT });
}

it('takes up after a lost state file without a second retrieval: objects, open jobs and the inventory job are found', async () => {
  const { simulator, transfer, calls, expectCopied } = await scene({ speed: 1, glacier: { delays: SLOW } });
  expectEnded(await transfer(['--once']), 75);
  simulator.advance(4 * HOUR);
  expectEnded(await transfer(['--once']), 75);
  const asked = simulator.counts()['glacier:InitiateJob'];

  const another = ['--state-dir', temporaryFolder(), '--once'];
  expectEnded(await transfer(another), 75);
  expect(simulator.counts()['glacier:InitiateJob']).toBe(asked);
  simulator.advance(6 * HOUR);
  expectEnded(await transfer(another), 0);

  await expectCopied();
  expect(calls('InitiateJob')).toBe(FEW.length);
  expectEnded(await transfer(['--state-dir', temporaryFolder(), '--once']), 0);
  expect(calls('InitiateJob')).toBe(FEW.length);
});

it('fails an archive whose key another object has, leaves that object alone, and copies the others', async () => {
  const { simulator, transfer, archives, calls } = await scene();
  await simulator.s3.putBytes(BUCKET, nameOf(1), Buffer.from('something else'));
  const [, taken] = archives();

  const ended = await transfer();

  expectEnded(ended, 3);
  expect(ended.stdout).toContain('object_exists: 1');
  expect((await simulator.s3.bytes(BUCKET, nameOf(1))).toString()).toBe('something else');
  expect(simulator.s3.objects(BUCKET)).toHaveLength(FEW.length);
  expect(
    simulator.calls.filter(({ operation, detail }) => operation === 'InitiateJob' && detail.archiveId === taken?.id),
  ).toEqual([]);
  expect(calls('InitiateJob')).toBe(FEW.length - 1);
});

it('fails an archive whose key is taken while it is on its way', async () => {
  const { simulator, transfer } = await scene({ speed: 1, glacier: { delays: SLOW } });
  expectEnded(await transfer(['--once']), 75);
  simulator.advance(4 * HOUR);
  expectEnded(await transfer(['--once']), 75);
  await simulator.s3.putBytes(BUCKET, nameOf(1), Buffer.from('something else'));
  await simulator.s3.putBytes(BUCKET, nameOf(5), Buffer.from('something else'));
  simulator.advance(6 * HOUR);

  const ended = await transfer(['--once']);

  expectEnded(ended, 3);
  expect(ended.stdout).toContain('object_exists: 2');
  expect((await simulator.s3.bytes(BUCKET, nameOf(5))).toString()).toBe('something else');
  expect(simulator.s3.uploads(BUCKET)).toEqual([]);
});

it('never takes an object with other bytes for the archive, whatever it says of itself, where the key is taken on the way', async () => {
  const { simulator, transfer, archives } = await scene({
    speed: 1,
    glacier: { delays: SLOW },
    vault: { archives: archivesOf([1000, 2000]) },
  });
  expectEnded(await transfer(['--once']), 75);
  simulator.advance(4 * HOUR);
  expectEnded(await transfer(['--once']), 75);
  const [forged, own] = archives();
  if (!forged || !own) throw new Error('the vault is empty');
  const write = writerTo(simulator.url);
  await write(nameOf(0), Buffer.alloc(1000, 'X'), await metadataOf(forged));
  await write(nameOf(1), Buffer.concat([...own.content.read({ start: 0, end: 1999 })]), await metadataOf(own));
  simulator.advance(6 * HOUR);

  const ended = await transfer(['--once']);

  expectEnded(ended, 3);
  expect(ended.stdout).toContain('object_exists: 1');
  expect(ended.stdout).toMatch(/verified +1\b/);
  expect((await simulator.s3.bytes(BUCKET, nameOf(0))).toString()).toBe('X'.repeat(1000));
});

it('overwrites with --on-existing overwrite', async () => {
  const { simulator, transfer, expectCopied } = await scene();
  await simulator.s3.putBytes(BUCKET, nameOf(1), Buffer.from('something else'));
  await simulator.s3.putBytes(BUCKET, nameOf(5), Buffer.from('something else'));

  expectEnded(await transfer(['--on-existing', 'overwrite']), 0);

  await expectCopied();
});

const OVERWRITE = ['--on-existing', 'overwrite'];
const COMPLETE = { service: 's3', operation: 'CompleteMultipartUpload' } as const;

it('sends nothing again with --on-existing overwrite where it was killed before the answer that all is there', async () => {
  const { simulator, begin, transfer, fault, calls, expectCopied } = await scene({
    vault: { archives: archivesOf([17 * MiB + 5]) },
  });
  await simulator.s3.putBytes(BUCKET, nameOf(0), Buffer.from('something else'));
  fault({ ...COMPLETE, times: 1, fault: { kind: 'stall', afterBytes: 0 } });
  const running = begin(OVERWRITE);
  await expect.poll(() => simulator.s3.objects(BUCKET)[0]?.size, { timeout: 30_000 }).toBe(17 * MiB + 5);
  running.kill('SIGKILL');
  await running.ended;

  expectEnded(await transfer(OVERWRITE), 0);

  await expectCopied();
  expect([calls('UploadPart'), calls('CompleteMultipartUpload')]).toEqual([3, 1]);
});

it.each([
  ['finds what a killed run has completed, with --on-existing skip', 'skip', 3],
  ['sends again what a killed run has completed, with --on-existing overwrite', 'overwrite', 6],
])('%s, where objects are now to have another checksum', async (_name, onExisting, sent) => {
  const { simulator, begin, transfer, fault, calls, expectCopied } = await scene({
    vault: { archives: archivesOf([17 * MiB + 5]) },
  });
  fault({ ...COMPLETE, times: 1, fault: { kind: 'stall', afterBytes: 0 } });
  const running = begin(['--on-existing', onExisting, '--checksum', 'SHA256']);
  await expect.poll(() => simulator.s3.objects(BUCKET)[0]?.size, { timeout: 30_000 }).toBe(17 * MiB + 5);
  running.kill('SIGKILL');
  await running.ended;

  expectEnded(await transfer(['--on-existing', onExisting, '--checksum', 'CRC32']), 0);

  await expectCopied();
  expect(calls('UploadPart')).toBe(sent);
});

it('takes no earlier copy for the one that is to overwrite it, after failures and after a kill', async () => {
  const { simulator, begin, transfer, fault, calls, expectCopied } = await scene({
    vault: { archives: archivesOf([17 * MiB + 5]) },
  });
  expectEnded(await transfer(['--storage-class', 'STANDARD']), 0);
  simulator.advance(HOUR);
  simulator.clearCalls();
  fault({ ...COMPLETE, times: 3, fault: { kind: 'error', status: 500, code: 'InternalError', message: 'no' } });
  const args = [...OVERWRITE, '--state-dir', temporaryFolder()];
  const running = begin(args);
  await expect.poll(() => calls('CompleteMultipartUpload'), { timeout: 30_000 }).toBeGreaterThan(1);
  running.kill('SIGKILL');
  await running.ended;

  expectEnded(await transfer(args), 0);

  await expectCopied({ storageClass: 'DEEP_ARCHIVE' });
  expect(calls('UploadPart')).toBe(3);
});

it('fails what is there, the archive or not, with --on-existing fail', async () => {
  const { transfer, calls } = await scene();
  expectEnded(await transfer(), 0);

  const ended = await transfer(['--on-existing', 'fail', '--state-dir', temporaryFolder()]);

  expectEnded(ended, 3);
  expect(ended.stdout).toContain(`object_exists: ${FEW.length}`);
  expect(calls('InitiateJob')).toBe(FEW.length);
});

it('never takes the partial inventory of another program for the whole', async () => {
  const world = await scene({ speed: 1, glacier: { delays: SLOW } });
  const { simulator, transfer } = world;
  const glacier = glacierOf(world);
  const partial = (InventoryRetrievalParameters: object, Description: string) =>
    glacier.send(
      new InitiateJobCommand({
        accountId: '-',
        vaultName: VAULT,
        jobParameters: { Type: 'inventory-retrieval', Format: 'JSON', Description, InventoryRetrievalParameters },
      }),
    );
  await partial({ Limit: '2' }, 'glacier2s3 inventory 0123456789ab');
  await partial({ StartDate: '2015-01-01T02:00:00Z' }, 'of another program');
  await partial({}, 'a whole one of another program');
  simulator.advance(4 * HOUR);

  expectEnded(await transfer(['--once']), 75);

  expect(simulator.counts()['glacier:InitiateJob']).toBe(4);
  simulator.advance(4 * HOUR);
  const ended = await transfer(['--once']);
  expectEnded(ended, 75);
  expect(ended.stdout).toContain(`${FEW.length}`);
});

it('adopts a job for a whole archive that somebody else has begun, and leaves alone one for a part of it', async () => {
  const world = await scene({ speed: 1, glacier: { delays: SLOW } });
  const { simulator, transfer, archives, expectCopied } = world;
  const glacier = glacierOf(world);
  const [first, , , , , last] = archives();
  const begin = (jobParameters: object) =>
    glacier.send(
      new InitiateJobCommand({
        accountId: '-',
        vaultName: VAULT,
        jobParameters: { Type: 'archive-retrieval', Tier: 'Bulk', ...jobParameters },
      }),
    );
  expectEnded(await transfer(['--once']), 75);
  simulator.advance(4 * HOUR);
  await begin({ ArchiveId: first?.id });
  await begin({ ArchiveId: last?.id, RetrievalByteRange: `0-${MiB - 1}` });
  simulator.clearCalls();

  expectEnded(await transfer(['--once']), 75);

  const asked = simulator.calls
    .filter(({ operation }) => operation === 'InitiateJob')
    .map(({ detail }) => detail.archiveId);
  expect(asked).not.toContain(first?.id);
  expect(asked).toContain(last?.id);
  simulator.advance(6 * HOUR);
  expectEnded(await transfer(['--once']), 0);
  await expectCopied();
});

it.each(['JSON', 'CSV'] as const)('takes a given inventory file, %s, and asks for none', async (format) => {
  const { simulator, transfer, archives, expectCopied, calls } = await scene();
  const rows = await Promise.all(
    archives().map(async ({ id, description, createdAt, content }) => ({
      ArchiveId: id,
      ArchiveDescription: description,
      CreationDate: new Date(createdAt).toISOString(),
      Size: content.size,
      SHA256TreeHash: await content.treeHash(),
    })),
  );
  const path = join(temporaryFolder(), `inventory.${format.toLowerCase()}`);
  const json = {
    VaultARN: `arn:aws:glacier:us-east-1:123456789012:vaults/${VAULT}`,
    InventoryDate: '2026-01-01T00:00:00Z',
    ArchiveList: rows,
  };
  const csv = [
    'ArchiveId,ArchiveDescription,CreationDate,Size,SHA256TreeHash',
    ...rows.map((row) => Object.values(row).join(',')),
  ];
  writeFileSync(path, format === 'JSON' ? JSON.stringify(json) : `${csv.join('\n')}\n`);

  expectEnded(await transfer(['--inventory', path]), 0);

  await expectCopied();
  expect(simulator.counts()['glacier:InitiateJob']).toBe(calls('InitiateJob'));
});

it('begins uploads anew where a run in between is told to write in another way', async () => {
  const { simulator, begin, transfer, expectCopied, calls } = await scene({
    speed: 3600,
    vault: { archives: archivesOf([64 * MiB]) },
  });
  const running = begin(['--bwlimit', inRealSeconds(15 * MiB), '--concurrency', '2']);
  while (simulator.s3.uploads(BUCKET).every(({ parts }) => parts.length < 2))
    await new Promise((resolve) => setTimeout(resolve, 20));
  running.kill('SIGINT');
  expectEnded(await running.ended, 130);

  expectEnded(await transfer(['--checksum', 'SHA256', '--storage-class', 'STANDARD_IA']), 0);

  await expectCopied({ storageClass: 'STANDARD_IA' });
  expect(simulator.s3.objects(BUCKET)[0]?.checksum.algorithm).toBe('SHA256');
  expect(calls('InitiateJob')).toBe(1);
});
