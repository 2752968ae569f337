import { stat } from 'node:fs/promises';
import type { KnownNames } from '../domain/names/name-of.ts';
import { synologyNames } from '../domain/names/synology.ts';
import { readOverrides } from '../domain/overrides.ts';
import { UsageError } from '../lib/errors.ts';
import type { NameTable } from '../state/names.ts';
import type { StateFile } from '../state/state-file.ts';
import { synologyRows } from '../state/synology-mapping.ts';
import type { Deps } from './deps.ts';
import { bytesOf, digestOf } from './given-file.ts';
import { createTicker } from './ticker.ts';

/** Rows in one transaction. */
const BATCH = 2000;
/** Problems that are named one by one; the others are counted. */
const NAMED_PROBLEMS = 20;

export interface NameFiles {
  /** `--names`. */
  readonly namesFile?: string | undefined;
  /** `--synology-mapping`. */
  readonly synologyMapping?: string | undefined;
}

type NameDeps = Pick<Deps, 'state' | 'log' | 'signals'>;

/** The names that the state holds; undefined where none were given. */
export function knownNames({ facts, names }: Pick<StateFile, 'facts' | 'names'>): KnownNames | undefined {
  const given = facts.get('names');
  if (!given?.overrides && !given?.synology_names) return undefined;
  return {
    override: (archiveId) => (given.overrides ? names.lookUp('overrides', archiveId) : undefined),
    synology: (archiveId) => (given.synology_names ? names.lookUp('synology_names', archiveId) : undefined),
  };
}

/**
 * Takes in the names of both files, once the inventory is there: what does not name an archive of it is refused. A file that is known by its
 * content is not read again; names that were given stay until another file takes their place. New names are for archives of which
 * nothing is in the bucket yet: the plan is to be made again.
 * @throws {UsageError} naming the file, how many of its lines are wrong, and the first; the others are in the log.
 */
export async function takeNames(deps: NameDeps, { namesFile, synologyMapping }: NameFiles): Promise<void> {
  if (namesFile !== undefined) {
    await takeFile(deps, 'overrides', namesFile, (path) => readNamesFile(deps, path));
  }
  if (synologyMapping !== undefined) {
    await takeFile(deps, 'synology_names', synologyMapping, (path) => readMapping(deps, path));
  }
}

/**
 * Reads both files for what can be wrong with them by themselves, before there is an inventory to hold them against.
 * @throws {UsageError} as `takeNames`.
 */
export async function checkNameFiles(deps: NameDeps, { namesFile, synologyMapping }: NameFiles): Promise<void> {
  if (namesFile !== undefined) await checkNamesFile(deps, namesFile);
  // its first row tells whether it is one
  if (synologyMapping !== undefined) for (const _ of synologyRows(synologyMapping)) break;
}

async function checkNamesFile(deps: NameDeps, path: string): Promise<void> {
  const known = deps.state.facts.get('names')?.overrides;
  if (known?.digest === (await digestOf(path))) return;
  const problems = createProblems(deps, path);
  for await (const line of readOverrides(bytesOf(path))) if ('problem' in line) problems.add(line.line, line.problem);
  problems.refuse();
}

async function takeFile(
  { state, log }: NameDeps,
  table: NameTable,
  path: string,
  read: (path: string) => Promise<number>,
): Promise<void> {
  const digest = await digestOf(path);
  if (state.facts.get('names')?.[table]?.digest === digest) return;
  state.transaction(() => state.names.begin(table));
  const count = await read(path);
  state.transaction(() => {
    state.names.accept(table);
    state.facts.set('names', { ...state.facts.get('names'), [table]: { path, digest, count } });
    if (state.facts.get('plannedAt') !== undefined) state.facts.set('replan', true);
  });
  log.info({ file: path, names: count }, 'the names are taken in');
}

async function readNamesFile(deps: NameDeps, path: string): Promise<number> {
  const { state } = deps;
  const problems = createProblems(deps, path);
  const size = (await stat(path)).size;
  const ticker = createTicker(deps.log, 'the names are being read', deps.signals.stop);
  let position = 0;
  const chunks = bytesOf(path, (bytes) => {
    position += bytes;
  });
  const rows = createBatch(deps, 'overrides');
  for await (const line of readOverrides(chunks)) {
    if ('problem' in line) problems.add(line.line, line.problem);
    else if (rows.add(line.line, line.archiveId, line.key)) await ticker.tick(position, size);
  }
  rows.flush();
  deps.log.info({ names: rows.count }, 'the names are being held against the inventory');
  state.transaction(() => state.names.index('overrides'));
  const repeated = state.names.repeated('overrides', NAMED_PROBLEMS);
  problems.addAll(
    repeated.count,
    repeated.lines.map(({ line, archiveId, first }) => [line, `the archive ${archiveId} stands in line ${first} too`]),
  );
  const unknown = state.names.unknown('overrides', NAMED_PROBLEMS);
  problems.addAll(
    unknown.count,
    unknown.lines.map(({ line, archiveId }) => [line, `the inventory has no archive ${archiveId}`]),
  );
  problems.refuse();
  return rows.count;
}

async function readMapping(deps: NameDeps, path: string): Promise<number> {
  const { state, log } = deps;
  const ticker = createTicker(log, 'the Synology mapping is being read', deps.signals.stop);
  const rows = createBatch(deps, 'synology_names');
  let several = 0;
  for (const { archiveId, path: name, others } of synologyNames(synologyRows(path))) {
    if (others.length > 0) several += 1;
    if (rows.add(rows.count + 1, archiveId, name)) await ticker.tick(rows.count, rows.count);
  }
  rows.flush();
  state.transaction(() => state.names.index('synology_names'));
  if (rows.count === 0) {
    throw new UsageError(`${path} names no archive: it is not the mapping of a vault, or an empty one`);
  }
  if (several > 0) log.info({ archives: several }, 'archives stand for several files each: the first path counts');
  const { count } = state.names.unknown('synology_names', 0);
  if (count > 0) log.info({ names: count }, 'the mapping names archives that the inventory does not have');
  return rows.count;
}

/** Writes names in large transactions. */
function createBatch({ state }: NameDeps, table: NameTable) {
  let rows: [line: number, archiveId: Parameters<StateFile['names']['add']>[2], name: string][] = [];
  let count = 0;
  const flush = () => {
    state.transaction(() => {
      for (const row of rows) state.names.add(table, ...row);
    });
    rows = [];
  };
  return {
    get count() {
      return count;
    },
    flush,
    /** @returns whether what was gathered is written now. */
    add(...row: (typeof rows)[number]): boolean {
      rows.push(row);
      count += 1;
      if (rows.length < BATCH) return false;
      flush();
      return true;
    },
  };
}

function createProblems({ log }: Pick<NameDeps, 'log'>, file: string) {
  let count = 0;
  let first: { readonly line: number; readonly problem: string } | undefined;
  const add = (line: number, problem: string) => {
    count += 1;
    if (!first || line < first.line) first = { line, problem };
    if (count <= NAMED_PROBLEMS) log.error({ file, line, problem }, 'a line of the names is wrong');
  };
  return {
    add,
    addAll(all: number, lines: readonly (readonly [line: number, problem: string])[]) {
      for (const [line, problem] of lines) add(line, problem);
      count += all - lines.length;
    },
    refuse() {
      if (!first) return;
      const lines = count === 1 ? '1 line is' : `${count} lines are`;
      throw new UsageError(
        `${file}: ${lines} wrong, line ${first.line}: ${first.problem}; correct the file and run again, nothing was asked for`,
      );
    },
  };
}
