import { type ChildProcess, execFileSync, spawn } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import type { StubStats } from './stub-cloud.ts';

export interface Stub {
  readonly raw: number;
  readonly http: number;
  readonly tls: number;
  /** The self-signed certificate, for NODE_EXTRA_CA_CERTS. */
  readonly certificate: string;
  /** Counts anew. */
  reset(): Promise<void>;
  /** Counts anew, and has never been asked for anything. */
  forget(): Promise<void>;
  stats(): Promise<StubStats>;
  stop(): void;
}

export interface Ended {
  readonly stdout: string;
  readonly code: number;
  /** Peak resident memory in bytes; 0 where the system does not tell. */
  readonly peak: number;
}

const here = (name: string) => new URL(name, import.meta.url).pathname;
/** Looking at the peak that the kernel keeps, in milliseconds: the last look before the end counts. */
const LOOK_EVERY = 50;

/** Starts the stub in a process of its own. */
export async function startStub(): Promise<Stub> {
  const directory = mkdtempSync(join(tmpdir(), 'glacier2s3-bench-'));
  const [key, certificate] = [join(directory, 'key.pem'), join(directory, 'cert.pem')];
  const names = ['-subj', '/CN=127.0.0.1', '-addext', 'subjectAltName=IP:127.0.0.1'];
  const openssl = ['req', '-x509', '-newkey', 'rsa:2048', '-nodes', '-days', '2', ...names];
  execFileSync('openssl', [...openssl, '-keyout', key, '-out', certificate], { stdio: 'ignore' });
  const env = { ...process.env, STUB_KEY: readFileSync(key, 'utf8'), STUB_CERT: readFileSync(certificate, 'utf8') };
  const child = spawn(process.execPath, [here('stub.ts')], { env, stdio: ['pipe', 'pipe', 'inherit'] });
  const line = await new Promise<string>((resolve, reject) => {
    child.stdout.once('data', (data) => resolve(String(data)));
    child.once('exit', (code) => reject(new Error(`the stub ended with ${code}`)));
  });
  const ports = JSON.parse(line) as Pick<Stub, 'raw' | 'http' | 'tls'>;
  const get = async (path: string) => (await fetch(`http://127.0.0.1:${ports.http}${path}`)).json();
  return {
    ...ports,
    certificate,
    reset: async () => void (await get('/-/reset')),
    forget: async () => void (await get('/-/forget')),
    stats: async () => (await get('/-/stats')) as StubStats,
    stop() {
      child.kill();
      rmSync(directory, { recursive: true });
    },
  };
}

/** Runs a script of this folder, or the program's own, and waits for its end. */
export async function run(
  script: string,
  args: readonly (string | number)[],
  { env = {}, onSpawn }: { env?: Record<string, string>; onSpawn?: (child: ChildProcess) => void } = {},
): Promise<Ended> {
  const child = spawn(process.execPath, [here(script), ...args.map(String)], {
    env: {
      ...process.env,
      AWS_ACCESS_KEY_ID: 'bench',
      AWS_SECRET_ACCESS_KEY: 'bench',
      AWS_REGION: 'us-east-1',
      AWS_EC2_METADATA_DISABLED: 'true',
      ...env,
    },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  onSpawn?.(child);
  let [stdout, stderr] = ['', ''];
  child.stdout.on('data', (data) => {
    stdout += data;
  });
  child.stderr.on('data', (data) => {
    stderr += data;
  });
  let peak = 0;
  const looking = setInterval(() => {
    peak = Math.max(peak, peakOf(child.pid));
  }, LOOK_EVERY);
  const code = await new Promise<number>((resolve) => child.once('close', (ended) => resolve(ended ?? 1)));
  clearInterval(looking);
  if (![0, 75].includes(code)) throw new Error(`${script} ${args.join(' ')} ended with ${code}:\n${stderr}`);
  return { stdout, code, peak };
}

/** As `run`, for a script that prints one JSON value as its last line. */
export async function runJson<T>(...wanted: Parameters<typeof run>): Promise<T> {
  const { stdout } = await run(...wanted);
  return JSON.parse(stdout.trim().split('\n').at(-1) ?? '') as T;
}

/** Lets the machine come to rest between two measurements. */
export function rest(): Promise<void> {
  return delay(300);
}

function peakOf(pid: number | undefined): number {
  try {
    const [, kib = 0] = /VmHWM:\s+(\d+) kB/.exec(readFileSync(`/proc/${pid}/status`, 'utf8')) ?? [];
    return Number(kib) * 1024;
  } catch {
    // it has ended, or there is no such file system
    return 0;
  }
}
