import { createHash } from 'node:crypto';
import type { ArchiveId } from '../../domain/ids.ts';
import { DAY } from '../../lib/duration.ts';
import { KiB } from '../../lib/size.ts';
import type { Alarms } from '../simulated-clock.ts';
import { ArchiveContent, type ContentSource } from './content.ts';
import { VaultPolicies } from './vault-policies.ts';

/** What an archive takes beyond its bytes: index and metadata, counted in the vault's size. */
const OVERHEAD = 32 * KiB;

/** An archive to be put into a vault. */
export interface ArchiveSpec {
  readonly content: ContentSource;
  /** Up to 1,024 characters; may hold what the API forbids today, as old archives do. */
  readonly description?: string;
  /** Milliseconds since 1970; by default each archive is a second younger than the one before it, the first as old as its vault. */
  readonly createdAt?: number;
  /** 138 characters of base64url by default, made from the vault's name and the archive's place. */
  readonly id?: string;
  /** Fields of the inventory that are not what they should be: a wrong size, a hash that is none, a field of another type. */
  readonly listedAs?: Readonly<Record<string, unknown>>;
}

export interface Archive {
  /** Its place in the vault: inventories are in this order, and their markers name it. */
  readonly sequence: number;
  readonly id: ArchiveId;
  readonly description: string;
  readonly createdAt: number;
  readonly content: ArchiveContent;
  readonly listedAs: Readonly<Record<string, unknown>>;
  /** Deleted archives stay until the next inventory is made. */
  deletedAt?: number;
}

/** The vault's content as it was at a time. */
export interface VaultInventory {
  readonly date: number;
  readonly archives: readonly Archive[];
  readonly size: number;
}

export type NotificationEvent = 'ArchiveRetrievalCompleted' | 'InventoryRetrievalCompleted';

export class SimulatedVault {
  readonly name: string;
  readonly arn: string;
  readonly createdAt: number;
  /** Absent until the first inventory was made. */
  inventory?: VaultInventory;
  notification?: { readonly topicArn: string; readonly events: readonly NotificationEvent[] };
  readonly policies: VaultPolicies;
  readonly #archives = new Map<string, Archive>();
  /** Ids of deleted archives that are in no inventory any more: to delete one again is no error. */
  readonly #forgotten = new Set<string>();
  #writtenAt: number | undefined;
  readonly #now: () => number;
  readonly #alarms: Alarms;
  #lastSequence = 0;
  #inventoryDue: number | undefined;

  constructor(
    { name, arn, createdAt }: { readonly name: string; readonly arn: string; readonly createdAt?: number },
    { now, alarms }: { readonly now: () => number; readonly alarms: Alarms },
  ) {
    this.name = name;
    this.arn = arn;
    this.#now = now;
    this.#alarms = alarms;
    this.createdAt = createdAt ?? now();
    this.policies = new VaultPolicies(arn, now);
  }

  /** Whether the vault may be deleted: nothing in its last inventory, nothing written since, or nothing written ever. */
  get isEmpty(): boolean {
    if (this.#writtenAt === undefined) return true;
    return this.inventory?.archives.length === 0 && this.#inventoryDue === undefined;
  }

  /** Whether an archive of this id was here, as far back as the vault goes. */
  hadArchive(id: string): boolean {
    return this.#archives.has(id) || this.#forgotten.has(id);
  }

  archive(id: string): Archive | undefined {
    return this.#archives.get(id);
  }

  /** All archives, those that were deleted since the last inventory included. */
  archives(): IterableIterator<Archive> {
    return this.#archives.values();
  }

  add({ content, description = '', createdAt, id, listedAs = {} }: ArchiveSpec): Archive {
    this.#lastSequence += 1;
    const archive: Archive = {
      sequence: this.#lastSequence,
      id: (id ?? archiveIdFrom(`${this.arn} ${this.#lastSequence}`)) as ArchiveId,
      description,
      createdAt: createdAt ?? this.createdAt + this.#lastSequence * 1000,
      content: new ArchiveContent(content),
      listedAs,
    };
    this.#archives.set(archive.id, archive);
    this.#scheduleInventory();
    return archive;
  }

  /** Deletes an archive: it stays listed, and jobs for it are taken and fail, until the next inventory is made. */
  delete(id: string): boolean {
    const archive = this.#archives.get(id);
    if (!archive) return false;
    if (archive.deletedAt !== undefined) return true;
    archive.deletedAt = this.#now();
    this.#scheduleInventory();
    return true;
  }

  /** Makes the inventory that is due once a day, now. */
  takeInventory(date = this.#now()): void {
    this.#inventoryDue = undefined;
    for (const archive of this.#archives.values()) {
      if (archive.deletedAt === undefined) continue;
      this.#archives.delete(archive.id);
      this.#forgotten.add(archive.id);
    }
    const archives = [...this.#archives.values()];
    const size = archives.reduce((sum, { content }) => sum + content.size + OVERHEAD, 0);
    this.inventory = { date: date - (date % 1000), archives, size };
  }

  /** Inventories are made about once a day, and only where something has changed. */
  #scheduleInventory(): void {
    this.#writtenAt = this.#now();
    if (this.#inventoryDue !== undefined) return;
    const due = Math.max((this.inventory?.date ?? this.createdAt) + DAY, this.#now());
    this.#inventoryDue = due;
    this.#alarms.set(due, () => {
      // one that was made in between has taken its place
      if (this.#inventoryDue === due) this.takeInventory();
    });
  }
}

/** An id as Glacier makes them, always the same for a text: 138 characters of base64url; one in 64 begins with `-`. */
export function archiveIdFrom(text: string): string {
  return createHash('shake256', { outputLength: 104 }).update(text).digest('base64url').slice(0, 138);
}
