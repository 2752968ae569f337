import { createHash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { stat } from 'node:fs/promises';
import { FatalError, messageOf } from '../lib/errors.ts';
import { MiB } from '../lib/size.ts';

/**
 * The bytes of a file that the user names.
 * @param heard is told of each piece's length.
 * @throws {FatalError} `file_unreadable`.
 */
export async function* bytesOf(path: string, heard?: (bytes: number) => void): AsyncGenerator<Buffer> {
  try {
    const file = await stat(path);
    // all of these files are read more than once, and a pipe is empty by then
    if (!file.isFile() && !file.isDirectory()) {
      throw new FatalError('file_unreadable', `${path} is not a file but a pipe or a device: write it to a file first`);
    }
    for await (const bytes of createReadStream(path, { highWaterMark: MiB })) {
      heard?.(bytes.length);
      yield bytes;
    }
  } catch (error) {
    if (!(error instanceof Error && 'syscall' in error)) throw error;
    throw new FatalError('file_unreadable', `${path} can't be read (${messageOf(error)})`, { cause: error });
  }
}

/** By which the file is known again: its SHA-256. @throws {FatalError} `file_unreadable`. */
export async function digestOf(path: string): Promise<string> {
  const hash = createHash('sha256');
  for await (const bytes of bytesOf(path)) hash.update(bytes);
  return hash.digest('hex');
}
