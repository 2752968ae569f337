/*
 * What must not be in a file of the project: a path of this machine, a registry of this machine, an address from the
 * lock files, unfinished business. `node .ci/words.mjs` names each place and fails if there is one.
 */
import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { homedir } from 'node:os';
import { fileURLToPath } from 'node:url';

const root = fileURLToPath(new URL('..', import.meta.url)).replace(/[\\/]$/, '');
const literally = (text) => text.replace(/[\\^$.*+?()[\]{}|]/g, '\\$&');

const forbidden = [
  ['path of this checkout', new RegExp(`${literally(root)}\\b`)],
  ['home of this machine', new RegExp(`(?<![\\w.])${literally(homedir())}\\b[\\\\/]`)],
  ['unfinished', /\b(TO(?:)DO|FIX(?:)ME|XX(?:)X)\b/],
];
const registry = execFileSync('npm', ['config', 'get', 'registry'], {
  encoding: 'utf8',
  cwd: root,
  stdio: ['ignore', 'pipe', 'ignore'],
});
const host = new URL(registry.trim()).hostname;
forbidden.push(['registry of this machine', new RegExp(literally(host))]);

const files = execFileSync('git', ['ls-files', '-z', '--cached', '--others', '--exclude-standard'], {
  encoding: 'utf8',
  cwd: root,
});
let found = 0;
for (const file of files.split('\0').filter(Boolean)) {
  let text;
  try {
    text = readFileSync(`${root}/${file}`, 'utf8');
  } catch (error) {
    if (error.code === 'ENOENT') continue;
    throw error;
  }
  const rules = file.endsWith('package-lock.json')
    ? [...forbidden, ['address in a lock file', /"resolved"/]]
    : forbidden;
  for (const [number, line] of text.split('\n').entries()) {
    for (const [name, pattern] of rules) {
      if (!pattern.test(line)) continue;
      found += 1;
      process.stdout.write(`${file}:${number + 1}: ${name}: ${line.trim().slice(0, 120)}\n`);
    }
  }
}
process.exitCode = found === 0 ? 0 : 1;
