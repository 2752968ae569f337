import type { ServerResponse } from 'node:http';
import { SECOND } from '../../lib/duration.ts';
import { messageOf } from '../../lib/errors.ts';
import type { Log } from '../../lib/log.ts';
import { markOf, PART_NAMES, PARTS, type PartName } from './content.ts';
import type { Range } from './history-charts.ts';
import type { View } from './view.ts';

/** Real milliseconds. */
export interface LiveTimes {
  readonly every: number;
  readonly chartsEvery: number;
}

/** A reply that is silent for so long may be taken for dead by what stands between. */
const SIGN_OF_LIFE = 15 * SECOND;
/** A browser that does not read is not written to: it would be kept in memory. */
const MOST_UNREAD = 1024 * 1024;

/** Sends each part of a page as a server-sent event, at once and whenever it has changed, until the reader is gone. */
export function stream(
  view: View,
  range: Range,
  reply: ServerResponse,
  { times, log, ended }: { readonly times: LiveTimes; readonly log: Log; readonly ended: () => void },
): void {
  const sent = new Map<PartName, string>();
  let chartsAt = Number.NEGATIVE_INFINITY;
  let wroteAt = Number.NEGATIVE_INFINITY;
  const look = () => {
    if (reply.writableLength > MOST_UNREAD) return;
    const now = performance.now();
    const snapshot = view.snapshot();
    for (const id of PART_NAMES) {
      if (id === 'time') {
        if (now - chartsAt < times.chartsEvery) continue;
        chartsAt = now;
      }
      const html = PARTS[id].render(snapshot, range).markup;
      if (sent.get(id) === html) continue;
      sent.set(id, html);
      reply.write(`event: part\ndata: ${JSON.stringify({ id, mark: markOf(html), html })}\n\n`);
      wroteAt = now;
    }
    if (now - wroteAt < SIGN_OF_LIFE) return;
    reply.write(': still here\n\n');
    wroteAt = now;
  };
  const tryLook = () => {
    try {
      look();
    } catch (error) {
      // the browser comes back by itself
      log.warn({ error: messageOf(error) }, 'the dashboard could not read the state');
      reply.destroy();
    }
  };
  const timer = setInterval(tryLook, times.every);
  timer.unref();
  reply.once('close', () => {
    clearInterval(timer);
    ended();
  });
  tryLook();
}
