import { readFileSync, writeFileSync } from 'node:fs';
import { request } from 'node:http';
import { join } from 'node:path';
import { expect, it, onTestFinished } from 'vitest';
import { startDashboard } from '../../src/cli/dashboard/server.ts';
import { viewsOf } from '../../src/cli/dashboard/view.ts';
import { systemClock } from '../../src/lib/clock.ts';
import type { Log } from '../../src/lib/log.ts';
import { parseListen } from '../../src/lib/web-server.ts';
import { temporaryFolder } from '../support/program.ts';
import { HOSTILE_NAME, writeSampleState } from '../support/sample-state.ts';

const silent: Log = { debug() {}, info() {}, warn() {}, error() {} };
const NOW = Date.UTC(2026, 10, 22, 12);

interface Answer {
  readonly status: number;
  readonly headers: Readonly<Record<string, string | string[] | undefined>>;
  readonly text: string;
}

/** A request as it stands: `fetch` would choose the Host itself, and follow redirections. */
function ask(
  url: string,
  { method = 'GET', headers = {} }: { method?: string; headers?: Record<string, string> } = {},
) {
  return new Promise<Answer>((resolve, reject) => {
    request(url, { method, headers }, (reply) => {
      let text = '';
      reply.setEncoding('utf8').on('data', (piece: string) => {
        text += piece;
      });
      reply.on('end', () => resolve({ status: reply.statusCode ?? 0, headers: reply.headers, text }));
    })
      .on('error', reject)
      .end();
  });
}

/** A dashboard of a state directory with one transfer. */
async function setup({ transfers = 1 } = {}) {
  const dir = temporaryFolder();
  const sample = transfers > 0 ? writeSampleState(dir, NOW) : undefined;
  const views = viewsOf({ dir }, { clock: { ...systemClock(), now: () => NOW }, speed: 1 });
  const dashboard = await startDashboard(views, parseListen('127.0.0.1:0'), {
    log: silent,
    times: { every: 20, chartsEvery: 20 },
  });
  onTestFinished(() => dashboard.close());
  const home = await ask(dashboard.url);
  const page = new URL(String(home.headers.location ?? ''), dashboard.url).href;
  return { dir, dashboard, home, page, sample, origin: new URL(dashboard.url).origin };
}

it('shows the one transfer there is, with its numbers', async () => {
  const { home, page } = await setup();
  expect(home.status).toBe(302);
  const { status, text } = await ask(page);
  expect(status).toBe(200);
  expect(text).toContain('<dt>Archives copied</dt><dd>300<small>of 523 · 57.4 %</small>');
  expect(text).toContain('<dt>Failed</dt><dd>123<small>123 MiB</small>');
  expect(text).toContain('the next expires in 1h');
  expect(text).toContain('an archive failed');
});

it('is for whoever has the token, and for nobody else', async () => {
  const { dashboard, origin, page } = await setup();
  const wrong = page.replace(/.(?=\/[^/]+\/$)/, (last) => (last === 'A' ? 'B' : 'A'));
  for (const url of [origin, `${origin}/`, wrong, `${wrong}events`, `${origin}/favicon.ico`]) {
    const { status, text } = await ask(url);
    expect([url, status]).toEqual([url, 403]);
    expect(text).not.toContain('photos');
  }
  expect(new URL(dashboard.url).pathname).toMatch(/^\/[\w-]{32}\/$/);
});

it('answers no page of another site whose name was made to point here', async () => {
  const { page } = await setup();
  for (const host of ['evil.example', 'evil.example:8423', '127.0.0.1.evil.example', 'localhost.evil.example']) {
    expect((await ask(page, { headers: { host } })).status).not.toBe(200);
  }
  for (const host of ['localhost:9999', '127.0.0.1', '[::1]:8423', 'LOCALHOST']) {
    expect((await ask(page, { headers: { host } })).status).toBe(200);
  }
});

it('refuses to be asked for anything but to be looked at', async () => {
  const { page } = await setup();
  for (const method of ['POST', 'PUT', 'DELETE', 'PATCH', 'OPTIONS']) {
    const { status, headers } = await ask(page, { method });
    expect([status, headers.allow]).toEqual([405, 'GET, HEAD']);
  }
  expect(await ask(page, { method: 'HEAD' })).toMatchObject({ status: 200, text: '' });
});

it('changes not one byte of the state file', async () => {
  const { page, sample } = await setup();
  const before = readFileSync(sample?.path ?? '');
  for (const path of ['', 'failures?code=archive_not_found', 'icon.svg']) await ask(page + path);
  expect(readFileSync(sample?.path ?? '').equals(before)).toBe(true);
});

