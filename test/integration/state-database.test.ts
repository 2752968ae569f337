import { execFileSync } from 'node:child_process';
import {
  chmodSync,
  mkdirSync,
  openSync,
  readFileSync,
  statSync,
  truncateSync,
  writeFileSync,
  writeSync,
} from 'node:fs';
import { join } from 'node:path';
import Database from 'better-sqlite3';
import { describe, expect, it, onTestFinished } from 'vitest';
import { FatalError } from '../../src/lib/errors.ts';
import { openDatabase } from '../../src/state/database.ts';
import { MIGRATIONS } from '../../src/state/migrations.ts';
import { openStateFile } from '../../src/state/state-file.ts';
import { temporaryFolder } from '../support/program.ts';
import { listed, plan, requested, stateFile } from '../support/state.ts';
import { unprivileged } from '../support/unprivileged.ts';

/** What the user is told: one line and a code. */
function fatal(call: () => unknown): { code: string; message: string } {
  try {
    call();
  } catch (error) {
    expect(error).toBeInstanceOf(FatalError);
    const { code, message, exitCode } = error as FatalError;
    expect(message).not.toContain('\n');
    expect(exitCode).toBe(1);
    return { code, message };
  }
  throw new Error('nothing was thrown');
}

const pathOf = (name = 'state.sqlite') => join(temporaryFolder(), name);
const versionOf = (path: string) => {
  const db = new Database(path, { readonly: true });
  try {
    return Number(db.pragma('user_version', { simple: true }));
  } finally {
    db.close();
  }
};

describe('migrations', () => {
  const one = "CREATE TABLE things (name TEXT); INSERT INTO things VALUES ('kept')";
  const two = 'ALTER TABLE things ADD COLUMN size INTEGER NOT NULL DEFAULT 7';
  const broken = "INSERT INTO things (name) VALUES ('half'); INSERT INTO nowhere VALUES (1)";

  it('run on a file with data, and leave the data there', () => {
    const path = pathOf();
    openDatabase(path, { migrations: [one] }).close();
    expect(versionOf(path)).toBe(1);
    const db = openDatabase(path, { migrations: [one, two] });

    expect(db.prepare('SELECT * FROM things').all()).toEqual([{ name: 'kept', size: 7 }]);
    db.close();
    expect(versionOf(path)).toBe(2);
  });

  it('run once, however often the file is opened', () => {
    const path = pathOf();
    for (let i = 0; i < 3; i += 1) openDatabase(path, { migrations: [one, two] }).close();
    const db = openDatabase(path, { migrations: [one, two] });

    expect(db.prepare('SELECT count(*) AS count FROM things').get()).toEqual({ count: 1 });
    db.close();
  });

  it('that fail leave the file at the version before, whole', () => {
    const path = pathOf();
    expect(() => openDatabase(path, { migrations: [one, two, broken] })).toThrow('no such table: nowhere');
    expect(versionOf(path)).toBe(2);
    const db = openDatabase(path, { migrations: [one, two] });

    expect(db.prepare('SELECT * FROM things').all()).toEqual([{ name: 'kept', size: 7 }]);
    db.close();
  });

  it.each(MIGRATIONS.map((_, i) => i + 1))(
    'of this program bring a file of version %i, with archives in it, to the newest',
    (version) => {
      const path = pathOf();
      const old = openDatabase(path, { migrations: MIGRATIONS.slice(0, version) });
      old
        .prepare(
          "INSERT INTO archives (archive_id, description, created_at, size, tree_hash) VALUES ('-a', 'ä', 5, 40000, zeroblob(32))",
        )
        .run();
      old.exec("UPDATE totals SET count = 1, bytes = 40000 WHERE state = 'listed'");
      old.prepare('INSERT INTO facts (name, value) VALUES (?, ?)').run('plannedAt', '5');
      old.close();
      const state = stateFile(path);

      expect(state.archives.byId(1)).toMatchObject({
        archiveId: '-a',
        description: 'ä',
        size: 40000,
        requests: 0,
        rounds: 0,
      });
      expect(state.totals.byState().listed).toMatchObject({ count: 1, bytes: 40000 });
      expect(state.facts.get('plannedAt')).toBe(5);
      expect(versionOf(path)).toBe(MIGRATIONS.length);
    },
  );

  it('are not run by one who only reads', () => {
    const path = pathOf();
    openDatabase(path, { migrations: MIGRATIONS.slice(0, 1) }).close();
    expect(fatal(() => openStateFile(path, { readonly: true })).code).toBe('state_older');
    expect(versionOf(path)).toBe(1);
  });
});

