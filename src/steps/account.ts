import { nameOf } from '../domain/names/name-of.ts';
import type { StateFile } from '../state/state-file.ts';
import type { Total } from '../state/totals.ts';
import { type StatusOptions, statusOf, type TransferStatus } from './status.ts';

/** The account of a transfer in sums: its states add up to the inventory. */
export interface TransferAccount extends TransferStatus {
  /** ISO 8601, by the real clock. */
  readonly madeAt: string;
  /** Skipped archives by the filter. */
  readonly skips: readonly (Total & { readonly filter: string })[];
  /** Archives, copied or not, whose originals the program that uploaded them has compressed or encrypted. */
  readonly flagged: readonly (Total & { readonly original: string })[];
}

export function accountOf(state: StateFile, options: StatusOptions): TransferAccount {
  return {
    ...statusOf(state, options),
    madeAt: new Date(options.now).toISOString(),
    skips: state.account.skips(),
    flagged: flaggedOf(state),
  };
}

function flaggedOf(state: StateFile): TransferAccount['flagged'] {
  const sums = new Map<string, Total>();
  for (const { archiveId, description, size } of state.account.perhapsFlagged()) {
    const { compressed, encrypted } = nameOf(archiveId, description).flags;
    const original = [compressed && 'compressed', encrypted && 'encrypted'].filter(Boolean).join(' and ');
    if (original === '') continue;
    const { count, bytes } = sums.get(original) ?? { count: 0, bytes: 0 };
    sums.set(original, { count: count + 1, bytes: bytes + size });
  }
  return [...sums].map(([original, sum]) => ({ original, ...sum })).sort((a, b) => b.count - a.count);
}
