import { type ArchiveId, parseArchiveId } from '../ids.ts';

/** A row of `file_info_tb` in the SQLite file that the vault `<name>_mapping` holds. */
export interface SynologyRow {
  readonly archiveID: unknown;
  readonly shareName: unknown;
  readonly basePath: unknown;
}

export interface SynologyName {
  readonly archiveId: ArchiveId;
  readonly path: string;
  /** The paths of further rows that name the same archive: the same bytes, kept once by Synology. */
  readonly others: readonly string[];
}

/**
 * The name of each archive that Synology Glacier Backup mapped: `shareName/basePath`, the first row's where several name one
 * archive. Rows of one archive must follow each other (ORDER BY archiveID, key), so that nothing is held but one archive's.
 * Rows without an archive id or a path (directories) have nothing to name and are passed over.
 */
export function* synologyNames(rows: Iterable<SynologyRow>): Generator<SynologyName> {
  let current: { archiveId: ArchiveId; path: string; others: string[] } | undefined;
  for (const row of rows) {
    const archiveId = parseArchiveId(row.archiveID);
    const path = pathOf(row);
    if (archiveId === undefined || path === undefined) continue;
    if (current?.archiveId !== archiveId) {
      if (current) yield current;
      current = { archiveId, path, others: [] };
    } else if (path !== current.path && !current.others.includes(path)) {
      current.others.push(path);
    }
  }
  if (current) yield current;
}

function pathOf({ shareName, basePath }: SynologyRow): string | undefined {
  if (typeof basePath !== 'string' || basePath === '') return undefined;
  const share = typeof shareName === 'string' ? shareName : '';
  return share === '' ? basePath : `${share}/${basePath.replace(/^\/+/, '')}`;
}
