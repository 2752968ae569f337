import { spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { inflateSync } from 'node:zlib';

/** A page in a headless Chromium, driven by the DevTools protocol. */
export interface BrowserPage {
  /** Loads the file and waits until it is laid out. */
  open(fileUrl: string): Promise<void>;
  /** The value of a JavaScript expression in the page, as JSON. */
  evaluate<T>(expression: string): Promise<T>;
  /** `width` in CSS pixels; the scheme as the user's system would have it. */
  look(view: { readonly width: number; readonly scheme: 'light' | 'dark' }): Promise<void>;
  /** The colour that is painted at a point of the document, in CSS pixels: red, green, blue. */
  colorAt(x: number, y: number): Promise<readonly [number, number, number]>;
  /** The whole document as a PNG file. */
  screenshot(path: string): Promise<void>;
  /** Every address that was asked for since `open`, and what the browser complained about. */
  readonly requests: readonly string[];
  readonly complaints: readonly string[];
}

const PLACES = ['/usr/bin/chromium', '/usr/bin/chromium-browser', '/usr/bin/google-chrome'];

/** Where the browser is: named in CHROMIUM, or in its usual place. */
export function chromiumPath(): string {
  const found = [process.env.CHROMIUM, ...PLACES].find((path) => path !== undefined && existsSync(path));
  if (found === undefined) {
    throw new Error('no Chromium: install one (apt-get install chromium), or name it in CHROMIUM');
  }
  return found;
}

type Message = { id?: number; method?: string; result?: unknown; error?: { message: string }; params?: unknown };

/** Starts a Chromium with one page, gives it to `use`, and ends it. */
export async function withChromium(use: (page: BrowserPage) => Promise<void>): Promise<void> {
  const profile = await mkdtemp(join(tmpdir(), 'chromium-'));
  const child = spawn(
    chromiumPath(),
    [
      '--headless',
      // Chromium's sandbox does not start for root, as which CI may run.
      ...(process.getuid?.() === 0 ? ['--no-sandbox'] : []),
      '--disable-gpu',
      '--disable-quic',
      '--no-first-run',
      '--disable-background-networking',
      '--disable-component-update',
      '--disable-sync',
      '--hide-scrollbars',
      '--remote-debugging-port=0',
      `--user-data-dir=${profile}`,
      'about:blank',
    ],
    { stdio: ['ignore', 'ignore', 'pipe'] },
  );
  const ended = new Promise<void>((resolve) => child.once('close', () => resolve()));
  try {
    const socket = new WebSocket(await debuggerUrl(child.stderr));
    await new Promise((resolve, reject) => {
      socket.addEventListener('open', resolve, { once: true });
      socket.addEventListener('error', () => reject(new Error("Chromium's debugger refuses")), { once: true });
    });
    await use(await attach(socket));
    socket.close();
  } finally {
    child.kill();
    await ended;
    await rm(profile, { recursive: true, force: true, maxRetries: 5 });
  }
}

/** Chromium prints it as soon as it listens. */
async function debuggerUrl(stderr: AsyncIterable<Buffer>): Promise<string> {
  let text = '';
  for await (const chunk of stderr) {
    text += chunk.toString();
    const url = /DevTools listening on (ws:\S+)/.exec(text)?.[1];
    if (url !== undefined) return url;
  }
  throw new Error(`Chromium did not start: ${text.slice(-500)}`);
}

async function attach(socket: WebSocket): Promise<BrowserPage> {
  const waiting = new Map<number, (message: Message) => void>();
  const listeners = new Set<(message: Message) => void>();
  let lastId = 0;
  let sessionId: string | undefined;
  socket.addEventListener('message', ({ data }) => {
    const message = JSON.parse(String(data)) as Message;
    if (message.id === undefined) for (const listener of listeners) listener(message);
    else waiting.get(message.id)?.(message);
  });

  async function send<T>(method: string, params: object = {}): Promise<T> {
    lastId += 1;
    const id = lastId;
    const answer = new Promise<Message>((resolve) => waiting.set(id, resolve));
    socket.send(JSON.stringify({ id, method, params, ...(sessionId !== undefined && { sessionId }) }));
    const { result, error } = await answer;
    waiting.delete(id);
    if (error) throw new Error(`${method}: ${error.message}`);
    return result as T;
  }

  const { targetId } = await send<{ targetId: string }>('Target.createTarget', { url: 'about:blank' });
  ({ sessionId } = await send<{ sessionId: string }>('Target.attachToTarget', { targetId, flatten: true }));
  for (const domain of ['Page', 'Network', 'Log', 'Runtime']) await send(`${domain}.enable`);

  const requests: string[] = [];
  const complaints: string[] = [];
  listeners.add(({ method, params }) => {
    if (method === 'Network.requestWillBeSent') requests.push((params as { request: { url: string } }).request.url);
    if (method === 'Log.entryAdded') complaints.push((params as { entry: { text: string } }).entry.text);
    if (method === 'Runtime.consoleAPICalled') complaints.push('a script wrote to the console');
    if (method === 'Page.javascriptDialogOpening') complaints.push('a dialog opened');
    if (method === 'Runtime.exceptionThrown') complaints.push('a script failed');
  });

  return {
    requests,
    complaints,
    async open(fileUrl) {
      requests.length = 0;
      complaints.length = 0;
      const loaded = new Promise<void>((resolve) => {
        const listener = ({ method }: Message) => {
          if (method !== 'Page.loadEventFired') return;
          listeners.delete(listener);
          resolve();
        };
        listeners.add(listener);
      });
      await send('Page.navigate', { url: fileUrl });
      await loaded;
    },
    async evaluate<T>(expression: string) {
      const { result, exceptionDetails } = await send<{ result: { value: T }; exceptionDetails?: { text: string } }>(
        'Runtime.evaluate',
        { expression, returnByValue: true, awaitPromise: true },
      );
      if (exceptionDetails) throw new Error(`${exceptionDetails.text}: ${expression}`);
      return result.value;
    },
    async look({ width, scheme }) {
      await send('Emulation.setDeviceMetricsOverride', { width, height: 900, deviceScaleFactor: 1, mobile: false });
      await send('Emulation.setEmulatedMedia', { features: [{ name: 'prefers-color-scheme', value: scheme }] });
    },
    async colorAt(x, y) {
      const clip = { x: Math.floor(x), y: Math.floor(y), width: 1, height: 1, scale: 1 };
      const shot = { format: 'png', clip, captureBeyondViewport: true };
      const { data } = await send<{ data: string }>('Page.captureScreenshot', shot);
      return onlyPixel(Buffer.from(data, 'base64'));
    },
    async screenshot(path) {
      const shot = { format: 'png', captureBeyondViewport: true };
      const { data } = await send<{ data: string }>('Page.captureScreenshot', shot);
      await mkdir(dirname(path), { recursive: true });
      await writeFile(path, data, 'base64');
    },
  };
}

/** Of a PNG of one pixel: its row is a filter byte, which changes nothing without neighbours, then red, green, blue. */
function onlyPixel(png: Buffer): readonly [number, number, number] {
  const body: Buffer[] = [];
  for (let at = 8; at < png.length; at += 12 + png.readUInt32BE(at)) {
    if (png.toString('latin1', at + 4, at + 8) === 'IDAT')
      body.push(png.subarray(at + 8, at + 8 + png.readUInt32BE(at)));
  }
  const [, red = 0, green = 0, blue = 0] = inflateSync(Buffer.concat(body));
  return [red, green, blue];
}
