import { expect, it } from 'vitest';
import { nameOf } from '../../src/domain/names/name-of.ts';
import { keyOf } from '../../src/domain/object-key.ts';
import { provenanceOf } from '../../src/domain/provenance.ts';
import { MiB } from '../../src/lib/size.ts';
import { demoVault } from '../../src/simulator/demo-vault.ts';
import { BUCKET, expectEnded, scene, VAULT } from './scene.ts';

it('copies a mixed vault of 300 archives byte for byte, asks for each once, and has nothing to do when run again', {
  timeout: 240_000,
}, async () => {
  const vault = demoVault({ name: VAULT, count: 300, largest: 40 * MiB });
  // a download window of over two minutes: no machine is so busy that it passes, and an archive is rightly asked for again
  const { simulator, transfer, calls, changes, archives, expectCopied } = await scene({ vault, speed: 600 });

  const ended = await transfer(['--tag', 'project=a b', '--storage-class', 'GLACIER']);

  expectEnded(ended, 0);
  await expectCopied({ storageClass: 'GLACIER' });
  expect(archives()).toHaveLength(300);
  const objects = new Map(
    simulator.s3.objects(BUCKET).map((object) => [object.metadata['glacier-archive-id'], object]),
  );
  const wanted = archives().map((archive) => {
    const { id: archiveId, description, createdAt: creationDate } = archive;
    const { mtime, flags } = nameOf(archiveId, description);
    const treeHash = objects.get(archiveId)?.metadata['glacier-tree-hash'];
    return [
      archiveId,
      provenanceOf({ archiveId, description, creationDate, treeHash: treeHash as never, vault: VAULT, mtime, flags }),
    ];
  });
  expect([...objects].map(([id, { metadata }]) => [id, metadata]).sort()).toEqual(wanted.sort());
  expect([...objects.values()].every(({ tags }) => tags.project === 'a b' && Object.keys(tags).length === 1)).toBe(
    true,
  );
  const plain = archives().map(
    ({ id, description }) => keyOf({ archiveId: id, name: nameOf(id, description), prefix: '' }).key,
  );
  const once = plain.filter((key) => plain.indexOf(key) === plain.lastIndexOf(key));
  expect(once.length).toBeGreaterThan(150);
  expect(simulator.s3.objects(BUCKET).map(({ key }) => key)).toEqual(expect.arrayContaining(once));

  expect(calls('InitiateJob')).toBe(300);
  const parts = archives().map(({ content }) => Math.ceil(content.size / (8 * MiB)));
  const large = parts.filter((count) => count > 1);
  const sent = large.reduce((sum, count) => sum + count, 0);
  expect(large.length).toBeGreaterThan(20);
  const s3 = Object.fromEntries(Object.entries(simulator.counts()).filter(([name]) => name.startsWith('s3:')));
  expect(s3).toEqual({
    's3:HeadBucket': 1,
    's3:ListObjectsV2': 1,
    's3:PutObject': 300 - large.length,
    's3:CreateMultipartUpload': large.length,
    's3:UploadPart': sent,
    's3:CompleteMultipartUpload': large.length,
  });
  // and one for the inventory
  expect(calls('GetJobOutput')).toBe(300 - large.length + sent + 1);
  expect(simulator.counts()).toMatchObject({ 'sns:DeleteTopic': 1, 'sqs:DeleteQueue': 1 });

  simulator.clearCalls();
  const again = await transfer(['--tag', 'project=a b', '--storage-class', 'GLACIER']);

  expectEnded(again, 0);
  expect(again.stdout).toContain('complete');
  expect(changes()).toEqual([]);
  expect(calls('GetJobOutput')).toBe(0);
});