it('lets in no script, style or image but its own, and tells nobody its address', async () => {
  const { page } = await setup();
  const { headers, text } = await ask(page);
  const policy = String(headers['content-security-policy']).split('; ');
  expect(policy).toContain("default-src 'none'");
  expect(policy.join()).not.toMatch(/unsafe|https?:|\*/);
  expect(headers).toMatchObject({
    'referrer-policy': 'no-referrer',
    'x-content-type-options': 'nosniff',
    'cache-control': 'no-store',
  });
  expect(text).not.toMatch(/(src|href)="(https?:)?\/\//);
  expect(text).not.toMatch(/ style="| on\w+="/);
  expect(text).not.toContain(HOSTILE_NAME);
});

it('lists the archives behind a code of failure, page by page, each once', async () => {
  const { page } = await setup();
  let path: string | undefined = 'failures?code=archive_not_found';
  const ids: string[] = [];
  const sizes: number[] = [];
  while (path !== undefined) {
    const { text } = await ask(page + path);
    const found = [...text.matchAll(/archive-\d+/g)].map(([id]) => id);
    ids.push(...found);
    sizes.push(found.length);
    path = /href="([^"]+)">next page/.exec(text)?.[1]?.replaceAll('&amp;', '&');
    expect(text).not.toContain(HOSTILE_NAME);
  }
  expect(sizes).toEqual([50, 50, 20]);
  expect(new Set(ids).size).toBe(120);
});

it.each(['failures?code=nothing', 'failures?code=archive_not_found&after=x', 'nowhere', '../none/', '%zz/', 'a/b/c'])(
  'has nothing at %s',
  async (path) => {
    const { page } = await setup();
    expect((await ask(page + path)).status).toBe(404);
  },
);

it('sends every part at once, and again only what has changed', async () => {
  const { page } = await setup();
  const parts = await new Promise<string[]>((resolve, reject) => {
    const seen: string[] = [];
    const asked = request(`${page}events?range=7d`, (reply) => {
      expect(reply.headers['content-type']).toBe('text/event-stream');
      reply.setEncoding('utf8').on('data', (text: string) => {
        for (const [, data] of text.matchAll(/^data: (.*)$/gm)) {
          if (data?.endsWith('}')) seen.push((JSON.parse(data) as { id: string }).id);
        }
      });
      // twenty looks at what does not change
      setTimeout(() => {
        asked.destroy();
        resolve(seen);
      }, 400);
    });
    asked.on('error', reject).end();
  });
  expect(parts.filter((id) => id !== 'time')).toEqual(['head', 'figures', 'progress', 'staged', 'failures', 'log']);
});

it('says so where there is no transfer yet, and lists them where there are several', async () => {
  const { dashboard, home } = await setup({ transfers: 0 });
  expect(home).toMatchObject({ status: 200, text: expect.stringContaining('There is none') });
  await dashboard.close();
});

it('says what is wrong with a state file that can not be read', async () => {
  const { dir, dashboard } = await setup({ transfers: 0 });
  writeFileSync(join(dir, 'photos--copies--00000000.sqlite'), 'no database at all'.repeat(100));
  const page = await ask(`${dashboard.url}photos--copies--00000000/`);
  expect(page).toMatchObject({ status: 503, text: expect.stringContaining('is damaged') });
});

it.each(['0.0.0.0:0', '192.168.1.1:80', 'example.com:80', '[::]:80'])(
  'listens on this machine alone, not on %s',
  (address) => {
    expect(() => parseListen(address)).toThrow('could be reached by other machines');
  },
);

it.each([
  ['8080', { host: '127.0.0.1', port: 8080 }],
  [':8080', { host: '127.0.0.1', port: 8080 }],
  ['[::1]:0', { host: '::1', port: 0 }],
  ['localhost:65535', { host: 'localhost', port: 65_535 }],
])('takes %s for an address', (text, address) => {
  expect(parseListen(text)).toEqual(address);
});

it.each(['', '127.0.0.1', '127.0.0.1:', '127.0.0.1:65536', 'http://127.0.0.1:80', '::1:80', '127.0.0.1:8x'])(
  'refuses "%s" as an address',
  (text) => {
    expect(() => parseListen(text)).toThrow('is no address to listen on');
  },
);

it('says in one line that a port is taken', async () => {
  const { dashboard } = await setup();
  const port = Number(new URL(dashboard.url).port);
  const views = viewsOf({ dir: temporaryFolder() }, { clock: systemClock(), speed: 1 });
  const again = startDashboard(
    views,
    { host: '127.0.0.1', port },
    { log: silent, times: { every: 9, chartsEvery: 9 } },
  );
  await expect(again).rejects.toMatchObject({ code: 'listen_failed' });
});
