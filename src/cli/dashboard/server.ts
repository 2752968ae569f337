import { createHash, randomBytes, timingSafeEqual } from 'node:crypto';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { SECOND } from '../../lib/duration.ts';
import { KnownError, messageOf } from '../../lib/errors.ts';
import type { Log } from '../../lib/log.ts';
import { type ListenAddress, namesThisMachine, type Reply, startWebServer } from '../../lib/web-server.ts';
import { html } from '../output/markup.ts';
import { failuresBody, listBody, transferBody } from './content.ts';
import { document, ICON, SECURITY_HEADERS } from './document.ts';
import { type Range, rangeOf } from './history-charts.ts';
import { type LiveTimes, stream } from './live.ts';
import type { View, Views } from './view.ts';

export interface Dashboard {
  /** With the token: whoever has it may look. */
  readonly url: string;
  close(): Promise<void>;
}

/** Pages that are kept up to date at once; each reads the state file on its own. */
const MOST_STREAMS = 16;
/** Archives on a page of failures. */
const PAGE = 50;

/**
 * Serves the dashboard to this machine alone, to whoever has the token that is part of its address.
 * @throws {FatalError} `listen_failed`.
 */
export async function startDashboard(
  views: Views,
  address: ListenAddress,
  { log, times }: { readonly log: Log; readonly times: LiveTimes },
): Promise<Dashboard> {
  const token = randomBytes(24).toString('base64url');
  const routes = new Routes(views, times, log);
  const server = await startWebServer(
    address,
    (request, url) => {
      const [, given = '', ...path] = url.pathname.split('/');
      const allowed = namesThisMachine(request) && isSame(given, token);
      const reply = allowed ? routes.answer(path, url, request) : forbidden();
      return { ...reply, headers: { ...SECURITY_HEADERS, ...reply.headers } };
    },
    (error) => log.warn({ error: messageOf(error) }, 'the dashboard could not answer'),
  );
  return { url: `${server.origin}/${token}/`, close: server.close };
}

/** In the same time whatever is given. */
function isSame(given: string, token: string): boolean {
  const digest = (text: string) => createHash('sha256').update(text).digest();
  return timingSafeEqual(digest(given), digest(token));
}

function forbidden(): Reply {
  return { status: 403, body: 'open the address that the program has printed, with the token in it\n' };
}

class Routes {
  readonly #views: Views;
  readonly #times: LiveTimes;
  readonly #log: Log;
  #streams = 0;

  constructor(views: Views, times: LiveTimes, log: Log) {
    this.#views = views;
    this.#times = times;
    this.#log = log;
  }

  /** @param path what follows the token. */
  answer(path: readonly string[], url: URL, request: IncomingMessage): Reply {
    if (path.at(-1) === 'icon.svg') return { status: 200, headers: { 'content-type': 'image/svg+xml' }, body: ICON };
    if (path.length === 0) return redirect(`${url.pathname}/`);
    const [key = '', page] = path;
    if (path.length === 1) return key === '' ? this.#list() : redirect(`${url.pathname}/`);
    if (path.length > 2) return notFound();
    const range = rangeOf(url.searchParams.get('range'));
    try {
      const view = this.#views.open(decodeURIComponent(key));
      if (!view) return notFound();
      if (page === 'events') return this.#events(view, range, request);
      try {
        if (page === '') return this.#page(view, range);
        if (page === 'failures') return this.#failures(view, url.searchParams);
        return notFound();
      } finally {
        view.close();
      }
    } catch (error) {
      if (error instanceof URIError) return notFound();
      if (!(error instanceof KnownError)) throw error;
      return htmlReply('It can not be read', html`<h1>It can't be read just now</h1><p>${error.message}</p>`, 503);
    }
  }

  #list(): Reply {
    const transfers = this.#views.list();
    const [only] = transfers;
    if (only && transfers.length === 1) return redirect(`./${encodeURIComponent(only.key)}/`);
    return htmlReply('Transfers', listBody(transfers));
  }

  #page(view: View, range: Range): Reply {
    const snapshot = view.snapshot();
    const { vault, bucket } = snapshot.status;
    const body = document({ title: `${vault} to ${bucket}`, body: transferBody(snapshot, range), live: true });
    return { status: 200, headers: HTML, body };
  }

  #failures(view: View, query: URLSearchParams): Reply {
    const code = query.get('code') ?? '';
    const after = Number(query.get('after') ?? 0);
    const known = view.snapshot().status.failures.find((failure) => failure.code === code);
    if (!known || !Number.isSafeInteger(after)) return notFound();
    const archives = view.failures(code, after, PAGE);
    return htmlReply(`Failed: ${code}`, failuresBody(code, archives, { total: known.count, limit: PAGE, after }));
  }

  #events(view: View, range: Range, request: IncomingMessage): Reply {
    if (request.method === 'HEAD' || this.#streams >= MOST_STREAMS) {
      view.close();
      return request.method === 'HEAD'
        ? { status: 200, headers: EVENTS }
        : { status: 503, headers: { 'retry-after': '30' }, body: 'too many pages are open\n' };
    }
    this.#streams += 1;
    const ended = () => {
      this.#streams -= 1;
      view.close();
    };
    return {
      status: 200,
      headers: EVENTS,
      body: (reply: ServerResponse) => stream(view, range, reply, { times: this.#times, log: this.#log, ended }),
    };
  }
}

const HTML = { 'content-type': 'text/html; charset=utf-8' } as const;
const EVENTS = { 'content-type': 'text/event-stream' } as const;

function htmlReply(title: string, body: Parameters<typeof document>[0]['body'], status = 200): Reply {
  return { status, headers: HTML, body: document({ title, body, live: false }) };
}

function redirect(location: string): Reply {
  return { status: 302, headers: { location } };
}

function notFound(): Reply {
  return { status: 404, body: 'there is nothing here\n' };
}

/** How often pages are looked after, in real milliseconds: the rest, and the charts, which are large. */
export function liveTimes(speed: number): LiveTimes {
  return speed > 1 ? { every: SECOND / 2, chartsEvery: SECOND } : { every: SECOND, chartsEvery: 15 * SECOND };
}
