import { KnownError } from '../../lib/errors.ts';
import { formatSize } from '../../lib/size.ts';
import { type Outcome, transferVault } from '../../steps/pipeline.ts';
import type { TransferStatus } from '../../steps/status.ts';
import { backingUp } from '../backing-up.ts';
import { createConsent } from '../consent.ts';
import type { Io } from '../io.ts';
import { type TransferFlags, withRun } from '../run.ts';

/** Copies a vault to a bucket. @returns the exit code. */
export async function transfer(flags: TransferFlags, io: Io): Promise<number> {
  try {
    return await copy(flags, io);
  } catch (error) {
    if (flags.json && error instanceof KnownError) {
      const { code, message } = error;
      process.stdout.write(`${JSON.stringify({ type: 'error', code, message })}\n`);
    }
    throw error;
  }
}

async function copy(flags: TransferFlags, io: Io): Promise<number> {
  const { outcome, status } = await withRun(flags, io, async (run) => {
    const consent = createConsent(run, flags, io.stop);
    const backups = backingUp(flags, run);
    try {
      const ended = await transferVault(run.deps, run.options, { watchHold: run.setHold, consent });
      return { outcome: ended, status: run.status() };
    } finally {
      await backups?.end();
    }
  });
  process.stdout.write(
    flags.json
      ? `${JSON.stringify({ type: 'summary', outcome: outcome.type, ...status })}\n`
      : summary(outcome, status),
  );
  return exitCodeOf(outcome, io);
}

function exitCodeOf(outcome: Outcome, io: Io): number {
  switch (outcome.type) {
    case 'finished':
      return outcome.failed > 0 ? 3 : 0;
    case 'pending':
      return 75;
    case 'cost':
    case 'cap':
      return 8;
    case 'duration':
      return 10;
    case 'stopped':
      return io.stop.reason === 'SIGTERM' ? 143 : 130;
    default:
      return outcome satisfies never;
  }
}

const ENDINGS: Readonly<Record<Exclude<Outcome['type'], 'finished'>, string>> = {
  pending: 'work is pending at Glacier: run the same command again',
  cost: '--max-cost was reached, and what was asked for is copied: run again with a higher one to go on',
  cap: '--max-transfer was reached: run the same command again to go on',
  duration: '--max-duration was reached: run the same command again to go on',
  stopped: 'stopped: run the same command again to go on',
};

/** What the run has come to: every archive of the inventory is in one of these lines. */
function summary(outcome: Outcome, { archives, failures, vault, bucket, phase }: TransferStatus): string {
  const line = (label: string, { count, bytes }: { count: number; bytes: number }) =>
    `  ${label.padEnd(12)} ${String(count).padStart(11)}   ${formatSize(bytes)}\n`;
  const { total, ...states } = archives;
  const rows = Object.entries(states).filter(([, { count }]) => count > 0);
  const head =
    outcome.type === 'finished' ? `${vault} to ${bucket}: ${phase}` : `${vault} to ${bucket}: ${ENDINGS[outcome.type]}`;
  const codes = failures.map(({ code, count }) => `  failed with ${code}: ${count}\n`);
  return `${head}\n${rows.map(([name, sum]) => line(name, sum)).join('')}${line('total', total)}${codes.join('')}`;
}
