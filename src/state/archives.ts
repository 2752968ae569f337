import type { ObjectChecksum } from '../domain/checksum.ts';
import type { ArchiveId, ObjectKey, UploadId } from '../domain/ids.ts';
import type { ListedArchive } from '../domain/inventory-file.ts';
import { advance, END_STATES, type Event, hasOutput, type Progress, type State } from '../domain/progress.ts';
import { copiesOf } from '../domain/ranges.ts';
import { BugError } from '../lib/errors.ts';
import { type ArchiveRow, archiveOf, progressOf } from './archive-row.ts';
import type { Db } from './database.ts';
import { insertionInto } from './insertion.ts';
import type { Totals } from './totals.ts';

/** An archive with all that is known of it. `id` is its row: small, and stable for the life of the state file. */
export interface Archive extends ListedArchive {
  readonly id: number;
  readonly progress: Progress;
  readonly key: ObjectKey | undefined;
  readonly partSize: number | undefined;
  /** When InitiateJob was last begun; while it is planned, the outcome is not known. */
  readonly askedAt: number | undefined;
  /** When InitiateJob was last begun for a second job; without the job's id, the outcome is not known. */
  readonly askedAgainAt: number | undefined;
  /** InitiateJob calls that made a job, since it was planned or retried. */
  readonly requests: number;
  /** Of these, the ones since a part of it has last arrived. */
  readonly fruitless: number;
  /** Failures of the call that is tried now. */
  readonly tries: number;
  /** How often what arrived was not what the inventory says, since it was planned or retried. */
  readonly rounds: number;
  readonly uploadBegunAt: number | undefined;
  readonly uploadId: UploadId | undefined;
  readonly message: string | undefined;
  readonly proof: Proof | undefined;
}

/** An archive that has its place in the bucket. */
export type PlannedArchive = Archive & { readonly key: ObjectKey; readonly partSize: number };

/** What S3 answered for the object, and when it was found to agree. */
export interface Proof {
  readonly etag: string;
  readonly versionId?: string;
  readonly checksum?: ObjectChecksum;
  readonly verifiedAt: number;
}

/** What changes with a step of progress. */
export interface Change {
  readonly message?: string;
  readonly proof?: Proof;
  readonly key?: ObjectKey;
  readonly partSize?: number;
  /** Not before then (milliseconds since 1970) is the next try. */
  readonly notBefore?: number;
  readonly tries?: number;
}

/** Moves archives and finds them. Every method that writes is called inside `StateFile.transaction` or `write`. */
export interface Archives {
  insert(archive: ListedArchive): void;
  insertAll(archives: readonly ListedArchive[]): void;
  byId(id: number): Archive;
  /** As `byId`, of an archive that has its key: it is a bug where it has none. */
  planned(id: number): PlannedArchive;
  byArchiveId(archiveId: ArchiveId): Archive | undefined;
  byKey(key: ObjectKey): Archive | undefined;
  /** Moves one archive through `events`, in order. Throws a BugError where one of them can't follow. */
  advance(id: number, events: readonly Event[], change?: Change): Progress;
  /**
   * Planned, with no InitiateJob of unknown outcome, in order of creation: what may be asked for next. Of those whose next try is
   * due, at most `limit` are looked at, the longest due first.
   */
  nextPlanned(limit: number, now: number): PlannedArchive[];
  /** Staged, soonest expiry first; those for which a second job was asked come after all the others. */
  nextStaged(limit: number, now: number): PlannedArchive[];
  /** The earliest time at which a planned (or staged) archive that is waiting for its next try may be taken. */
  nextTryAt(state: 'planned' | 'staged', now: number): number | undefined;
  /** All that are in this state, by row: safe to move them meanwhile. */
  inState(state: State): IterableIterator<Archive>;
  /** All archives, by row. */
  all(): IterableIterator<Archive>;
  /** Records that InitiateJob is about to be called for these. */
  asking(ids: readonly number[], now: number): void;
  /** InitiateJob was refused, or is known to have made no job. */
  notAsked(id: number, change: Change): void;
  /** Planned, with an InitiateJob of unknown outcome. */
  asked(): PlannedArchive[];
  beginUpload(id: number, now: number): void;
  uploadBegun(id: number, uploadId: UploadId): void;
  /** The upload is completed or aborted; its parts are forgotten. */
  endUpload(id: number): void;
  /** All that may have an unfinished upload. */
  uploading(): PlannedArchive[];
  failedBy(code: string | undefined): IterableIterator<Archive>;
  /** The rows that `advance` has brought to an end since the last call. */
  takeEnded(): number[];
}

const PAGE = 1000;
const NO_COPIES = { uploads: 0, parts: 0 };
/** The states with an index over their rows: those of which there are few, or that are looked for at every start. */
const INDEXED_BY_ROW: ReadonlySet<State> = new Set(['requested', 'transferring', 'transferred', 'failed']);

