import { createInterface } from 'node:readline/promises';
import { FatalError, UsageError } from '../lib/errors.ts';
import type { Consent } from '../steps/pipeline.ts';
import { formatUsd } from './output/amounts.ts';
import { estimateOf } from './output/plan.ts';
import { renderPlan } from './output/plan-text.ts';
import type { Run, TransferFlags } from './run.ts';

/**
 * Who says yes to what a transfer costs: `--yes`; else, on a terminal, whoever sits there, with the plan before them; else `--max-cost`.
 * Each is asked only where something is about to be spent.
 */
export function createConsent(run: Run, flags: TransferFlags, stop: AbortSignal): Consent {
  const isTerminal = process.stdin.isTTY === true && process.stderr.isTTY === true;
  const given = flags.yes === true || (!isTerminal && flags.maxCost !== undefined);
  return {
    async mayBegin() {
      if (!given && !isTerminal) throw unasked('this would spend money');
    },
    async maySpend() {
      if (given) return;
      const plan = await estimateOf(run.deps, flags, run.options);
      const cost = formatUsd(plan.once.highUsd);
      if (!isTerminal) throw unasked(`this would spend about ${cost}`);
      const answer = await run.pausing(() => ask(`${renderPlan(plan)}\n${question(cost, flags.maxCost)}`, stop));
      if (!/^y(es)?$/i.test(answer.trim()))
        throw new FatalError('declined', 'nothing was asked for: it was not agreed to');
    },
  };
}

function question(cost: string, cap: number | undefined): string {
  const bound = cap === undefined ? '' : `, as far as ${formatUsd(cap)} go`;
  return `Ask for these archives and copy them, for about ${cost}${bound}? [y/N] `;
}

function unasked(what: string): UsageError {
  return new UsageError(
    `${what}, and there is no terminal to ask on: say --yes, or how much with --max-cost; \`glacier2s3 plan\` shows what for`,
  );
}

/** What is typed at the terminal; empty where its input ends (Ctrl-D). Rejects with the reason of `signal`, by Ctrl-C too. */
export async function ask(text: string, signal: AbortSignal): Promise<string> {
  const terminal = createInterface({ input: process.stdin, output: process.stderr });
  // while a line is edited, the terminal gives Ctrl-C as a key
  terminal.on('SIGINT', () => void process.emit('SIGINT'));
  const ended = new Promise<string>((resolve) => terminal.once('close', () => resolve('')));
  try {
    return await Promise.race([terminal.question(text, { signal }), ended]);
  } catch (error) {
    signal.throwIfAborted();
    if (error instanceof Error && error.name === 'AbortError') return '';
    throw error;
  } finally {
    terminal.close();
  }
}
