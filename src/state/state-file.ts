import { END_STATES } from '../domain/progress.ts';
import { type Account, createAccount } from './account.ts';
import { type Archive, type Archives, createArchives } from './archives.ts';
import { inBulk } from './bulk.ts';
import { type Checks, createChecks } from './checks.ts';
import { type Counters, createCounters } from './counters.ts';
import { type Db, explain, openDatabase } from './database.ts';
import { createFacts, type Facts } from './facts.ts';
import { createFailuresPage, type FailuresPage } from './failures-page.ts';
import { createHistory, type History } from './history.ts';
import { createInventoryRows, type InventoryRows } from './inventory.ts';
import { createJobs, type Jobs } from './jobs.ts';
import { createLogTail, type LogTail } from './log-tail.ts';
import { createNames, type Names } from './names.ts';
import { createOutputs, type Outputs } from './outputs.ts';
import { createParts, type Parts } from './parts.ts';
import { createPlanning, type Planning } from './planning.ts';
import { createPurges, type Purges } from './purges.ts';
import { createRecovery, type Recovery } from './recovery.ts';
import { createRefresh, type Refresh } from './refresh.ts';
import { createSelecting, type Selecting } from './selecting.ts';
import { createTotals, type Totals } from './totals.ts';

/** The longest that a grouped write waits for others to share its commit, where commits are quick. */
const GROUP_MS = 20;
/**
 * A slow disk is given more to each commit: the main thread spends one fifth of its time in them at most. With a fixed 20 ms
 * it was more: 2.1 of 9.5 seconds, measured with small archives at 560 a second.
 */
const REST_AFTER_COMMIT = 4;
const MOST_GROUP_MS = 200;
/** More than this many writes are not gathered into one commit. */
const GROUP_SIZE = 1000;

/** One transfer's state. All writing goes through `transaction` or `write`. */
export interface StateFile {
  readonly path: string;
  readonly facts: Facts;
  readonly archives: Archives;
  readonly outputs: Outputs;
  readonly parts: Parts;
  readonly jobs: Jobs;
  readonly inventory: InventoryRows;
  readonly planning: Planning;
  readonly names: Names;
  readonly selecting: Selecting;
  readonly refresh: Refresh;
  readonly account: Account;
  readonly totals: Pick<Totals, 'byState' | 'failures' | 'copies' | 'spent'>;
  readonly checks: Checks;
  readonly purges: Purges;
  readonly recovery: Recovery;
  readonly counters: Counters;
  readonly history: History;
  readonly logTail: LogTail;
  readonly failuresPage: FailuresPage;
  /** Runs `work` now, all of it or nothing; it is on the disk when this returns. */
  transaction<T>(work: () => T): T;
  /**
   * Runs `work` soon and once, in one commit with others; resolves once it is on the disk. What `work` throws rejects this
   * promise only, and undoes what it has written; a commit that fails rejects all that shared it.
   */
  write<T>(work: () => T): Promise<T>;
  /** Runs work that moves a whole inventory in large transactions: see bulk.ts. Not within another one. */
  inBulk<T>(work: () => Promise<T>): Promise<T>;
  /** Called with each archive that has reached its end, once that is on the disk. One listener. */
  onEnd(listener: (archive: Archive) => void): void;
  /** Writes a whole copy of the file as it is now, while it is being used: a few pages at a time. */
  backup(path: string): Promise<void>;
  /** Commits what is gathered and closes the file. */
  close(): void;
}

/** @throws {FatalError} as `openDatabase`. */
export function openStateFile(path: string, options: { readonly readonly?: boolean } = {}): StateFile {
  const db = openDatabase(path, options);
  const totals = createTotals(db);
  const facts = createFacts(db);
  const archives = createArchives(db, totals, () => facts.get('settings'));
  let listener: ((archive: Archive) => void) | undefined;
  const transaction = transactionOf(db, path, totals, {
    committed() {
      for (const id of new Set(archives.takeEnded())) {
        const archive = archives.byId(id);
        // a write that was undone by itself has not brought it to its end
        if (END_STATES.includes(archive.progress.state)) listener?.(archive);
      }
    },
    rolledBack: () => void archives.takeEnded(),
  });
  const group = createGroup(db, transaction, savepointOf(db, totals));
  return {
    path,
    facts,
    archives,
    outputs: createOutputs(db),
    parts: createParts(db),
    jobs: createJobs(db),
    inventory: createInventoryRows(db, totals),
    planning: createPlanning(db, totals),
    names: createNames(db),
    selecting: createSelecting(db),
    refresh: createRefresh(db, totals),
    account: createAccount(db),
    totals,
    checks: createChecks(db),
    purges: createPurges(db),
    recovery: createRecovery(db),
    counters: createCounters(db),
    history: createHistory(db),
    logTail: createLogTail(db),
    failuresPage: createFailuresPage(db),
    transaction,
    write: group.write,
    inBulk: (work) => inBulk(db, work),
    onEnd(heard) {
      listener = heard;
    },
    async backup(target) {
      group.flush();
      await db.backup(target);
    },
    close() {
      group.flush();
      db.close();
    },
  };
}

function transactionOf(
  db: Db,
  path: string,
  totals: Totals,
  after: { committed(): void; rolledBack(): void },
): StateFile['transaction'] {
  return <T>(work: () => T): T => {
    if (db.inTransaction) return work();
    let result: T;
    try {
      result = db
        .transaction(() => {
          const done = work();
          totals.flush();
          return done;
        })
        .immediate();
    } catch (error) {
      totals.reset();
      after.rolledBack();
      throw explain(error, path);
    }
    after.committed();
    return result;
  };
}

/** Runs `work` inside a transaction so that its failure undoes no more than itself. */
function savepointOf(db: Db, totals: Totals): StateFile['transaction'] {
  return <T>(work: () => T): T => {
    const undo = totals.mark();
    try {
      return db.transaction(work)();
    } catch (error) {
      undo();
      throw error;
    }
  };
}

interface Waiting {
  /** Runs the work, once. @returns what tells its caller, once the commit is on the disk. */
  readonly run: () => () => void;
  readonly reject: (error: unknown) => void;
}

function createGroup(
  db: Db,
  transaction: StateFile['transaction'],
  savepoint: StateFile['transaction'],
): Pick<StateFile, 'write'> & { flush(): void } {
  let waiting: Waiting[] = [];
  let timer: NodeJS.Timeout | undefined;
  let wait = GROUP_MS;

  const flush = () => {
    clearTimeout(timer);
    timer = undefined;
    const group = waiting;
    waiting = [];
    if (group.length === 0) return;
    const begunAt = performance.now();
    try {
      const ends = transaction(() => group.map(({ run }) => run()));
      for (const end of ends) end();
    } catch (error) {
      // what some of them did right was rolled back with the rest
      for (const { reject } of group) reject(error);
    }
    wait = Math.min(MOST_GROUP_MS, Math.max(GROUP_MS, REST_AFTER_COMMIT * (performance.now() - begunAt)));
  };
  return {
    flush,
    write<T>(work: () => T): Promise<T> {
      return new Promise<T>((resolve, reject) => {
        const run = () => {
          try {
            const result = savepoint(work);
            return () => resolve(result);
          } catch (error) {
            // a full disk or a damaged file ends the whole transaction
            if (!db.inTransaction) throw error;
            return () => reject(error);
          }
        };
        waiting.push({ run, reject });
        if (waiting.length >= GROUP_SIZE) flush();
        else timer ??= setTimeout(flush, wait);
      });
    },
  };
}
