import { GetJobOutputCommand, GlacierClient } from '@aws-sdk/client-glacier';
import { PutObjectCommand, S3Client } from '@aws-sdk/client-s3';

/*
 * The bare loop that small archives are held against: GetJobOutput, PutObject, nothing else, in one process. Arguments:
 * endpoint URL, archives, calls in flight. Prints archives a second.
 */

const [endpoint = '', count = '', concurrency = '', seed = ''] = process.argv.slice(2);
const requestHandler = { httpAgent: { keepAlive: true, maxSockets: Number(concurrency) } };
const glacier = new GlacierClient({ endpoint, requestHandler });
const s3 = new S3Client({ endpoint, requestHandler, forcePathStyle: true });
let next = 0;

async function worker(limit: number): Promise<void> {
  while (next < limit) {
    const id = next;
    next += 1;
    const size = sizeOf(id + Number(seed));
    const { body } = await glacier.send(
      new GetJobOutputCommand({ accountId: '-', vaultName: 'bench', jobId: `job-${id}-${size}` }),
    );
    const bytes = await body?.transformToByteArray();
    await s3.send(
      new PutObjectCommand({ Bucket: 'bench', Key: `bare/${id}`, Body: bytes, StorageClass: 'DEEP_ARCHIVE' }),
    );
  }
}

/** 1 to 64 KiB. */
function sizeOf(id: number): number {
  return 1024 + ((id * 7919) % (63 * 1024));
}

const all = (limit: number) => Promise.all(Array.from({ length: Number(concurrency) }, () => worker(limit)));
await all(Math.min(500, Number(count) / 10));
const [from, begunAt, before] = [next, performance.now(), process.cpuUsage()];
await all(from + Number(count));
const seconds = (performance.now() - begunAt) / 1000;
const { user, system } = process.cpuUsage(before);
const cpuMs = (user + system) / 1000 / Number(count);
process.stdout.write(`${JSON.stringify({ perSecond: Number(count) / seconds, cpuMs })}\n`);
