import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { startSimulator } from '../../src/simulator/simulator.ts';
import { temporaryFolder } from '../support/program.ts';
import { BUCKET, expectEnded, FEW, nameOf, scene } from './scene.ts';

it.each([
  ['CRC32', 'FULL_OBJECT', 'FULL_OBJECT'],
  ['CRC32C', 'FULL_OBJECT', 'FULL_OBJECT'],
  ['CRC64NVME', 'FULL_OBJECT', 'FULL_OBJECT'],
  ['SHA256', 'FULL_OBJECT', 'COMPOSITE'],
])('has S3 check every object by %s', async (algorithm, single, multipart) => {
  const { simulator, transfer, expectCopied } = await scene();

  expectEnded(await transfer(['--checksum', algorithm]), 0);

  await expectCopied();
  const objects = simulator.s3.objects(BUCKET);
  expect(objects.map(({ checksum, parts }) => [checksum.algorithm, checksum.type, parts.length > 0])).toEqual(
    FEW.map((_, i) => [algorithm, i === 5 ? multipart : single, i === 5]),
  );
});

it('writes with the prefix, storage class, encryption and tags that are wanted', async () => {
  const { simulator, transfer, expectCopied } = await scene();

  expectEnded(
    await transfer([
      ...['--prefix', 'old vault/', '--storage-class', 'STANDARD_IA', '--tag', 'a=1', '--tag', 'who=mé + you = them'],
      ...[
        '--sse',
        'aws:kms',
        '--sse-kms-key-id',
        'arn:aws:kms:us-east-1:123456789012:key/1234abcd-12ab-34cd-56ef-1234567890ab',
      ],
    ]),
    0,
  );

  await expectCopied({ storageClass: 'STANDARD_IA' });
  const objects = simulator.s3.objects(BUCKET);
  expect(objects.map(({ key }) => key)).toEqual(FEW.map((_, i) => `old vault/${nameOf(i)}`));
  for (const { tags, encryption } of objects) {
    expect(tags).toEqual({ a: '1', who: 'mé + you = them' });
    expect(encryption).toMatchObject({ algorithm: 'aws:kms' });
  }
});

it.each(['who=me & you', 'a#b=1', 'aws:a=1', '=1'])(
  'refuses the tag %s, which S3 would refuse for every object',
  async (tag) => {
    const { simulator, transfer } = await scene();

    const ended = await transfer(['--tag', tag]);

    expectEnded(ended, 2);
    expect(ended.stderr).toContain('tag');
    expect(simulator.calls).toEqual([]);
  },
);

it('writes to a bucket at another endpoint, as somebody else', async () => {
  const { simulator, transfer } = await scene();
  const there = await startSimulator({
    buckets: [BUCKET],
    credentials: [{ accessKeyId: 'other', secretAccessKey: 'secret' }],
    accountId: '210987654321',
  });
  const home = temporaryFolder();
  mkdirSync(join(home, '.aws'));
  writeFileSync(join(home, '.aws/credentials'), '[there]\naws_access_key_id = other\naws_secret_access_key = secret\n');
  try {
    const ended = await transfer(['--dest-endpoint-url', there.url, '--dest-profile', 'there'], {
      env: { HOME: home },
    });

    expectEnded(ended, 0);
    expect(there.s3.objects(BUCKET)).toHaveLength(FEW.length);
    expect(simulator.s3.objects(BUCKET)).toEqual([]);
    expect(simulator.calls.filter(({ service }) => service === 's3')).toEqual([]);
    expect(there.bugs).toEqual([]);
  } finally {
    await there.close();
  }
});
