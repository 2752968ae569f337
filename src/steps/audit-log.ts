import { type FileHandle, open } from 'node:fs/promises';
import { FatalError, messageOf } from '../lib/errors.ts';

/** A log that only grows: JSON Lines. */
export interface AuditLog {
  /** Resolves once the line is on the disk; several share one flush. @throws {FatalError} `audit_unwritable`. */
  write(line: object): Promise<void>;
  close(): Promise<void>;
}

interface Waiting {
  readonly text: string;
  readonly resolve: () => void;
  readonly reject: (error: unknown) => void;
}

/** Opens the log, makes it where there is none (mode 0600); what is in it stays. The caller closes it. */
export async function openAuditLog(path: string): Promise<AuditLog> {
  const unwritable = (error: unknown) =>
    new FatalError(
      'audit_unwritable',
      `the audit log ${path} can't be written (${messageOf(error)}): nothing is deleted without it`,
      { cause: error },
    );
  let file: FileHandle;
  try {
    file = await open(path, 'a+', 0o600);
    if (await endsInside(file)) await file.appendFile('\n');
  } catch (error) {
    throw unwritable(error);
  }
  let waiting: Waiting[] = [];
  let flushing: Promise<void> | undefined;
  const flush = async () => {
    while (waiting.length > 0) {
      const group = waiting;
      waiting = [];
      try {
        await file.appendFile(group.map(({ text }) => text).join(''));
        await file.datasync();
        for (const { resolve } of group) resolve();
      } catch (error) {
        for (const { reject } of group) reject(unwritable(error));
      }
    }
    flushing = undefined;
  };
  return {
    write: (line) =>
      new Promise<void>((resolve, reject) => {
        waiting.push({ text: `${JSON.stringify(line)}\n`, resolve, reject });
        flushing ??= flush();
      }),
    async close() {
      await flushing;
      await file.close();
    },
  };
}

/** Whether a run was cut off in the middle of a line. */
async function endsInside(file: FileHandle): Promise<boolean> {
  const { size } = await file.stat();
  if (size === 0) return false;
  const { buffer } = await file.read(Buffer.alloc(1), 0, 1, size - 1);
  return buffer[0] !== 0x0a;
}