describe('a state file', () => {
  it('is for its owner alone, with all that belongs to it', () => {
    const path = pathOf();
    const state = stateFile(path);
    plan(state, 3);

    for (const suffix of ['', '-wal', '-shm']) expect(statSync(path + suffix).mode & 0o777, suffix).toBe(0o600);
  });

  it('becomes so, where it was not', () => {
    const path = pathOf();
    stateFile(path).close();
    chmodSync(path, 0o644);
    stateFile(path);

    expect(statSync(path).mode & 0o777).toBe(0o600);
  });

  it('can be read while it is written', () => {
    const path = pathOf();
    const state = stateFile(path);
    plan(state, 3);
    const reader = openStateFile(path, { readonly: true });
    onTestFinished(() => reader.close());

    expect(reader.totals.byState().planned.count).toBe(3);
    plan(state, 1, 4);
    expect(reader.totals.byState().planned.count).toBe(4);
    expect(fatal(() => reader.transaction(() => reader.archives.insert(listed(9)))).code).toBe('state_unreadable');
  });

  it('says everything again when it is opened again', () => {
    const path = pathOf();
    const state = openStateFile(path);
    plan(state, 3);
    state.transaction(() => state.archives.advance(2, [requested(2)]));
    state.close();

    expect(stateFile(path).archives.byId(2)).toMatchObject({ progress: { state: 'requested', jobId: 'job-2' } });
  });

  it('of a newer version is refused, and left as it is', () => {
    const path = pathOf();
    const db = new Database(path);
    db.exec(`CREATE TABLE future (x); PRAGMA application_id = ${0x67327333}; PRAGMA user_version = 99`);
    db.close();
    const before = readFileSync(path);

    const { code, message } = fatal(() => openStateFile(path));
    expect(code).toBe('state_newer');
    expect(message).toContain('update glacier2s3');
    expect(readFileSync(path).equals(before)).toBe(true);
  });

  it.each([
    ['with tables', 'CREATE TABLE addresses (name TEXT)'],
    ['that says whose it is', 'PRAGMA application_id = 12345; PRAGMA user_version = 1'],
  ])('of another program %s is refused, and left as it is', (_what, sql) => {
    const path = pathOf();
    const db = new Database(path);
    db.exec(sql);
    db.close();
    const before = readFileSync(path);

    expect(fatal(() => openStateFile(path)).code).toBe('state_foreign');
    expect(readFileSync(path).equals(before)).toBe(true);
  });

  it('that is no database is refused, and left as it is', () => {
    const path = pathOf();
    writeFileSync(path, 'Dear diary, '.repeat(1000));

    const { code, message } = fatal(() => openStateFile(path));
    expect(code).toBe('state_corrupt');
    expect(message).toContain(path);
    expect(readFileSync(path, 'utf8')).toMatch(/^Dear diary, /);
  });

  it('that was cut short is said to be damaged', () => {
    const path = pathOf();
    const state = openStateFile(path);
    plan(state, 2000);
    state.close();
    truncateSync(path, Math.floor(statSync(path).size / 2 / 4096) * 4096);

    expect(fatal(() => [...stateFile(path).archives.all()]).code).toBe('state_corrupt');
  });

  it('that is damaged in the middle says so to whoever comes upon it', () => {
    const path = pathOf();
    const state = openStateFile(path);
    plan(state, 5000);
    state.close();
    const file = openSync(path, 'r+');
    const pages = statSync(path).size / 4096;
    for (let page = Math.ceil(pages / 3); page < pages; page += 1) {
      writeSync(file, Buffer.alloc(4096, 0xa5), 0, 4096, page * 4096);
    }
    const damaged = stateFile(path);

    expect(fatal(() => [...damaged.archives.all()]).code).toBe('state_corrupt');
    expect(fatal(() => damaged.archives.nextPlanned(5000, 0)).code).toBe('state_corrupt');
    expect(fatal(() => damaged.transaction(() => plan(damaged, 5000, 5001))).code).toBe('state_corrupt');
  });

  it('that another program holds for writing is said to be held', () => {
    const path = pathOf();
    const state = stateFile(path);
    const other = new Database(path);
    onTestFinished(() => void other.close());
    other.exec('BEGIN IMMEDIATE');

    expect(fatal(() => state.transaction(() => state.facts.set('plannedAt', 1))).code).toBe('state_busy');
  });

  it.each([
    ['in a folder that is not there', (folder: string) => join(folder, 'nowhere', 'x.sqlite')],
    [
      'in a file',
      (folder: string) => {
        writeFileSync(join(folder, 'file'), '');
        return join(folder, 'file', 'x.sqlite');
      },
    ],
    [
      'that is a folder',
      (folder: string) => {
        mkdirSync(join(folder, 'x.sqlite'));
        return join(folder, 'x.sqlite');
      },
    ],
    ['of a name that is too long', (folder: string) => join(folder, `${'x'.repeat(300)}.sqlite`)],
  ])('%s can not be read, and that is said', (_what, pathIn) => {
    const path = pathIn(temporaryFolder());
    for (const readonly of [false, true]) {
      const { code, message } = fatal(() => openStateFile(path, { readonly }));
      expect(code).toBe('state_unreadable');
      expect(message).toContain('--state-dir');
    }
  });

  it('in a folder that may not be written to can not be made, and that is said', () => {
    const parent = temporaryFolder();
    const folder = join(parent, 'sealed');
    mkdirSync(folder);
    chmodSync(folder, 0o555);

    const error = unprivileged(parent, () => fatal(() => openStateFile(join(folder, 'x.sqlite'))));
    expect(error.code).toBe('state_unreadable');
  });

  it('on a disk that fills up says so, and goes on once there is room', () => {
    const db = openDatabase(pathOf());
    onTestFinished(() => void db.close());
    const pages = Number(db.pragma('page_count', { simple: true }));
    db.pragma(`max_page_count = ${pages}`);
    const insert = db.prepare('INSERT INTO facts (name, value) VALUES (?, ?)');
    const big = JSON.stringify('x'.repeat(100_000));

    expect(fatal(() => insert.run('a', big))).toMatchObject({
      code: 'disk_full',
      message: expect.stringContaining('free some space'),
    });
    db.pragma('max_page_count = 1000000');
    expect(insert.run('a', big).changes).toBe(1);
  });
});

