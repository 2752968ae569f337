import type { ChecksumAlgorithm, ObjectChecksum } from './domain/checksum.ts';
import type { ArchiveId, JobId, ObjectKey, TreeHash, UploadId } from './domain/ids.ts';
import type { Tier, VaultJob } from './domain/job.ts';
import type { ByteRange } from './domain/ranges.ts';

export type { Tier, VaultJob } from './domain/job.ts';

/*
 * What the steps need from outside. Every method rejects with a `ServiceError` (domain/service-error.ts) for what
 * a service refuses, with the signal's reason once it aborts, and with anything else only for a bug.
 * Adapters make each call once: retries, their pace and their bound belong to the caller.
 */

/** The vault as of its last inventory. All three are absent while no inventory has been made. */
export interface VaultDescription {
  readonly vaultArn: string;
  readonly lastInventoryDate?: string;
  readonly numberOfArchives?: number;
  /** Includes an overhead for each archive: larger than the sum of the inventory's sizes. */
  readonly sizeInBytes?: number;
}

export interface JobOutput {
  /** Exactly what the service sent; ends early without an error where a chunked reply is cut: count the bytes. */
  readonly body: AsyncIterable<Uint8Array>;
  /**
   * Instead of `body`, where the connection can: reads all of it straight to the beginning of `target`, at most `atOnce`
   * bytes at a time (but for some 32 KiB, over TLS 64 KiB). After each read `arrived` is told how many bytes are there; nothing more is read
   * before what it returns resolves.
   * @returns how many bytes there were; more than the target holds are an error (`short_body`).
   */
  readInto?(
    target: Uint8Array,
    arrived: (length: number) => Promise<void> | undefined,
    atOnce?: number,
  ): Promise<number>;
  /**
   * Instead of `body`, where the connection can: the body in pieces that are parts of `room`, each of which stays as it is until the
   * next but one is asked for, read at most `ahead` bytes ahead (but for some 32 KiB, over TLS 64 KiB). `arrived` is told of each read. Nothing is written to the room any
   * more once the reader has stopped or the signal has aborted.
   */
  readPieces?(room: Uint8Array, arrived?: () => void, ahead?: number): AsyncIterable<Uint8Array>;
  /** The length announced by Content-Length or Content-Range, where there is one. */
  readonly length?: number;
  /** Only for archive jobs, and only where job range and download range are both tree-hash aligned. */
  readonly treeHash?: TreeHash;
}

/**
 * Makes one of the calls that a listing consists of: a caller that wants to make a failed one again wraps it here, and the
 * listing goes on where it was.
 */
export type EachCall = <T>(call: () => Promise<T>) => Promise<T>;

/** One source vault. */
export interface Vault {
  /** @throws {ServiceError} `vault_not_found`, also where the Region is the wrong one. */
  describe(signal: AbortSignal): Promise<VaultDescription>;

  /** ListJobs, all pages (50 jobs each): in progress and recently finished, in order of their initiation. */
  jobs(
    filter: { readonly status?: VaultJob['status']; readonly completed?: boolean },
    signal: AbortSignal,
    each?: EachCall,
  ): AsyncIterable<VaultJob>;

  /** @throws {ServiceError} `job_not_found` once it has expired. */
  job(jobId: JobId, signal: AbortSignal): Promise<VaultJob>;

  /**
   * Asks Glacier to stage an archive. Each call makes a new job and may cost money, so it takes no signal: once
   * sent, it is let finish, and the caller records the id before it goes on. Never repeated by the adapter; an
   * error with `outcomeUnknown` means that there may be a job all the same.
   * @param request.description at most 1,024 printable ASCII characters; comes back with the job.
   */
  requestArchive(request: {
    readonly archiveId: ArchiveId;
    readonly tier: Tier;
    readonly description: string;
    readonly topicArn?: string;
  }): Promise<JobId>;

  /** Asks Glacier for the vault's whole inventory. As `requestArchive`: one job a call. */
  requestInventory(request: {
    readonly format: 'JSON' | 'CSV';
    readonly description: string;
    readonly topicArn?: string;
  }): Promise<JobId>;

