import { keepYoungGenerationSmall } from '../lib/young-generation.ts';
import type { Db } from './database.ts';

/** Pages of the log before it is brought into the file: 64 MiB instead of 4, so that a page is not written for each of its rows. */
const CHECKPOINT_PAGES = 16_384;

/** 16 MiB (negative: in KiB): rows come in their order, and a sort takes as much again. */
const CACHE_SIZE = -16_384;

/**
 * Runs work that moves a whole inventory, at a multiple of the usual speed: a commit is on the disk some seconds later only, so
 * a power cut takes the last ones back (what was written since can be done again, nothing of it was paid for), and checks of single
 * rows are left to the code that makes them. Once it is done, or has failed, all of it is on the disk.
 */
export async function inBulk<T>(db: Db, work: () => Promise<T>): Promise<T> {
  keepYoungGenerationSmall();
  const checkpoint = Number(db.pragma('wal_autocheckpoint', { simple: true }));
  const cache = Number(db.pragma('cache_size', { simple: true }));
  db.pragma('synchronous = NORMAL');
  db.pragma(`wal_autocheckpoint = ${CHECKPOINT_PAGES}`);
  db.pragma('ignore_check_constraints = ON');
  db.pragma(`cache_size = ${CACHE_SIZE}`);
  try {
    return await work();
  } finally {
    db.pragma('ignore_check_constraints = OFF');
    db.pragma(`cache_size = ${cache}`);
    db.pragma(`wal_autocheckpoint = ${checkpoint}`);
    db.pragma('synchronous = FULL');
    db.pragma('wal_checkpoint(TRUNCATE)');
  }
}
