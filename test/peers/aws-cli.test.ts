import { randomBytes } from 'node:crypto';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { crc32 } from 'node:zlib';
import { describe, expect, it, onTestFinished } from 'vitest';
import { treeHash } from '../../src/domain/tree-hash.ts';
import { HOUR } from '../../src/lib/duration.ts';
import { MiB } from '../../src/lib/size.ts';
import { startSimulator } from '../../src/simulator/simulator.ts';
import { temporaryFolder } from '../support/program.ts';
import { awsCli, hasAwsCli } from './aws-cli.ts';

/** A vault with one archive, a bucket, and the CLI beside them. */
async function setUp(archive: Uint8Array) {
  const simulator = await startSimulator({
    vaults: [
      { name: 'photos', archives: [{ content: { kind: 'bytes', bytes: archive }, description: 'holiday.tar' }] },
    ],
    buckets: ['new-home'],
  });
  onTestFinished(async () => {
    await simulator.close();
    expect(simulator.bugs).toEqual([]);
  });
  const aws = awsCli(simulator.url, simulator.environment);

  /** Starts the job, lets half a day pass and looks at it again. */
  async function retrieve(parameters: Readonly<Record<string, unknown>>): Promise<Record<string, unknown>> {
    const begun = await aws('glacier', 'initiate-job', ...inVault, '--job-parameters', JSON.stringify(parameters));
    const { jobId } = begun as { jobId: string };
    simulator.advance(12 * HOUR);
    return (await aws('glacier', 'describe-job', ...inVault, `--job-id=${jobId}`)) as Record<string, unknown>;
  }

  return { simulator, folder: temporaryFolder(), aws, retrieve };
}

const inVault = ['--account-id', '-', '--vault-name', 'photos'];

const output = (aws: ReturnType<typeof awsCli>, job: Record<string, unknown>, file: string, ...options: string[]) =>
  aws('glacier', 'get-job-output', ...inVault, `--job-id=${job.JobId}`, ...options, file);

