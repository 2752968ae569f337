import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { checksumOf, compositeChecksum } from '../../src/domain/checksum.ts';
import { treeHash } from '../../src/domain/tree-hash.ts';
import { HOUR } from '../../src/lib/duration.ts';
import { MiB } from '../../src/lib/size.ts';
import { start, temporaryFolder } from '../support/program.ts';
import { awsCli, hasAwsCli } from './aws-cli.ts';

/** The program as a simulator, with a vault and a bucket, and the CLI set up by what it prints. */
async function setUp() {
  const simulator = start(['simulator', '--vault=photos', '--archives=30', '--bucket=new-home', '--speed=10']);
  await simulator.until(/is ready/);
  const lines = simulator.output().stdout.matchAll(/^export (\w+)=(.*)$/gm);
  const environment = Object.fromEntries(Array.from(lines, ([, name = '', value = '']) => [name, value]));
  const endpoint = environment.AWS_ENDPOINT_URL ?? '';
  const aws = awsCli(endpoint, environment);

  /** Starts the job, lets half a day pass and looks at it again. */
  async function retrieve(parameters: Readonly<Record<string, unknown>>): Promise<Record<string, unknown>> {
    const begun = await aws('glacier', 'initiate-job', ...inVault, '--job-parameters', JSON.stringify(parameters));
    const { jobId } = begun as { jobId: string };
    await fetch(`${endpoint}/_simulator/clock`, { method: 'POST', body: JSON.stringify({ advanceMs: 12 * HOUR }) });
    return (await aws('glacier', 'describe-job', ...inVault, `--job-id=${jobId}`)) as Record<string, unknown>;
  }

  return { folder: temporaryFolder(), aws, retrieve };
}

const inVault = ['--account-id', '-', '--vault-name', 'photos'];
const object = ['--bucket', 'new-home', '--key', 'holiday.tar'];

const output = (aws: ReturnType<typeof awsCli>, job: Record<string, unknown>, file: string, ...options: string[]) =>
  aws('glacier', 'get-job-output', ...inVault, `--job-id=${job.JobId}`, ...options, file);

interface Listed {
  readonly ArchiveId: string;
  readonly Size: number;
  readonly SHA256TreeHash: string;
}

describe.skipIf(!hasAwsCli)('the simulator, spoken to by the AWS CLI', () => {
  it('gives an archive out of a vault and takes it into a bucket, all by hand', async () => {
    const { folder, aws, retrieve } = await setUp();
    const vaults = [{ VaultName: 'photos', NumberOfArchives: 30 }];
    expect(await aws('glacier', 'list-vaults', '--account-id', '-')).toMatchObject({ VaultList: vaults });
    expect(await aws('glacier', 'describe-vault', ...inVault)).toMatchObject(vaults[0] ?? {});

    const inventory = join(folder, 'inventory.json');
    await output(aws, await retrieve({ Type: 'inventory-retrieval' }), inventory);
    const { ArchiveList } = JSON.parse(readFileSync(inventory, 'utf8')) as { ArchiveList: Listed[] };
    const [archive] = ArchiveList.filter(({ Size }) => Size > 8 * MiB).sort((a, b) => a.Size - b.Size);
    const { ArchiveId, Size, SHA256TreeHash } = archive as Listed;

    const job = await retrieve({ Type: 'archive-retrieval', ArchiveId, Tier: 'Bulk' });
    expect(job).toMatchObject({ Completed: true, StatusCode: 'Succeeded', ArchiveSHA256TreeHash: SHA256TreeHash });
    const whole = join(folder, 'whole');
    expect(await output(aws, job, whole)).toMatchObject({ status: 200, checksum: SHA256TreeHash });
    expect(treeHash(readFileSync(whole))).toBe(SHA256TreeHash);

    const upload = (await aws(
      's3api',
      ...['create-multipart-upload', ...object, '--storage-class', 'DEEP_ARCHIVE', '--checksum-algorithm', 'CRC32'],
    )) as { UploadId: string };
    const parts: { PartNumber: number; ETag: string; ChecksumCRC32: string }[] = [];
    for (let start = 0; start < Size; start += 8 * MiB) {
      const end = Math.min(start + 8 * MiB, Size) - 1;
      const file = join(folder, 'part');
      const { status, checksum } = (await output(aws, job, file, '--range', `bytes=${start}-${end}`)) as {
        status: number;
        checksum: string;
      };
      const bytes = readFileSync(file);
      expect({ status, checksum, size: bytes.length }).toEqual({
        ...{ status: 206, checksum: treeHash(bytes), size: end - start + 1 },
      });
      const PartNumber = parts.length + 1;
      const { ETag, ChecksumCRC32 } = (await aws(
        's3api',
        ...['upload-part', ...object, `--upload-id=${upload.UploadId}`, '--part-number', String(PartNumber)],
        ...['--body', file, '--checksum-algorithm', 'CRC32'],
      )) as { ETag: string; ChecksumCRC32: string };
      expect(ChecksumCRC32).toBe(checksumOf('CRC32', bytes));
      parts.push({ PartNumber, ETag, ChecksumCRC32 });
    }
    await aws(
      's3api',
      ...['complete-multipart-upload', ...object, `--upload-id=${upload.UploadId}`],
      ...['--multipart-upload', JSON.stringify({ Parts: parts })],
    );

    const sums = parts.map(({ ChecksumCRC32 }) => ({ value: ChecksumCRC32 }));
    expect(await aws('s3api', 'head-object', ...object, '--checksum-mode', 'ENABLED')).toMatchObject({
      ContentLength: Size,
      StorageClass: 'DEEP_ARCHIVE',
      ChecksumCRC32: compositeChecksum('CRC32', sums).value,
    });
  });

  it('refuses a part whose checksum is not that of its bytes', async () => {
    const { folder, aws } = await setUp();
    const begun = await aws('s3api', 'create-multipart-upload', ...object, '--checksum-algorithm', 'CRC32');
    const file = join(folder, 'part');
    writeFileSync(file, 'something');

    const sent = aws(
      's3api',
      ...['upload-part', ...object, `--upload-id=${(begun as { UploadId: string }).UploadId}`, '--part-number=1'],
      ...['--body', file, '--checksum-crc32', checksumOf('CRC32', Buffer.from('something else'))],
    );

    await expect(sent).rejects.toThrow(/BadDigest/);
  });

  it('tells a queue when a job is done', async () => {
    const { aws, retrieve } = await setUp();
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
      await aws('sqs', 'delete-message', ...atQueue, `--receipt-handle=${message.ReceiptHandle}`);
    }
    expect(await aws('sqs', 'get-queue-attributes', ...atQueue, '--attribute-names', 'All')).toMatchObject({
      Attributes: { ApproximateNumberOfMessages: '0', ApproximateNumberOfMessagesNotVisible: '0' },
    });
  });
});
