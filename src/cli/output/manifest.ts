import type { ManifestLine } from '../../steps/manifest.ts';
import { csvLine } from './csv.ts';

/** The columns of the CSV manifest, in their order. New ones come at the end. */
const COLUMNS: Readonly<Record<string, (line: ManifestLine) => string | number | undefined>> = {
  archive_id: ({ archiveId }) => archiveId,
  description: ({ description }) => description,
  created_at: ({ createdAt }) => createdAt,
  size: ({ size }) => size,
  tree_hash: ({ treeHash }) => treeHash,
  state: ({ state }) => state,
  reason: ({ reason }) => reason,
  message: ({ message }) => message,
  key: ({ key }) => key,
  etag: ({ etag }) => etag,
  version_id: ({ versionId }) => versionId,
  checksum_algorithm: ({ checksum }) => checksum?.algorithm,
  checksum_type: ({ checksum }) => checksum?.type,
  checksum: ({ checksum }) => checksum?.value,
  verified_at: ({ verifiedAt }) => verifiedAt,
  requests: ({ requests }) => requests,
  format: ({ format }) => format,
  flags: ({ flags }) => flags?.join(' '),
  inventory_row: ({ inventoryRow }) => inventoryRow,
  purged_at: ({ purgedAt }) => purgedAt,
};

/** RFC 4180 but for the line ends, which are line feeds; with a header. */
export function* csvManifest(lines: Iterable<ManifestLine>): Generator<string> {
  const columns = Object.values(COLUMNS);
  yield csvLine(Object.keys(COLUMNS));
  for (const line of lines) yield csvLine(columns.map((column) => column(line)));
}

/** One JSON object a line; what is not there has no field. */
export function* jsonLinesManifest(lines: Iterable<ManifestLine>): Generator<string> {
  for (const line of lines) yield `${JSON.stringify(line)}\n`;
}
