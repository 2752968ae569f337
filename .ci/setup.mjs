/*
 * Makes a checkout ready: `node .ci/setup.mjs [build] [<major> ...]`. The npm scripts call it first, so it is plain
 * JavaScript for any Node from 20 up, without dependencies.
 *
 * - node_modules, by `npm ci`, when missing or older than the lock file;
 * - the project's own Node 24, from the packages of test/nodes/24, linked as node_modules/.bin/node: npm scripts find
 *   it there before the machine's own, which may be too old;
 * - with a major version: that Node too, under test/nodes/<major>;
 * - with `build`: dist, by tsc, which writes only what has changed.
 *
 * Nothing is done twice. Several may run at once: one works, the others wait for its lock.
 */
import { spawn, spawnSync } from 'node:child_process';
import {
  existsSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  symlinkSync,
  utimesSync,
  writeFileSync,
} from 'node:fs';
import { basename, join, relative } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';

const root = fileURLToPath(new URL('..', import.meta.url));
const windows = process.platform === 'win32';
const ownMajor = '24';
const nodeDirectory = (major) => join(root, 'test/nodes', major);

/** As npm itself judges: it writes the hidden lock file last, and only if all went well. */
const isInstalled = (directory) => {
  const done = statSync(join(directory, 'node_modules/.package-lock.json'), { throwIfNoEntry: false });
  return done !== undefined && done.mtimeMs >= statSync(join(directory, 'package-lock.json')).mtimeMs;
};

/** The Node that the npm scripts run on: the project's own; the machine's where the registry has none that runs. */
const chooseNode = () => {
  const { optionalDependencies } = JSON.parse(readFileSync(join(nodeDirectory(ownMajor), 'package.json'), 'utf8'));
  for (const name of Object.keys(optionalDependencies)) {
    const binary = join(nodeDirectory(ownMajor), 'node_modules', name, 'bin', windows ? 'node.exe' : 'node');
    if (existsSync(binary) && spawnSync(binary, ['--version']).status === 0) return binary;
  }
  if (Number(process.versions.node.split('.')[0]) >= Number(ownMajor)) return process.execPath;
  throw new Error(`the registry has no Node ${ownMajor} for this system: install Node ${ownMajor} or later yourself`);
};

const ownNode = join(root, 'node_modules/.bin', windows ? 'node.cmd' : 'node');

const link = () => {
  const target = chooseNode();
  rmSync(ownNode, { force: true });
  if (windows) writeFileSync(ownNode, `@"${target}" %*\r\n`);
  else symlinkSync(relative(join(root, 'node_modules/.bin'), target), ownNode);
};

let stopped = false;
let running;

const run = (command, args, options) =>
  new Promise((resolve, reject) => {
    if (stopped) throw new Error('stopped');
    // stdout belongs to the npm script's own command, as in `npm run -s simulate | ...`.
    const child = spawn(command, args, { stdio: ['ignore', 2, 2], ...options });
    running = child;
    child.once('error', reject);
    child.once('exit', (code, signal) => {
      if (code === 0) resolve();
      else reject(new Error(`${basename(command)} ${args.join(' ')}: ${signal ?? `exit code ${code}`}`));
    });
  });

const install = async (directory) => {
  process.stderr.write(`installing ${join(relative(root, directory), 'node_modules')} ...\n`);
  // No scripts: no dependency needs one, and npm 10 would compile better-sqlite3, which brings its binaries with it.
  const args = [
    'ci',
    '--include=dev',
    '--include=optional',
    '--ignore-scripts',
    '--no-audit',
    '--no-fund',
    '--loglevel=error',
  ];
  const npm = process.env.npm_execpath;
  if (npm !== undefined && basename(npm) === 'npm-cli.js') {
    await run(process.execPath, [npm, ...args], { cwd: directory });
  } else {
    await run('npm', args, { cwd: directory, shell: windows });
  }
};

const lock = join(root, '.setup.lock');

const tryLock = () => {
  try {
    writeFileSync(lock, `${process.pid}\n`, { flag: 'wx' });
    return true;
  } catch (error) {
    if (error.code === 'EEXIST') return false;
    throw error;
  }
};

/** A lock whose holder no longer renews it. Renamed before it is removed: of several that see it, one succeeds. */
const removeStaleLock = () => {
  const held = statSync(lock, { throwIfNoEntry: false });
  if (held === undefined || Date.now() - held.mtimeMs < 20_000) return;
  const aside = `${lock}.${process.pid}`;
  try {
    renameSync(lock, aside);
  } catch (error) {
    if (error.code === 'ENOENT') return;
    throw error;
  }
  rmSync(aside);
};

const withLock = async (work) => {
  while (!tryLock()) {
    removeStaleLock();
    await sleep(200);
  }
  process.once('exit', () => rmSync(lock, { force: true }));
  // The lock is kept until the child has ended: what it leaves half done must not meet another's work.
  for (const signal of ['SIGINT', 'SIGTERM']) {
    process.on(signal, () => {
      stopped = true;
      running?.kill(signal);
    });
  }
  const renewal = setInterval(() => utimesSync(lock, new Date(), new Date()), 2_000);
  try {
    await work();
  } finally {
    clearInterval(renewal);
  }
};

const wanted = process.argv.slice(2);
const build = wanted.includes('build');
const directories = [root, ...[ownMajor, ...wanted.filter((word) => word !== 'build')].map(nodeDirectory)];

const isReady = () => directories.every(isInstalled) && existsSync(ownNode);

if (build || !isReady()) {
  try {
    await withLock(async () => {
      for (const directory of directories) {
        if (!isInstalled(directory)) await install(directory);
      }
      if (!existsSync(ownNode)) link();
      if (build) {
        const tsc = join(root, 'node_modules/typescript/bin/tsc');
        await run(process.execPath, [tsc, '-p', 'tsconfig.build.json'], { cwd: root });
      }
    });
  } catch (error) {
    process.stderr.write(`set-up failed: ${error.message}\n`);
    process.exitCode = 1;
  }
}
