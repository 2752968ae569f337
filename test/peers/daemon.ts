import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdtempSync, rmSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';

/** A server that others wrote, on loopback, with its data in a temporary folder. Knows `accessKey` with its secret. */
export interface Peer {
  readonly endpoint: string;
  /** Kills its processes and removes its data. */
  stop(): Promise<void>;
}

/** The same as the simulator's, so that a test has only one pair to set up (support/simulator-keys.ts). */
export const accessKey = { id: 'simulator', secret: 'simulator' } as const;

/** Where `install.sh` puts what does not come from the system's packages. */
export const installedFolder = fileURLToPath(new URL('installed', import.meta.url));

/** Whether the commands are there: names are looked up on the PATH, paths as they are. */
export function areInstalled(...commands: readonly string[]): boolean {
  return commands.every((command) =>
    command.includes('/') ? existsSync(command) : spawnSync('which', [command]).status === 0,
  );
}

/** Processes that are started one after the other, share a folder and end together. */
export class DaemonGroup {
  readonly folder = mkdtempSync(join(tmpdir(), 'glacier2s3-peer-'));
  readonly #children: ChildProcess[] = [];
  #output = '';

  start(command: string, args: readonly string[], env: Readonly<Record<string, string>> = {}): void {
    const child = spawn(command, args, {
      cwd: this.folder,
      env: { ...process.env, ...env },
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    for (const stream of [child.stdout, child.stderr]) {
      stream.setEncoding('utf8').on('data', (text: string) => {
        this.#output = (this.#output + text).slice(-4_000);
      });
    }
    child.once('error', (error) => {
      this.#output += String(error);
    });
    this.#children.push(child);
  }

  /** Waits for `isUp`; rejects, with what the processes said, once one has ended or a minute has passed. */
  async until(isUp: () => Promise<boolean>): Promise<void> {
    for (let attempt = 0; attempt < 300; attempt += 1) {
      if (await isUp()) return;
      if (this.#children.some((child) => child.exitCode !== null || child.signalCode !== null)) break;
      await sleep(200);
    }
    throw new Error(`did not start:\n${this.#output}`);
  }

  async stop(): Promise<void> {
    await Promise.all(
      this.#children.map(async (child) => {
        if (child.pid === undefined || child.exitCode !== null || child.signalCode !== null) return;
        const ended = once(child, 'exit');
        child.kill('SIGKILL');
        await ended;
      }),
    );
    rmSync(this.folder, { recursive: true, force: true });
  }
}

/** A port of loopback that was free a moment ago. */
export async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  server.close();
  await once(server, 'close');
  if (address === null || typeof address === 'string') throw new Error('no port');
  return address.port;
}

/** Whether something answers there over HTTP, whatever it says. */
export async function answers(url: string): Promise<boolean> {
  try {
    await (await fetch(url)).arrayBuffer();
    return true;
  } catch {
    return false;
  }
}

/** Runs a command to its end and gives its stdout. */
export async function runToEnd(
  command: string,
  args: readonly string[],
  options: { readonly cwd?: string; readonly env?: Readonly<Record<string, string>> } = {},
): Promise<string> {
  const child = spawn(command, args, {
    cwd: options.cwd,
    env: { ...process.env, ...options.env },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  const output = { stdout: '', stderr: '' };
  for (const name of ['stdout', 'stderr'] as const) {
    child[name].setEncoding('utf8').on('data', (text: string) => {
      output[name] += text;
    });
  }
  const [code] = await once(child, 'close');
  if (code !== 0) throw new Error(`${command} ${args.join(' ')}: exit code ${code}\n${output.stderr}${output.stdout}`);
  return output.stdout;
}