/** @param settings what is being asked for and written with: requests and copies are counted by it. */
export function createArchives(
  db: Db,
  totals: Totals,
  settings: () => { readonly tier: string; readonly storageClass: string } | undefined = () => undefined,
): Archives {
  const all = (where: string, tail = '') =>
    db.prepare<unknown[], ArchiveRow>(`SELECT * FROM archives WHERE ${where} ${tail}`);
  const byId = all('id = ?');
  const byArchiveId = all('archive_id = ?');
  const byKey = all('object_key = ?');
  const insert = insertionInto(db, 'archives');
  const move = db.prepare(
    `UPDATE archives SET state = @state, reason = @reason, job_id = @jobId, expires_at = @expiresAt, next_job_id = @nextJobId,
       -- a second job's call is the archive's only one once the first output is gone
       asked_at = CASE WHEN @state = 'planned' THEN iif(next_job_id IS NULL, asked_again_at, NULL)
         WHEN @state = 'requested' THEN coalesce(asked_again_at, asked_at) ELSE asked_at END,
       asked_again_at = iif(@keepsAsked, asked_again_at, NULL),
       fruitless = iif(@retried, 0, fruitless + @requested),
       requests = CASE WHEN @retried THEN 0 ELSE requests + @requested END,
       rounds = CASE WHEN @retried THEN 0 ELSE rounds + @disproved END, tries = @tries, not_before = @notBefore,
       message = coalesce(@message, message), object_key = coalesce(@key, object_key), part_size = coalesce(@partSize, part_size),
       etag = coalesce(@etag, etag), version_id = coalesce(@versionId, version_id), checksum = coalesce(@checksum, checksum),
       verified_at = @verifiedAt
     WHERE id = @id AND state = @from`,
  );
  // two queries, each by an index of its own: a hundred thousand that wait for their next try are not passed over each time
  const nextReady = all("state = 'planned' AND asked_at IS NULL AND not_before = 0", 'ORDER BY created_at, id LIMIT ?');
  const nextDue = all(
    "state = 'planned' AND asked_at IS NULL AND not_before > 0 AND not_before <= ?",
    'ORDER BY not_before LIMIT ?',
  );
  const staged = (which: string) =>
    all(`state = 'staged' AND asked_again_at IS ${which} AND not_before <= ?`, 'ORDER BY expires_at, id LIMIT ?');
  const nextStaged = staged('NULL');
  const nextRenewed = staged('NOT NULL');
  const nextTry = db
    .prepare('SELECT min(not_before) FROM archives WHERE state = ? AND not_before > ? AND not_before > 0')
    .pluck();
  const asking = db.prepare("UPDATE archives SET asked_at = ? WHERE id = ? AND state = 'planned'");
  const notAsked = db.prepare(
    "UPDATE archives SET asked_at = NULL, tries = ?, not_before = ?, message = ? WHERE id = ? AND state = 'planned'",
  );
  const asked = all("state = 'planned' AND asked_at IS NOT NULL");
  const beginUpload = db.prepare('UPDATE archives SET upload_begun_at = ?, upload_id = NULL WHERE id = ?');
  const uploadBegun = db.prepare('UPDATE archives SET upload_id = ? WHERE id = ?');
  const endUpload = db.prepare('UPDATE archives SET upload_begun_at = NULL, upload_id = NULL WHERE id = ?');
  const dropParts = db.prepare('DELETE FROM parts WHERE archive = ?');
  const uploading = all('upload_begun_at IS NOT NULL');

  let ended: number[] = [];
  const get = (id: number): Archive => {
    const row = byId.get(id);
    if (!row) throw new BugError(`there is no archive row ${id}`);
    return archiveOf(row);
  };

  /** Without an index by row, the table is read through once; sorting what another index finds would be done for each page. */
  function* paged(state?: State, filter = '', ...parameters: unknown[]): IterableIterator<Archive> {
    const table = state !== undefined && INDEXED_BY_ROW.has(state) ? 'archives' : 'archives NOT INDEXED';
    // the state stands in the text, so that SQLite can use the index of that state
    const where = state === undefined ? 'true' : `state = '${state}'`;
    const page = db.prepare<unknown[], ArchiveRow>(
      `SELECT * FROM ${table} WHERE id > ? AND ${where} ${filter} ORDER BY id LIMIT ${PAGE}`,
    );
    for (let last = 0; ; ) {
      const rows = page.all(last, ...parameters);
      for (const row of rows) yield archiveOf(row);
      if (rows.length < PAGE) return;
      last = rows[rows.length - 1]?.id ?? last;
    }
  }

  const insertAll = (archives: readonly ListedArchive[]) => {
    insert(archives);
    totals.add(
      'listed',
      archives.length,
      archives.reduce((sum, { size }) => sum + size, 0),
    );
  };

  return {
    insert: (archive) => insertAll([archive]),
    insertAll,
    byId: get,
    planned: (id) => withKey(get(id)),
    byArchiveId: (archiveId) => optional(byArchiveId.get(archiveId)),
    byKey: (key) => optional(byKey.get(key)),
    advance(id, events, change = {}) {
      const row = byId.get(id);
      if (!row) throw new BugError(`there is no archive row ${id}`);
      const from = progressOf(row);
      const to = events.reduce(advance, from);
      const { proof } = change;
      const { changes } = move.run({
        id,
        from: from.state,
        state: to.state,
        reason: 'reason' in to ? to.reason : null,
        jobId: 'jobId' in to ? to.jobId : null,
        expiresAt: 'expiresAt' in to ? to.expiresAt : null,
        nextJobId: 'nextJobId' in to ? (to.nextJobId ?? null) : null,
        keepsAsked: hasOutput(to) && (to.nextJobId !== undefined || !events.some(isAnswer)) ? 1 : 0,
        requested: events.filter(isRequest).length,
        disproved: events.filter(({ type }) => type === 'disproved').length,
        retried: events.some(({ type }) => type === 'retried') ? 1 : 0,
        tries: change.tries ?? 0,
        notBefore: change.notBefore ?? 0,
        message: change.message ?? null,
        key: change.key ?? null,
        partSize: change.partSize ?? null,
        etag: proof?.etag ?? null,
        versionId: proof?.versionId ?? null,
        checksum: proof?.checksum ? JSON.stringify(proof.checksum) : null,
        verifiedAt: proof?.verifiedAt ?? null,
      });
      if (changes !== 1) throw new BugError(`archive row ${id} was no longer ${from.state}`);
      const partSize = change.partSize ?? row.part_size;
      const { uploads, parts } = partSize === null ? NO_COPIES : copiesOf(row.size, partSize);
      totals.add(from.state, -1, -row.size, row.part_size === null ? 0 : -uploads, row.part_size === null ? 0 : -parts);
      totals.add(to.state, 1, row.size, uploads, parts);
      for (const event of events) {
        if (!isRequest(event) && event.type !== 'transferred') continue;
        const { tier = '', storageClass = '' } = settings() ?? {};
        const copies = { count: 1, bytes: row.size, uploads, parts };
        if (isRequest(event)) totals.spend({ kind: 'request', name: tier, ...copies });
        else totals.spend({ kind: 'copy', name: storageClass, ...copies });
      }
      if (from.state === 'failed') totals.addFailure(from.reason, -1);
      if (to.state === 'failed') totals.addFailure(to.reason, 1);
      if (END_STATES.includes(to.state)) ended.push(id);
      return to;
    },
    nextPlanned: (limit, now) =>
      [...nextReady.all(limit), ...nextDue.all(now, limit)]
        .sort((a, b) => a.created_at - b.created_at || a.id - b.id)
        .slice(0, limit)
        .map(plannedOf),
    nextStaged(limit, now) {
      const rows = nextStaged.all(now, limit);
      if (rows.length < limit) rows.push(...nextRenewed.all(now, limit - rows.length));
      return rows.map(plannedOf);
    },
    nextTryAt: (state, now) => (nextTry.get(state, now) as number | null) ?? undefined,
    inState: (state) => paged(state),
    all: () => paged(),
    asking(ids, now) {
      for (const id of ids) asking.run(now, id);
    },
    notAsked(id, { tries = 0, notBefore = 0, message }) {
      notAsked.run(tries, notBefore, message ?? null, id);
    },
    asked: () => asked.all().map(plannedOf),
    beginUpload: (id, now) => void beginUpload.run(now, id),
    uploadBegun: (id, uploadId) => void uploadBegun.run(uploadId, id),
    endUpload(id) {
      dropParts.run(id);
      endUpload.run(id);
    },
    uploading: () => uploading.all().map(plannedOf),
    failedBy: (code) => (code === undefined ? paged('failed') : paged('failed', 'AND reason = ?', code)),
    takeEnded() {
      const taken = ended;
      ended = [];
      return taken;
    },
  };
}

/** A job was made. */
function isRequest({ type }: Event): boolean {
  return type === 'requested' || type === 'requestedAgain';
}

/** A second job was made and has come to its end. */
function isAnswer({ type }: Event): boolean {
  return type === 'staged' || type === 'jobFailed';
}

function optional(row: ArchiveRow | undefined): Archive | undefined {
  return row && archiveOf(row);
}

/** A row of an archive that has its key. */
export function plannedOf(row: ArchiveRow): PlannedArchive {
  return withKey(archiveOf(row));
}

function withKey(archive: Archive): PlannedArchive {
  const { id, key, partSize } = archive;
  if (key === undefined || partSize === undefined) throw new BugError(`archive row ${id} has no key yet`);
  return { ...archive, key, partSize };
}
