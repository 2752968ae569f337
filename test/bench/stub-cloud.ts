import type { TreeHash } from '../../src/domain/ids.ts';
import { hashOfZeros } from './zeros.ts';

export interface Request {
  readonly method: string;
  readonly path: string;
  readonly query: URLSearchParams;
  readonly headers: ReadonlyMap<string, string>;
  readonly bodyLength: number;
  readonly keepBody: boolean;
}

export interface Reply {
  readonly head: string;
  /** Bytes that follow, all zero. */
  readonly zeros: number;
}

/** What the stub has seen since it was reset. Times in milliseconds since 1970. */
export interface StubStats {
  readonly calls: Readonly<Record<string, number>>;
  /** When the first of each was heard. */
  readonly first: Readonly<Record<string, number>>;
  readonly last: Readonly<Record<string, number>>;
  readonly connections: number;
}

interface Job {
  readonly jobId: string;
  readonly archiveId: string;
  readonly description: string;
  readonly at: string;
}

/** Answers as Glacier and S3 would for archives of zeros. An archive's or a job's id ends with `-<size>`. */
export class StubCloud {
  connections = 0;
  #calls: Record<string, number> = {};
  #first: Record<string, number> = {};
  #last: Record<string, number> = {};
  #jobs: Job[] = [];
  readonly #hashes = new Map<number, TreeHash>();

  parse(head: string): Request {
    const [first = '', ...lines] = head.split('\r\n');
    const [method = '', target = ''] = first.split(' ');
    const [path = '', query = ''] = target.split('?');
    const headers = new Map(
      lines.map((line) => {
        const at = line.indexOf(':');
        return [line.slice(0, at).toLowerCase(), line.slice(at + 1).trim()] as const;
      }),
    );
    const bodyLength = Number(headers.get('content-length') ?? 0);
    return { method, path, query: new URLSearchParams(query), headers, bodyLength, keepBody: method === 'POST' };
  }

  answer(request: Request, body: Buffer): Reply {
    if (request.path === '/-/stats') return json(200, this.#stats());
    if (request.path === '/-/forget') this.#jobs = [];
    if (request.path === '/-/reset' || request.path === '/-/forget') {
      this.#calls = {};
      this.#first = {};
      this.#last = {};
      this.connections = 0;
      return json(200, {});
    }
    return request.path.split('/')[2] === 'vaults' ? this.#glacier(request, body) : this.#s3(request);
  }

  #stats(): StubStats {
    return { calls: this.#calls, first: this.#first, last: this.#last, connections: this.connections };
  }

  #count(operation: string): void {
    const now = Date.now();
    this.#calls[operation] = (this.#calls[operation] ?? 0) + 1;
    this.#first[operation] ??= now;
    this.#last[operation] = now;
  }

