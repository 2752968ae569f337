import type { ByteRange } from '../../domain/ranges.ts';
import type { Reply } from '../service.ts';
import { type Job, rangeTreeHash } from './job.ts';
import { invalid } from './refusal.ts';

/** Answers GetJobOutput. `header` is the request's Range: relative to the job's own range. @throws {Refusal} */
export async function jobOutput(job: Job, header: string | undefined): Promise<Reply> {
  if (job.status !== 'Succeeded') throw invalid(`The job is not currently available for download: ${job.id}`);
  const { work } = job;
  const archive = work.type === 'archive-retrieval' ? work : undefined;
  const inventory = work.type === 'inventory-retrieval' ? work : undefined;
  const size = archive ? archive.range.end - archive.range.start + 1 : (inventory?.text.size ?? 0);
  const range = header === undefined ? { start: 0, end: size - 1 } : outputRange(header, size);
  const common = {
    'accept-ranges': 'bytes',
    'content-length': String(range.end - range.start + 1),
    ...(header === undefined ? {} : { 'content-range': `bytes ${range.start}-${range.end}/${size}` }),
  };
  const status = header === undefined ? 200 : 206;
  if (!archive) {
    const type = inventory?.format === 'CSV' ? 'text/csv' : 'application/json';
    return { status, headers: { ...common, 'content-type': type }, body: inventory?.text.read(range) ?? '' };
  }
  const inArchive = { start: archive.range.start + range.start, end: archive.range.start + range.end };
  const treeHash = await rangeTreeHash(archive, inArchive);
  const description = headerText(archive.archive.description);
  return {
    status,
    headers: {
      ...common,
      'content-type': 'application/octet-stream',
      ...(description ? { 'x-amz-archive-description': description } : {}),
      ...(treeHash ? { 'x-amz-sha256-tree-hash': treeHash } : {}),
    },
    body: asynchronous(archive.archive.content.read(inArchive)),
  };
}

/** One range with both ends, within the data: open, suffix and multiple ranges are refused. */
function outputRange(header: string, size: number): ByteRange {
  const match = /^bytes=(\d{1,15})-(\d{1,15})$/.exec(header);
  const [start, end] = [Number(match?.[1]), Number(match?.[2])];
  if (!match || end < start) throw invalid(`Invalid range: ${header}`);
  if (start >= size) throw invalid(`The start of the range is larger than size of retrieved data: ${header}`);
  if (end >= size) throw invalid(`The end of the range is larger than size of retrieved data: ${header}`);
  return { start, end };
}

/** UTF-8 bytes, as far as a header can carry them. */
function headerText(description: string): string {
  return Buffer.from(description, 'utf8')
    .toString('latin1')
    .replace(/[^\x20-\x7e\x80-\xff]/g, ' ')
    .trim();
}

async function* asynchronous(pieces: Iterable<Uint8Array>): AsyncGenerator<Uint8Array> {
  yield* pieces;
}
