import { randomBytes } from 'node:crypto';
import type { ChecksumAlgorithm, ObjectChecksum } from '../../domain/checksum.ts';
import type { Attributes } from './attributes.ts';
import type { StoredBody } from './bodies.ts';
import type { BucketSettings } from './bucket-settings.ts';
import { KeyIndex } from './key-index.ts';
import type { Tags } from './tags.ts';
import type { XmlElement } from './xml.ts';

/** A part as it stands in an upload, and afterwards in the object made of it. */
export interface Part {
  readonly partNumber: number;
  readonly size: number;
  /** Without its quotes. */
  readonly etag: string;
  /** Base64, by the upload's algorithm. */
  readonly checksum: string;
  readonly lastModified: number;
  readonly body: StoredBody;
}

/** One version of an object. */
export interface StoredVersion {
  readonly key: string;
  /** `null` as a text in a bucket without versioning, as S3 names it. */
  readonly versionId: string;
  readonly size: number;
  /** Without its quotes. */
  readonly etag: string;
  readonly lastModified: number;
  readonly attributes: Attributes;
  readonly checksum: ObjectChecksum;
  /** Only of an object that came by multipart upload. */
  readonly parts?: readonly Omit<Part, 'body'>[];
  /** Whether the parts' own checksums are told. */
  readonly partChecksums: boolean;
  readonly bodies: readonly StoredBody[];
}

interface DeleteMarker {
  readonly key: string;
  readonly versionId: string;
  readonly deleteMarker: true;
  readonly lastModified: number;
}

/** An unfinished multipart upload. */
export interface Upload {
  readonly key: string;
  readonly uploadId: string;
  readonly initiated: number;
  readonly attributes: Attributes;
  readonly algorithm: ChecksumAlgorithm;
  readonly checksumType: ObjectChecksum['type'];
  /** Whether the checksum was asked for. S3 makes CRC64NVME over the whole object by itself, and tells no part's. */
  readonly explicit: boolean;
  readonly parts: Map<number, Part>;
  /** A Complete of it was told to begin again: no other one will do. */
  conflicted: boolean;
}

export interface BucketOptions {
  readonly name: string;
  readonly region: string;
  readonly owner: string;
  readonly open: boolean;
  readonly versioning: boolean;
  readonly settings?: BucketSettings;
}

/** One bucket: versions by key, the newest last. */
export class Bucket {
  readonly name: string;
  readonly region: string;
  readonly owner: string;
  /** Whether callers of other accounts may use it. */
  readonly open: boolean;
  readonly versioning: boolean;
  readonly settings: BucketSettings;
  lifecycle: { readonly rules: readonly XmlElement[]; readonly minimumSize: string } | undefined;
  /** In order of their initiation. */
  readonly uploads = new Map<string, Upload>();
  /** The key and place in time of every upload there was, so that a page can begin behind one that is gone. */
  readonly uploadOrder = new Map<string, number>();
  readonly #versions = new Map<string, (StoredVersion | DeleteMarker)[]>();
  readonly #index = new KeyIndex();
  readonly #changes = new Map<string, number>();

  constructor(options: BucketOptions) {
    this.name = options.name;
    this.region = options.region;
    this.owner = options.owner;
    this.open = options.open;
    this.versioning = options.versioning;
    this.settings = options.settings ?? {};
  }

  current(key: string): StoredVersion | undefined {
    const newest = this.#versions.get(key)?.at(-1);
    return newest && 'deleteMarker' in newest ? undefined : newest;
  }

  /** A version by its id, a delete marker by its own; undefined where there is no such version. */
  version(key: string, versionId: string): StoredVersion | DeleteMarker | undefined {
    return this.#versions.get(key)?.find((version) => version.versionId === versionId);
  }

  /** Keys of current objects that are not before `key`, in order of their UTF-8 bytes. */
  keysFrom(key: string): Iterable<string> {
    return this.#index.from(key);
  }

  /** How often this key was written or deleted: a write that sees it move was overlapped by another. */
  changes(key: string): number {
    return this.#changes.get(key) ?? 0;
  }

  nextVersionId(): string {
    return this.versioning ? randomBytes(24).toString('base64url') : 'null';
  }

  async put(version: StoredVersion): Promise<void> {
    const versions = this.#versions.get(version.key) ?? [];
    const replaced = this.versioning ? [] : versions.splice(0);
    this.#versions.set(version.key, [...versions, version]);
    this.#index.add(version.key);
    this.#changed(version.key);
    await releaseAll(replaced);
  }

  /** What DeleteObject does: a delete marker where there are versions, else the object is gone. */
  async delete(key: string, now: number): Promise<DeleteMarker | undefined> {
    if (!this.versioning) {
      await this.deleteVersion(key, 'null');
      return undefined;
    }
    const marker = { key, versionId: this.nextVersionId(), deleteMarker: true, lastModified: now } as const;
    this.#versions.set(key, [...(this.#versions.get(key) ?? []), marker]);
    this.#index.delete(key);
    this.#changed(key);
    return marker;
  }

  /** Removes one version for good; that it is not there is no error. */
  async deleteVersion(key: string, versionId: string): Promise<void> {
    const versions = this.#versions.get(key) ?? [];
    const removed = versions.filter((version) => version.versionId === versionId);
    this.#versions.set(
      key,
      versions.filter((version) => version.versionId !== versionId),
    );
    if (this.current(key)) this.#index.add(key);
    else this.#index.delete(key);
    this.#changed(key);
    await releaseAll(removed);
  }

  /** @returns false where the version is a delete marker or not there. */
  setTags(key: string, versionId: string, tags: Tags): boolean {
    const versions = this.#versions.get(key) ?? [];
    const place = versions.findIndex((version) => version.versionId === versionId);
    const version = versions[place];
    if (!version || 'deleteMarker' in version) return false;
    versions[place] = { ...version, attributes: { ...version.attributes, tags } };
    return true;
  }

  addUpload(upload: Upload): void {
    this.uploads.set(upload.uploadId, upload);
    this.uploadOrder.set(upload.uploadId, this.uploadOrder.size);
  }

  #changed(key: string): void {
    this.#changes.set(key, this.changes(key) + 1);
  }
}

async function releaseAll(versions: readonly (StoredVersion | DeleteMarker)[]): Promise<void> {
  const bodies = versions.flatMap((version) => ('deleteMarker' in version ? [] : version.bodies));
  await Promise.all(bodies.map((body) => body.release()));
}
