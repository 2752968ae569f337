import { formatSize } from '../lib/size.ts';
import { globPattern } from './glob.ts';

/** `--include` or `--exclude`, as it was written. */
export interface GlobRule {
  readonly type: 'include' | 'exclude';
  readonly glob: string;
}

/** Which archives are to be copied. What is absent selects all. Plain JSON: the state remembers what was selected by. */
export interface Selection {
  /** In their order. */
  readonly rules?: readonly GlobRule[];
  /** Bytes, both inclusive. */
  readonly minSize?: number;
  readonly maxSize?: number;
  /** Milliseconds since 1970: from then on, and before then. */
  readonly createdAfter?: number;
  readonly createdBefore?: number;
  /** The file with the ids, known by its content. */
  readonly idsFrom?: { readonly path: string; readonly digest: string };
  /** So many of what the other filters let through, the oldest first. */
  readonly limit?: number;
}

/** What the filters look at. */
export interface Selectable {
  /** Without the prefix. */
  readonly key: string;
  readonly size: number;
  readonly createdAt: number;
  /** Whether its id stands in the file of ids. */
  readonly listed: boolean;
}

/** Every reason for which a filter skips an archive begins with this, and no other reason does. */
export const FILTER_MARK = '--';

/** Whether anything is left out at all. */
export function selectsAll(selection: Selection): boolean {
  return Object.values(selection).every(
    (filter: unknown) => filter === undefined || (Array.isArray(filter) && filter.length === 0),
  );
}

/**
 * Says which filter leaves an archive out (`--exclude *.tmp`), or undefined where none does; `--limit` is not for this to judge. Of the
 * globs the first that matches decides; an archive that none matches is left out where there is an `--include`.
 * @throws {UsageError} for a glob that is none.
 */
export function createFilter(selection: Selection): (archive: Selectable) => string | undefined {
  const { minSize, maxSize, createdAfter, createdBefore, idsFrom } = selection;
  const rules = (selection.rules ?? []).map(({ type, glob }) => ({ type, glob, pattern: globPattern(glob) }));
  const hasInclude = rules.some(({ type }) => type === 'include');
  const byKey = (key: string): string | undefined => {
    for (const { type, glob, pattern } of rules) {
      if (pattern.test(key)) return type === 'include' ? undefined : `--exclude ${glob}`;
    }
    return hasInclude ? '--include' : undefined;
  };
  return ({ key, size, createdAt, listed }) => {
    if (idsFrom !== undefined && !listed) return `--archive-ids-from ${idsFrom.path}`;
    if (minSize !== undefined && size < minSize) return `--min-size ${formatSize(minSize)}`;
    if (maxSize !== undefined && size > maxSize) return `--max-size ${formatSize(maxSize)}`;
    if (createdAfter !== undefined && createdAt < createdAfter) return `--created-after ${dateOf(createdAfter)}`;
    if (createdBefore !== undefined && createdAt >= createdBefore) return `--created-before ${dateOf(createdBefore)}`;
    return rules.length === 0 ? undefined : byKey(key);
  };
}

function dateOf(time: number): string {
  return new Date(time).toISOString().replace(/T00:00:00\.000Z$|\.000(?=Z$)/, '');
}
