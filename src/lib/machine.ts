import { randomBytes } from 'node:crypto';
import { access, constants, open, rm, stat, statfs } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { messageOf } from './errors.ts';

/** What a directory lies on. */
export type DirectoryKind = 'disk' | 'memory' | 'network';

export interface DirectoryState {
  readonly freeBytes: number;
  readonly kind: DirectoryKind;
  /** Why nothing can be written there for good; undefined where it can. */
  readonly unwritable: string | undefined;
}

/** The machine that the program runs on. */
export interface Machine {
  /** Without the `v`. */
  readonly nodeVersion: string;
  /** Files that may be open at once; undefined where nobody knows. */
  readonly openFiles: number | undefined;
  /** Of a directory, or of the one that it would be made in. */
  directory(path: string): Promise<DirectoryState>;
}

/** Types of file systems as statfs names them (Linux, statfs(2)). */
const MEMORY = [0x01021994, 0x858458f6];
const NETWORK = [0x6969, 0x517b, 0xfe534d42, 0xff534d42, 0x01021997, 0x5346414f, 0x00c36400, 0x65735546];

export function thisMachine(): Machine {
  return {
    nodeVersion: process.versions.node,
    get openFiles() {
      return openFilesLimit();
    },
    async directory(path) {
      const place = await nearest(path);
      const { type, bavail, bsize } = await statfs(place);
      const kind = MEMORY.includes(type) ? 'memory' : NETWORK.includes(type) ? 'network' : 'disk';
      const unwritable = await (place === path ? tryWriting(place) : tryAccess(place));
      return { freeBytes: bavail * bsize, kind, unwritable };
    },
  };
}

/** What Node's report has, and its types do not. */
interface Report {
  /** Without it the report asks for the name of every open connection. */
  excludeNetwork?: boolean;
  getReport(): { readonly userLimits?: { readonly open_files?: { readonly soft?: unknown } } };
}

/** The soft limit, out of Node's own report: there is no other way to it. */
function openFilesLimit(): number | undefined {
  const report = process.report as unknown as Report;
  const before = report.excludeNetwork ?? false;
  report.excludeNetwork = true;
  const soft = report.getReport().userLimits?.open_files?.soft;
  report.excludeNetwork = before;
  return typeof soft === 'number' ? soft : undefined;
}

async function nearest(path: string): Promise<string> {
  try {
    await access(path);
    return path;
  } catch {
    const parent = dirname(path);
    return parent === path ? path : nearest(parent);
  }
}

async function tryAccess(path: string): Promise<string | undefined> {
  try {
    if (!(await stat(path)).isDirectory()) return `${path} is no directory`;
    await access(path, constants.W_OK);
    return undefined;
  } catch (error) {
    return messageOf(error);
  }
}

/** Writes a file, has it put on the disk, and removes it. */
async function tryWriting(directory: string): Promise<string | undefined> {
  const path = join(directory, `.trial-${randomBytes(6).toString('hex')}`);
  try {
    const file = await open(path, 'wx', 0o600);
    try {
      await file.writeFile('trial');
      await file.sync();
    } finally {
      await file.close();
      await rm(path);
    }
    return undefined;
  } catch (error) {
    return messageOf(error);
  }
}