  /**
   * A range of a job's output (relative to the job's own range), or all of it.
   * @throws {ServiceError} `job_not_ready` before completion, `job_not_found` after expiry, `throttled`.
   */
  readOutput(jobId: JobId, range: ByteRange | undefined, signal: AbortSignal): Promise<JobOutput>;

  /** The Region's data retrieval policy: it holds for Standard retrievals only. */
  retrievalPolicy(
    signal: AbortSignal,
  ): Promise<{ readonly strategy: 'BytesPerHour' | 'FreeTier' | 'None'; readonly bytesPerHour?: number }>;
}

/** What an object is written with. */
export interface ObjectAttributes {
  readonly storageClass: string;
  /** User metadata: lower-case names, ASCII values, 2 KB in all. */
  readonly metadata: Readonly<Record<string, string>>;
  readonly tags: Readonly<Record<string, string>>;
  readonly contentType?: string;
  readonly encryption?: { readonly algorithm: 'aws:kms' | 'AES256'; readonly kmsKeyId?: string };
}

/** Bytes that come while they are sent, so that a part need not fit into memory. Read once, by one call. */
export interface StreamedBody {
  /** What it throws is what the call rejects with; nothing is kept at S3 then. */
  readonly stream: AsyncIterable<Uint8Array>;
  /** Bytes. */
  readonly length: number;
}

/** In base64. A function is asked once the whole streamed body has been read. */
export interface BodyChecksum {
  readonly algorithm: ChecksumAlgorithm;
  readonly value: string | (() => string);
}

/** What S3 says of an object that it has just taken, or of one it holds. */
export interface StoredObject {
  readonly etag: string;
  readonly versionId?: string;
  /** S3's own checksum, where the server gives one. */
  readonly checksum?: ObjectChecksum;
}

export interface ObjectHead extends StoredObject {
  readonly size: number;
  readonly storageClass: string;
  readonly metadata: Readonly<Record<string, string>>;
  readonly lastModified: number;
}

export interface UploadedPart {
  readonly partNumber: number;
  readonly etag: string;
  readonly size: number;
  /** Base64, by the upload's algorithm, where the server gives one. */
  readonly checksum?: string;
}

/** One destination bucket. */
export interface Bucket {
  /** @throws {ServiceError} `bucket_not_found`, `access_denied` (also: another owner than expected). */
  describe(signal: AbortSignal): Promise<{ readonly region: string }>;

  /** The object, or undefined where there is none. */
  head(key: ObjectKey, signal: AbortSignal): Promise<ObjectHead | undefined>;

  /** All objects under the prefix, in order of their keys (UTF-8 bytes). */
  list(
    prefix: string,
    signal: AbortSignal,
    each?: EachCall,
  ): AsyncIterable<{ readonly key: ObjectKey; readonly size: number }>;

  /**
   * Writes a whole object of at most 5 GiB.
   * @throws {ServiceError} `object_exists` with `ifAbsent`; `write_conflict`; `bad_checksum`.
   */
  put(
    key: ObjectKey,
    body: Uint8Array | StreamedBody,
    options: {
      readonly checksum: BodyChecksum;
      readonly attributes: ObjectAttributes;
      readonly ifAbsent: boolean;
    },
    signal: AbortSignal,
  ): Promise<StoredObject>;

  /** Begins a multipart upload; each call begins another. Sent once, let finish: it takes no signal. */
  createUpload(
    key: ObjectKey,
    options: { readonly checksumAlgorithm: ChecksumAlgorithm; readonly attributes: ObjectAttributes },
  ): Promise<UploadId>;

  /**
   * May be repeated: the last one of a number counts. A streamed body to a server that turns out to take no trailers is
   * refused once as `unavailable`, and goes without a checksum from then on.
   * @throws {ServiceError} `upload_not_found`, `bad_checksum`.
   */
  uploadPart(
    part: {
      readonly key: ObjectKey;
      readonly uploadId: UploadId;
      readonly partNumber: number;
      readonly body: Uint8Array | StreamedBody;
      readonly checksum: BodyChecksum;
    },
    signal: AbortSignal,
  ): Promise<{ readonly etag: string; readonly checksum?: string }>;

