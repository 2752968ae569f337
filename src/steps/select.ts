import { type ArchiveId, parseArchiveId } from '../domain/ids.ts';
import { copiesOf } from '../domain/ranges.ts';
import { createFilter, FILTER_MARK, type Selection, selectsAll } from '../domain/selection.ts';
import { UsageError } from '../lib/errors.ts';
import type { Plannable } from '../state/planning.ts';
import type { Deps } from './deps.ts';
import { bytesOf, digestOf } from './given-file.ts';
import { createTicker } from './ticker.ts';

/** Archives in one transaction. */
const BATCH = 2000;
/** Longer than any archive id. */
const LONGEST_LINE = 4096;

export interface SelectOptions {
  readonly prefix: string;
  /** Absent: what was selected before stays. */
  readonly selection?: Omit<Selection, 'idsFrom'>;
  /** `--archive-ids-from`: an id on each line. */
  readonly archiveIdsFrom?: string;
}

type SelectDeps = Pick<Deps, 'state' | 'log' | 'signals'>;

/**
 * Leaves out what the filters do not take, and takes in again what other filters left out. Archives that something was asked for or begun
 * of are left to be finished. The filters are remembered: unless they or the keys have changed, nothing is looked at.
 * @param options.isNew whether archives were given keys since the filters were last applied.
 * @throws {UsageError} for a glob or a file of ids that can't be used.
 */
export async function selectArchives(
  deps: SelectDeps,
  options: SelectOptions & { readonly isNew: boolean },
): Promise<void> {
  const { state, log } = deps;
  const before = state.facts.get('selection') ?? { applied: true, selection: {} };
  const selection = options.selection ? await resolved(options.selection, options.archiveIdsFrom) : before.selection;
  const isSame = JSON.stringify(selection) === JSON.stringify(before.selection);
  if (!options.isNew && before.applied && isSame) return;
  const filter = createFilter(selection);
  if (selectsAll(selection) && state.totals.byState().skipped.count === 0) {
    state.transaction(() => state.facts.set('selection', { applied: true, selection }));
    return;
  }
  const ids = selection.idsFrom && (await readIds(deps, selection.idsFrom.path));
  state.transaction(() => state.facts.set('selection', { applied: false, selection }));
  await judgeAll(
    deps,
    (archive) => {
      const listed = ids !== undefined && state.selecting.isListed(archive.archiveId);
      return filter({ ...archive, key: (archive.key ?? '').slice(options.prefix.length), listed });
    },
    selection.limit,
  );
  state.transaction(() => {
    state.selecting.end();
    state.facts.set('selection', { applied: true, selection });
  });
  const { planned, skipped } = state.totals.byState();
  log.info({ planned: planned.count, skipped: skipped.count }, 'the filters are applied');
}

/** Reads a file of ids, before there is an inventory to hold it against. @throws {UsageError} as `selectArchives`. */
export async function checkIdsFile(path: string): Promise<void> {
  for await (const line of linesOf(path)) idOf(path, line);
}

function idOf(path: string, { line, text }: { readonly line: number; readonly text: string }): ArchiveId {
  const archiveId = parseArchiveId(text);
  if (archiveId) return archiveId;
  throw new UsageError(`${path}, line ${line}: ${JSON.stringify(text.slice(0, 40))} is not an archive id`);
}

async function resolved(selection: Omit<Selection, 'idsFrom'>, path: string | undefined): Promise<Selection> {
  const given = Object.fromEntries(Object.entries(selection).filter(([, value]) => value !== undefined));
  return path === undefined ? given : { ...given, idsFrom: { path, digest: await digestOf(path) } };
}

/** Moves every idle archive to where the filter wants it. The limit counts what the filter takes, whatever has become of it. */
async function judgeAll(
  { state, log, signals }: SelectDeps,
  reasonFor: (archive: Plannable) => string | undefined,
  limit: number | undefined,
): Promise<void> {
  const { planning, selecting } = state;
  const rows = planning.lastRow();
  const ticker = createTicker(log, 'the filters are being applied', signals.stop);
  const each = async (work: (archive: Plannable) => void) => {
    for (let after = 0; ; ) {
      const batch = planning.judgeable(after, BATCH);
      const last = batch.at(-1);
      if (!last) return;
      state.transaction(() => batch.forEach(work));
      after = last.id;
      await ticker.tick(after, rows);
    }
  };
  let isBeyond = (_archive: Plannable) => false;
  if (limit !== undefined) {
    state.transaction(() => selecting.beginPassed());
    await each((archive) => {
      if (archive.key !== undefined && reasonFor(archive) === undefined)
        selecting.passed(archive.id, archive.createdAt);
    });
    const first = selecting.firstBeyond(limit);
    if (first) {
      isBeyond = ({ id, createdAt }) =>
        createdAt > first.createdAt || (createdAt === first.createdAt && id >= first.id);
    }
  }
  await each((archive) => {
    const { state: at, isIdle, size, partSize, reason } = archive;
    // what another than a filter has skipped is not for filters to take in
    if (!isIdle || partSize === undefined || (at === 'skipped' && !reason?.startsWith(FILTER_MARK))) return;
    const wanted = reasonFor(archive) ?? (isBeyond(archive) ? `--limit ${limit}` : undefined);
    if (wanted === reason) return;
    const copies = copiesOf(size, partSize);
    if (wanted === undefined) {
      planning.unskip(archive, copies);
      // it may be in the bucket already: it is looked for before it is asked for
      state.facts.remove('lookedUpAt');
    } else planning.skip(archive, wanted, copies);
  });
}

/** @throws {UsageError} naming the first line that is no archive id. */
async function readIds({ state, log, signals }: SelectDeps, path: string): Promise<true> {
  const { selecting } = state;
  state.transaction(() => selecting.beginIds());
  const ticker = createTicker(log, 'the archive ids are being read', signals.stop);
  let count = 0;
  let batch: ArchiveId[] = [];
  const flush = () => {
    state.transaction(() => {
      for (const archiveId of batch) selecting.addId(archiveId);
    });
    count += batch.length;
    batch = [];
  };
  for await (const line of linesOf(path)) {
    batch.push(idOf(path, line));
    if (batch.length < BATCH) continue;
    flush();
    await ticker.tick(count, count);
  }
  flush();
  const unknown = selecting.unknownIds();
  if (unknown > 0) log.warn({ file: path, unknown }, 'the inventory does not have all of the archive ids');
  return true;
}

/** Lines without white space around them; empty ones and comments (`#`) are passed over. */
async function* linesOf(path: string): AsyncGenerator<{ readonly line: number; readonly text: string }> {
  let line = 0;
  let rest = '';
  for await (const bytes of bytesOf(path)) {
    const lines = (rest + bytes.toString('latin1')).split('\n');
    rest = lines.pop() ?? '';
    for (const text of lines) {
      line += 1;
      const id = text.replace(/^\xef\xbb\xbf/, '').trim();
      if (id !== '' && !id.startsWith('#')) yield { line, text: id };
    }
    if (rest.length > LONGEST_LINE) break;
  }
  const id = rest.trim();
  if (id !== '' && !id.startsWith('#')) yield { line: line + 1, text: id };
}