describe.skipIf(!hasAwsCli)('the simulator, spoken to by the AWS CLI', () => {
  it('gives an archive out of a vault and takes it into a bucket, all by hand', async () => {
    const archive = randomBytes(12 * MiB + 345);
    const { simulator, folder, aws, retrieve } = await setUp(archive);

    expect(await aws('glacier', 'list-vaults', '--account-id', '-')).toMatchObject({
      VaultList: [{ VaultName: 'photos', NumberOfArchives: 1 }],
    });
    expect(await aws('glacier', 'describe-vault', ...inVault)).toMatchObject({ VaultName: 'photos' });

    const inventory = join(folder, 'inventory.json');
    await output(aws, await retrieve({ Type: 'inventory-retrieval' }), inventory);
    const [listed] = JSON.parse(readFileSync(inventory, 'utf8')).ArchiveList;
    expect(listed).toMatchObject({
      ArchiveDescription: 'holiday.tar',
      Size: archive.length,
      SHA256TreeHash: treeHash(archive),
    });

    const job = await retrieve({ Type: 'archive-retrieval', ArchiveId: listed.ArchiveId, Tier: 'Bulk' });
    expect(job).toMatchObject({
      Completed: true,
      StatusCode: 'Succeeded',
      Tier: 'Bulk',
      ArchiveSHA256TreeHash: treeHash(archive),
    });

    const whole = join(folder, 'whole');
    expect(await output(aws, job, whole)).toMatchObject({ status: 200, checksum: treeHash(archive) });
    expect(readFileSync(whole).equals(archive)).toBe(true);

    const object = ['--bucket', 'new-home', '--key', 'holiday.tar'];
    const upload = (await aws(
      's3api',
      ...['create-multipart-upload', ...object, '--storage-class', 'DEEP_ARCHIVE', '--checksum-algorithm', 'CRC32'],
    )) as { UploadId: string };
    const parts = [];
    for (const [index, start] of [0, 8 * MiB].entries()) {
      const end = Math.min(start + 8 * MiB, archive.length) - 1;
      const file = join(folder, 'part');
      const part = await output(aws, job, file, '--range', `bytes=${start}-${end}`);
      expect(part).toMatchObject({ status: 206, checksum: treeHash(archive.subarray(start, end + 1)) });
      const sent = (await aws(
        's3api',
        ...['upload-part', ...object, '--upload-id', upload.UploadId, '--part-number', String(index + 1)],
        ...['--body', file, '--checksum-algorithm', 'CRC32'],
      )) as { ETag: string; ChecksumCRC32: string };
      expect(sent.ChecksumCRC32).toBe(crc32Of(archive.subarray(start, end + 1)));
      parts.push({ PartNumber: index + 1, ETag: sent.ETag, ChecksumCRC32: sent.ChecksumCRC32 });
    }
    await aws(
      's3api',
      ...['complete-multipart-upload', ...object, '--upload-id', upload.UploadId],
      ...['--multipart-upload', JSON.stringify({ Parts: parts })],
    );

    expect(await aws('s3api', 'head-object', ...object)).toMatchObject({
      ContentLength: archive.length,
      StorageClass: 'DEEP_ARCHIVE',
    });
    expect((await simulator.s3.bytes('new-home', 'holiday.tar')).equals(archive)).toBe(true);
  });

  it('refuses a part whose checksum is not that of its bytes', async () => {
    const { folder, aws } = await setUp(randomBytes(1));
    const object = ['--bucket', 'new-home', '--key', 'holiday.tar'];
    const begun = await aws('s3api', 'create-multipart-upload', ...object, '--checksum-algorithm', 'CRC32');
    const file = join(folder, 'part');
    writeFileSync(file, 'something');

    const sent = aws(
      's3api',
      ...['upload-part', ...object, '--upload-id', (begun as { UploadId: string }).UploadId, '--part-number', '1'],
      ...['--body', file, '--checksum-crc32', crc32Of(Buffer.from('something else'))],
    );

    await expect(sent).rejects.toThrow(/BadDigest/);
  });

  it('tells a queue when a job is done', async () => {
    const { aws, retrieve } = await setUp(randomBytes(1));
    const { TopicArn } = (await aws('sns', 'create-topic', '--name', 'jobs')) as { TopicArn: string };
    const queue = (await aws('sqs', 'create-queue', '--queue-name', 'jobs')) as { QueueUrl: string };
    const atQueue = ['--queue-url', queue.QueueUrl];
    const { Attributes } = (await aws('sqs', 'get-queue-attributes', ...atQueue, '--attribute-names', 'QueueArn')) as {
      Attributes: { QueueArn: string };
    };
    const policy = JSON.stringify({
      Statement: {
        Effect: 'Allow',
        Principal: { Service: 'sns.amazonaws.com' },
        Action: 'sqs:SendMessage',
        Resource: Attributes.QueueArn,
        Condition: { ArnEquals: { 'aws:SourceArn': TopicArn } },
      },
    });
    await aws('sqs', 'set-queue-attributes', ...atQueue, '--attributes', JSON.stringify({ Policy: policy }));
    const ends = ['--topic-arn', TopicArn, '--protocol', 'sqs', '--notification-endpoint', Attributes.QueueArn];
    await aws('sns', 'subscribe', ...ends, '--attributes', 'RawMessageDelivery=true');

    const job = await retrieve({ Type: 'inventory-retrieval', SNSTopic: TopicArn });

    const received = (await aws('sqs', 'receive-message', ...atQueue, '--wait-time-seconds', '5')) as {
      Messages: { Body: string; ReceiptHandle: string }[];
    };
    expect(received.Messages.map((message) => JSON.parse(message.Body))).toMatchObject([{ JobId: job.JobId }]);
    for (const message of received.Messages) {
      await aws('sqs', 'delete-message', ...atQueue, '--receipt-handle', message.ReceiptHandle);
    }
    expect(await aws('sqs', 'get-queue-attributes', ...atQueue, '--attribute-names', 'All')).toMatchObject({
      Attributes: { ApproximateNumberOfMessages: '0', ApproximateNumberOfMessagesNotVisible: '0' },
    });
  });
});

function crc32Of(bytes: Uint8Array): string {
  const sum = Buffer.alloc(4);
  sum.writeUInt32BE(crc32(bytes));
  return sum.toString('base64');
}