  /** The parts that have arrived, by number. @throws {ServiceError} `upload_not_found`. */
  parts(key: ObjectKey, uploadId: UploadId, signal: AbortSignal, each?: EachCall): AsyncIterable<UploadedPart>;

  /**
   * Completes the upload. Takes no signal: once sent, it is let finish.
   * @param upload.checksum of the whole object: full object for the CRCs, `<base64>-<parts>` composite for SHA256.
   * @throws {ServiceError} `object_exists` with `ifAbsent`, `write_conflict` (the upload must be begun again),
   *   `upload_not_found`, `bad_checksum`; `unavailable` also for a reply of 200 that carries an error.
   */
  completeUpload(upload: {
    readonly key: ObjectKey;
    readonly uploadId: UploadId;
    readonly parts: readonly { readonly partNumber: number; readonly etag: string; readonly checksum: string }[];
    readonly size: number;
    readonly checksum: ObjectChecksum;
    readonly ifAbsent: boolean;
  }): Promise<StoredObject>;

  /** Idempotent: an upload that is gone is no error. */
  abortUpload(key: ObjectKey, uploadId: UploadId, signal: AbortSignal): Promise<void>;

  /** Unfinished uploads under the prefix. `initiatedAt`: milliseconds since 1970, in whole seconds. */
  uploads(
    prefix: string,
    signal: AbortSignal,
    each?: EachCall,
  ): AsyncIterable<{ readonly key: ObjectKey; readonly uploadId: UploadId; readonly initiatedAt: number }>;
}

/** Where jobs' completions are heard of. */
export interface Channel {
  readonly topicArn: string;
  readonly queueUrl: string;
  /** What this program made, and may remove. */
  readonly made: { readonly topic: boolean; readonly queue: boolean; readonly subscriptionArn?: string };
}

export interface ReceivedMessage {
  /** The SQS body: an SNS envelope, or with raw delivery the job itself. Untrusted. */
  readonly body: string;
  readonly receipt: string;
}

/** The SNS topic that jobs report to and the SQS queue behind it. */
export interface Notifications {
  /** The queue that `setup` has made under this name, and the topic of the same name before it. */
  find(
    name: string,
    signal: AbortSignal,
  ): Promise<{ readonly topicArn: string; readonly queueUrl: string } | undefined>;

  /**
   * Makes topic and queue where none is given, with least policies (Glacier may publish for this account, this
   * topic may send), and subscribes one to the other. Idempotent: run again with the same names, it finds them.
   */
  open(
    wanted: { readonly name: string; readonly topicArn?: string; readonly queueUrl?: string },
    signal: AbortSignal,
  ): Promise<Channel>;

  /** Up to ten messages; waits up to `waitSeconds` (at most 20) for the first. */
  receive(channel: Channel, waitSeconds: number, signal: AbortSignal): Promise<readonly ReceivedMessage[]>;

  /** Deletes messages, after their effect is on disk. At most ten. Idempotent. */
  acknowledge(channel: Channel, receipts: readonly string[], signal: AbortSignal): Promise<void>;

  /** Removes what `made` names, and nothing else. Idempotent. */
  remove(channel: Channel, signal: AbortSignal): Promise<void>;
}

/** Who the credentials belong to. */
export interface Identity {
  /** @throws {ServiceError} `credentials_missing`, `credentials_expired`, `credentials_invalid`. */
  accountId(signal: AbortSignal): Promise<string>;
}

/** Where people are told of what happens. */
export interface Messages {
  /** @param message.subject at most 100 characters, for those who read e-mail. @throws {ServiceError} `topic_not_found`. */
  publish(
    topicArn: string,
    message: { readonly subject: string; readonly text: string },
    signal: AbortSignal,
  ): Promise<void>;
}

/** A value of a metric, now. */
export interface MetricDatum {
  readonly name: string;
  /** As CloudWatch names it. */
  readonly unit: 'Count' | 'Bytes' | 'Bytes/Second' | 'Seconds' | 'None';
  readonly value: number;
  readonly dimensions: Readonly<Record<string, string>>;
}

/** Where metrics are put. */
export interface MetricSink {
  /** Not repeated by the adapter: a value put twice is counted twice. */
  put(namespace: string, data: readonly MetricDatum[], signal: AbortSignal): Promise<void>;
}
