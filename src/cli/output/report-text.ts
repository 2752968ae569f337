import { STATES, type State } from '../../domain/progress.ts';
import { formatSize } from '../../lib/size.ts';
import type { TransferAccount } from '../../steps/account.ts';
import { formatCount } from './amounts.ts';
import { costText, visible } from './status-text.ts';
import { alignColumns } from './text-table.ts';

const MEANINGS: Readonly<Record<State, string>> = {
  listed: 'listed, without a key yet',
  skipped: 'skipped',
  planned: 'to be asked for',
  requested: 'asked for',
  staged: 'staged by Glacier',
  transferring: 'being copied',
  transferred: 'copied, not yet verified',
  verified: 'copied and verified',
  failed: 'failed',
};

interface Sum {
  readonly count: number;
  readonly bytes?: number;
}

/** The account as a terminal shows it: every archive of the inventory is in one of its lines. */
export function renderAccount(account: TransferAccount): string {
  const { vault, bucket, prefix, phase, inventoryDate, archives, failures, purged, skips, flagged } = account;
  const row = (name: string, { count, bytes }: Sum) => [
    name,
    formatCount(count),
    bytes === undefined ? '' : formatSize(bytes),
  ];
  const rows = [
    ['', 'archives', 'size'],
    ...[...STATES]
      .reverse()
      .filter((state) => archives[state].count > 0)
      .flatMap((state) => [
        row(MEANINGS[state], archives[state]),
        ...(state === 'failed' ? failures.map(({ code, count }) => row(`  ${code}`, { count })) : []),
        ...(state === 'skipped' ? skips.map((skip) => row(`  ${skip.filter}`, skip)) : []),
      ]),
    row('all of the inventory', archives.total),
    ...(purged.count > 0 ? [row('  deleted from the vault since', purged)] : []),
    ...(flagged.length > 0
      ? [
          ['', '', ''],
          ['originals that only their program can open:', '', ''],
        ]
      : []),
    ...flagged.map((sum) => row(`  ${sum.original}`, sum)),
  ];
  const head = `${vault} to ${bucket}${prefix && `/${prefix}`}: ${phase}`;
  const dated = `the state of ${account.madeAt}${inventoryDate ? `, the inventory of ${inventoryDate}` : ''}`;
  const cost = costText(account);
  return `${visible(head)}\n${dated}\n${cost && `${cost}\n`}\n${alignColumns(rows, ['left', 'right', 'right']).join('\n')}\n`;
}
