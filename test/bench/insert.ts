import { createReadStream, rmSync } from 'node:fs';
import Database from 'better-sqlite3';
import type * as StateFileModule from '../../src/state/state-file.ts';
import type * as LoaderModule from '../../src/steps/inventory-loader.ts';
import { built } from './built.ts';
import { inventoryRows } from './sample-inventory.ts';

/*
 * Rows into SQLite, in a process of its own: `load FILE DATABASE` as the program reads an inventory, `bare COUNT DATABASE` by one
 * prepared statement and nothing else: rows are made ready beforehand, the table has no more columns than are filled, and what is left
 * in the log when the file is closed is not counted. Both write by the same journal and end with the index over the ids. Prints rows
 * a second, by the clock and by CPU.
 */

const [how, what = '', path = ''] = process.argv.slice(2);
/** Rows in a transaction. */
const BATCH = 5000;
let rows = 0;
let seconds = 0;
let cpu = 0;

async function timed(work: () => unknown): Promise<void> {
  const [begunAt, before] = [performance.now(), process.cpuUsage()];
  await work();
  const { user, system } = process.cpuUsage(before);
  seconds += (performance.now() - begunAt) / 1000;
  cpu += (user + system) / 1e6;
}

async function load(): Promise<void> {
  const { openStateFile } = await built<typeof StateFileModule>('state/state-file.js');
  const { createLoader, firstTarget, parserFor } = await built<typeof LoaderModule>('steps/inventory-loader.js');
  const state = openStateFile(path);
  const silent = { debug: () => {}, info: () => {}, warn: () => {}, error: () => {} };
  const deps = { state, log: silent, clock: { now: Date.now, sleep: () => Promise.resolve() } };
  await timed(() =>
    state.inBulk(async () => {
      const format = what.endsWith('.csv') ? 'CSV' : 'JSON';
      const loader = createLoader(deps, firstTarget(state), { source: what, format }, parserFor(format, 0), 'bench');
      for await (const bytes of createReadStream(what, { highWaterMark: 2 ** 17 })) loader.push(bytes);
      loader.finish();
    }),
  );
  rows = state.totals.byState().listed.count;
  state.close();
}

async function bare(): Promise<void> {
  const db = new Database(path);
  db.pragma('journal_mode = WAL');
  db.exec(`CREATE TABLE archives (id INTEGER PRIMARY KEY, archive_id TEXT NOT NULL, description TEXT NOT NULL,
    created_at INTEGER NOT NULL, size INTEGER NOT NULL, tree_hash BLOB NOT NULL)`);
  const insert = db.prepare(
    'INSERT INTO archives (archive_id, description, created_at, size, tree_hash) VALUES (?, ?, ?, ?, ?)',
  );
  let batch: unknown[][] = [];
  const write = db.transaction(() => {
    for (const row of batch) insert.run(row);
  });
  for (const text of inventoryRows(Number(what))) {
    const { ArchiveId, ArchiveDescription, CreationDate, Size, SHA256TreeHash } = JSON.parse(text);
    batch.push([ArchiveId, ArchiveDescription, Date.parse(CreationDate), Size, Buffer.from(SHA256TreeHash, 'hex')]);
    if (batch.length < BATCH) continue;
    await timed(write);
    rows += batch.length;
    batch = [];
  }
  await timed(() => {
    write();
    db.exec('CREATE UNIQUE INDEX archives_archive_id ON archives (archive_id)');
  });
  rows += batch.length;
  db.close();
}

for (const tail of ['', '-wal', '-shm']) rmSync(`${path}${tail}`, { force: true });
await (how === 'bare' ? bare() : load());
process.stdout.write(`${JSON.stringify({ perSecond: rows / seconds, perCpuSecond: rows / cpu })}\n`);