/** A small disk of its own, where the machine allows that. */
function smallDisk(): string | undefined {
  if (process.platform !== 'linux' || process.getuid?.() !== 0) return undefined;
  const folder = temporaryFolder();
  try {
    execFileSync('mount', ['-t', 'tmpfs', '-o', 'size=1m', 'tmpfs', folder], { stdio: 'ignore' });
  } catch {
    return undefined;
  }
  onTestFinished(() => void execFileSync('umount', ['-l', folder]));
  return folder;
}

it('a full disk loses nothing that was promised, and all of what was not', async ({ skip }) => {
  const folder = smallDisk() ?? skip('needs root and mount');
  const path = join(folder, 'state.sqlite');
  const state = openStateFile(path);
  let promised = 0;
  let refusal: unknown;
  while (refusal === undefined) {
    const from = promised + 1;
    await state
      .write(() => plan(state, 50, from))
      .then(
        () => {
          promised += 50;
        },
        (error: unknown) => {
          refusal = error;
        },
      );
  }
  expect(refusal).toMatchObject({ code: 'disk_full' });
  expect(promised).toBeGreaterThan(0);
  expect(state.totals.byState().planned.count).toBe(promised);
  state.close();

  expect(stateFile(path).totals.byState().planned.count).toBe(promised);
});
