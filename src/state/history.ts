import { type Sample, tooMany } from '../domain/history.ts';
import type { Db } from './database.ts';

/** How the transfer stood over time: a sample a minute, fewer of what is long ago. */
export interface History {
  /** Called inside a transaction. A second sample of the same millisecond takes the place of the first. */
  add(sample: Sample): void;
  /** Called inside a transaction: drops what is no longer needed. */
  thin(now: number): void;
  /** In order of time. */
  samples(): Sample[];
  last(): Sample | undefined;
}

interface Row {
  readonly at: number;
  readonly sample: string;
}

export function createHistory(db: Db): History {
  const add = db.prepare('INSERT OR REPLACE INTO history (at, sample) VALUES (?, ?)');
  const all = db.prepare<[], Row>('SELECT at, sample FROM history ORDER BY at');
  const last = db.prepare<[], Row>('SELECT at, sample FROM history ORDER BY at DESC LIMIT 1');
  const times = db.prepare<[], number>('SELECT at FROM history ORDER BY at').pluck();
  const drop = db.prepare('DELETE FROM history WHERE at = ?');
  return {
    add: ({ at, ...sample }) => void add.run(at, JSON.stringify(sample)),
    thin(now) {
      for (const at of tooMany(times.all() as number[], now)) drop.run(at);
    },
    samples: () => all.all().map(sampleOf),
    last() {
      const row = last.get();
      return row && sampleOf(row);
    },
  };
}

function sampleOf({ at, sample }: Row): Sample {
  return { at, ...(JSON.parse(sample) as Omit<Sample, 'at'>) };
}