  #glacier({ method, path, query, headers }: Request, body: Buffer): Reply {
    const [, , , , kind, id, output] = path.split('/');
    if (output === 'output' && id !== undefined) {
      this.#count('GetJobOutput');
      const size = sizeOf(id);
      const [, start = '0', end = String(size - 1)] = /^bytes=(\d+)-(\d+)$/.exec(headers.get('range') ?? '') ?? [];
      const length = Number(end) - Number(start) + 1;
      const range = length === size ? '' : `Content-Range: bytes ${start}-${end}/${size}\r\n`;
      const head = `HTTP/1.1 ${range ? 206 : 200} OK\r\n${range}x-amz-sha256-tree-hash: ${this.#treeHash(length)}\r\nContent-Type: application/octet-stream\r\nContent-Length: ${length}\r\n\r\n`;
      return { head, zeros: length };
    }
    if (kind !== 'jobs') {
      this.#count(kind === undefined || kind === '' ? 'DescribeVault' : `${method} ${kind}`);
      const LastInventoryDate = new Date().toISOString();
      return json(200, { VaultARN: ARN, VaultName: 'bench', LastInventoryDate, NumberOfArchives: 1, SizeInBytes: 1 });
    }
    if (method === 'POST') {
      this.#count('InitiateJob');
      const asked = JSON.parse(body.toString()) as { ArchiveId: string; Description: string };
      const jobId = `job-${this.#jobs.length}-${sizeOf(asked.ArchiveId)}`;
      const at = new Date().toISOString();
      this.#jobs.push({ jobId, archiveId: asked.ArchiveId, description: asked.Description, at });
      return {
        head: `HTTP/1.1 202 Accepted\r\nx-amz-job-id: ${jobId}\r\nLocation: ${path}/${jobId}\r\nContent-Length: 0\r\n\r\n`,
        zeros: 0,
      };
    }
    this.#count('ListJobs');
    const from = Number(query.get('marker') ?? 0);
    const to = Math.min(from + 50, this.#jobs.length);
    const JobList = this.#jobs.slice(from, to).map((job) => this.#jobJson(job));
    return json(200, { JobList, Marker: to < this.#jobs.length ? String(to) : null });
  }

  #jobJson({ jobId, archiveId, description, at }: Job): object {
    const size = sizeOf(archiveId);
    return {
      Action: 'ArchiveRetrieval',
      ArchiveId: archiveId,
      ArchiveSHA256TreeHash: this.#treeHash(size),
      ArchiveSizeInBytes: size,
      Completed: true,
      CompletionDate: at,
      CreationDate: at,
      JobDescription: description,
      JobId: jobId,
      RetrievalByteRange: `0-${size - 1}`,
      SHA256TreeHash: this.#treeHash(size),
      StatusCode: 'Succeeded',
      StatusMessage: 'Succeeded',
      Tier: 'Bulk',
      VaultARN: ARN,
    };
  }

  #s3({ method, path, query, headers }: Request): Reply {
    const checksum = headers.get('x-amz-checksum-crc32');
    const sum = CHECKSUM_HEADERS.filter((name) => headers.has(name))
      .map((name) => `${name}: ${headers.get(name)}\r\nx-amz-checksum-type: FULL_OBJECT\r\n`)
      .join('');
    const [, , key = ''] = path.split('/');
    if (method === 'PUT') {
      this.#count(query.has('partNumber') ? 'UploadPart' : 'PutObject');
      return { head: `HTTP/1.1 200 OK\r\nETag: "stub"\r\n${sum}Content-Length: 0\r\n\r\n`, zeros: 0 };
    }
    if (method === 'HEAD') {
      this.#count(key === '' ? 'HeadBucket' : 'HeadObject');
      return { head: `HTTP/1.1 200 OK\r\nx-amz-bucket-region: us-east-1\r\nContent-Length: 0\r\n\r\n`, zeros: 0 };
    }
    if (method === 'POST' && query.has('uploads')) {
      this.#count('CreateMultipartUpload');
      return xml('<InitiateMultipartUploadResult><UploadId>stub</UploadId></InitiateMultipartUploadResult>');
    }
    if (method === 'POST') {
      this.#count('CompleteMultipartUpload');
      const value = checksum
        ? `<ChecksumCRC32>${checksum}</ChecksumCRC32><ChecksumType>FULL_OBJECT</ChecksumType>`
        : '';
      return xml(`<CompleteMultipartUploadResult><ETag>"stub"</ETag>${value}</CompleteMultipartUploadResult>`);
    }
    // whatever else is asked for is answered as an empty list, and told by its name
    this.#count(
      method === 'GET' && query.has('list-type') ? 'ListObjectsV2' : `${method} ${key === '' ? 'bucket' : 'object'}`,
    );
    return xml('<ListBucketResult><IsTruncated>false</IsTruncated></ListBucketResult>');
  }

  /** Of so many zeros. */
  #treeHash(length: number): TreeHash {
    const known = this.#hashes.get(length);
    if (known) return known;
    const root = hashOfZeros(length);
    this.#hashes.set(length, root);
    return root;
  }
}

const CHECKSUM_HEADERS = ['crc32', 'crc32c', 'crc64nvme', 'sha256'].map((name) => `x-amz-checksum-${name}`);
const ARN = 'arn:aws:glacier:us-east-1:111122223333:vaults/bench';

function sizeOf(id: string): number {
  return Number(id.slice(id.lastIndexOf('-') + 1));
}

function json(status: number, value: object): Reply {
  const text = JSON.stringify(value);
  return {
    head: `HTTP/1.1 ${status} OK\r\nContent-Type: application/json\r\nContent-Length: ${Buffer.byteLength(text)}\r\n\r\n${text}`,
    zeros: 0,
  };
}

function xml(text: string): Reply {
  return {
    head: `HTTP/1.1 200 OK\r\nContent-Type: application/xml\r\nContent-Length: ${Buffer.byteLength(text)}\r\n\r\n${text}`,
    zeros: 0,
  };
}
