import { type ChildProcess, spawn } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { onTestFinished } from 'vitest';

/** The built program, as a user starts it: the npm script has built it before. */
export interface Program {
  readonly node: string;
  readonly bin: string;
}

export interface Start {
  /** Added to a bare environment (PATH, HOME, a temporary state folder and no config file); undefined removes. */
  readonly env?: Readonly<Record<string, string | undefined>>;
  readonly cwd?: string;
  /** What it reads; nothing if absent. */
  readonly stdin?: string;
  /** Its stdin stays open, for the test to write to. */
  readonly open?: boolean;
  /** Another Node than that of `program()`. */
  readonly node?: string;
  /** Another bin than that of `program()`. */
  readonly bin?: string;
}

export interface Ended {
  /** null where a signal ended it. */
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
  readonly stdout: string;
  readonly stderr: string;
}

export interface Running {
  readonly child: ChildProcess;
  readonly ended: Promise<Ended>;
  /** What it has written so far. */
  output(): { readonly stdout: string; readonly stderr: string };
  /** Resolves once stdout and stderr together match; rejects if it ends before. */
  until(pattern: RegExp): Promise<void>;
  kill(signal: NodeJS.Signals): void;
}

/** The Node of `G2S3_NODE`, by which the tests are run on each supported Node; else the one that runs the tests. */
export function program(): Program {
  return {
    node: process.env.G2S3_NODE ?? process.execPath,
    bin: fileURLToPath(new URL('../../bin/glacier2s3.js', import.meta.url)),
  };
}

/** An empty folder that is removed at the end of the test. */
export function temporaryFolder(): string {
  const folder = mkdtempSync(join(tmpdir(), 'glacier2s3-'));
  onTestFinished(() => rmSync(folder, { recursive: true, force: true, maxRetries: 3 }));
  return folder;
}

/** Starts the program; what still runs at the end of the test is killed. */
export function start(args: readonly string[], options: Start = {}): Running {
  const { node, bin } = { ...program(), ...withoutUndefined({ node: options.node, bin: options.bin }) };
  const child = spawn(node, [bin, ...args], {
    cwd: options.cwd ?? tmpdir(),
    env: withoutUndefined({
      PATH: process.env.PATH,
      HOME: process.env.HOME,
      XDG_STATE_HOME: options.env?.XDG_STATE_HOME ?? temporaryFolder(),
      GLACIER2S3_CONFIG: '',
      ...options.env,
    }),
    stdio: 'pipe',
  });
  onTestFinished(() => void child.kill('SIGKILL'));

  const output = { stdout: '', stderr: '' };
  const listeners = new Set<() => void>();
  for (const name of ['stdout', 'stderr'] as const) {
    child[name].setEncoding('utf8');
    child[name].on('data', (text: string) => {
      output[name] += text;
      for (const listener of listeners) listener();
    });
  }
  // A program that ends without reading its stdin is no error of the test.
  child.stdin.on('error', () => {});
  if (options.open) child.stdin.write(options.stdin ?? '');
  else child.stdin.end(options.stdin ?? '');

  const ended = new Promise<Ended>((resolve, reject) => {
    child.once('error', reject);
    child.once('close', (code, signal) => resolve({ code, signal, ...output }));
  });

  return {
    child,
    ended,
    output: () => ({ ...output }),
    kill: (signal) => void child.kill(signal),
    until: (pattern) =>
      new Promise((resolve, reject) => {
        const look = () => {
          if (!pattern.test(output.stdout + output.stderr)) return;
          listeners.delete(look);
          resolve();
        };
        listeners.add(look);
        look();
        ended.then(({ code, signal }) => {
          const how = signal ?? `exit code ${code}`;
          reject(new Error(`ended (${how}) before ${pattern}:\n${output.stdout}${output.stderr}`));
        }, reject);
      }),
  };
}

/** Runs the program to its end. */
export function run(args: readonly string[], options: Start = {}): Promise<Ended> {
  return start(args, options).ended;
}

function withoutUndefined<T>(record: Readonly<Record<string, T | undefined>>): Record<string, T> {
  return Object.fromEntries(Object.entries(record).filter((entry): entry is [string, T] => entry[1] !== undefined));
}
