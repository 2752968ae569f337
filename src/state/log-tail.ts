import type { Db } from './database.ts';

/** A line of the log that is worth reading later. */
export interface LogLine {
  /** Milliseconds since 1970, by the real clock. */
  readonly at: number;
  readonly level: 'info' | 'warning' | 'error';
  readonly message: string;
  readonly fields: Readonly<Record<string, unknown>>;
}

/** The end of the log, for whoever looks at the state file alone. */
export interface LogTail {
  /** Called inside a transaction; the oldest lines make room. */
  add(lines: readonly LogLine[]): void;
  /** Newest first. */
  last(limit: number): LogLine[];
}

const KEPT = 200;

export function createLogTail(db: Db): LogTail {
  const add = db.prepare('INSERT INTO log_tail (at, level, message, fields) VALUES (?, ?, ?, ?)');
  const trim = db.prepare('DELETE FROM log_tail WHERE id <= (SELECT max(id) FROM log_tail) - ?');
  const last = db.prepare<[number], { at: number; level: LogLine['level']; message: string; fields: string }>(
    'SELECT at, level, message, fields FROM log_tail ORDER BY id DESC LIMIT ?',
  );
  return {
    add(lines) {
      for (const { at, level, message, fields } of lines.slice(-KEPT)) {
        add.run(at, level, message, JSON.stringify(fields));
      }
      trim.run(KEPT);
    },
    last: (limit) =>
      last.all(limit).map(({ fields, ...line }) => ({ ...line, fields: JSON.parse(fields) as LogLine['fields'] })),
  };
}
