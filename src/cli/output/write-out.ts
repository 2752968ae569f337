import { once } from 'node:events';
import { type FileHandle, open, realpath, rename, rm, stat } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { FatalError, messageOf } from '../../lib/errors.ts';

/** Text in pieces of any size, made as they are asked for. */
export type Pieces = Iterable<string>;

/** Pieces are gathered to about this many characters before they are written. */
const GATHERED = 256 * 1024;

/** Writes all to stdout, no faster than it is read. */
export async function writeStdout(pieces: Pieces, signal: AbortSignal): Promise<void> {
  for (const text of gather(pieces, signal)) {
    if (!process.stdout.write(text)) await once(process.stdout, 'drain', { signal });
  }
}

/**
 * Writes a file that only its owner can read, all of it or none: under another name first, on the disk before it takes its own.
 * What is no regular file (a device, a pipe) is written to as it is. `-` is stdout.
 * @throws {FatalError} `output_unwritable`.
 */
export async function writeFileOf(path: string, pieces: Pieces, signal: AbortSignal): Promise<void> {
  if (path === '-') return writeStdout(pieces, signal);
  try {
    const target = await targetOf(path);
    if (target.isSpecial) {
      await writePieces(await open(target.path, 'w'), pieces, signal);
      return;
    }
    const temporary = join(dirname(target.path), `.glacier2s3-${process.pid}-${Date.now()}.tmp`);
    const file = await open(temporary, 'wx', 0o600);
    try {
      await writePieces(file, pieces, signal, () => file.sync());
      await rename(temporary, target.path);
    } catch (error) {
      await rm(temporary, { force: true });
      throw error;
    }
  } catch (error) {
    throw unwritable(path, error);
  }
}

/** Writes all and closes the file. */
async function writePieces(
  file: FileHandle,
  pieces: Pieces,
  signal: AbortSignal,
  finish?: () => Promise<void>,
): Promise<void> {
  try {
    for (const text of gather(pieces, signal)) await file.writeFile(text);
    await finish?.();
  } finally {
    await file.close();
  }
}

function* gather(pieces: Pieces, signal: AbortSignal): Generator<string> {
  let gathered = '';
  for (const piece of pieces) {
    gathered += piece;
    if (gathered.length < GATHERED) continue;
    signal.throwIfAborted();
    yield gathered;
    gathered = '';
  }
  if (gathered !== '') yield gathered;
}

/** Where the path leads: a link stays a link. */
async function targetOf(path: string): Promise<{ readonly path: string; readonly isSpecial: boolean }> {
  try {
    const there = await stat(path);
    if (there.isDirectory()) throw new FatalError('output_unwritable', `${path} is a directory: name a file in it`);
    return { path: await realpath(path), isSpecial: !there.isFile() };
  } catch (error) {
    if (isErrno(error) && error.code === 'ENOENT') return { path, isSpecial: false };
    throw error;
  }
}

function unwritable(path: string, error: unknown): unknown {
  if (!isErrno(error)) return error;
  return new FatalError(
    'output_unwritable',
    `${path} can't be written (${messageOf(error)}): check its folder, its permissions and the space on the disk`,
    { cause: error },
  );
}

function isErrno(error: unknown): error is NodeJS.ErrnoException {
  return error instanceof Error && 'syscall' in error;
}
