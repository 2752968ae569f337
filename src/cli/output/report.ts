import type { StateFile } from '../../state/state-file.ts';
import { accountOf, type TransferAccount } from '../../steps/account.ts';
import { manifestOf } from '../../steps/manifest.ts';
import type { StatusOptions } from '../../steps/status.ts';
import { csvManifest, jsonLinesManifest } from './manifest.ts';
import { renderAccount } from './report-text.ts';
import type { Pieces } from './write-out.ts';

/** `json` and `text` are the summary; `csv` and `jsonl` the manifest, one line an archive. */
export type ReportForm = 'text' | 'json' | 'csv' | 'jsonl';

export const CONTENT_TYPES: Readonly<Record<ReportForm, string>> = {
  text: 'text/plain; charset=utf-8',
  json: 'application/json',
  csv: 'text/csv; charset=utf-8',
  jsonl: 'application/x-ndjson',
};

/** What the flags ask for; without one, what the name of the output ends in. */
export function formOf(flags: {
  readonly json?: boolean;
  readonly csv?: boolean;
  readonly jsonl?: boolean;
  readonly output?: string;
}): ReportForm {
  if (flags.csv) return 'csv';
  if (flags.jsonl) return 'jsonl';
  if (flags.json) return 'json';
  const ending = /\.(csv|jsonl|json)$/i.exec(flags.output ?? '')?.[1];
  return (ending?.toLowerCase() as ReportForm | undefined) ?? 'text';
}

/** The report, made as it is read: an archive at a time. */
export function reportPieces(state: StateFile, form: ReportForm, options: StatusOptions): Pieces {
  const summary = (render: (account: TransferAccount) => string) => [render(accountOf(state, options))];
  switch (form) {
    case 'csv':
      return csvManifest(manifestOf(state));
    case 'jsonl':
      return jsonLinesManifest(manifestOf(state));
    case 'json':
      return summary((account) => `${JSON.stringify(account)}\n`);
    case 'text':
      return summary(renderAccount);
    default:
      return form satisfies never;
  }
}
