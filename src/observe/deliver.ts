import { setTimeout as delay } from 'node:timers/promises';
import { SECOND } from '../lib/duration.ts';
import { messageOf } from '../lib/errors.ts';
import type { Log } from '../lib/log.ts';
import type { Messages } from '../ports.ts';
import type { Notice } from './notices.ts';

/** One place that notices are sent to. */
export interface Target {
  /** For the log: without what is secret about it. */
  readonly name: string;
  send(notice: Notice, signal: AbortSignal): Promise<void>;
}

/** Real milliseconds: what one try may take, and the pauses before the others. */
const PATIENCE = 10 * SECOND;
const PAUSES = [SECOND, 5 * SECOND];

/** Posts the notice as JSON. Any answer in the two hundreds will do; a redirection is not followed. */
export function urlTarget(url: string): Target {
  return {
    // the rest of an address is often a secret
    name: new URL(url).origin,
    async send(notice, signal) {
      const headers = { 'content-type': 'application/json' };
      const answer = await fetch(url, {
        method: 'POST',
        headers,
        body: JSON.stringify(notice),
        redirect: 'manual',
        signal,
      });
      await answer.body?.cancel();
      if (!answer.ok) throw new Error(`the answer was ${answer.status || 'a redirection'}`);
    },
  };
}

/** SNS refuses a longer subject. */
const LONGEST_SUBJECT = 100;

/** Publishes the notice as JSON, with its text as the subject that an e-mail has. */
export function topicTarget(messages: Messages, topicArn: string): Target {
  return {
    name: topicArn,
    send: (notice, signal) =>
      messages.publish(
        topicArn,
        { subject: notice.text.slice(0, LONGEST_SUBJECT), text: JSON.stringify(notice) },
        signal,
      ),
  };
}

/** Sends a notice, three times at most. A failure is logged and nothing else. @returns whether it was taken. */
export async function deliver(
  target: Target,
  notice: Notice,
  {
    log,
    signal,
    pauses = PAUSES,
  }: { readonly log: Log; readonly signal: AbortSignal; readonly pauses?: readonly number[] },
): Promise<boolean> {
  for (const [tries, pause] of [0, ...pauses].entries()) {
    try {
      await delay(pause, undefined, { signal });
      await target.send(notice, AbortSignal.any([signal, AbortSignal.timeout(PATIENCE)]));
      return true;
    } catch (error) {
      const why = signal.aborted ? 'the run has ended' : reasonOf(error);
      log.warn({ target: target.name, notice: notice.type, tries: tries + 1, error: why }, 'a notice was not taken');
      if (signal.aborted) return false;
    }
  }
  return false;
}

/** `fetch` says only that it failed, and why in the cause. */
function reasonOf(error: unknown): string {
  return error instanceof Error && error.cause !== undefined ? messageOf(error.cause) : messageOf(error);
}
