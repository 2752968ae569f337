/**
 * Numbered, append-only: what has been released is never edited. Each runs in the one transaction that also raises
 * `user_version`.
 */
export const MIGRATIONS: readonly string[] = [
  `
  -- single facts about the transfer, each a JSON value: see facts.ts
  CREATE TABLE facts (
    name TEXT PRIMARY KEY,
    value TEXT NOT NULL CHECK (json_valid(value))
  ) STRICT, WITHOUT ROWID;

  CREATE TABLE archives (
    id INTEGER PRIMARY KEY,
    archive_id TEXT NOT NULL,
    description TEXT NOT NULL,
    created_at INTEGER NOT NULL,
    size INTEGER NOT NULL CHECK (size > 0),
    tree_hash BLOB NOT NULL CHECK (length(tree_hash) = 32),
    state TEXT NOT NULL DEFAULT 'listed' CHECK (state IN
      ('listed','skipped','planned','requested','staged','transferring','transferred','verified','failed')),
    -- skipped: the filter; failed: the code
    reason TEXT,
    -- the last error, for people
    message TEXT,
    object_key TEXT,
    part_size INTEGER,
    job_id TEXT,
    expires_at INTEGER,
    -- when InitiateJob was last begun; while planned: its outcome is not known yet
    asked_at INTEGER,
    -- InitiateJob calls that made a job
    requests INTEGER NOT NULL DEFAULT 0,
    -- how often what arrived was not what the inventory says
    rounds INTEGER NOT NULL DEFAULT 0,
    -- failures since the last success, and when the next try may be made
    tries INTEGER NOT NULL DEFAULT 0,
    not_before INTEGER NOT NULL DEFAULT 0,
    -- when CreateMultipartUpload was begun, and what it gave
    upload_begun_at INTEGER,
    upload_id TEXT,
    -- the proof: what S3 answered for the object
    etag TEXT,
    version_id TEXT,
    checksum TEXT,
    verified_at INTEGER,
    CHECK ((state IN ('requested','staged','transferring')) = (job_id IS NOT NULL)),
    CHECK ((state IN ('staged','transferring')) = (expires_at IS NOT NULL)),
    CHECK ((state IN ('skipped','failed')) = (reason IS NOT NULL)),
    CHECK ((state = 'verified') = (verified_at IS NOT NULL)),
    CHECK (state IN ('listed','skipped','failed') OR (object_key IS NOT NULL AND part_size IS NOT NULL))
  ) STRICT;
  -- each state has an index of its own for the question that is asked of it, so that no move touches those of other states
  CREATE INDEX archives_ready ON archives (created_at, id) WHERE state = 'planned' AND asked_at IS NULL AND not_before = 0;
  CREATE INDEX archives_asked ON archives (id) WHERE state = 'planned' AND asked_at IS NOT NULL;
  CREATE INDEX archives_waiting ON archives (state, not_before) WHERE not_before > 0;
  CREATE INDEX archives_requested ON archives (id) WHERE state = 'requested';
  -- with the size: sums by hour of expiry are taken from the index alone
  CREATE INDEX archives_staged ON archives (expires_at, id, size) WHERE state = 'staged';
  CREATE INDEX archives_transferring ON archives (id) WHERE state = 'transferring';
  CREATE INDEX archives_transferred ON archives (id) WHERE state = 'transferred';
  CREATE INDEX archives_failed ON archives (id) WHERE state = 'failed';
  CREATE INDEX archives_uploading ON archives (id) WHERE upload_begun_at IS NOT NULL;

  CREATE TABLE parts (
    archive INTEGER NOT NULL REFERENCES archives (id),
    part_number INTEGER NOT NULL CHECK (part_number BETWEEN 1 AND 10000),
    etag TEXT NOT NULL,
    checksum TEXT NOT NULL,
    tree_hash BLOB NOT NULL CHECK (length(tree_hash) = 32),
    PRIMARY KEY (archive, part_number)
  ) STRICT, WITHOUT ROWID;

  -- counts and bytes by state, kept by the same transaction that moves an archive
  CREATE TABLE totals (
    state TEXT PRIMARY KEY,
    count INTEGER NOT NULL CHECK (count >= 0),
    bytes INTEGER NOT NULL CHECK (bytes >= 0)
  ) STRICT, WITHOUT ROWID;
  INSERT INTO totals (state, count, bytes) VALUES
    ('listed',0,0),('skipped',0,0),('planned',0,0),('requested',0,0),('staged',0,0),
    ('transferring',0,0),('transferred',0,0),('verified',0,0),('failed',0,0);

  CREATE TABLE failures (
    code TEXT PRIMARY KEY,
    count INTEGER NOT NULL CHECK (count >= 0)
  ) STRICT, WITHOUT ROWID;

  -- inventory rows that could not be read
  CREATE TABLE inventory_problems (
    row INTEGER PRIMARY KEY,
    reason TEXT NOT NULL,
    text TEXT NOT NULL
  ) STRICT;
  `,
  // for people to look at: how it went over time, what was called, the end of the log
  `
  -- a sample a minute, thinned with age: see domain/history.ts
  CREATE TABLE history (
    at INTEGER PRIMARY KEY,
    sample TEXT NOT NULL CHECK (json_valid(sample))
  ) STRICT;

  CREATE TABLE counters (
    kind TEXT NOT NULL CHECK (kind IN ('calls','throttles','copied')),
    name TEXT NOT NULL,
    value INTEGER NOT NULL CHECK (value >= 0),
    PRIMARY KEY (kind, name)
  ) STRICT, WITHOUT ROWID;

  CREATE TABLE log_tail (
    id INTEGER PRIMARY KEY,
    at INTEGER NOT NULL,
    level TEXT NOT NULL CHECK (level IN ('info','warning','error')),
    message TEXT NOT NULL,
    fields TEXT NOT NULL CHECK (json_valid(fields))
  ) STRICT;
  `,
  // names from files, and what the bill depends on
  `
  CREATE TABLE overrides (line INTEGER PRIMARY KEY, archive_id TEXT NOT NULL, name TEXT NOT NULL) STRICT;
  CREATE INDEX overrides_by_archive_id ON overrides (archive_id);
  CREATE TABLE synology_names (line INTEGER PRIMARY KEY, archive_id TEXT NOT NULL, name TEXT NOT NULL) STRICT;
  CREATE INDEX synology_names_by_archive_id ON synology_names (archive_id);

  -- archives that have a part size: those of several parts, and the parts of these
  ALTER TABLE totals ADD COLUMN uploads INTEGER NOT NULL DEFAULT 0 CHECK (uploads >= 0);
  ALTER TABLE totals ADD COLUMN parts INTEGER NOT NULL DEFAULT 0 CHECK (parts >= 0);

  -- requests by tier, copies by storage class, each as often as it was made
  CREATE TABLE spending (
    kind TEXT NOT NULL CHECK (kind IN ('request','copy')),
    name TEXT NOT NULL,
    count INTEGER NOT NULL CHECK (count >= 0),
    bytes INTEGER NOT NULL CHECK (bytes >= 0),
    uploads INTEGER NOT NULL CHECK (uploads >= 0),
    parts INTEGER NOT NULL CHECK (parts >= 0),
    PRIMARY KEY (kind, name)
  ) STRICT, WITHOUT ROWID;
  `,
  // what was proven after the copy, and what was deleted from the vault
  `
  -- what verify has last found of an object; result as rclone check writes it
  CREATE TABLE checks (
    archive INTEGER PRIMARY KEY,
    run INTEGER NOT NULL,
    result TEXT NOT NULL CHECK (result IN ('=','-','*','!')),
    -- what differs, for people
    detail TEXT,
    checked_at INTEGER NOT NULL,
    -- whether the bytes were read back: right, or in a class that has to be restored first
    read_back TEXT CHECK (read_back IN ('right','archived'))
  ) STRICT;

  CREATE TABLE purges (
    archive INTEGER PRIMARY KEY,
    size INTEGER NOT NULL,
    -- DeleteArchive is about to be called; without purged_at, its outcome is not known
    begun_at INTEGER NOT NULL,
    purged_at INTEGER
  ) STRICT;
  `,
  // second jobs, for outputs that will expire before they are fetched
  `
  ALTER TABLE archives ADD COLUMN next_job_id TEXT CHECK (next_job_id IS NULL OR state IN ('staged','transferring'));
  -- when InitiateJob was last begun for a second job; without next_job_id, its outcome is not known yet
  ALTER TABLE archives ADD COLUMN asked_again_at INTEGER
    CHECK (asked_again_at IS NULL OR state IN ('staged','transferring'));
  -- of requests: those since a part has last arrived
  ALTER TABLE archives ADD COLUMN fruitless INTEGER NOT NULL DEFAULT 0;
  DROP INDEX archives_staged;
  CREATE INDEX archives_staged ON archives (expires_at, id, size, upload_begun_at, asked_again_at)
    WHERE state = 'staged' AND asked_again_at IS NULL;
  DROP INDEX archives_transferring;
  CREATE INDEX archives_transferring ON archives (id, expires_at, asked_again_at) WHERE state = 'transferring';
  CREATE INDEX archives_renewed ON archives (id) WHERE asked_again_at IS NOT NULL;
  `,
];
